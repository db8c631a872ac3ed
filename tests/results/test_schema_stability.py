"""Programs that read the output of the last release can read that of this version."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from schema_changes import Schema, breaking_changes

from cogdoc.results.json_schema import json_schema

LAST_RELEASE = Path(__file__).with_name("schema_0.2.0.json")
"""What `cogdoc schema` printed. It is replaced with each release; a change that breaks it needs a new `schema`."""


def released() -> Schema:
    schema: Schema = json.loads(LAST_RELEASE.read_text(encoding="utf-8"))
    return schema


def test_nothing_breaks_programs_that_were_written_for_the_last_release() -> None:
    assert list(breaking_changes(released(), json_schema())) == []


def answer(schema: Schema) -> Schema:
    found: Schema = schema["$defs"]["Answer"]
    return found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda new: new["$defs"].pop("Evidence"), "Evidence is gone"),
        (lambda new: answer(new)["properties"].pop("text"), "Answer.text is gone"),
        (lambda new: answer(new)["properties"]["question"].update(type="integer"), "Answer.question may be integer"),
        (lambda new: answer(new)["required"].remove("question"), "Answer.question may be missing"),
        (
            lambda new: answer(new)["properties"]["evidence"]["items"].update({"$ref": "#/$defs/Chart"}),
            "Answer.evidence may be array of #/$defs/Chart",
        ),
        (lambda new: new["$defs"]["ChartKind"]["enum"].remove("pie"), "ChartKind has no value 'pie' anymore"),
    ],
)
def test_what_breaks_them_is_told(change: Callable[[Schema], object], expected: str) -> None:
    new = copy.deepcopy(released())
    change(new)
    assert list(breaking_changes(released(), new)) == [expected]


def test_new_fields_and_values_break_nothing() -> None:
    new = copy.deepcopy(released())
    answer(new)["properties"]["mood"] = {"type": "string"}
    new["$defs"]["ChartKind"]["enum"].append("radar")
    assert list(breaking_changes(released(), new)) == []
