"""Finds the boxes of an answer by searching for the model's words in the page's own text.

It searches for the same characters (regardless of case, width and white space), then for the same number in any
notation, then for text that differs by a character or two, since OCR and the model may read a smudge differently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from cogdoc.documents.geometry import bounding_box
from cogdoc.parsing.numbers import find_numbers
from cogdoc.parsing.page_text import Line, PageText, Word
from cogdoc.results.records import Evidence
from cogdoc.text import comparison_key

SIMILAR = 88.0
"""Similarity of 0 to 100 from which two readings count as the same text."""

MIN_SIMILAR_LENGTH = 5
"""Characters below which similar texts count as different, as 12.50 and 12.60 are."""

MAX_LINES = 4
"""The most lines that an answer may extend over."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Consecutive words, joined into one text without white space, in the form in which texts are compared."""

    text: str
    word_indices: tuple[int, ...]
    """For each character of `text` the index of its word."""
    words: tuple[Word, ...]


def find_evidence(answer: str, page_text: PageText) -> tuple[Evidence, ...]:
    """The matches of `answer` in the page's text, best first; empty if the text does not contain it."""
    return _find_text(answer, page_text) or _find_number(answer, page_text) or _find_similar(answer, page_text)


def _find_text(answer: str, page_text: PageText) -> tuple[Evidence, ...]:
    key = comparison_key(answer)
    if not key:
        return ()
    for length in range(1, MAX_LINES + 1):
        matches: list[Evidence] = []
        for start in range(len(page_text.lines) - length + 1):
            run = _run(page_text.lines[start : start + length])
            matches += [
                _evidence_in_run(run, match.start(), match.end(), page_text)
                for match in re.finditer(re.escape(key), run.text)
                if _ends_at_word_boundaries(run, match.start(), match.end())
            ]
        if matches:
            return tuple(matches)
    return ()


def _find_number(answer: str, page_text: PageText) -> tuple[Evidence, ...]:
    """The occurrences of a number if it is the whole answer, such as "1,234.50" for 1234.5."""
    numbers = find_numbers(answer)
    if len(numbers) != 1 or any(char.isalpha() for char in answer.replace(numbers[0].text, "")):
        return ()
    number = numbers[0]
    matches = []
    for line in page_text.lines:
        for word in line.words:
            printed = find_numbers(word.text)
            if len(printed) == 1 and printed[0].value == number.value and printed[0].percent == number.percent:
                matches.append(_evidence((word,), line.text, page_text))
    return tuple(matches)


def _find_similar(answer: str, page_text: PageText) -> tuple[Evidence, ...]:
    key = comparison_key(answer)
    if len(key) < MIN_SIMILAR_LENGTH or any(char.isdigit() for char in key):
        return ()
    best: tuple[float, Evidence] | None = None
    for line in page_text.lines:
        run = _run((line,))
        if len(run.text) < len(key) - 2:
            continue
        match = fuzz.partial_ratio_alignment(key, run.text, score_cutoff=SIMILAR)
        if match is not None and (best is None or match.score > best[0]):
            best = match.score, _evidence_in_run(run, match.dest_start, match.dest_end, page_text)
    return (best[1],) if best else ()


def _run(lines: tuple[Line, ...]) -> _Run:
    words = tuple(word for line in lines for word in line.words)
    keys = [comparison_key(word.text) for word in words]
    word_indices = tuple(index for index, key in enumerate(keys) for _ in key)
    return _Run("".join(keys), word_indices, words)


def _ends_at_word_boundaries(run: _Run, start: int, end: int) -> bool:
    """Whether a match neither begins nor ends inside a number or a Latin word: 50 is not found in 1500."""
    before = run.text[run.word_indices.index(run.word_indices[start]) : start]
    last = run.word_indices[end - 1]
    after = "".join(char for char, index in zip(run.text[end:], run.word_indices[end:], strict=True) if index == last)
    return not (_continues(before[::-1], run.text[start]) or _continues(after, run.text[end - 1]))


def _continues(neighbors: str, edge: str) -> bool:
    """Whether `neighbors`, the nearest first, continue the number or Latin word that `edge` belongs to."""
    if edge.isdigit():
        return re.match(r"[.,]?\d", neighbors) is not None
    return edge.isascii() and edge.isalpha() and re.match(r"[a-z]", neighbors) is not None


def _evidence_in_run(run: _Run, start: int, end: int, page_text: PageText) -> Evidence:
    first, last = run.word_indices[start], run.word_indices[end - 1]
    return _evidence(run.words[first : last + 1], " ".join(word.text for word in run.words), page_text)


def _evidence(words: tuple[Word, ...], line: str, page_text: PageText) -> Evidence:
    x0, y0, x1, y1 = page_text.displayed(bounding_box(word.box for word in words))
    return Evidence(page=page_text.number, label=page_text.label, box=(x0, y0, x1, y1), text=line)
