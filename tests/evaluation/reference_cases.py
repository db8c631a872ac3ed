"""Cases whose scores were produced by running the reference implementations; kept outside of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "metrics"


class Reference(NamedTuple):
    """A metric, by the name of its file, and an implementation of it as the file names it."""

    metric: str
    implementation: str


class Case(NamedTuple):
    """One scored case: its fields, and what each implementation gave."""

    fields: dict[str, Any]
    expected: dict[str, Any]


def recorded_cases() -> dict[str, list[Case]]:
    """All cases by metric; none where the data is absent."""
    return {
        path.stem: [Case(case, case["expected"]) for case in json.loads(path.read_text(encoding="utf-8"))["cases"]]
        for path in sorted(FOLDER.glob("*.json"))
    }


def recorded_references(cases: dict[str, list[Case]]) -> list[Reference]:
    """Every implementation of every metric that scored a case."""
    return sorted(
        {Reference(metric, name) for metric, scored in cases.items() for case in scored for name in case.expected}
    )
