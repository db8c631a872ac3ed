"""Reads the small text files that options name: questions and passwords."""

from __future__ import annotations

from pathlib import Path

from cogdoc.errors import InputError

MAX_BYTES = 16 << 20
"""Bytes of the largest file: a device or a wrong file must not fill memory."""

MAX_LINE = 10_000
"""Characters of the longest line."""


def read_lines(option: str, file: Path) -> list[str]:
    """The lines of a text file in UTF-8, with or without a byte order mark.

    Raises:
        InputError: the file cannot be read; the message names the option, the file and the line.
    """
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError if the path has a NUL byte
        raise InputError(f"{option}: {file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise InputError(f"{option}: {file} is larger than {MAX_BYTES >> 20} MB")
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [_decode(line, f"{option}: {file}: line {number}", number) for number, line in enumerate(lines, start=1)]


def _decode(line: bytes, where: str, number: int) -> str:
    try:
        text = line.removesuffix(b"\r").decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{where}: not in UTF-8") from None
    if "\0" in text:
        raise InputError(f"{where}: has a NUL byte; is it a text file in UTF-8?")
    if len(text) > MAX_LINE:
        raise InputError(f"{where}: longer than {MAX_LINE:,} characters")
    return text
