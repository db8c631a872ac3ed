"""Lists of files, questions and passwords with malformed lines: each is one clear error, and no other line suffers."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cogdoc.cli.option_files import MAX_BYTES, MAX_LINE, read_lines
from cogdoc.documents.file_lists import MAX_ENTRY_BYTES, read_file_list
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources
from cogdoc.errors import InputError


def entries(content: bytes, *, nul_separated: bool = False) -> list[str]:
    """The names in a list, with `!` and the message in place of each malformed entry."""
    found = read_file_list(io.BytesIO(content), nul_separated=nul_separated)
    return [entry if isinstance(entry, str) else f"!{entry.name}: {entry.error.message}" for entry in found]


def test_malformed_lines_are_errors_of_their_own() -> None:
    long = b"x" * (MAX_ENTRY_BYTES + 1)
    nul = "!--files-from: line 2: has a NUL byte, so it is not a name"
    assert entries(b"a.pdf\nb\0c.pdf\nd.pdf") == ["a.pdf", nul, "d.pdf"]
    too_long = "!--files-from: line 2: longer than 65,536 bytes, so it is not a name"
    assert entries(b"a.pdf\n" + long + b"\nd.pdf") == ["a.pdf", too_long, "d.pdf"]
    assert entries(b"a.pdf\n" + 9 * long + b"\nd.pdf\n") == ["a.pdf", too_long, "d.pdf"]
    assert entries(b"a.pdf\n" + 9 * long) == ["a.pdf", too_long]
    assert entries(b"a\0" + long + b"\0b", nul_separated=True)[::2] == ["a", "b"]


def test_lists_written_on_windows_are_read() -> None:
    assert entries(b"\xef\xbb\xbfa.pdf\r\n\r\nb.pdf\r\n") == ["a.pdf", "b.pdf"]
    (error,) = entries("a.pdf\r\nb.pdf\r\n".encode("utf-16"))
    assert error == "!--files-from: the list is in UTF-16"


def test_endless_line_needs_little_memory() -> None:
    class Endless(io.RawIOBase):
        left = 1 << 30

        def read1(self, size: int) -> bytes:
            self.left -= size
            return bytes(1) * size if self.left >= 0 else b"\na.pdf" if self.left + size >= 0 else b""

    tracemalloc.start()
    found = list(read_file_list(Endless(), nul_separated=False))  # type: ignore[arg-type]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(entry) for entry in found] == [UnresolvedSource, str]
    assert peak < 1 << 20


def test_list_that_breaks_off_is_an_error_after_what_was_read() -> None:
    class Broken(io.RawIOBase):
        chunks: list[bytes | OSError] = [b"a.pdf\nb.pdf\nc", OSError(5, "Input/output error")]  # noqa: RUF012

        def read1(self, _size: int) -> bytes:
            chunk = self.chunks.pop(0)
            if isinstance(chunk, OSError):
                raise chunk
            return chunk

    *names, error = read_file_list(Broken(), nul_separated=False)  # type: ignore[arg-type]
    assert names == ["a.pdf", "b.pdf"]
    assert isinstance(error, UnresolvedSource)
    assert error.error.message == "cannot be read to its end: Input/output error"


def test_other_names_of_a_list_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pdf").touch()
    content = b"gone\0.pdf\n*\0*\n\xff\xfe.pdf\ns3://\xff/\xfe\n-\n" + b"n" * 5000 + b"\na.pdf\n"
    found = list(expand_sources(read_file_list(io.BytesIO(content), nul_separated=False)))
    assert [type(source) for source in found] == [*[UnresolvedSource] * 6, Source]
    assert all(isinstance(source, Source) or source.error.exit_code in (3, 4) for source in found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a\nb\0c\n", "line 2: has a NUL byte"),
        (b"a\n\xff\n", "line 2: not in UTF-8"),
        ("a\nb\n".encode("utf-16"), "line 1: not in UTF-8"),
        (b"x" * (MAX_LINE + 1), "line 1: longer than 10,000 characters"),
        (bytes(MAX_BYTES + 1), "larger than 16 MB"),
    ],
)
def test_malformed_questions_and_passwords_are_named_by_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_lines("--questions-from", path)


def test_questions_written_on_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbftotal?\r\n\r\nwho?\x0bwhen?")
    assert read_lines("--questions-from", path) == ["total?", "", "who?\x0bwhen?"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
@pytest.mark.parametrize("option", ["--questions-from", "--password-file"])
def test_endless_device_is_refused(option: str) -> None:
    with pytest.raises(InputError, match="larger than 16 MB"):
        read_lines(option, Path("/dev/zero"))


@pytest.mark.slow
@pytest.mark.parametrize("to", [[], ["--to", "out/"]])
def test_command_reads_the_others_and_says_which_lines_are_malformed(cogdoc: Any, blank: Path, to: list[str]) -> None:
    names = b"b\0ad.pdf\n*\0*\n" + b"n" * 5000 + b"\ncaf\xe9.pdf\nx*/\xff*\n" + bytes(blank) + b"\n"
    ended = cogdoc("ocr", "--files-from", "-", *to, "--out", "jsonl", "--engine", "builtin", stdin=names)
    assert ended.code == 1
    assert "--files-from: line 1: has a NUL byte" in ended.err
    assert "a bug" not in ended.err
    assert ended.err.count("cogdoc: ") >= 5
    assert to or '"number":1' in ended.out


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device without end")
def test_a_list_without_end_is_given_up() -> None:
    with Path("/dev/zero").open("rb") as file:
        (entry,) = read_file_list(file, nul_separated=False)
    assert isinstance(entry, UnresolvedSource)
    assert "so it is not a name" in entry.error.message
