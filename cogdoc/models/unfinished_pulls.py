"""Names and recognizes the files of a pull that is not complete, so that nothing else is deleted with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cogdoc.models.provenance import PROVENANCE_FILE

STATE_FILE = ".pull.json"
"""In the partial folder: the finished files, their hashes on the hub, and their SHA-256."""

_PART = re.compile(r"\..+\.\w{0,16}\.part")


def part_name(name: str, file_hash: str) -> str:
    """The name of a file until it is complete."""
    return f".{name}.{re.sub(r'[^0-9A-Za-z]', '', file_hash)[:16]}.part"


def unfinished_files(partial: Path) -> list[Path]:
    """The files that a pull wrote into its partial folder: what it recorded as finished, and parts."""
    names = {STATE_FILE, PROVENANCE_FILE, *read_state(partial / STATE_FILE)}
    return [
        path
        for path in partial.iterdir()
        if (path.name in names or _PART.fullmatch(path.name)) and path.is_file() and not path.is_symlink()
    ]


def read_state(path: Path) -> dict[str, tuple[str, str]]:
    """Each finished file's hash on the hub and its SHA-256; empty if damaged, so that files are downloaded again."""
    try:
        return {str(name): (str(hub), str(own)) for name, (hub, own) in json.loads(path.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
