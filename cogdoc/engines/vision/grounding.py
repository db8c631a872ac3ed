"""Where an answer stands on the page: the model's words looked up among the page's literal ones.

In this order: the same characters (case, width and white space apart), the same number however it is printed, and a
line that differs by a character or two, as OCR and the model may read a smudge differently.
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

FUZZY = 88.0
"""Similarity of 0 to 100 from which two readings are taken for the same text."""

FUZZY_LENGTH = 5
"""Characters below which a text that is nearly the same is another one: 12.50 and 12.60."""

MAX_LINES = 4
"""An answer may run over so many lines."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Words one after another, as one text without white space, and the words they came from."""

    text: str
    owners: tuple[int, ...]
    """For each character the index of its word."""
    words: tuple[Word, ...]


def find_evidence(answer: str, words: PageText) -> tuple[Evidence, ...]:
    """Where `answer` stands on the page, best place first; empty where the page does not literally say it."""
    return _exact(answer, words) or _by_value(answer, words) or _nearly(answer, words)


def _exact(answer: str, words: PageText) -> tuple[Evidence, ...]:
    wanted = comparison_key(answer)
    if not wanted:
        return ()
    for length in range(1, MAX_LINES + 1):
        found: list[Evidence] = []
        for start in range(len(words.lines) - length + 1):
            run = _run(words.lines[start : start + length])
            found += [
                _evidence(run, match.start(), match.end(), words)
                for match in re.finditer(re.escape(wanted), run.text)
                if _whole(run, match.start(), match.end())
            ]
        if found:
            return tuple(found)
    return ()


def _by_value(answer: str, words: PageText) -> tuple[Evidence, ...]:
    """Places of the one number that an answer is, such as 1234.5 for "1,234.50"."""
    asked = find_numbers(answer)
    if len(asked) != 1 or any(character.isalpha() for character in answer.replace(asked[0].text, "")):
        return ()
    found = []
    for line in words.lines:
        for word in line.words:
            printed = find_numbers(word.text)
            if len(printed) == 1 and printed[0].value == asked[0].value and printed[0].percent == asked[0].percent:
                found.append(_place((word,), line.text, words))
    return tuple(found)


def _nearly(answer: str, words: PageText) -> tuple[Evidence, ...]:
    wanted = comparison_key(answer)
    if len(wanted) < FUZZY_LENGTH or any(character.isdigit() for character in wanted):
        return ()
    best: tuple[float, Evidence] | None = None
    for line in words.lines:
        run = _run((line,))
        if len(run.text) < len(wanted) - 2:
            continue
        match = fuzz.partial_ratio_alignment(wanted, run.text, score_cutoff=FUZZY)
        if match is not None and (best is None or match.score > best[0]):
            best = match.score, _evidence(run, match.dest_start, match.dest_end, words)
    return (best[1],) if best else ()


def _run(lines: tuple[Line, ...]) -> _Run:
    words = tuple(word for line in lines for word in line.words)
    keys = [comparison_key(word.text) for word in words]
    owners = tuple(index for index, text in enumerate(keys) for _ in text)
    return _Run("".join(keys), owners, words)


def _whole(run: _Run, start: int, end: int) -> bool:
    """Whether a match does not begin or end inside a number or a Latin word: 50 is not in 1500."""
    before = run.text[run.owners.index(run.owners[start]) : start]
    last = run.owners[end - 1]
    after = "".join(text for text, owner in zip(run.text[end:], run.owners[end:], strict=True) if owner == last)
    return not (_sticks(before[::-1], run.text[start]) or _sticks(after, run.text[end - 1]))


def _sticks(neighbours: str, edge: str) -> bool:
    """Whether a word goes on beyond `edge` with `neighbours`, the nearest first."""
    if edge.isdigit():
        return re.match(r"[.,]?\d", neighbours) is not None
    return edge.isascii() and edge.isalpha() and re.match(r"[a-z]", neighbours) is not None


def _evidence(run: _Run, start: int, end: int, words: PageText) -> Evidence:
    first, last = run.owners[start], run.owners[end - 1]
    matched = run.words[first : last + 1]
    return _place(matched, " ".join(word.text for word in run.words), words)


def _place(matched: tuple[Word, ...], line: str, words: PageText) -> Evidence:
    x0, y0, x1, y1 = words.displayed(bounding_box(word.box for word in matched))
    return Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=line)
