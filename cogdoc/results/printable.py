"""Makes text from documents and file names safe to print on a terminal and to encode as UTF-8."""

from __future__ import annotations

import os
import unicodedata

_DIRECTION_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str, *, keep_newlines: bool = False) -> str:
    """`text` with control characters and separators of lines escaped, except line feeds and tabs if `keep_newlines`."""
    if text.isprintable():
        return text
    unescaped = "\n\t" if keep_newlines else ""
    return "".join(_escape(c) if _is_control(c) and c not in unescaped else c for c in text)


def printable_json(text: str) -> str:
    """An equivalent JSON text with the control characters in its strings escaped."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(f"\\u{ord(c):04x}" if _is_control(c) and c not in "\n\r\t" else c for c in text)


def well_formed(name: str) -> str:
    """A file name or an argument with invalid UTF-8 bytes replaced, which JSON cannot represent."""
    return os.fsencode(name).decode("utf-8", "replace")


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in _DIRECTION_CONTROLS


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
