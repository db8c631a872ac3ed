"""`cogdoc ask` and `chart` as scripts use them: bare answers on standard output, and exit codes to rely on."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_only_the_bare_answer_is_printed(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("ask", bill, "What is the invoice number?")
    assert (ended.code, ended.out, ended.err) == (0, "A-1047\n", "")


def test_answers_from_several_sources_have_path_and_page_in_front(cogdoc: Any, bill: Path, other_bill: Path) -> None:
    ended = cogdoc("ask", bill.name, other_bill.name, "What is the total due?")
    assert (ended.code, ended.out) == (0, "bill.pdf:1:$98.76\nother.pdf:1:$12.05\n")


def test_questions_from_options_and_a_file_are_answered_in_order(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "questions.txt").write_text("\ninvoice number?\n\n", encoding="utf-8")
    ended = cogdoc("ask", bill, "-q", "total due?", "--questions-from", "questions.txt")
    assert (ended.code, ended.out) == (0, "total due?\t$98.76\ninvoice number?\tA-1047\n")


def test_missing_or_empty_file_of_questions_is_an_error(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    assert cogdoc("ask", bill, "--questions-from", "gone.txt").code == 4
    ended = cogdoc("ask", bill, "--questions-from", "empty.txt")
    assert (ended.code, ended.out) == (2, "")
    assert "no question in empty.txt" in ended.err


def test_answer_that_is_not_found_prints_nothing_and_fails_with_strict(cogdoc: Any, blank: Path) -> None:
    for arguments, code in [((), 0), (("--strict",), 10)]:
        ended = cogdoc("ask", blank.name, "Who signed it?", *arguments)
        assert (ended.code, ended.out) == (code, "")
        assert ended.err == "cogdoc: blank.pdf: not found: Who signed it?\n"
    assert cogdoc("ask", blank.name, "Who signed it?", "--quiet").err == ""


def test_repaired_file_is_named_and_flagged(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(bill.read_bytes().rsplit(b"xref", 2)[0])
    note = "cogdoc: damaged.pdf: broken file, repaired: parts of it may be missing\n"
    assert cogdoc("ocr", damaged.name).err == note
    ended = cogdoc("ask", damaged.name, "-q", "invoice number?", "-q", "total due?", "--out", "json")
    assert ended.err == note
    assert all("repaired-file" in record["flags"] for record in json.loads(ended.out)["records"])


def test_strict_accepts_answers_that_are_found(cogdoc: Any, bill: Path) -> None:
    assert cogdoc("ask", bill, "invoice number?", "--strict").code == 0


def test_document_on_standard_input(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("ask", "-", "invoice number?", stdin=bill.read_bytes())
    assert (ended.code, ended.out) == (0, "A-1047\n")


def test_json_has_the_page_and_box_of_the_answer(cogdoc: Any, bill: Path) -> None:
    result = json.loads(cogdoc("ask", bill.name, "invoice number?", "--out", "json").out)
    (record,) = result["records"]
    (evidence, *_) = record["answer"]["evidence"]
    assert record["answer"]["text"] == "A-1047"
    assert (evidence["page"], evidence["label"]) == (1, "1")
    assert "A-1047" in evidence["text"]
    x0, y0, x1, y1 = evidence["box"]
    assert 60 < x0 < x1 < 300
    assert 80 < y0 < 96 < y1 < 110, "the baseline of the second line"


def test_answers_as_csv_and_markdown(cogdoc: Any, bill: Path) -> None:
    rows = cogdoc("ask", bill.name, "invoice number?", "--out", "csv").out.splitlines()
    assert rows[0] == "source,question,answer,value,unit,page,confidence,found,p_answerable"
    assert rows[1].startswith("bill.pdf,invoice number?,A-1047,,,1,0.")
    assert cogdoc("ask", bill.name, "invoice number?", "--out", "md").out.startswith("**invoice number?** A-1047 (bill")


def test_known_answer_of_the_report_is_found_on_its_page(cogdoc: Any, samples: Path, facts: dict[str, Any]) -> None:
    question = next(q for q in facts["report.pdf"]["questions"] if q["question"] == "What were total assets in 2024?")
    ended = cogdoc("ask", samples / "report.pdf", question["question"], "--out", "json")
    (record,) = json.loads(ended.out)["records"]
    assert record["answer"]["text"] in question["answers"]
    assert record["answer"]["evidence"][0]["page"] in (question["page"], *question["also_on"])
    assert record["source"]["page_count"] == 8


def test_chart_is_printed_as_a_table(cogdoc: Any, samples: Path, facts: dict[str, Any]) -> None:
    ended = cogdoc("chart", samples / "charts" / "stacked-bar.png", "--out", "csv")
    assert ended.code == 0
    (chart,) = facts["charts/stacked-bar.png"]["charts"]
    rows = [row.split(",") for row in ended.out.splitlines()]
    assert [row[0] for row in rows[1:]] == chart["categories"]
    columns = zip(*(series["values"] for series in chart["series"]), strict=True)
    assert rows[0][1:] == [series["name"] for series in chart["series"]]
    assert [[float(value) for value in row[1:]] for row in rows[1:]] == [*map(list, columns)]


def test_page_without_a_chart_is_flagged(cogdoc: Any, blank: Path) -> None:
    ended = cogdoc("chart", blank, "--out", "json")
    (record,) = json.loads(ended.out)["records"]
    assert ended.code == 0
    assert record["chart"] is None
    assert "not-a-chart" in record["flags"]


def test_failure_of_a_file_is_told_once_whatever_the_number_of_questions(cogdoc: Any, tmp_path: Path) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 60, 60, 8, 2, 0, 0, 0)
    chunks = (struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (header, b"IEND"))
    (tmp_path / "no-pixels.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    ended = cogdoc("ask", "no-pixels.png", "-q", "total due?", "-q", "invoice number?", "--engine", "builtin")
    assert ended.code == 4
    assert ended.err.count("no-pixels.png") == 1
