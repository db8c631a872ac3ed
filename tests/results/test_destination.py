"""Output files are complete or absent, and replace existing files only with --overwrite."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cogdoc.errors import ExitCode, OutputError, OutputExistsError
from cogdoc.results.output.destination import Destination, choose_destination, open_output
from cogdoc.results.output_formats import FORMATS


def write_half(path: Path, failure: type[BaseException]) -> None:
    with open_output(path, overwrite=True) as stream:
        stream.write("half")
        raise failure


def test_output_file_appears_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    with open_output(path) as stream:
        stream.write("text\n")
        assert not path.exists()
    assert path.read_text() == "text\n"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, OSError])
def test_failure_while_writing_leaves_no_file(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises((failure, OutputError)):
        write_half(tmp_path / "out.md", failure)
    assert list(tmp_path.iterdir()) == []


def test_failure_while_writing_keeps_the_previous_output(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    path.write_text("before")
    with pytest.raises(RuntimeError):
        write_half(path, RuntimeError)
    assert path.read_text() == "before"


def test_existing_file_is_replaced_only_with_overwrite(tmp_path: Path) -> None:
    path = tmp_path / "out.md"
    path.write_text("before")
    with pytest.raises(OutputExistsError) as caught:
        choose_destination(str(path), several=False, overwrite=False)
    assert caught.value.exit_code is ExitCode.OUTPUT_EXISTS
    assert "--overwrite" in (caught.value.hint or "")
    assert choose_destination(str(path), several=False, overwrite=True).path == path
    with open_output(path, overwrite=True) as stream:
        stream.write("after")
    assert path.read_text() == "after"


def test_new_file_has_ordinary_permissions(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        with open_output(tmp_path / "out.md"):
            pass
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "out.md").stat().st_mode) == 0o640


def test_devices_and_pipes_are_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OutputError, match="not a regular file"):
            choose_destination(str(path), several=False, overwrite=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_missing_folder_of_a_file_is_an_error_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist") as caught:
        choose_destination(str(tmp_path / "gone" / "out.md"), several=False, overwrite=False)
    assert caught.value.exit_code is ExitCode.INPUT_OUTPUT


def test_output_folder_below_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot create this folder"):
        choose_destination(f"{tmp_path}/file/sub/", several=False, overwrite=False)


@pytest.mark.parametrize(
    ("to", "several", "folder"),
    [
        ("out.md", False, False),
        ("out.md", True, False),
        ("out", False, False),
        ("out", True, True),
        ("out/", False, True),
    ],
)
def test_destination_is_a_folder_by_its_name_or_if_there_are_several_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, several: bool, folder: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    assert choose_destination(to, several=several, overwrite=False).folder is folder
    assert Path(to).is_dir() is folder


def test_files_that_differ_only_in_suffix_have_different_results(tmp_path: Path) -> None:
    destination = Destination(tmp_path, folder=True, overwrite=False)
    names = {destination.file_for(Path("sub") / name, FORMATS["md"]) for name in ("a.pdf", "a.png", "a")}
    assert names == {tmp_path / "sub" / f"{name}.md" for name in ("a.pdf", "a.png", "a")}
    assert destination.file_for(Path("a.pdf"), FORMATS["text"]).name == "a.pdf.txt"
