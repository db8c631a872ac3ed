"""Character ranges, widths and comparison keys of text, each defined once. Imports nothing of cogdoc.

The ranges are contents of a regular expression's character class: `re.compile(f"[{HAN}]")`.
"""

from __future__ import annotations

import re
import unicodedata

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Chinese characters, as Chinese and Japanese use them: Unicode's unified and compatibility ideographs of the BMP."""

KANA = "\u3040-\u30ff"
"""Hiragana and katakana."""

UNSPACED = f"{HAN}{KANA}\u0e00-\u0e7f\uac00-\ud7a3"
"""Scripts that put no spaces around words, or join endings to them: Chinese, Japanese, Thai, Korean."""

CJK_PUNCTUATION = "\u3000-\u303f\uff00-\uffef"
"""Ideographic punctuation, and the full-width and half-width forms."""

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_ARABIC_DIGIT = re.compile("[\u0660-\u0669\u066a-\u066c\u06f0-\u06f9]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")
_UNSPACED = re.compile(f"[{UNSPACED}]")


def has_han(text: str) -> bool:
    """Whether `text` contains a Chinese character."""
    return _HAN.search(text) is not None


def language_of(text: str) -> str | None:
    """The language tag of a text whose fonts depend on it: Chinese or Japanese; None for any other."""
    if _KANA.search(text):
        return "ja"
    return "zh" if has_han(text) else None


def has_unspaced(text: str) -> bool:
    """Whether `text` contains a character of a script without spaces around words."""
    return not text.isascii() and _UNSPACED.search(text) is not None


def count_han(text: str) -> int:
    """The number of Chinese characters in `text`."""
    return len(_HAN.findall(text))


def has_right_to_left(text: str) -> bool:
    """Whether `text` has a character of a script that runs from right to left."""
    return not text.isascii() and _RIGHT_TO_LEFT.search(text) is not None


def runs_right_to_left(text: str) -> bool:
    """Whether `text` is Arabic or Hebrew, perhaps with Latin names in it, whose words are longer."""
    if text.isascii():
        return False
    letters = len(_RIGHT_TO_LEFT.findall(text))
    return 3 * letters > len(_LETTER.findall(text)) and letters > len(_ARABIC_DIGIT.findall(text))


def text_width(text: str) -> int:
    """The width of `text` in Latin letters: characters from U+2E80 on, the East Asian scripts, count double."""
    return sum(1 if char < "\u2e80" else 2 for char in text)


def comparison_key(text: str) -> str:
    """`text` without differences of case, character width (NFKC) and white space, for comparing recognized text."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
