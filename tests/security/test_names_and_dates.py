"""Dates of any year, names of any length and bytes, and names that collide are ordinary input."""

from __future__ import annotations

import os
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from running import COMMAND, Cogdoc, CommandResult, clean_environment

from cogdoc.batch.accounting import FileCounts
from cogdoc.batch.journal import FileVersion, Journal, journal_beside
from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.sources import Source
from cogdoc.results.output.destination import MAX_NAME, Destination, Fingerprint, open_output
from cogdoc.results.output.folders import open_private_folder
from cogdoc.results.output_formats import FORMATS

Run = Callable[..., CommandResult]


@pytest.fixture
def run(cogdoc: Cogdoc, readings: Path, tmp_path: Path, samples: Path) -> Run:
    shutil.copy(samples / "blank.png", tmp_path / "a.png")

    def run(*arguments: str | Path) -> CommandResult:
        return cogdoc("ocr", *arguments, COGDOC_CACHE=str(readings))

    return run


@pytest.mark.parametrize(
    "version",
    [
        FileVersion(f"{2**70} {-(2**80)}"),
        FileVersion.of_source(
            Source(Path("x"), "x", Path("x"), RemoteFile("s3://b/x", Path("x"), size=10**30, version="\udcff" * 9))
        ),
    ],
)
def test_a_journal_stores_any_date_and_size(tmp_path: Path, version: FileVersion) -> None:
    with open_private_folder(tmp_path / ".cogdoc") as folder:
        journal = Journal(folder, "journal", "key", tmp_path, restart=False, retry_failed=False)
        target = tmp_path / "x.md"
        with open_output(target, before_rename=lambda content: journal.begin_file(target, version, content)):
            pass
        journal.end_file(target, version, FileCounts(items=1).status(None))
        assert journal.status(target, version) is not None
        journal.close()


@pytest.mark.slow
@pytest.mark.parametrize("nanoseconds", [13_569_465_600 * 10**9, -(2**62), -1])
def test_files_of_any_date_are_read_and_resumed(run: Run, tmp_path: Path, nanoseconds: int) -> None:
    os.utime(tmp_path / "a.png", ns=(nanoseconds, nanoseconds))
    assert (run("a.png", "--to", "out/").code, run("a.png", "--to", "out/").code) == (0, 0)


@pytest.mark.parametrize("char", ["x", "é", "发", "😀", "\udcff"])
def test_names_of_any_length_fit_with_their_suffix(tmp_path: Path, char: str) -> None:
    longest = char * (MAX_NAME // len(os.fsencode(char)))
    others = (longest[:-1], f"{longest[:-1]}y", longest)
    destination = Destination(tmp_path, folder=True, overwrite=False)
    names = [destination.file_for(Path(name), FORMATS["md"]).name for name in others]
    assert len({*names}) == 3
    assert names == [destination.file_for(Path(name), FORMATS["md"]).name for name in others]
    for name in names:
        assert len(os.fsencode(name)) <= MAX_NAME
        assert name.endswith(".md")
        with open_output(tmp_path / name) as stream:
            stream.write("text")
        journal_beside(tmp_path / name).mkdir()


def test_the_same_output_in_any_spelling_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "link").symlink_to("out")
    (tmp_path / "in").mkdir()
    (tmp_path / "other").symlink_to("in")
    (tmp_path / "in" / "a.pdf").touch()
    owned = []
    for root, source in (("out", "in/a.pdf"), ("./out/", "./in/../in/a.pdf"), (tmp_path / "link", "other/a.pdf")):
        with open_private_folder(Path(root) / ".cogdoc") as folder:
            journal = Journal(folder, "journal", "key", Path(root), restart=False, retry_failed=False)
            version = FileVersion.of_source(Source(Path(source), source, Path("a.pdf")))
            target = Path(root) / "a.pdf.md"
            owned.append((journal.owns(target, version.origin), journal.status(target, version) is not None))
            if not owned[-1][0]:
                with open_output(target, before_rename=_claim(journal, target, version)):
                    pass
                journal.end_file(target, version, FileCounts().status(None))
            journal.close()
    assert owned == [(False, False), (True, True), (True, True)]


def _claim(journal: Journal, target: Path, version: FileVersion) -> Callable[[Fingerprint], None]:
    return lambda content: journal.begin_file(target, version, content)


@pytest.mark.slow
def test_damaged_entries_of_a_journal_are_read_again(run: Run, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "a.png", tmp_path / "b.png")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7 and no more")
    command = ("a.png", "c.pdf", "--out", "jsonl", "--max-megapixels", "0.02", "--to", "out/")
    assert run(*command).code == 4
    path = tmp_path / "out" / ".cogdoc" / "journal.sqlite"
    for change in (
        "UPDATE results SET records = x'789c00'",
        "UPDATE results SET records = 7",
        "UPDATE files SET state = 'nonsense', exit_code = 99, items = 'many'",
        "UPDATE files SET origin = 5, version = x'ff', sha256 = 7, message = x'ff00'",
        "UPDATE files SET exit_code = 99",
    ):
        with sqlite3.connect(path) as database:
            database.execute(change)
        database.close()
        ended = run(*command, "--retry-failed")
        assert ended.code == 4, (change, ended.err)
        assert "bug" not in ended.err


@pytest.mark.slow
def test_one_name_for_two_files_stops_no_other(run: Run, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        shutil.copy(tmp_path / "a.png", tmp_path / folder / "x.png")
    command = (tmp_path / "one" / "x.png", tmp_path / "two" / "x.png", "a.png", "./a.png", "--to", "out/")
    ended = run(*command)
    assert (ended.code, "3 done, 1 failed" in ended.err) == (1, True)
    written = sorted(path.name for path in (tmp_path / "out").glob("*.md"))
    assert len(written) == 3
    again = run(*command)
    assert "1 failed, 3 done by an earlier run" in again.err
    assert sorted(path.name for path in (tmp_path / "out").glob("*.md")) == written


CLOSED = """
import os, subprocess, sys
for number in map(int, sys.argv[1].split(",")):
    os.close(number)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("closed", "arguments", "code"),
    [
        ("1", ["schema"], 5),
        ("1", ["--version"], 5),
        ("1", ["ocr", "--help"], 5),
        ("1", ["ocr", "a.png", "--to", "out/"], 0),
        ("0,1,2", ["ocr", "a.png", "--to", "out/"], 0),
        ("0,1,2", ["schema"], 5),
        ("2", ["ocr", "gone.pdf"], 4),
        ("0", ["ocr", "-"], 4),
        ("0", ["ocr", "--files-from", "-"], 4),
    ],
)
@pytest.mark.usefixtures("run")
def test_closed_streams_are_no_bug(tmp_path: Path, closed: str, arguments: list[str], code: int) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CLOSED, closed, *COMMAND[1:], *arguments],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert "bug" not in ended.stderr
    assert "Exception" not in ended.stderr
    if code == 5 and "2" not in closed:
        assert ended.stderr == "cogdoc: standard output: cannot be written: it is closed\n"
    if code == 0:
        assert (tmp_path / "out" / "a.png.md").exists()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["schema"], ["--help"], ["model", "list"]])
def test_a_full_disk_behind_standard_output_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, env=clean_environment(), text=True, check=False
        )
    assert (ended.returncode, ended.stderr) == (
        5,
        "cogdoc: standard output: cannot be written: No space left on device\n",
    )


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_messages_that_cannot_be_written_change_no_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, "ocr", tmp_path / "gone.pdf"], stderr=full, env=clean_environment(), check=False
        )
    assert ended.returncode == 4


@pytest.mark.slow
def test_a_pipe_in_non_blocking_mode_gets_everything() -> None:
    whole = subprocess.run([*COMMAND, "schema"], env=clean_environment(), capture_output=True, check=True).stdout
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    import fcntl

    fcntl.fcntl(theirs, 1031, 4096)  # F_SETPIPE_SZ: smaller than the output
    with subprocess.Popen([*COMMAND, "schema"], stdout=theirs, env=clean_environment()) as running:
        os.close(theirs)
        select.select([ours], [], [])
        time.sleep(0.5)
        with os.fdopen(ours, "rb") as stream:
            assert stream.read() == whole
    assert running.returncode == 0
