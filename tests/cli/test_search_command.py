"""`cogdoc search` over files: what it prints for people and programs, and its exit codes."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from running import run_at_a_terminal

from cogdoc.results.json_schema import json_schema

pytestmark = pytest.mark.slow


def test_pages_of_several_files_are_ranked_for_people_and_programs(
    cogdoc: Any, bill: Path, other_bill: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    shown = cogdoc("search", bill, other_bill, "boatyard invoice")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.splitlines()[0] == f"{other_bill}:1: Lowmere Boatyard"
    listed = cogdoc("search", tmp_path, "invoice A-1047", "--out", "json")
    assert listed.code == 1, "a file is damaged"
    result = json.loads(listed.out)
    jsonschema.validate(result, json_schema())
    best = result["matches"][0]
    assert (best["rank"], Path(best["source"]).name, best["page"]) == (1, "bill.pdf", 1)
    assert [Path(one["source"]).name for one in result["failed"]] == ["bad.pdf"]
    assert (result["documents"], result["pages"]) == (3, 2)
    lines = cogdoc("search", bill, other_bill, "invoice", "--out", "jsonl").out.splitlines()
    assert [json.loads(line)["rank"] for line in lines] == [1, 2]
    for line in lines:
        jsonschema.validate(json.loads(line), json_schema())
    rows = cogdoc("search", bill, other_bill, "invoice", "-n", "1", "--out", "csv").out
    (row,) = csv.DictReader(StringIO(rows))
    assert (row["page"], row["snippet"]) == ("1", "Invoice number: A-1047")


def test_nothing_found_is_an_exit_code_and_no_output(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("search", bill, "zeppelin")
    assert (ended.code, ended.out, ended.err) == (10, "", "")


@pytest.mark.usefixtures("bill")
@pytest.mark.parametrize("arguments", [("words",), ("bill.pdf", " "), ("bill.pdf", "total", "--to", "out/")])
def test_a_search_needs_words_and_one_place(cogdoc: Any, arguments: tuple[str, ...]) -> None:
    assert cogdoc("search", *arguments).code == 2


def test_a_terminal_shows_the_words_in_colour(bill: Path) -> None:
    code, shown = run_at_a_terminal("search", str(bill), "total due")
    assert code == 0
    assert "\x1b[1;31mTotal\x1b[0m \x1b[1;31mdue\x1b[0m: $98.76" in shown
