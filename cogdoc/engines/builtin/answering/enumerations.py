"""Finds the lists that sentences contain ("costs, delays and complaints"), so that a part does not answer for all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from cogdoc.engines.builtin.answering.spans import Span
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.terms import fold_case
from cogdoc.text import has_unspaced, text_width

MAX_ITEM, MAX_WORDS = 30, 4
"""Width of the longest item in Latin letters, and its most words; longer ones are clauses."""

MIN_LISTED, MIN_NAMES = 2, 3
"""Least items of a list for a question that asks for several things, and for one that asks for names."""

_COMMA = r"\s*[,;，、；،]\s*"


def without_parts(text: str, spans: Sequence[Span], least: int) -> list[Span]:
    """The spans that are no part of a whole list of `least` items or more, and do not end inside one.

    What is said of some items is said of each: that two of three were merged is no answer. A list with a word of the
    question in it says something of one item.
    """
    wholes = [
        span for span in spans if not span.features["text-repeats"] and _items(text[span.start : span.end]) >= least
    ]
    longest = [span for span in wholes if not any(_is_cut(span, other) for other in wholes)]
    return [span for span in spans if not any(_is_cut(span, whole) for whole in longest)]


def _is_cut(span: Span, whole: Span) -> bool:
    """Whether a span has some of another one, but not all."""
    overlaps = span.start < whole.end and whole.start < span.end
    return overlaps and not (span.start <= whole.start and whole.end <= span.end)


def _items(text: str) -> int:
    """How many items a text lists with commas between them and "and" before the last one; 0 if it is no list."""
    low = fold_case(text)
    separators = [match[0] for match in _separator().finditer(low)]
    items = _separator().split(low)
    is_list = bool(separators) and (separators[-1].strip(" ,，、") != "" or "、" in separators[-1])
    return len(items) if is_list and all(map(_is_item, items)) else 0


def _is_item(text: str) -> bool:
    return bool(text.strip()) and text_width(text) <= MAX_ITEM and len(text.split()) <= MAX_WORDS


@cache
def _separator() -> re.Pattern[str]:
    words = sorted(load_lexicon().operations["and"], key=len, reverse=True)
    spaced = "|".join(re.escape(word) for word in words if not has_unspaced(word) and word != "plus")
    unspaced = "|".join(re.escape(word) for word in words if has_unspaced(word))
    return re.compile(rf"(?:{_COMMA}|\s+)(?:{spaced})\s+|{_COMMA}(?:{unspaced})?|{unspaced}")
