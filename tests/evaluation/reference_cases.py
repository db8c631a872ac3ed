"""Cases whose scores were produced by running the reference implementations; kept outside of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "metrics"


class Case(NamedTuple):
    """One scored case: its fields, and the score that the chosen implementation gave."""

    fields: dict[str, Any]
    expected: Any


def cases(metric: str, implementation: str) -> list[Case]:
    """The cases of `metric` that `implementation` (its name, or the first words of it) has scored.

    Skips the test where the data is absent.
    """
    path = FOLDER / f"{metric}.json"
    if not path.exists():
        pytest.skip("no reference cases on this machine")
    found = [
        Case(case, score)
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
        for name, score in case["expected"].items()
        if name == implementation or name.startswith(f"{implementation} ")
    ]
    assert found, f"no case was scored by {implementation}"
    return found
