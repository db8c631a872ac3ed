"""Reads lists of sources, as `--files-from` names them: one a line, or separated by NUL."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from io import BufferedIOBase

from cogdoc.documents.sources import UnresolvedSource
from cogdoc.errors import InputError

MAX_ENTRY_BYTES = 1 << 16
"""Bytes of the longest entry: far more than a path or an address can have."""

MAX_SKIPPED_BYTES = 2 << 30
"""Bytes of an entry that is too long, after which the rest of the list is not read: a device has no end."""

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_file_list(
    file: BufferedIOBase, *, nul_separated: bool, name: str = "--files-from"
) -> Iterator[str | UnresolvedSource]:
    """The entries of a list, lazily. Empty ones are skipped; one that cannot be a name is yielded as its own error."""
    for number, entry in enumerate(_split(file, b"\0" if nul_separated else b"\n"), start=1):
        if isinstance(entry, OSError):
            yield UnresolvedSource(name, InputError(f"cannot be read to its end: {entry.strerror}"))
            return
        if not nul_separated and number == 1 and entry.startswith(_UTF_16_MARKS) and b"\0" in entry:
            yield UnresolvedSource(name, InputError("the list is in UTF-16", "save it as UTF-8"))
            return
        error = _defect(entry)
        if error is not None:
            where = "entry" if nul_separated else "line"
            yield UnresolvedSource(f"{name}: {where} {number}", error)
        elif not nul_separated:
            # Editors on Windows begin a file with a byte order mark, and end lines with a carriage return.
            line = (entry.removeprefix(codecs.BOM_UTF8) if number == 1 else entry).removesuffix(b"\r")
            if line.strip(b"\r"):
                yield os.fsdecode(line)
        elif entry:
            yield os.fsdecode(entry)


def _split(file: BufferedIOBase, separator: bytes) -> Iterator[bytes | OSError]:
    """The entries of a list; those that are too long are cut. An error of the file ends it."""
    rest, cut, skipped = b"", b"", 0
    try:
        while chunk := file.read1(1 << 16):  # read1 returns what a pipe has so far, so that work can begin
            *complete, rest = (rest + chunk).split(separator)
            for entry in complete:
                yield cut or entry
                cut, skipped = b"", 0
            if len(rest) > MAX_ENTRY_BYTES:
                skipped += len(rest)
                cut, rest = rest[: MAX_ENTRY_BYTES + 1], b""
            if skipped > MAX_SKIPPED_BYTES:
                break
    except OSError as error:
        yield error
        return
    if cut or rest:
        yield cut or rest


def _defect(entry: bytes) -> InputError | None:
    if len(entry) > MAX_ENTRY_BYTES:
        return InputError(f"longer than {MAX_ENTRY_BYTES:,} bytes, so it is not a name", "is it a list of names?")
    if b"\0" in entry:
        return InputError("has a NUL byte, so it is not a name", "add -0 if NUL bytes separate the names")
    return None
