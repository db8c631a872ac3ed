"""Files of the user are never damaged: what cogdoc opens for writing is new, its own, or refused."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from running import Cogdoc, CommandResult

from cogdoc.batch.accounting import RunCounts
from cogdoc.batch.journal import Journal
from cogdoc.batch.run_record import RunRecord
from cogdoc.errors import OutputError, OutputExistsError
from cogdoc.evaluation.run_folder import RunFolder, open_run_folder
from cogdoc.evaluation.summary import RunFacts
from cogdoc.models.unfinished_pulls import unfinished_files
from cogdoc.results.output.destination import open_output, remove_parts
from cogdoc.results.output.folders import open_private_folder
from cogdoc.results.records import EngineInfo

ENGINE = EngineInfo(name="builtin", version="1")
PRECIOUS = b"precious\nlast line without an end"

Run = Callable[..., CommandResult]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A file of the user."""
    file = tmp_path / "note.txt"
    file.write_bytes(PRECIOUS)
    return file


@pytest.fixture
def run(cogdoc: Cogdoc, readings: Path, tmp_path: Path, samples: Path) -> Run:
    """Runs `cogdoc ocr` in a folder with a copy of a small picture named a.png."""
    shutil.copy(samples / "blank.png", tmp_path / "a.png")

    def run(*arguments: str | Path) -> CommandResult:
        words = ("ocr", *arguments) if arguments[0] != "ask" else arguments
        result = cogdoc(*words, COGDOC_CACHE=str(readings))
        assert "Traceback" not in result.err
        assert result.code != 15, result.err
        return result

    return run


def append_to_record(path: Path) -> None:
    with RunRecord(path, "ocr", ENGINE, "1/1") as record:
        record.end(RunCounts())


@pytest.mark.parametrize(
    "content",
    [PRECIOUS, b"one line", b"{", b'{"event": "something else"}\n{"half', b"\n", b"\0" * 5000, b"%PDF-1.7 and no more"],
)
def test_a_record_is_not_appended_to_anything_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine").write_bytes(content)
    with pytest.raises(OutputError, match="is not a record of cogdoc") as caught:
        append_to_record(tmp_path / "mine")
    assert caught.value.exit_code == 5
    assert (tmp_path / "mine").read_bytes() == content


@pytest.mark.parametrize("addition", [b"my note", b"{", b'{"event": "file", "pa', b'{"ev\0\0', bytes(9)])
def test_only_an_unfinished_line_of_its_own_is_cut_off_a_record(tmp_path: Path, addition: bytes) -> None:
    append_to_record(tmp_path / "record")
    whole = (tmp_path / "record").read_bytes()
    (tmp_path / "record").write_bytes(whole + addition)
    if addition == b"my note":
        with pytest.raises(OutputError, match="its last line is not"):
            append_to_record(tmp_path / "record")
        assert (tmp_path / "record").read_bytes() == whole + addition
    else:
        append_to_record(tmp_path / "record")
        assert all(map(json.loads, (tmp_path / "record").read_bytes().splitlines()))


def test_last_line_of_any_length_is_not_read_into_memory(tmp_path: Path) -> None:
    append_to_record(tmp_path / "record")
    with (tmp_path / "record").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(OutputError, match="its last line is not"):
        append_to_record(tmp_path / "record")


def test_a_record_is_not_written_through_links_pipes_and_devices(tmp_path: Path, note: Path) -> None:
    (tmp_path / "link").symlink_to(note)
    (tmp_path / "dangling").symlink_to(tmp_path / "new")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    os.link(tmp_path / "empty", tmp_path / "second-name")
    for path in (*(tmp_path / name for name in ("link", "dangling", "pipe", "empty")), Path(os.devnull)):
        with pytest.raises(OutputError):
            append_to_record(path)
    assert note.read_bytes() == PRECIOUS
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "empty").read_bytes() == b""


def test_a_record_loses_only_a_last_line_that_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append_to_record(path)
    first = path.read_bytes()
    for end, kept in ((b"", b""), (b'{"event": "file", "pa', b""), (b'{"event": "x"}', b'{"event": "x"}\n')):
        path.write_bytes(first + end)
        append_to_record(path)
        assert path.read_bytes().startswith(first + kept + b'{"event": "run"')
        assert all(json.loads(line) for line in path.read_bytes().splitlines())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_very_long_incomplete_line_is_cut_off_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append_to_record(path)
    first = path.read_bytes()
    path.write_bytes(first + b'{"event": "' + b"x" * (3 << 20))
    append_to_record(path)
    assert path.read_bytes().startswith(first + b'{"event": "run"')


def open_journal(folder_path: Path) -> None:
    with open_private_folder(folder_path) as folder:
        Journal(folder, "journal", "key", folder_path.parent, restart=False, retry_failed=False).close()


@pytest.mark.parametrize("content", [PRECIOUS, b"SQLite format 3\0" + bytes(84), b"\0"])
def test_a_journal_is_not_made_of_another_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".cogdoc").mkdir()
    journal = tmp_path / ".cogdoc" / "journal.sqlite"
    journal.write_bytes(content)
    with pytest.raises(OutputError, match="is not a journal"):
        open_journal(tmp_path / ".cogdoc")
    assert journal.read_bytes() == content


def test_a_database_of_the_user_is_not_changed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mine.db") as database:
        database.execute("CREATE TABLE mine (a)")
        database.execute("PRAGMA user_version = 2")
    database.close()
    before = (tmp_path / "mine.db").read_bytes()
    (tmp_path / ".cogdoc").mkdir()
    os.link(tmp_path / "mine.db", tmp_path / ".cogdoc" / "journal.sqlite")
    with pytest.raises(OutputError, match="is not a journal"):
        open_journal(tmp_path / ".cogdoc")
    assert (tmp_path / "mine.db").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-journal", "journal.sqlite-shm"]
)
def test_no_link_is_followed_to_a_journal(tmp_path: Path, note: Path, name: str) -> None:
    (tmp_path / ".cogdoc").mkdir()
    (tmp_path / ".cogdoc" / name).symlink_to(note)
    with pytest.raises(OutputError):
        open_journal(tmp_path / ".cogdoc")
    assert note.read_bytes() == PRECIOUS


def test_no_link_is_followed_to_the_folder_of_a_journal(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    (tmp_path / ".cogdoc").symlink_to("victim")
    with pytest.raises(OutputError, match="symbolic link"):
        open_journal(tmp_path / ".cogdoc")
    assert list((tmp_path / "victim").iterdir()) == []


def test_journals_are_readable_by_their_owner_only_whatever_the_umask_is(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        open_journal(tmp_path / ".cogdoc")
        for path in (tmp_path / ".cogdoc").iterdir():
            path.chmod(0o644)
        (tmp_path / ".cogdoc").chmod(0o755)
        open_journal(tmp_path / ".cogdoc")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / ".cogdoc").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / ".cogdoc").iterdir()} == {0o600}


def write(path: Path, root: Path | None = None, *, overwrite: bool = True) -> None:
    with open_output(path, root=root, overwrite=overwrite) as stream:
        stream.write("result")


def test_outputs_are_not_written_through_links(tmp_path: Path, note: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.md").symlink_to(note)
    (tmp_path / "victim").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "victim")
    for overwrite, kind in ((True, OutputError), (False, OutputExistsError)):
        with pytest.raises(kind, match="symbolic link"):
            write(tmp_path / "out" / "a.md", overwrite=overwrite)
    for below in ("sub/a.md", "sub/deeper/a.md"):
        with pytest.raises(OutputError, match="symbolic link"):
            write(tmp_path / "out" / below, tmp_path / "out")
    remove_parts(tmp_path / "out" / "sub" / "a.md", tmp_path / "out")
    assert note.read_bytes() == PRECIOUS
    assert list((tmp_path / "victim").iterdir()) == []


def test_a_folder_that_the_user_names_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(tmp_path / "link" / "sub" / "a.md", tmp_path / "link")
    assert (tmp_path / "real" / "sub" / "a.md").read_text() == "result"


def test_a_file_that_appears_while_the_output_is_written_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with pytest.raises(OutputExistsError), open_output(path):
        path.write_text("mine")
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_only_parts_are_removed_as_parts(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with open_output(path):
        (part,) = tmp_path.iterdir()
        part.with_name(f"{part.name}.part").write_text("mine")
        part.with_name(part.name.replace(".part", ".bak")).write_text("mine")
    Path(tmp_path / part.name).write_text("left by a killed process")
    remove_parts(path)
    assert len(list(tmp_path.iterdir())) == 3


def test_evaluations_replace_only_evaluations(tmp_path: Path, note: Path) -> None:
    facts = RunFacts("qa", "Questions", "data.jsonl", ENGINE, {}, {})
    folder = tmp_path / "mine"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "holiday.jpg").write_bytes(PRECIOUS)
    (folder / "run.json").write_text('{"lr": 0.1}')
    (folder / "summary.json").write_bytes(PRECIOUS)
    with pytest.raises(OutputExistsError):
        open_run_folder(folder, facts, overwrite=True)
    assert (folder / "summary.json").read_bytes() == PRECIOUS
    (folder / "run.json").unlink()
    (folder / "summary.json").unlink()
    shutil.rmtree(folder / "pictures")
    open_run_folder(folder, facts, overwrite=False)
    (folder / "pictures").mkdir()
    (folder / "pictures" / "holiday.jpg").write_bytes(PRECIOUS)
    run = open_run_folder(folder, facts, overwrite=True)
    assert (folder / "pictures" / "holiday.jpg").read_bytes() == PRECIOUS
    assert_outcomes_refused(run, folder / "outcomes.jsonl", note)


def assert_outcomes_refused(run: RunFolder, path: Path, note: Path) -> None:
    from cogdoc.errors import CogdocError

    path.symlink_to(note.with_name("elsewhere"))
    with pytest.raises(OutputError), run.outcomes():
        pass
    path.unlink()
    for content in (PRECIOUS, b"one line"):
        path.write_bytes(content)
        with pytest.raises(CogdocError), run.outcomes():
            pass
        assert path.read_bytes() == content


def test_only_what_a_pull_wrote_is_deleted_with_it(tmp_path: Path) -> None:
    (tmp_path / ".model.safetensors.0123456789abcdef.part").touch()
    (tmp_path / ".pull.json").write_text('{"config.json": ["1", "2"]}')
    for name in ("config.json", "thesis.tex", "README.md"):
        (tmp_path / name).touch()
    (tmp_path / ".link..part").symlink_to("thesis.tex")
    own = {path.name for path in unfinished_files(tmp_path)}
    assert own == {".model.safetensors.0123456789abcdef.part", ".pull.json", "config.json"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a.png", "--log-json", "note.txt"], 5),
        (["a.png", "--log-json", "a.png"], 5),
        (["a.png", "--to", "x.md", "--log-json", "./x.md"], 2),
        (["a.png", "--password-file", "note.txt", "--to", "note.txt", "--overwrite"], 2),
        (["--files-from", "note.txt", "--to", "./note.txt", "--overwrite"], 2),
        (["ask", "a.png", "--questions-from", "note.txt", "--to", "link.txt", "--overwrite"], 2),
        (["a.png", "--out", "md", "--to", "second-name.png", "--overwrite"], 5),
        (["a.png", "--out", "md", "--to", "link.png", "--overwrite"], 5),
        (["a.png", "--out", "md", "--to", "file://localhost/../FOLDER/a.png", "--overwrite"], 5),
        (["a.png", "--to", "out/", "--log-json", "out/.cogdoc/journal.sqlite-journal"], 5),
        (["a.png", "--to", "out/", "--log-json", "out/a.png.md", "--overwrite"], 5),
        (["plain", "plain.md", "--to", ".", "--overwrite"], 1),
    ],
)
def test_no_option_makes_an_input_an_output(
    run: Run, tmp_path: Path, note: Path, arguments: list[str], code: int
) -> None:
    picture = (tmp_path / "a.png").read_bytes()
    os.link(tmp_path / "a.png", tmp_path / "second-name.png")
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "link.txt").symlink_to("note.txt")
    for name in ("plain", "plain.md"):
        (tmp_path / name).write_bytes(picture)
    words = [word.replace("file://localhost/../FOLDER", f"file://{tmp_path}") for word in arguments]
    ended = run(*words)
    assert ended.code == code, ended.err
    assert note.read_bytes() == PRECIOUS
    for name in ("a.png", "second-name.png", "plain.md"):
        assert (tmp_path / name).read_bytes() == picture


@pytest.mark.slow
def test_files_of_the_user_in_the_folder_of_a_journal_stay(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".y.md.cogdoc").mkdir()
    (tmp_path / ".y.md.cogdoc" / "mine").write_bytes(PRECIOUS)
    assert run("a.png", "--to", "y.md").code == 0
    assert [path.name for path in (tmp_path / ".y.md.cogdoc").iterdir()] == ["mine"]


@pytest.mark.slow
def test_an_edited_output_of_the_same_size_is_not_replaced(run: Run, tmp_path: Path) -> None:
    assert run("a.png", "--to", "out/", "--out", "json").code == 0
    result = tmp_path / "out" / "a.png.json"
    edited = result.read_bytes().replace(b"a.png", b"b.png")
    result.write_bytes(edited)
    os.utime(tmp_path / "a.png", (1, 1))
    assert run("a.png", "--to", "out/", "--out", "json").code == 6
    assert result.read_bytes() == edited


@pytest.mark.slow
def test_a_link_in_the_output_folder_fails_only_its_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    shutil.copy(tmp_path / "a.png", tmp_path / "sub" / "b.png")
    (tmp_path / "victim").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to("../victim")
    ended = run("a.png", "sub/b.png", "--to", "out")
    assert (ended.code, "out/sub: is a symbolic link" in ended.err) == (1, True)
    assert (tmp_path / "out" / "a.png.md").exists()
    assert list((tmp_path / "victim").iterdir()) == []
