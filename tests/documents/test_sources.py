"""Arguments become files in natural order, whose results never leave the output folder."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.file_lists import read_file_list
from cogdoc.documents.natural_order import natural_key
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources, keep_stdin
from cogdoc.errors import InputError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("page10.png", "page9.png", "Page1.PNG", "sub/b.pdf", "sub/deep/a.jpeg", "notes.txt", ".hidden.png"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "x.png").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments: str) -> list[str]:
    return [source.name for source in expand_sources(arguments)]


@pytest.mark.usefixtures("folder")
def test_folder_is_searched_recursively_in_natural_order_for_documents_only() -> None:
    assert names("in") == ["in/Page1.PNG", "in/page9.png", "in/page10.png", "in/sub/b.pdf", "in/sub/deep/a.jpeg"]


@pytest.mark.usefixtures("folder")
def test_results_of_a_folder_have_the_same_layout() -> None:
    found = [source for source in expand_sources(["in"]) if isinstance(source, Source)]
    assert [str(source.relative) for source in found][-2:] == ["sub/b.pdf", "sub/deep/a.jpeg"]


@pytest.mark.usefixtures("folder")
def test_patterns_expand_in_natural_order_also_recursively() -> None:
    assert names("in/page*.png") == ["in/page9.png", "in/page10.png"]
    assert names("in/**/*.pdf") == ["in/sub/b.pdf"]


@pytest.mark.usefixtures("folder")
def test_named_file_may_have_any_suffix_and_pattern_characters() -> None:
    Path("odd[1].dat").touch()
    assert names("odd[1].dat", "in/notes.txt") == ["odd[1].dat", "in/notes.txt"]
    assert all(isinstance(source, Source) for source in expand_sources(["odd[1].dat", "in/notes.txt"]))


@pytest.mark.usefixtures("folder")
def test_missing_source_is_an_error_in_its_position() -> None:
    Path("void").mkdir()
    found = list(expand_sources(["in/page9.png", "gone.pdf", "*.xyz", "void", "in/sub/b.pdf"]))
    assert [type(source) for source in found] == [Source, UnresolvedSource, UnresolvedSource, UnresolvedSource, Source]
    assert [source.error.message for source in found if isinstance(source, UnresolvedSource)] == [
        "no such file or folder",
        "no file matches",
        "no documents in this folder",
    ]


@pytest.mark.usefixtures("folder")
def test_pipe_is_refused_without_reading_it() -> None:
    os.mkfifo("pipe.pdf")
    (source,) = expand_sources(["pipe.pdf"])
    assert isinstance(source, UnresolvedSource)
    assert "not a regular file" in source.error.message


def test_name_that_is_not_utf8_is_displayed_as_valid_text_and_opens(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.touch()
    (source,) = expand_sources([str(path)])
    assert isinstance(source, Source)
    assert source.name.encode().endswith("caf\N{REPLACEMENT CHARACTER}.png".encode())
    assert source.path.exists()


@pytest.mark.parametrize("argument", ["../up.png", "a/../../up.png", "/etc/../up.png", "./up.png", "../../x/up.png"])
def test_results_never_leave_the_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argument: str) -> None:
    work = tmp_path / "a" / "b"
    (work / "a").mkdir(parents=True)
    for folder in (work, work.parent, tmp_path / "x"):
        folder.mkdir(exist_ok=True)
        (folder / "up.png").touch()
    monkeypatch.chdir(work)
    for source in expand_sources([argument]):
        if isinstance(source, Source):
            assert not source.relative.is_absolute()
            assert ".." not in source.relative.parts
            assert source.relative.name == "up.png"


def test_dash_is_standard_input_if_available(tmp_path: Path) -> None:
    (source,) = expand_sources(["-"], stdin_file=tmp_path / "stdin")
    assert source == Source(tmp_path / "stdin", "-", Path("stdin"))
    (lost,) = expand_sources(["-"])
    assert isinstance(lost, UnresolvedSource)


def test_sources_are_found_lazily(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").touch()

    def arguments() -> object:
        yield str(tmp_path)
        raise AssertionError("the second argument was asked for too early")

    found = expand_sources(arguments())  # type: ignore[arg-type]
    assert [Path(next(found).name).name for _ in range(3)] == ["0.png", "1.png", "2.png"]


def test_lists_of_files_are_separated_by_lines_or_nul_bytes() -> None:
    lines = io.BytesIO(b"a b.png\r\n\nc.pdf\nlast.png")
    assert list(read_file_list(lines, nul_separated=False)) == ["a b.png", "c.pdf", "last.png"]
    nul = io.BytesIO(b"two\nlines.png\0c.pdf\0\0")
    assert list(read_file_list(nul, nul_separated=True)) == ["two\nlines.png", "c.pdf"]


file_names = st.lists(st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=("Cs",)), min_size=1))


@given(file_names, st.booleans())
def test_any_name_survives_a_list_of_files(written: list[str], nul: bool) -> None:
    separator = "\0" if nul else "\n"
    if not nul and written:
        written[0] = written[0].lstrip("\ufeff") or "a"  # a byte order mark, which is no part of the first name
    stream = io.BytesIO(separator.join(written).encode())
    assert list(read_file_list(stream, nul_separated=nul)) == written


@given(st.lists(st.integers(0, 10**6)))
def test_natural_order_sorts_numbers_by_value(numbers: list[int]) -> None:
    files = [f"page {number}.png" for number in numbers]
    assert sorted(files, key=natural_key) == [f"page {number}.png" for number in sorted(numbers)]


@given(st.lists(st.text()))
def test_natural_order_sorts_any_names(texts: list[str]) -> None:
    assert sorted(sorted(texts, key=natural_key)) == sorted(texts)


def test_empty_standard_input_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with (tmp_path / "empty").open() as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(InputError, match="standard input is empty"), keep_stdin():
            pass
