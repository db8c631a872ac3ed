"""Find columns that only have the currency signs or units of the numbers beside them, and join them to these."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from cogdoc.parsing.tables.phrases import Row, is_number

MAX_UNIT = 4
"""Characters of a unit."""

_SIGN_BEFORE = re.compile(
    r"[-−–(]?\s?(?:[A-Z]{0,2}\$|[€£¥₹₩₽(]|R\$|EUR|USD|GBP|CHF|JPY|CNY|INR|BRL|PLN|SEK|NOK|DKK|Rs\.?)"
)
_SIGN_BEHIND = re.compile(r"[%‰)€]|\)\s?%|pp|bps")
_UNIT = re.compile(r"[^\W\d_]\S*|°\S*")


def drop_sign_lines(rows: Sequence[Row], column_lines: Sequence[float]) -> list[float]:
    """`column_lines` without those between numbers and a column of only their signs or units.

    Units are a column of their own if it has a title.
    """
    columns = [_texts(rows, left, right) for left, right in itertools.pairwise(column_lines)]
    dropped: set[float] = set()
    for index, texts in enumerate(columns):
        if not texts or index == 0:
            continue
        behind = columns[index + 1] if index + 1 < len(columns) else {}
        if all(map(_SIGN_BEFORE.fullmatch, texts.values())) and _are_numbers(texts, behind):
            dropped.add(column_lines[index + 1])
        elif index > 1 and _are_behind(texts) and _are_numbers(texts, columns[index - 1]):
            dropped.add(column_lines[index])
    return [line for line in column_lines if line not in dropped]


def _texts(rows: Sequence[Row], left: float, right: float) -> dict[int, str]:
    """The text of each row between two column lines, by the row's index."""
    texts: dict[int, str] = {}
    for index, row in enumerate(rows):
        inside = [phrase.text for phrase in row.phrases if left <= phrase.box.center[0] < right]
        if inside:
            texts[index] = " ".join(inside)
    return texts


def _are_behind(texts: dict[int, str]) -> bool:
    if all(map(_SIGN_BEHIND.fullmatch, texts.values())):
        return True
    has_title = 0 in texts
    return not has_title and all(len(text) <= MAX_UNIT and _UNIT.fullmatch(text) for text in texts.values())


def _are_numbers(signs: dict[int, str], numbers: dict[int, str]) -> bool:
    """Whether each sign has a number beside it."""
    return all(index in numbers and is_number(numbers[index]) for index in signs)
