"""Loads cases that were scored by running the reference implementations; the data is not part of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "metrics"


class Reference(NamedTuple):
    """A metric, named after its file, and an implementation as the file names it."""

    metric: str
    implementation: str


class Case(NamedTuple):
    """One scored case: its fields, and the score of each implementation."""

    fields: dict[str, Any]
    expected: dict[str, Any]


def recorded_cases() -> dict[str, list[Case]]:
    """All cases by metric; empty if the data is missing."""
    return {
        path.stem: [Case(case, case["expected"]) for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]
        for path in sorted(FOLDER.glob("*.json"))
    }


def recorded_references(cases: dict[str, list[Case]]) -> list[Reference]:
    """Every pair of a metric and an implementation that scored a case."""
    return sorted(
        {Reference(metric, name) for metric, scored in cases.items() for case in scored for name in case.expected}
    )
