"""Folders and patterns with parts that cannot be read: the rest is read, and each such part is listed."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources


def search(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """The names of the files found, and the messages of what cannot be read."""
    found = list(expand_sources(arguments))
    files = [source.name for source in found if isinstance(source, Source)]
    return files, {source.name: source.error.message for source in found if isinstance(source, UnresolvedSource)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `in` whose first and last files must always be found."""
    (tmp_path / "in" / "z").mkdir(parents=True)
    (tmp_path / "in" / "a.pdf").touch()
    (tmp_path / "in" / "z" / "last.pdf").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


FOUND = ["in/a.pdf", "in/z/last.pdf"]


@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf", "in/**"])
def test_link_to_itself_does_not_end_the_search(folder: Path, argument: str) -> None:
    (folder / "loop.pdf").symlink_to("loop.pdf")
    (folder / "one.pdf").symlink_to("two.pdf")
    (folder / "two.pdf").symlink_to("one.pdf")
    files, lost = search(argument)
    assert files == FOUND
    assert lost == {
        f"in/{name}.pdf": "cannot be read: Too many levels of symbolic links" for name in ("loop", "one", "two")
    }


@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf"])
def test_links_to_folders_are_not_followed(folder: Path, argument: str) -> None:
    for name in ("here", "again", "and again"):
        (folder / name).symlink_to(".")
    (folder / "z" / "up").symlink_to("..")
    (folder / "elsewhere").symlink_to("/")
    assert search(argument) == (FOUND, {})


@pytest.fixture
def very_deep(folder: Path) -> Iterator[None]:
    """5,000 nested folders, removed at the end: pytest itself cannot."""
    home, depth = os.open(".", os.O_RDONLY), 5000
    os.chdir(folder)
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    bottom = os.open(".", os.O_RDONLY)
    os.chdir(home)
    yield
    os.chdir(bottom)
    for _ in range(depth):
        os.chdir("..")
        Path("d").rmdir()
    os.chdir(home)
    os.close(home)
    os.close(bottom)


@pytest.mark.usefixtures("very_deep")
@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf"])
def test_very_deep_folders_do_not_end_the_search(argument: str) -> None:
    files, lost = search(argument)
    assert files == FOUND
    assert set(lost.values()) == {"cannot be searched: File name too long"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf", "in/*.pdf"])
def test_pipe_socket_and_broken_link_are_listed_and_never_opened(folder: Path, argument: str) -> None:
    os.mkfifo(folder / "pipe.pdf")
    (folder / "broken.pdf").symlink_to("gone.pdf")
    (folder / "device.pdf").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("in/socket.pdf")
        files, lost = search(argument)
    assert files == [name for name in FOUND if argument != "in/*.pdf" or name == "in/a.pdf"]
    assert set(lost) == {"in/pipe.pdf", "in/broken.pdf", "in/device.pdf", "in/socket.pdf"}
    assert lost["in/device.pdf"] == lost["in/pipe.pdf"] == "not a regular file"


@pytest.fixture
def as_ordinary_user(folder: Path) -> Iterator[None]:
    """File access without root's rights, which no permission stops."""
    if not hasattr(os, "seteuid"):
        pytest.skip("no users to change to")
    if os.geteuid():
        yield
        return
    for path in (folder, *folder.parents):
        if path.owner() == "root" and path.stat().st_mode & 0o77 == 0:
            path.chmod(path.stat().st_mode | 0o711)
    folder.chmod(0o755)
    os.seteuid(65534)
    yield
    os.seteuid(0)


@pytest.mark.usefixtures("as_ordinary_user")
@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf", "in/*/*.pdf"])
def test_unreadable_folder_is_listed_and_later_siblings_are_read(folder: Path, argument: str) -> None:
    user = os.geteuid()
    os.seteuid(os.getuid())
    (folder / "m").mkdir()
    (folder / "m" / "unseen.pdf").touch()
    (folder / "m").chmod(0)
    os.seteuid(user)
    files, lost = search(argument)
    assert files[-1] == FOUND[-1]
    assert lost == {"in/m": "cannot be searched: Permission denied"}
    assert search("in/m/unseen.pdf")[1] == {"in/m/unseen.pdf": "cannot be read: Permission denied"}


@pytest.mark.parametrize("argument", ["in", "in/**/*.pdf"])
def test_names_of_any_bytes_are_found(folder: Path, argument: str) -> None:
    for name in (b"caf\xe9.pdf", b"line\nbreak.pdf", b"\x1b[31m.pdf", b"9" * 250 + b".pdf"):
        (folder / os.fsdecode(name)).touch()
    files, lost = search(argument)
    assert len(files) == 6
    assert lost == {}
    assert all(name.encode() for name in files)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("a\0b.pdf", "a name with a NUL byte in it names no file"),
        ("in/*\0*.pdf", "a name with a NUL byte in it names no file"),
        ("in/" + "x" * 300 + ".pdf", "cannot be read: File name too long"),
        ("in/" + "x" * 300 + "/*.pdf", "no file matches"),
        ("y/" * 5000, "cannot be read: File name too long"),
        ("in/[" + "*" * 5000, "no file matches"),
        ("in/a.pdf/b.pdf", "no such file or folder"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_argument_that_no_system_accepts_is_its_own_error(argument: str, message: str) -> None:
    files, lost = search("in/a.pdf", argument, "in/z")
    assert (files, list(lost.values())) == (FOUND, [message])


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "in/*",
            "in/**",
            "in/*/",
            "in/**/",
            "**/*.pdf",
            "**",
            "in/**/z/*.pdf",
            "*/*/../a.pdf",
            "in/[az]*",
            "./in/?.pdf",
        ),
        *("in/**/**/*.pdf", "in/.*", "in/**/.*", "in/z**", "in/gone/*", "in/a.pdf/*", "in/*/last.pdf"),
    ],
)
def test_patterns_match_what_pythons_glob_matches(folder: Path, pattern: str) -> None:
    import glob

    from cogdoc.documents.folder_walk import match_pattern

    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "h.pdf").touch()
    (folder / ".h.pdf").touch()
    expected = {Path(match) for match in glob.glob(pattern, recursive=True)}  # noqa: PTH207
    assert set(match_pattern(pattern)) == expected - {Path()}
    absolute = f"{Path.cwd()}/{pattern}"
    assert set(match_pattern(absolute)) == {Path(match) for match in glob.glob(absolute, recursive=True)}  # noqa: PTH207
