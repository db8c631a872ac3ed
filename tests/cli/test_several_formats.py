"""Formats of one run: each source has a file of each, at one reading, and is completed when it has all of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from small_pdfs import save_pdf

from cogdoc.cli.output_choice import check_formats, choose_formats
from cogdoc.errors import UsageError
from cogdoc.results.output_formats import FORMATS


def names(*formats: str) -> list[str]:
    return sorted(f"bill.pdf.{name}" for name in formats)


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.slow
def test_formats_of_one_run_are_those_of_a_run_each(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    several = cogdoc("ocr", bill, "--out", "md", "--out", "json,text", "--to", "several", "--log-json", "log.jsonl")
    assert (several.code, several.err) == (0, "")
    assert sorted(written(tmp_path / "several")) == names("md", "json", "txt")
    for name in ("md", "json", "text"):
        assert cogdoc("ocr", bill, "--out", name, "--to", f"{name}/").code == 0
        ((file, content),) = written(tmp_path / name).items()
        assert written(tmp_path / "several")[file] == content
    events = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    (file,) = [event for event in events if event["event"] == "file"]
    assert (file["items"], file["output"]) == (1, "several/bill.pdf.md")
    assert file["outputs"] == [f"several/bill.pdf.{ending}" for ending in ("md", "json", "txt")]


@pytest.mark.slow
def test_a_source_is_completed_when_it_has_all_formats(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    command = ("ocr", bill, "--out", "md,json", "--to", "out/")
    assert cogdoc("ocr", bill, "--to", "out/").code == 0, "a run of one format comes first"
    assert cogdoc(*command).code == 0
    before = written(tmp_path / "out")
    assert sorted(before) == names("md", "json")
    (tmp_path / "out" / "bill.pdf.json").unlink()
    part = f".bill.pdf.json.{hashlib.sha256(b'bill.pdf.json').hexdigest()[:8]}.0a1b2c3d.part"
    (tmp_path / "out" / part).touch()
    assert cogdoc(*command).code == 0
    assert written(tmp_path / "out") == before, "the temporary file of a killed run is gone"
    stamps = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in before}
    assert cogdoc(*command).code == 0
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in before} == stamps, "nothing was left to do"


@pytest.mark.slow
def test_no_format_is_written_where_one_would_replace_a_file_of_the_user(
    cogdoc: Any, bill: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "bill.pdf.json").write_text("mine")
    ended = cogdoc("ocr", bill, "--out", "md,json", "--to", "out")
    assert (ended.code, "bill.pdf.json: exists already" in ended.err) == (6, True)
    assert written(tmp_path / "out") == {"bill.pdf.json": b"mine"}
    assert cogdoc("ocr", bill, "--out", "md,json", "--to", "out", "--overwrite").code == 0
    assert sorted(written(tmp_path / "out")) == names("md", "json")


@pytest.mark.slow
def test_a_source_that_fails_leaves_a_file_in_no_format(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    command = ("ocr", "bad.pdf", bill, "--to", "out")
    assert cogdoc(*command, COGDOC_OUT="md,json").code == 1
    assert sorted(written(tmp_path / "out")) == names("md", "json")
    again = cogdoc(*command, COGDOC_OUT="md,json")
    assert (again.code, "1 failed, 1 done by an earlier run" in again.err) == (1, True)


@pytest.mark.slow
def test_answers_in_several_formats(cogdoc: Any, tmp_path: Path) -> None:
    save_pdf(tmp_path / "bill.pdf", "Harbour Chandlery\nTotal due: $98.76")
    assert cogdoc("ask", "bill.pdf", "What is the total due?", "--out", "text,csv", "--to", "answers").code == 0
    answers = written(tmp_path / "answers")
    assert answers["bill.pdf.txt"] == b"$98.76\n"
    assert b"98.76,USD" in answers["bill.pdf.csv"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--out", "md,json"), "standard output takes one format, not md and json"),
        (("--out", "md,json", "--to", "all.md"), "all.md, a file, takes one format, not md and json"),
        (("--to", "all.docx"), "--to: all.docx: ocr has no format of files that end with .docx"),
    ],
)
def test_formats_without_a_place_are_a_usage_error(
    cogdoc: Any, bill: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = cogdoc("ocr", bill, *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["bill.pdf"]


@pytest.mark.parametrize(
    ("out", "to", "chosen"),
    [
        ((), None, ["md"]),
        ((), "report.json", ["json"]),
        ((), "report.TXT", ["text"]),
        ((), "report.markdown", ["md"]),
        ((), "report", ["md"]),
        ((), "report.json/", ["md"]),
        ((), "s3://shelf/report.jsonl", ["jsonl"]),
        ((), "s3://shelf/v1.2", ["md"]),
        (("text",), "report.json", ["text"]),
        (("json, md", "md"), "out/", ["json", "md"]),
        (("",), "report.json", ["json"]),
    ],
)
def test_formats_come_from_out_then_from_the_ending_of_to(
    out: tuple[str, ...], to: str | None, chosen: list[str]
) -> None:
    assert [output.name for output in choose_formats("ocr", out, to)] == chosen


def test_an_existing_folder_may_have_any_ending(tmp_path: Path) -> None:
    (tmp_path / "run.2024").mkdir()
    assert [output.name for output in choose_formats("ocr", (), str(tmp_path / "run.2024"))] == ["md"]


@pytest.mark.parametrize(("out", "to"), [(("md,pages",), None), ((), "table.csv"), ((), "report.pages")])
def test_unknown_names_and_endings_list_the_formats(out: tuple[str, ...], to: str | None) -> None:
    with pytest.raises(UsageError) as caught:
        choose_formats("ocr", out, to)
    assert "jsonl" in str(caught.value.hint)


def test_answers_about_charts_need_a_format_for_them() -> None:
    check_formats("chart", [FORMATS["json"]], has_questions=True)
    with pytest.raises(UsageError, match="not answers"):
        check_formats("chart", [FORMATS["json"], FORMATS["csv"]], has_questions=True)
