"""Which language a question or a page is in, where the dataset does not say."""

from __future__ import annotations

from cogdoc.text import count_han

_LEAST_SHARE = 0.2
"""Chinese texts quote Latin names, English ones a Chinese word now and then."""


def language_of(text: str) -> str:
    """`zh` where at least a fifth of the letters are Chinese characters, else `en`."""
    letters = sum(character.isalpha() for character in text)
    return "zh" if letters and count_han(text) >= _LEAST_SHARE * letters else "en"
