"""Put the letters of Arabic and Hebrew words in logical order: files have them in the order of their places, or in any.

MuPDF turns those letters that a file has from left to right. It joins words where a file goes back without a space, and
keeps the presentation forms of Arabic letters.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator, Sequence

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.text_layer.characters import Char, Entry
from cogdoc.text import has_right_to_left

MIN_SPACE = 0.12
"""Em between two words."""

_Letter = list[Char]
"""A character with the marks above and below it."""


def in_logical_order(entries: Sequence[Entry], chars: Sequence[list[Char]]) -> tuple[list[Entry], list[list[Char]]]:
    """The words of `entries`, with their characters, split and ordered where they run from right to left."""
    ordered: list[Entry] = []
    letters: list[list[Char]] = []
    for entry, word in zip(entries, chars, strict=True):
        if not has_right_to_left(entry[4]) or abs(word[0].direction[0]) < 0.999:
            ordered.append(entry)
            letters.append(word)
            continue
        for part in _words(word):
            box = entry[:4] if len(part) == len(word) else bounding_box(char.box for char in part)
            ordered.append((*box, "".join(char.text for char in part), *entry[5:]))
            letters.append(part)
    return ordered, letters


def _words(word: Sequence[Char]) -> Iterator[list[Char]]:
    """The words that overlap no other, from left to right, each in logical order."""
    letters: list[_Letter] = []
    for char in word:
        if letters and unicodedata.combining(char.text[0]):
            letters[-1].append(char)
        else:
            letters.append([char])
    letters.sort(key=lambda letter: letter[0].box.center[0])
    part: list[_Letter] = []
    for letter in letters:
        if part and letter[0].box.x0 - max(char[0].box.x1 for char in part) > MIN_SPACE * letter[0].size:
            yield _logical(part)
            part = []
        part.append(letter)
    yield _logical(part)


def _logical(letters: Sequence[_Letter]) -> list[Char]:
    """The letters of a word, given from left to right."""
    if not any(has_right_to_left(letter[0].text) for letter in letters):
        return list(itertools.chain.from_iterable(letters))
    runs: list[tuple[bool, list[_Letter]]] = []
    for index, letter in enumerate(letters):
        leftward = not _runs_rightward(letters, index)
        if runs and not leftward and not runs[-1][0]:
            runs[-1][1].append(letter)
        else:
            runs.append((leftward, [letter]))
    return [char for _, run in reversed(runs) for letter in run for char in letter]


def _runs_rightward(letters: Sequence[_Letter], index: int) -> bool:
    """Whether a letter is a digit or of a Latin word, or a mark between two of them."""
    char = letters[index][0].text
    if char.isalnum():
        return not has_right_to_left(char) or char.isdigit()
    return 0 < index < len(letters) - 1 and all(
        letters[side][0].text.isalnum()
        and (letters[side][0].text.isdigit() or not has_right_to_left(letters[side][0].text))
        for side in (index - 1, index + 1)
    )
