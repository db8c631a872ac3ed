"""Text from documents and file names made harmless: for a terminal, and for output that has to be UTF-8."""

from __future__ import annotations

import os
import unicodedata

_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """`text` with every control character (but, if asked, line feeds and tabs) written as an escape."""
    if text.isprintable():
        return text
    kept = "\n\t" if keep_newlines else ""
    return "".join(_shown(c) if _is_control(c) and c not in kept else c for c in text)


def printable_json(text: str) -> str:
    """A JSON text that says the same, with every control character in its strings written as JSON's escape."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(f"\\u{ord(c):04x}" if _is_control(c) and c not in "\n\r\t" else c for c in text)


def well_formed(name: str) -> str:
    """A file name or an argument with bytes that are no UTF-8 replaced: JSON cannot hold them as they are."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in _DIRECTION_CONTROLS


def _shown(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
