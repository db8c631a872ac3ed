"""What a font of a page looks like: bold, italic or monospaced, by its flags in MuPDF and by its name."""

from __future__ import annotations

import re
from functools import lru_cache

from cogdoc.parsing.text_spans import TextStyle

ITALIC_FLAG, MONOSPACE_FLAG, BOLD_FLAG = 2, 8, 16
"""Of a font in MuPDF's structured text."""

_BOLD = re.compile(r"(?i:bold|heavy|demi)|Black(?![a-z])|[-,]Medi(?:Ital|$)|(?:CM|SF|EC)(?:SS)?BX|CMB\d")
_ITALIC = re.compile(r"(?i:italic|oblique|slanted)|(?:Bold|Medi|[-,])(?:It|Obl|Ital)$|(?:CM|SF|EC)(?:BXTI|TI|SL|SSI)\d")
_MONOSPACE = re.compile(
    r"(?i:courier|typewriter|consolas|menlo|monaco|letter ?gothic|lucida ?console)|Mono(?![a-z])|(?:CM|SF|EC)TT"
)
_SYMBOLS = re.compile(
    r"(?i:math|symbol|dingbats|wingdings|webdings|emoji)|(?:CM|LM|MT|tx|px)(?:MI|SY|EX|mi|sy|ex)|MS[AB]M"
)
"""Fonts of formulas and signs, which are no emphasis."""


@lru_cache(1000)
def font_styles(name: str, flags: int) -> tuple[TextStyle, ...]:
    """The styles of a font, in the order of `TextStyle`."""
    if _SYMBOLS.search(name):
        return ()
    is_style = {
        TextStyle.BOLD: flags & BOLD_FLAG or _BOLD.search(name),
        TextStyle.ITALIC: flags & ITALIC_FLAG or _ITALIC.search(name),
        TextStyle.MONOSPACE: flags & MONOSPACE_FLAG or _MONOSPACE.search(name),
    }
    return tuple(style for style, found in is_style.items() if found)
