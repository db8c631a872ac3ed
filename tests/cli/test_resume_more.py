"""Corner cases of resumed runs: what they must not lose, and what they must not take for complete."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from small_pdfs import save_pdf

pytestmark = pytest.mark.slow


def pages_in(result: Path) -> list[int]:
    return [json.loads(line)["page"]["number"] for line in result.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def middle_fails(tmp_path: Path) -> tuple[str | Path, ...]:
    """A file with three blank images, and a limit that the second exceeds."""
    small, large = (Image.new("L", (side, side), 255) for side in (300, 2000))
    small.save(tmp_path / "fax.tiff", save_all=True, append_images=[large, small])
    return tmp_path / "fax.tiff", "--max-megapixels", "1"


def test_a_question_asked_twice_is_answered_twice(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    asked = ("-q", "Invoice number?", "-q", "Invoice number?", "-q", "Total due?")
    ended = cogdoc("ask", bill, *asked, "--engine", "builtin", "--to", "answers.txt")
    assert ended.code == 0
    assert [line.split("\t")[0] for line in (tmp_path / "answers.txt").read_text().splitlines()] == [*asked[1::2]]


@pytest.mark.parametrize(("to", "result"), [("out/", "out/fax.tiff.jsonl"), ("all.jsonl", "all.jsonl")])
def test_output_that_fail_fast_ended_early_is_not_complete(
    cogdoc: Any, middle_fails: tuple[str | Path, ...], tmp_path: Path, to: str, result: str
) -> None:
    command = ("ocr", *middle_fails, "--out", "jsonl", "--to", to)
    assert cogdoc(*command, "--fail-fast").code == 1
    assert not (tmp_path / result).exists()
    assert cogdoc(*command).code == 1
    assert pages_in(tmp_path / result) == [1, 2, 3]


def test_fail_fast_stops_at_a_failure_of_an_earlier_run(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.pdf").write_bytes(b"%PDF-1.7 and no more")
    save_pdf(tmp_path / "in" / "2.pdf", "", "", "")
    command = ("ocr", "in", "--out", "jsonl", "--to", "out")
    for _ in range(2):
        assert cogdoc(*command, "--fail-fast").code == 4
        assert not (tmp_path / "out" / "2.pdf.jsonl").exists()
    assert cogdoc(*command).code == 1
    assert pages_in(tmp_path / "out" / "2.pdf.jsonl") == [1, 2, 3]


def test_a_document_that_changes_while_open_is_read_again_by_the_next_run(
    start_cogdoc: Any, cogdoc: Any, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    save_pdf(tmp_path / "in" / "1.pdf", *[""] * 60)
    late = save_pdf(tmp_path / "in" / "2.pdf", "The first edition")
    changed = save_pdf(tmp_path / "changed.pdf", "The second edition")
    os.utime(changed, ns=(0, 0))
    running = start_cogdoc("ocr", "in", "--to", "out", "--jobs", "2")
    while running.poll() is None and not any((tmp_path / "out").glob(".1.pdf.md.*.part")):
        time.sleep(0.01)
    time.sleep(0.3)  # the second document is opened while the first is being read
    changed.replace(late)  # at once, so that nobody opens half a file
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert cogdoc("ocr", "in", "--to", "out").code == 0
    assert "second edition" in (tmp_path / "out" / "2.pdf.md").read_text(encoding="utf-8")


def test_a_failure_with_other_settings_keeps_the_first_output(cogdoc: Any, tmp_path: Path) -> None:
    save_pdf(tmp_path / "3.pdf", "", "", "")
    assert cogdoc("ocr", "3.pdf", "--to", "out/").code == 0
    assert cogdoc("ocr", "3.pdf", "--to", "out/", "--max-megapixels", "50", "--max-pages", "2").code == 4
    assert cogdoc("ocr", "3.pdf", "--to", "out/").code == 0


def test_a_failed_file_does_not_own_an_existing_output(cogdoc: Any, tmp_path: Path) -> None:
    save_pdf(tmp_path / "3.pdf", "", "", "")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "3.pdf.md").write_text("my own notes")
    assert cogdoc("ocr", "3.pdf", "--to", "out/", "--max-pages", "2").code == 4
    assert cogdoc("ocr", "3.pdf", "--to", "out/", "--retry-failed").code == 6
    save_pdf(tmp_path / "3.pdf", "Shorter")
    assert cogdoc("ocr", "3.pdf", "--to", "out/").code == 6
    assert (tmp_path / "out" / "3.pdf.md").read_text() == "my own notes"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("ocr", "3.pdf", "--pages", "1"), ("ocr", "3.pdf")),
        (("chart", "3.pdf", "--pages", "1"), ("chart", "3.pdf", "--pages", "2")),
        (("ask", "3.pdf", "Who?", "--engine", "builtin"), ("ask", "3.pdf", "When?", "--engine", "builtin")),
    ],
)
def test_other_pages_and_questions_are_other_runs(
    cogdoc: Any, tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    save_pdf(tmp_path / "3.pdf", "", "", "")
    assert cogdoc(*first, "--to", "out/").code == 0
    assert cogdoc(*second, "--to", "out/").code == 6
    assert cogdoc(*second, "--to", "out/", "--overwrite").code == 0


def test_an_interrupt_ends_the_search_for_files(start_cogdoc: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "names")
    running = start_cogdoc("ocr", "--files-from", "names", "--to", "out/")
    with (tmp_path / "names").open("wb", buffering=0) as names:
        names.write(b"gone.pdf\n" * 8000)
        while not (tmp_path / "out" / ".cogdoc" / "record.jsonl").exists():
            time.sleep(0.01)
        time.sleep(0.1)
        os.killpg(running.pid, signal.SIGINT)
        with suppress(BrokenPipeError):
            names.write(b"gone.pdf\n" * 16000)
        _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.endswith(b"cogdoc: interrupted; the same command continues from here\n")


def test_an_answer_without_some_pages_is_reported_again_and_retried(
    cogdoc: Any, middle_fails: tuple[str | Path, ...], tmp_path: Path
) -> None:
    command = ("ask", *middle_fails, "-q", "Who signed?", "--engine", "builtin", "--to", "out/")
    assert cogdoc(*command).code == 1
    again = cogdoc(*command)
    assert (again.code, "--retry-failed" in again.err) == (1, True)
    retried = cogdoc(*command, "--retry-failed")
    assert (retried.code, "page 2: a picture of" in retried.err) == (1, True)
    events = [json.loads(line) for line in (tmp_path / "out" / ".cogdoc" / "record.jsonl").read_text().splitlines()]
    assert [event["fate"] for event in events if event["event"] == "file"] == ["partial", "partial"]


@pytest.mark.parametrize("source", ["in", "in/*.pdf"])
def test_results_of_a_folder_go_to_a_folder_even_for_one_file(cogdoc: Any, tmp_path: Path, source: str) -> None:
    (tmp_path / "in").mkdir()
    save_pdf(tmp_path / "in" / "1.pdf", "")
    assert cogdoc("ocr", source, "--to", "out").code == 0
    save_pdf(tmp_path / "in" / "2.pdf", "")
    again = cogdoc("ocr", source, "--to", "out")
    assert (again.code, "1 done, 1 done by an earlier run" in again.err) == (0, True)


def test_a_file_of_the_same_name_in_another_folder_is_another_file(cogdoc: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save_pdf(tmp_path / name / "x.pdf", f"Edition {name}")
    assert cogdoc("ocr", tmp_path / "one" / "x.pdf", "--to", "out/").code == 0
    assert cogdoc("ocr", tmp_path / "two" / "x.pdf", "--to", "out/").code == 6
    assert "Edition one" in (tmp_path / "out" / "x.pdf.md").read_text()
    assert cogdoc("ocr", tmp_path / "one" / "x.pdf", "--to", "out/").code == 0


def test_a_complete_run_leaves_a_journal_without_results_in_a_folder_and_nothing_beside_a_file(
    cogdoc: Any, bill: Path, tmp_path: Path
) -> None:
    (tmp_path / "one").mkdir()
    assert cogdoc("ocr", bill, "--to", tmp_path / "one" / "bill.md").code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["bill.md"]
    assert cogdoc("ocr", bill, "--to", f"{tmp_path / 'many'}/").code == 0
    assert {path.name for path in (tmp_path / "many" / ".cogdoc").iterdir()} == {"journal.sqlite", "record.jsonl"}
    with sqlite3.connect(tmp_path / "many" / ".cogdoc" / "journal.sqlite") as database:
        assert database.execute("SELECT count(*) FROM results").fetchone() == (0,)
