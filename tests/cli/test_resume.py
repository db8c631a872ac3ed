"""Runs that end early: the same command resumes them, with the same output as an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from running import COMMAND, clean_environment
from small_pdfs import save_pdf
from waiting import wait_until

pytestmark = pytest.mark.slow

KILLS = 4
"""How often a run is killed before it may end."""

LONG = 200
"""Pages of a document that takes long enough to interrupt a run in the middle."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small documents in two folders, one of them damaged. Most pages are blank, which is quick to read."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(12):
        below = folder / ("even" if number % 2 == 0 else "odd")
        below.mkdir(exist_ok=True)
        text = f"Document {number}\nReference: CD-{number:03}" if number % 3 == 0 else ""
        save_pdf(below / f"{number}.pdf", text, *[""] * (number % 4))
    (folder / "odd" / "7.pdf").write_bytes(b"%PDF-1.7 and no more")
    return folder


@pytest.fixture(scope="module")
def long_blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document long enough for a test to act while it is being read."""
    return save_pdf(tmp_path_factory.mktemp("long") / "long.pdf", *[""] * LONG)


def results_below(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".cogdoc" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def lines_of(record: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def kill_until_done(cwd: Path, seed: int, *arguments: str) -> int:
    """Kill the command and its children `KILLS` times, at random moments after it has written something more, and then
    let it end; the number of kills, fewer if it was faster."""
    moments = random.Random(seed)
    for kills in range(KILLS + 1):
        before = sizes_below(cwd)
        running = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment(),
            start_new_session=True,
        )
        wait_until(partial(has_written, running, cwd, before))
        try:
            running.wait(timeout=moments.random() / 2 if kills < KILLS else 300)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        else:
            return kills
    raise AssertionError("never completed")


def has_written(process: subprocess.Popen[bytes], folder: Path, before: dict[str, int]) -> bool:
    return process.poll() is not None or sizes_below(folder) != before


def sizes_below(folder: Path) -> dict[str, int]:
    """The sizes of those files that are not removed meanwhile."""
    sizes = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            sizes[str(path)] = path.stat().st_size
    return sizes


@pytest.mark.parametrize(("to", "formats"), [("out/", "html,jsonl,md"), ("all.jsonl", "jsonl")])
def test_output_after_kills_equals_that_of_an_undisturbed_run(
    cogdoc: Any, folder: Path, tmp_path: Path, to: str, formats: str
) -> None:
    arguments = ("ocr", str(folder), "--out", formats, "--to")
    assert cogdoc(*arguments, f"calm-{to}").code == 1, "one document is damaged"
    assert kill_until_done(tmp_path, 7, *arguments, to) > 0
    calm, stormy = tmp_path / f"calm-{to}", tmp_path / to
    if to.endswith("/"):
        assert results_below(stormy) == results_below(calm)
        assert len(results_below(calm)) == 3 * 11
    else:
        assert stormy.read_bytes() == calm.read_bytes()


def test_completed_files_are_not_read_again(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    cogdoc("ocr", folder / "even", "--to", "out")
    before = {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in results_below(tmp_path / "out")}
    again = cogdoc("ocr", folder / "even", "--to", "out")
    assert again.code == 0
    assert "6 done by an earlier run" in again.err
    assert {name: (tmp_path / "out" / name).stat().st_mtime_ns for name in before} == before


def test_a_changed_document_and_a_removed_output_are_read_again(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "even", tmp_path / "in")
    cogdoc("ocr", "in", "--to", "out")
    save_pdf(tmp_path / "in" / "2.pdf", "Something else altogether")
    (tmp_path / "out" / "0.pdf.md").unlink()
    again = cogdoc("ocr", "in", "--to", "out")
    assert again.code == 0
    assert "2 done, 4 done by an earlier run" in again.err
    assert "altogether" in (tmp_path / "out" / "2.pdf.md").read_text()
    assert "CD-000" in (tmp_path / "out" / "0.pdf.md").read_text()


def test_an_output_that_was_edited_is_not_replaced(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    cogdoc("ocr", bill, "--to", "out/")
    (tmp_path / "out" / "bill.pdf.md").write_text("my own notes")
    assert cogdoc("ocr", bill, "--to", "out/").code == 6
    assert (tmp_path / "out" / "bill.pdf.md").read_text() == "my own notes"


def test_failures_are_reported_again_and_retried_only_on_request(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy(bill, tmp_path / "in" / "good.pdf")
    (tmp_path / "in" / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    assert cogdoc("ocr", "in", "--to", "out").code == 1
    again = cogdoc("ocr", "in", "--to", "out")
    assert again.code == 1
    assert "in/bad.pdf" in again.err
    assert "--retry-failed" in again.err
    retried = cogdoc("ocr", "in", "--to", "out", "--retry-failed")
    assert (retried.code, "earlier run;" in retried.err) == (1, False)
    status = (tmp_path / "in" / "bad.pdf").stat()
    save_pdf(tmp_path / "in" / "bad.pdf", "Mended")
    os.utime(tmp_path / "in" / "bad.pdf", ns=(status.st_atime_ns, status.st_mtime_ns))
    mended = cogdoc("ocr", "in", "--to", "out", "--retry-failed")
    assert mended.code == 0
    assert "Mended" in (tmp_path / "out" / "bad.pdf.md").read_text()


def test_not_found_is_remembered_by_the_next_run(cogdoc: Any, bill: Path) -> None:
    command = ("ask", bill, "who was the ship's captain?", "--strict", "--to", "out/")
    assert [cogdoc(*command).code, cogdoc(*command).code] == [10, 10]


def test_overwrite_starts_again_but_resumes_a_killed_run(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    command = ("ocr", str(folder / "even"), "--to", "out", "--overwrite")
    assert cogdoc(*command).code == 0
    assert "6 done\n" in cogdoc(*command).err
    assert kill_until_done(tmp_path, 3, *command) > 0
    events = lines_of(tmp_path / "out" / ".cogdoc" / "record.jsonl")
    last = max(place for place, event in enumerate(events) if event["event"] == "run")
    assert events[-1]["earlier"] + events[-1]["done"] == 6
    assert len([event for event in events[last:] if event["event"] == "file"]) == events[-1]["done"]


def test_an_interrupted_run_says_how_to_continue_and_continues(
    start_cogdoc: Any, long_blank: Path, cogdoc: Any, tmp_path: Path
) -> None:
    running = start_cogdoc("ocr", long_blank, "--to", "out/", "--out", "jsonl")
    journal = tmp_path / "out" / ".cogdoc" / "journal.sqlite-wal"
    wait_until(lambda: journal.exists() and journal.stat().st_size > 50_000)
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.endswith(b"cogdoc: interrupted; the same command continues from here\n")
    ended = cogdoc("ocr", long_blank, "--to", "out/", "--out", "jsonl")
    assert ended.code == 0
    numbers = [
        json.loads(line)["page"]["number"] for line in results_below(tmp_path / "out")["long.pdf.jsonl"].splitlines()
    ]
    assert numbers == list(range(1, LONG + 1))
    (file,) = (event for event in lines_of(tmp_path / "out" / ".cogdoc" / "record.jsonl") if event["event"] == "file")
    assert 0 < file["kept"] < file["items"] == LONG


def test_two_commands_cannot_write_to_one_folder_at_the_same_time(
    start_cogdoc: Any, long_blank: Path, cogdoc: Any, tmp_path: Path
) -> None:
    running = start_cogdoc("ocr", long_blank, "--to", "out/")
    wait_until(lambda: (tmp_path / "out" / ".cogdoc" / "journal.sqlite-wal").exists())
    second = cogdoc("ocr", long_blank, "--to", "out/")
    assert second.code == 5
    assert "another cogdoc is using this folder" in second.err
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate(timeout=60)


def test_stored_results_are_removed_once_the_output_is_complete(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    cogdoc("ocr", folder / "odd", "--to", "out")
    with sqlite3.connect(tmp_path / "out" / ".cogdoc" / "journal.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM results").fetchone() == (0,)
        assert database.execute("SELECT state, COUNT(*) FROM files GROUP BY state").fetchall() == [
            ("done", 5),
            ("failed", 1),
        ]
    database.close()


def test_a_journal_of_another_version_is_an_error(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    cogdoc("ocr", bill, "--to", "out/")
    with sqlite3.connect(tmp_path / "out" / ".cogdoc" / "journal.sqlite") as database:
        database.execute("PRAGMA user_version = 77")
    database.close()
    ended = cogdoc("ocr", bill, "--to", "out/")
    assert ended.code == 5
    assert "the journal was written by another version of cogdoc" in ended.err


def test_a_complete_output_file_has_no_journal_beside_it(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    assert cogdoc("ocr", bill, "--to", "bill.md").code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"bill.pdf", "bill.md"}


def test_shares_together_cover_all_files(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    for index in (1, 2, 3):
        cogdoc("ocr", folder, "--to", "shares", "--shard", f"{index}/3")
    cogdoc("ocr", folder, "--to", "whole")
    assert results_below(tmp_path / "shares") == results_below(tmp_path / "whole")
    files = [
        event["path"]
        for index in (1, 2, 3)
        for event in lines_of(tmp_path / "shares" / ".cogdoc" / f"record-{index}-of-3.jsonl")
        if event["event"] == "file"
    ]
    assert len(files) == len(set(files)) == 12


def test_a_run_of_other_labelled_pages_does_not_continue_the_first(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    with pymupdf.open(bill) as file:
        file.copy_page(0)
        file.set_page_labels([{"startpage": 0, "prefix": "", "style": "r", "firstpagenum": 1}])
        file.save(tmp_path / "labelled.pdf")
    cogdoc("ocr", "labelled.pdf", "--pages", "i", "--to", "out/", "--out", "jsonl")
    ended = cogdoc("ocr", "labelled.pdf", "--pages", "ii", "--to", "out/", "--out", "jsonl")
    assert ended.code == 6


def test_a_share_without_files_is_no_failure(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    ended = [cogdoc("ocr", bill, "--to", "out/", "--shard", f"{index}/3") for index in (1, 2, 3)]
    assert [one.code for one in ended] == [0, 0, 0]
    assert sum("has no files" in one.err for one in ended) == 2
    assert (tmp_path / "out" / "bill.pdf.md").exists()
    failed = [cogdoc("ocr", "gone.pdf", "--to", "out/", "--shard", f"{index}/2").code for index in (1, 2)]
    assert sorted(failed) == [0, 4]


def test_slurm_variables_set_the_share(cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    array = {"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "3"}
    ended = cogdoc("ocr", folder, "--to", "out", **array)
    assert "share 3/3 of the files, set by SLURM's variables" in ended.err
    assert (tmp_path / "out" / ".cogdoc" / "record-3-of-3.jsonl").exists()
    step = cogdoc("ocr", folder, "--to", "out", SLURM_PROCID="0", SLURM_NTASKS="3")
    assert "share 1/3" in step.err


@pytest.mark.parametrize("shard", ["0/2", "3/2", "half", "1/0"])
def test_invalid_share_is_a_usage_error(cogdoc: Any, bill: Path, shard: str) -> None:
    ended = cogdoc("ocr", bill, "--to", "out/", "--shard", shard)
    assert (ended.code, ended.err.count("Traceback")) == (2, 0)


def test_the_record_has_the_outcome_of_every_file(cogdoc: Any, bill: Path, blank: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    cogdoc("ocr", bill, "gone.pdf", "bad.pdf", blank, "--log-json", "log.jsonl", COGDOC_CACHE="off")
    first, *files, last = lines_of(tmp_path / "log.jsonl")
    assert (first["event"], first["task"], first["engine"]["name"]) == ("run", "ocr", "builtin")
    assert [(Path(file["path"]).name, file["fate"]) for file in files] == [
        ("bill.pdf", "done"),
        ("gone.pdf", "failed"),
        ("bad.pdf", "failed"),
        ("blank.pdf", "done"),
    ]
    assert files[1]["error"]["exit_code"] == 4
    assert files[0]["seconds"] > 0
    assert files[3]["flags"] == {"blank-page": 1}
    assert (last["done"], last["failed"], last["files"]) == (2, 2, 4)


FULL_THEN_FREED = """
mount -t tmpfs -o size=400k tmpfs small && cd small && dd if=/dev/zero of=filler bs=1k count=300 status=none || exit
"$@"; echo "first $?"
rm filler; mount -o remount,size=5m tmpfs .
"$@"; echo "second $?"
ls out/even out/odd | grep -c md
"""


def test_a_full_disk_is_one_error_and_the_run_continues_once_there_is_room(folder: Path, tmp_path: Path) -> None:
    """Uses a real file system of half a megabyte, mounted in its own namespace."""
    (tmp_path / "small").mkdir()
    command = [*COMMAND, "ocr", str(folder), "--to", "out"]
    ended = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", FULL_THEN_FREED, "bash", *command],
        cwd=tmp_path,
        capture_output=True,
        env=clean_environment(),
        check=False,
        text=True,
    )
    if "first" not in ended.stdout:
        pytest.skip(f"no file system of one's own can be mounted here: {ended.stderr.strip()[:100]}")
    assert ended.stdout.splitlines() == ["first 5", "second 1", "11"]
    assert "No space left on device" in ended.stderr or "disk is full" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_output_folder_that_disappears_is_one_error(start_cogdoc: Any, folder: Path, tmp_path: Path) -> None:
    running = start_cogdoc("ocr", folder, "--to", "out/")
    wait_until(lambda: len(results_below(tmp_path / "out")) > 1 if (tmp_path / "out").exists() else False)
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    _, err = running.communicate(timeout=60)
    assert running.returncode == 5
    assert err.decode().splitlines()[-1].startswith("cogdoc: out: this folder does not exist anymore")
    assert not (tmp_path / "out").exists()
