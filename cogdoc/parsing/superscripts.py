"""What raised characters mean, by the text before them: exponents, ordinals, or notes, which are words of their own."""

from __future__ import annotations

import re

_SUPERSCRIPTS = str.maketrans("0123456789+-−–=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
_EXPONENT = re.compile(r"[-+−–]?\d{1,3}")
_SIGNED_EXPONENT = re.compile(r"[-+−–]\d{1,3}")
_POWER_BASE = re.compile(r"(?:.*[^\d.,])?(?:10|2)")
_MARK = re.compile(r"[\d,;*†‡§¶()\[\]–-]+|[a-z](?:[,;][a-z])*\)?")
_ORDINAL = re.compile(r"(?i:st|nd|rd|th|er|ers|re|e|es|è|ème|eme|nd|nde|d|o|a|º|ª|os|as|to|ste|te|de|en|й|я|е|го)\.?")
_PLAIN_INTEGER = re.compile(r"(?:.*[^\d.,])?\d{1,3}")


def is_ordinal(raised: str) -> bool:
    """Whether what is raised may be the ending of an ordinal number, as in "1st"."""
    return _ORDINAL.fullmatch(raised) is not None


def is_note(base: str, raised: str) -> bool:
    """Whether what is raised behind `base` is a word of its own: behind a number it would change the number."""
    if not base[-1].isdigit():
        return False
    if is_ordinal(raised) and _PLAIN_INTEGER.fullmatch(base):
        return False
    if _SIGNED_EXPONENT.fullmatch(raised) or (_EXPONENT.fullmatch(raised) and _POWER_BASE.fullmatch(base)):
        return False
    return _MARK.fullmatch(raised) is not None


def superscript(text: str) -> str:
    """`text` in superscript digits, if it has digits."""
    return text.translate(_SUPERSCRIPTS) if any(char.isdigit() for char in text) else text
