"""`--out` and `--to`: output follows the schema and goes where the user asked for it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from running import COMMAND, clean_environment, run_at_a_terminal

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def schema() -> Any:
    """A validator of what `cogdoc schema` prints."""
    printed = subprocess.run([*COMMAND, "schema"], capture_output=True, check=True, env=clean_environment()).stdout
    return jsonschema.Draft202012Validator(json.loads(printed))


def test_every_command_follows_the_published_schema(cogdoc: Any, schema: Any, samples: Path, bill: Path) -> None:
    sources = [bill, samples / "blank.png", "gone.pdf"]
    for command in (["ocr"], ["ask", "-q", "total due?", "-q", "who?"], ["chart", "-q", "how many?"]):
        ended = cogdoc(command[0], *sources, *command[1:], "--out", "json")
        assert ended.code == 1
        schema.validate(json.loads(ended.out))


def test_json_of_one_source_is_an_object(cogdoc: Any, schema: Any, samples: Path) -> None:
    ended = cogdoc("chart", samples / "blank.png", "--out", "json")
    assert isinstance(json.loads(ended.out), dict)
    schema.validate(json.loads(ended.out))


def test_every_line_of_json_lines_follows_the_schema(cogdoc: Any, schema: Any, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "report.pdf", "--pages", "1,5,8", "--out", "jsonl")
    records = [json.loads(line) for line in ended.out.splitlines()]
    assert [record["page"]["label"] for record in records] == ["i", "3", "6"]
    for record in records:
        schema.validate(record)


def test_markdown_of_the_report_has_its_tables_and_page_labels(
    cogdoc: Any, samples: Path, facts: dict[str, Any]
) -> None:
    out = cogdoc("ocr", samples / "report.pdf", "--pages", "5").out
    assert out.startswith("<!-- page 5 (3) -->\n")
    for row in facts["report.pdf"]["tables"][0]["rows"]:
        assert f"| {' | '.join(row)} |" in out


def test_output_folder_mirrors_the_folders_of_the_sources(cogdoc: Any, blank: Path, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "sub").mkdir(parents=True)
    bill.rename(tmp_path / "in" / "a.pdf")
    shutil.copy(blank, tmp_path / "in" / "a.png")
    shutil.copy(blank, tmp_path / "in" / "sub" / "a.pdf")
    ended = cogdoc("ocr", "in", "--to", "out", "--out", "text")
    assert (ended.code, ended.out) == (0, "")
    assert re.fullmatch(r"cogdoc: 3 files in [\d.]+ s: 3 done\n", ended.err)
    written = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    written = {path for path in written if not path.startswith(".cogdoc/")}
    assert written == {"a.pdf.txt", "a.png.txt", "sub/a.pdf.txt"}
    assert "A-1047" in (tmp_path / "out" / "a.pdf.txt").read_text()


def test_existing_output_is_replaced_only_with_overwrite(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    assert cogdoc("ocr", blank, "--to", "out.json", "--out", "json").code == 0
    first = (tmp_path / "out.json").read_bytes()
    again = cogdoc("ocr", blank, "--to", "out.json", "--out", "text")
    assert again.code == 6
    assert "out.json: exists already" in again.err
    assert (tmp_path / "out.json").read_bytes() == first
    assert cogdoc("ocr", blank, "--to", "out.json", "--out", "text", "--overwrite").code == 0
    assert (tmp_path / "out.json").read_bytes() != first


def test_existing_file_in_the_output_folder_fails_only_its_source(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    shutil.copy(blank, tmp_path / "second.pdf")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "blank.pdf.md").write_text("kept")
    ended = cogdoc("ocr", "blank.pdf", "second.pdf", "--to", "out")
    assert ended.code == 1
    assert (tmp_path / "out" / "blank.pdf.md").read_text() == "kept"
    assert (tmp_path / "out" / "second.pdf.md").exists()


def test_sources_with_the_same_name_never_overwrite_each_other(
    cogdoc: Any, blank: Path, bill: Path, tmp_path: Path
) -> None:
    for folder, file in (("one", bill), ("two", blank)):
        (tmp_path / folder).mkdir()
        shutil.copy(file, tmp_path / folder / "x.pdf")
    assert cogdoc("ocr", "one", "two", "--to", "out").code == 0
    assert "A-1047" in (tmp_path / "out" / "one" / "x.pdf.md").read_text()
    assert (tmp_path / "out" / "two" / "x.pdf.md").exists()
    ended = cogdoc("ocr", tmp_path / "one" / "x.pdf", tmp_path / "two" / "x.pdf", "--to", "flat", "--overwrite")
    assert ended.code == 0
    assert "A-1047" in (tmp_path / "flat" / "x.pdf.md").read_text()
    assert len(list((tmp_path / "flat").glob("x-*.pdf.md"))) == 1


def test_failure_keeps_the_existing_output(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "keep.md").write_text("kept")
    assert cogdoc("ocr", "gone.pdf", "--to", "keep.md", "--overwrite").code == 4
    assert (tmp_path / "keep.md").read_text() == "kept"


def test_none_of_several_sources_is_replaced_by_its_text(cogdoc: Any, blank: Path, bill: Path, tmp_path: Path) -> None:
    names = ["a.pdf", "b.pdf", "c.pdf"]
    for name in names:
        shutil.copy(blank if name == "b.pdf" else bill, tmp_path / name)
    before = (tmp_path / "c.pdf").read_bytes()
    assert cogdoc("ocr", *names, "--out", "md", "--to", "c.pdf", "--overwrite").code == 5
    assert (tmp_path / "c.pdf").read_bytes() == before


def test_source_that_fails_leaves_no_output(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4")
    assert cogdoc("ocr", "bad.pdf", blank.name, "--to", "out/").code == 1
    assert [path.name for path in (tmp_path / "out").glob("[!.]*")] == ["blank.pdf.md"]


def test_lists_of_files_by_line_and_by_nul(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    blank.rename(tmp_path / "two\nlines.pdf")
    nul = cogdoc("ocr", "--files-from", "-", "-0", "--out", "json", stdin=b"two\nlines.pdf\0")
    assert nul.code == 0
    (tmp_path / "two\nlines.pdf").rename(tmp_path / "plain.pdf")
    (tmp_path / "list.txt").write_text("plain.pdf\n\ngone.pdf\n")
    lines = cogdoc("ocr", "--files-from", "list.txt", "--out", "json")
    assert lines.code == 1
    assert [result["source"]["path"] for result in json.loads(lines.out)] == ["plain.pdf", "gone.pdf"]


def test_number_of_jobs_does_not_change_the_output(cogdoc: Any, samples: Path, bill: Path, tmp_path: Path) -> None:
    for jobs in ("1", "2"):
        cogdoc("ocr", samples / "report.pdf", bill, "--jobs", jobs, "--to", f"{jobs}.md")
    first, second = ((tmp_path / f"{jobs}.md").read_bytes() for jobs in ("1", "2"))
    assert first == second
    assert len(first) > 5000


def test_output_is_utf8_whatever_the_locale_says(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "report.pdf", "--pages", "5", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert ended.code == 0
    assert "€ thousand" in ended.out


def test_a_document_is_never_replaced_by_its_own_text(cogdoc: Any, tmp_path: Path, samples: Path) -> None:
    source = Path(shutil.copy(samples / "blank.png", tmp_path / "form.png"))
    before = source.read_bytes()
    ended = cogdoc("ocr", source, "--out", "md", "--to", source, "--overwrite")
    assert ended.code == 5
    assert "is the document that is being read" in ended.err
    assert source.read_bytes() == before


def test_a_source_that_cannot_be_opened_is_one_line_of_json_lines(
    cogdoc: Any, schema: Any, tmp_path: Path, samples: Path
) -> None:
    ended = cogdoc("ocr", tmp_path / "nowhere.pdf", samples / "blank.png", "--out", "jsonl")
    assert ended.code == 1
    lost, read = (json.loads(line) for line in ended.out.splitlines())
    schema.validate(lost)
    assert lost["error"]["exit_code"] == 4
    assert lost["source"]["path"].endswith("nowhere.pdf")
    assert read["error"] is None


def test_a_page_for_a_browser_is_not_shown_on_a_terminal(blank: Path) -> None:
    code, shown = run_at_a_terminal("ocr", str(blank), "--out", "html")
    assert code == 2
    assert "html is not text for a terminal" in shown
    assert "--to FILE.html" in shown
