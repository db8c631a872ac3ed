"""Opens the files of a model folder, which a stranger may have made: regular files, inside the folder, of limited size.

Imports no torch, since every start of cogdoc looks into model folders.
"""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from cogdoc.errors import CheckpointError

JSON_BYTES = 16 << 20
"""The most bytes of a JSON file or header. The index of a published 4-bit checkpoint has 1 MB."""

JSON_DEPTH = 32
JSON_DIGITS = 40
"""The most digits of an integer; tokenizer_config.json states 10 ** 30 for a length without limit."""

SHOWN_CHARACTERS = 200
"""The most characters of a hostile name or value in a message."""


def find_file(folder: Path, name: str) -> Path | None:
    """The path of a file with its links resolved; None if there is no such file.

    Only in a snapshot of the Hugging Face cache may it be outside the folder: among the blobs that belong to it.

    Raises:
        CheckpointError: it is no regular file, or outside the folder.
    """
    path = folder / name
    try:
        real = Path(os.path.realpath(path, strict=True))
        regular = stat.S_ISREG(real.stat().st_mode)
        root = Path(os.path.realpath(folder, strict=True))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    blobs = root.parent.parent / "blobs" if root.parent.name == "snapshots" else None
    if not real.is_relative_to(root) and real.parent != blobs:
        raise unreadable(path, "it is outside the folder")
    if not regular:
        raise unreadable(path, "it is not a regular file")
    return real


def open_file(folder: Path, name: str) -> BinaryIO | None:
    """Open a file for reading; None if there is no such file. It never waits for a pipe or a device.

    Raises:
        CheckpointError: see `find_file`, or it cannot be opened.
    """
    real = find_file(folder, name)
    if real is None:
        return None
    flags = os.O_RDONLY | sum(getattr(os, flag, 0) for flag in ("O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"))
    try:
        file = os.fdopen(os.open(real, flags), "rb")
    except OSError as error:
        raise unreadable(folder / name, error) from None
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # replaced since `find_file`
        file.close()
        raise unreadable(folder / name, "it is not a regular file")
    return file


def read_file(folder: Path, name: str, limit: int = JSON_BYTES) -> bytes | None:
    """The content of a file; None if there is no such file.

    Raises:
        CheckpointError: it cannot be read, or has more than `limit` bytes.
    """
    file = open_file(folder, name)
    if file is None:
        return None
    with file:
        try:
            size = os.fstat(file.fileno()).st_size
            content = file.read(limit + 1) if size <= limit else b""
        except OSError as error:
            raise unreadable(folder / name, error) from None
    if max(size, len(content)) > limit:
        raise unreadable(folder / name, f"it has more than {limit:,} bytes")
    return content


def read_object(folder: Path, name: str, limit: int = JSON_BYTES) -> dict[str, Any] | None:
    """The JSON object in a file; None if there is no such file.

    Raises:
        CheckpointError: see `read_file` and `parse_object`.
    """
    content = read_file(folder, name, limit)
    return None if content is None else parse_object(content, folder / name)


def parse_object(content: bytes, path: Path) -> dict[str, Any]:
    """Parse a JSON object.

    Raises:
        CheckpointError: see `parse_json`, or it is another value.
    """
    value = parse_json(content, path)
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: not a JSON object")
    return value


def parse_json(content: bytes, path: Path) -> Any:
    """Parse a JSON text that has finite numbers, no repeated name, and lists and objects of limited depth.

    Args:
        path: of its file, for messages.

    Raises:
        CheckpointError: it is anything else.
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_int=_parse_int,
            parse_float=_parse_float,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise unreadable(path, error) from None
    level: list[Any] = [value] if isinstance(value, (dict, list)) else []
    for _ in range(JSON_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
    if level:
        raise unreadable(path, f"its lists and objects are nested more than {JSON_DEPTH} deep")
    return value


def unreadable(path: Path, reason: object) -> CheckpointError:
    """The error for a file that cannot be read, in one line of limited length."""
    if isinstance(reason, RecursionError):
        reason = "its lists and objects are nested too deeply"
    elif isinstance(reason, OSError):
        reason = reason.strerror
    return CheckpointError(f"{shorten(path, 2 * SHOWN_CHARACTERS)}: cannot be read: {shorten(reason)}")


def shorten(value: object, length: int = SHOWN_CHARACTERS) -> str:
    """The text of a value from a hostile file, for a message."""
    text = str(value)
    return text if len(text) <= length else f"{text[:length]}..."


def _parse_int(digits: str) -> int:
    if len(digits) > JSON_DIGITS:
        raise ValueError(f"it has a number of {len(digits):,} digits")
    return int(digits)


def _parse_float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("it has a number that is too large")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        for name, _ in reversed(pairs):
            if entries.pop(name, pairs) is pairs:
                raise ValueError(f"{shorten(name, 80)!r} is repeated")
    return entries
