"""Makes cells of CSV files safe to open in a spreadsheet, which computes a cell that begins like a formula.

A formula can start programs, or send other cells to a server. As OWASP advises ("CSV Injection"), such a cell gets an
apostrophe in front; numbers stay as they are.
"""

from __future__ import annotations

import re

_INVISIBLE = "\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
"""White space and characters without width, which spreadsheets may drop from the start of a cell."""

_FORMULA_CHARS = "=+\\-@＝＋－＠﹦﹢﹣﹫"
"""What begins a formula; Excel reads the full-width forms like the ASCII ones."""

# A spreadsheet whose separator is not the comma splits at semicolons, tabs and line feeds inside quoted cells.
_PART = re.compile(r"[^;\t\r\n]+")
_FORMULA = re.compile(rf'[{_INVISIBLE}"]*[{_FORMULA_CHARS}]')

_SEPARATOR_LINE = re.compile(rf'[{_INVISIBLE}"]*sep=', re.IGNORECASE)
"""At the start of a file, it tells Excel to use another separator."""

_DIGITS = r"(?:\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?|[.,]\d+"
_NUMBER = re.compile(
    rf"\s*[-+－＋]\s*(?:[A-Z]{{0,3}}[$€£¥￥₹₩]\s*|[A-Z]{{2,3}}\s+)?"
    rf"(?:{_DIGITS})(?:[eE][-+]?\d+)?\s*(?:[%％‰°$€£¥￥₹₩]|[^\W\d_]{{1,12}})?\s*"
)
_DASHES = re.compile(r"\s*(?:[-－]+|[+＋])\s*")
"""An empty cell of a printed table."""


def spreadsheet_cell(text: str) -> str:
    """`text` with an apostrophe before everything in it that a spreadsheet may take for a formula."""
    if text[:1] in ("\t", "\r", "\n") or _SEPARATOR_LINE.match(text):
        text = f"'{text}"
    return _PART.sub(lambda part: f"'{part[0]}" if _is_formula(part[0]) else part[0], text)


def _is_formula(text: str) -> bool:
    return bool(_FORMULA.match(text)) and not (_NUMBER.fullmatch(text) or _DASHES.fullmatch(text))
