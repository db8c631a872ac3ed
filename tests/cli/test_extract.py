"""`cogdoc extract` as scripts use it: typed values with their places, rows for spreadsheets, reasons where none is."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

pytestmark = pytest.mark.slow

FIELDS = "invoice no, total due:money, due date:date"


def test_one_record_has_typed_values_with_their_places(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("extract", bill.name, "--fields", FIELDS)
    assert ended.code == 0
    assert ended.err == "cogdoc: bill.pdf: missing: due date (not-found)\n"
    (record,) = json.loads(ended.out)["records"]
    assert record["values"] == {"invoice no": "A-1047", "total due": 98.76, "due date": None}
    number, total, due = record["fields"]
    assert (number["text"], number["how"], number["page"]) == ("A-1047", "label", 1)
    assert total["typed"]["currency"] == "USD"
    left, top, right, bottom = total["box"]
    assert 72 < left < right < 300
    assert 100 < top < bottom < 130
    assert (due["reason"], due["box"], due["value"]) == ("not-found", None, None)
    assert record["problems"] == []


def test_results_satisfy_the_published_schema(cogdoc: Any, bill: Path) -> None:
    result = json.loads(cogdoc("extract", bill, "--fields", FIELDS).out)
    jsonschema.validate(result, json.loads(cogdoc("schema").out))


def test_csv_has_a_wide_row_for_each_file(cogdoc: Any, bill: Path, other_bill: Path) -> None:
    ended = cogdoc("extract", bill.name, other_bill.name, "--fields", FIELDS, "--out", "csv")
    assert ended.code == 0
    assert list(csv.reader(io.StringIO(ended.out))) == [
        ["source", "invoice no", "total due", "total due (currency)", "due date", "to check"],
        ["bill.pdf", "A-1047", "98.76", "USD", "", "due date: not-found"],
        ["other.pdf", "B-2290", "12.05", "USD", "", "due date: not-found"],
    ]


def test_jsonl_has_a_line_for_each_file(cogdoc: Any, bill: Path, other_bill: Path) -> None:
    ended = cogdoc("extract", bill.name, other_bill.name, "--fields", "total due:money", "--out", "jsonl")
    assert [json.loads(line)["values"] for line in ended.out.splitlines()] == [
        {"total due": 98.76},
        {"total due": 12.05},
    ]


def test_text_and_markdown_are_for_people(cogdoc: Any, bill: Path) -> None:
    assert cogdoc("extract", bill, "--fields", "invoice no, total due:money", "--out", "text").out == (
        "invoice no\tA-1047\ntotal due\t98.76\n"
    )
    assert "| total due | 98.76 | 1 |" in cogdoc("extract", bill, "--fields", "total due:money", "--out", "md").out


def test_missing_field_fails_with_strict_alone(cogdoc: Any, bill: Path) -> None:
    assert cogdoc("extract", bill, "--fields", FIELDS, "--strict").code == 10
    assert cogdoc("extract", bill, "--fields", "invoice no", "--strict").code == 0


def test_mistakes_in_the_list_are_usage_errors(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("extract", bill, "--fields", "total:mony")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("cogdoc: --fields: total: there is no type 'mony'\n")
    assert cogdoc("extract", bill).code == 2


def test_folder_is_resumed(cogdoc: Any, bill: Path, other_bill: Path, tmp_path: Path) -> None:
    arguments = ("extract", bill.name, other_bill.name, "--fields", "total due:money", "--to", "out/")
    assert cogdoc(*arguments).code == 0
    written = (tmp_path / "out" / "bill.pdf.json").read_bytes()
    other_bill.write_bytes(bill.read_bytes())
    ended = cogdoc(*arguments)
    assert ended.code == 0
    assert (tmp_path / "out" / "bill.pdf.json").read_bytes() == written
    assert json.loads((tmp_path / "out" / "other.pdf.json").read_text())["records"][0]["values"] == {"total due": 98.76}


def test_schema_file_says_what_to_find(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {
            "invoice": {"type": "object", "properties": {"number": {"type": "string"}}},
            "total": {"$ref": "#/$defs/sum"},
        },
        "required": ["total", "due"],
        "$defs": {"sum": {"type": "number", "title": "Total due", "maximum": 50}},
    }
    schema["properties"]["due"] = {"type": "string", "format": "date"}
    (tmp_path / "bill.json").write_text(json.dumps(schema))
    (record,) = json.loads(cogdoc("extract", bill, "--schema", "bill.json").out)["records"]
    assert record["values"] == {"invoice": {"number": "A-1047"}, "total": None, "due": None}
    total = record["fields"][1]
    assert (total["reason"], total["message"]) == ("invalid", "'$98.76': 98.76 is greater than the maximum of 50")
    assert record["problems"] == ["'total' is a required property", "'due' is a required property"]
    (tmp_path / "bad.json").write_text('{"type": "object", "properties": {"a": {"not": {}}}}')
    ended = cogdoc("extract", bill, "--schema", "bad.json")
    assert (ended.code, ended.err.splitlines()[0]) == (2, "cogdoc: --schema: bad.json: a: not cannot be honoured")
    assert cogdoc("extract", bill, "--schema", "gone.json").code == 4
    assert cogdoc("extract", bill, "--schema", "bill.json", "--to", "bill.json").code == 2


def test_options_that_say_different_things_are_refused(cogdoc: Any, bill: Path) -> None:
    for arguments in (
        ("--fields", "a", "--preset", "auto"),
        ("--fields", "a", "--raw"),
        ("--fields", "a", "--prompt", "b"),
    ):
        ended = cogdoc("extract", bill, *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
