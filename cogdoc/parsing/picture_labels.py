"""Turns the words of a picture into labels: whole numbers, joined phrases, slanted text marked as such.

OCR may join several tick labels in one line ("2015 2016 2017") or split a number at the space that groups its digits
("7 531"). All later steps use labels, not the lines of the OCR engine.
"""

from __future__ import annotations

import itertools
import re
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.parsing.numbers import Number, parse_number
from cogdoc.parsing.page_text import Line, Word
from cogdoc.parsing.row_clustering import cluster_rows, level_with_first

_THOUSANDS = re.compile(r"\d{3}([.,]\d+)?[%*]?")
_OPEN_GROUP = re.compile(r"[$€£¥]?[-−–]?\d{1,3}( \d{3})*")
_TRAILING = re.compile(r"[%％‰]|[KMB]|bn|mn|million|billion|万|亿")
_NAME_AND_PERCENTAGE = re.compile(r"(\D*[^\W\d][*)]*)(\d[\d.,]*%)|(\d[\d.,]*%)([^\W\d]\D*)")
_REPEATED = (r"(?:19|20)\d\d", r"\d{1,3}(?:[.,]\d+)?%", r"\d{1,3}\.\d", r"\d{1,3}\.\d\d", r"\d{1,3}\.\d{3}")
"""Years, percentages, and numbers with the same count of decimals, which OCR joins where they are close."""
_LEADING = re.compile(r"[-−–$€£¥]+")
_TOUCHING = 0.1
"""Text heights between the digits of one number at most; words are farther apart."""


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of text with a meaning of its own: a tick label, a data label, a name in a legend."""

    text: str
    box: Box
    confidence: float
    number: Number | None = None
    slanted: bool = False

    @property
    def height(self) -> float:
        return self.box.height

    @property
    def anchor(self) -> tuple[float, float]:
        """The point that the label refers to: its center, or the upper right end of slanted text."""
        if self.slanted:
            return self.box.center[0] + 0.35 * self.box.width, self.box.y0
        return self.box.center


def labels_of(lines: Iterable[Line]) -> list[Label]:
    """One label for each word and for each number with all its parts; slanted lines stay whole."""
    lines = list(lines)
    usual = usual_height(lines)
    crowded = _crowded(lines, usual)
    labels: list[Label] = []
    for line in lines:
        if _is_slanted(line, usual) or line in crowded:
            labels.append(_label(line.words, slanted=True))
        else:
            labels += [_label(group) for group in _number_groups(separate_words(line))]
    return labels


def separate_words(line: Line) -> list[Word]:
    """The words of a line, without the joints and the cuts that OCR makes where letters touch or are far apart."""
    return [part for word in _whole_numbers(line.words) for part in _split_word(word)]


def usual_height(lines: Iterable[Line]) -> float:
    """The median height of words that are clearly horizontal; 10 pixels if there are none."""
    heights = [word.box.height for line in lines for word in line.words if word.box.width > 1.5 * word.box.height]
    return statistics.median(heights) if heights else 10.0


def phrases(labels: Iterable[Label], gap: float = 1.0) -> list[Label]:
    """Labels with words of one line joined where they are at most `gap` text heights apart."""
    joined: list[Label] = []
    for label in sorted(labels, key=lambda label: (label.box.x0, label.box.y0)):
        for index, phrase in enumerate(joined):
            distance = label.box.x0 - phrase.box.x1
            height = min(phrase.height, label.height)
            if -0.5 * height <= distance <= gap * height and _side_by_side(phrase, label):
                joined[index] = merge_labels([phrase, label])
                break
        else:
            joined.append(label)
    return joined


def merge_labels(labels: Sequence[Label]) -> Label:
    """Merge labels into one, with their texts in the given order."""
    text = " ".join(label.text for label in labels)
    return Label(
        text=text,
        box=bounding_box(label.box for label in labels),
        confidence=min(label.confidence for label in labels),
        number=parse_number(text),
        slanted=any(label.slanted for label in labels),
    )


def in_reading_order(labels: Iterable[Label]) -> list[Label]:
    """The labels row by row, each row from left to right."""

    def in_row(box: Box, row: Sequence[Box]) -> bool:
        return box.center[1] - row[0].center[1] < 0.5 * min(row[0].height, box.height)

    return [label for row in cluster_rows(labels, lambda label: label.box, in_row) for label in row]


def clusters(values: Iterable[Label], position: Callable[[Label], float], tolerance: float) -> list[list[Label]]:
    """Labels in groups, sorted by position, in which neighbors differ by at most `tolerance`."""
    runs: list[list[Label]] = []
    for value in sorted(values, key=position):
        if runs and position(value) - position(runs[-1][-1]) <= tolerance:
            runs[-1].append(value)
        else:
            runs.append([value])
    return runs


def _side_by_side(one: Label, other: Label) -> bool:
    return not one.slanted and not other.slanted and one.box.vertical_overlap(other.box) > 0.6


def _crowded(lines: Sequence[Line], usual: float) -> set[Line]:
    """Slanted text that OCR reports with horizontal boxes: rows in which most lines touch, or several are slanted."""
    short = (line for line in lines if len(line.words) <= 3)
    rows = cluster_rows(short, lambda line: line.box, level_with_first(0.5 * usual))
    crowded: set[Line] = set()
    for row in rows:
        row.sort(key=lambda line: line.box.center[0])
        touching = sum(right.box.x0 - left.box.x1 < 0.2 * usual for left, right in itertools.pairwise(row))
        slanted = sum(_is_slanted(line, usual) for line in row)
        if len(row) >= 4 and (touching >= 0.6 * (len(row) - 1) or slanted >= 2):
            crowded.update(row)
    return crowded


def _is_slanted(line: Line, usual: float) -> bool:
    box = line.box
    characters = len(line.text)
    return characters >= 3 and box.height > 1.7 * usual and 0.35 < box.height / max(1.0, box.width) < 2.2


def _label(words: Sequence[Word], *, slanted: bool = False) -> Label:
    text = " ".join(word.text for word in words)
    compact = re.sub(r"(?<=[-−–$€£¥]) | (?=[%％‰])", "", text)
    return Label(
        text=compact,
        box=bounding_box(word.box for word in words),
        confidence=min(word.confidence for word in words),
        number=parse_number(compact),
        slanted=slanted,
    )


def _split_word(word: Word) -> list[Word]:
    """A name and the percentage beside it, or several numbers of one form, as words of their own; OCR joins them."""
    match = _NAME_AND_PERCENTAGE.fullmatch(word.text)
    form = next((form for form in _REPEATED if re.fullmatch(f"(?:{form}){{2,}}", word.text)), None)
    if match is not None:
        parts = [part for part in match.groups() if part]
    elif form is not None:
        parts = re.findall(form, word.text)
    else:
        return [word]
    x0, y0, x1, y1 = word.box
    ends = [x0 + (x1 - x0) * end / len(word.text) for end in itertools.accumulate(map(len, parts))]
    return [
        Word(part, Box(left, y0, right, y1), word.confidence)
        for part, left, right in zip(parts, [x0, *ends], ends, strict=False)
    ]


def _whole_numbers(words: Sequence[Word]) -> list[Word]:
    """The words of a line, with digits that touch joined to one number: OCR sets a narrow 1 apart."""
    whole: list[Word] = []
    for word in words:
        last = whole[-1] if whole else None
        if (
            last is not None
            and last.text.isdigit()
            and word.text[0].isdigit()
            and word.box.x0 - last.box.x1 < _TOUCHING * last.box.height
        ):
            box, confidence = bounding_box((last.box, word.box)), min(last.confidence, word.confidence)
            whole[-1] = Word(last.text + word.text, box, confidence)
        else:
            whole.append(word)
    return whole


def _number_groups(words: Sequence[Word]) -> list[list[Word]]:
    groups: list[list[Word]] = []
    for word in words:
        if groups and _continues(groups[-1], word):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _continues(group: Sequence[Word], word: Word) -> bool:
    """Whether `word` continues the number that begins with `group`."""
    last = group[-1]
    gap = word.box.x0 - last.box.x1
    if gap > 0.5 * last.box.height:
        return False
    text = " ".join(part.text for part in group)
    if _THOUSANDS.fullmatch(word.text) and _OPEN_GROUP.fullmatch(text):
        return True
    if _TRAILING.fullmatch(word.text) and parse_number(text) is not None:
        return True
    return _LEADING.fullmatch(text) is not None and parse_number(word.text) is not None
