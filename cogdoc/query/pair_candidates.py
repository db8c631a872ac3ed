"""Texts of a page that may be a label and its value: a text and what is after it, right of it, or below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import pairwise

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.query.concepts import concept_share
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import COLONS, inner_label, label_share
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.typed_values import ValueKind, find_values
from cogdoc.text import has_han

MAX_LABEL = 60
"""Characters of a label."""

MAX_SEGMENTS = 3000
"""Pages with more texts are no forms."""

BELOW_REACH = 2.5
"""Line heights below a label within which its value begins."""

STACKED_GAP = 0.7
"""Largest gap in line heights between the lines of one value."""

MAX_LINES = 5
"""Lines of a value."""

WIDE_SPACE = 2.5
"""Line heights between two parts of a label."""

MAX_ROW = 30
"""Texts of a row that are looked at."""

MIN_APART = 0.15
"""Line heights by which a row is nearer to one row than to another."""

ALIGNED = 1.0
"""Line heights by which the left edges of texts in one column differ at most."""

_LABEL_END = re.compile(rf"\s*(?:[{COLONS}](?!//|\d\d\b)|\.{{3,}}|_{{3,}}|…+)\s*")
_BLANKS = " .…_:：∶|"
_TYPED = (ValueKind.DATE, ValueKind.AMOUNT, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.PERCENT)


class PairRelation(StrEnum):
    """Where a value is to its label."""

    INLINE = "inline"
    """In the same text, after a colon or leaders."""
    RIGHT = "right"
    BELOW = "below"
    ABOVE = "above"
    """As over the line for a signature."""


@dataclass(frozen=True, slots=True)
class _Label:
    """A text that may be a label."""

    parts: tuple[Slice, ...]
    is_marked: bool
    """Whether a colon or leaders end it."""
    rest: Slice | None
    """What follows it in the same text."""

    @property
    def part(self) -> Slice:
        """The last part, beside which its value is."""
        return self.parts[-1]

    @property
    def text(self) -> str:
        return " ".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class PairCandidate:
    """A label and a value that may belong to it."""

    labels: tuple[Slice, ...]
    """The parts of the label, of which wide gaps make several."""
    values: tuple[Slice, ...]
    relation: PairRelation
    features: Features

    @property
    def label_text(self) -> str:
        return " ".join(part.text for part in self.labels).strip(_BLANKS)

    @property
    def label_box(self) -> Box:
        return bounding_box(part.box for part in self.labels)

    @property
    def value_text(self) -> str:
        return " ".join(part.text.strip() for part in self.values).strip(" _|")

    @property
    def value_box(self) -> Box:
        return bounding_box(part.box for part in self.values)


def pair_candidates(page: PageView) -> Iterator[PairCandidate]:
    """Every label of a page with every value that may be its own."""
    if len(page.segments) > MAX_SEGMENTS:
        return
    labels = [label for segment in page.segments for label in _labels(segment)]
    look = _Look(page, labels)
    for label in labels:
        for relation, values in _values_of(page, label, look.marked):
            for whole in (label, *_extended(page, label, look.marked)):
                yield PairCandidate(whole.parts, tuple(values), relation, look.features(whole, relation, values))


def _extended(page: PageView, label: _Label, marked: frozenset[int]) -> Iterator[_Label]:
    """The label with the text left of it, since wide gaps between its words make several texts of it."""
    part = label.part
    before = page.left_of(part.segment)[:1]
    if not label.is_marked or part.start > 1 or not before or before[0].index in marked:
        return
    gap = part.segment.box.x0 - before[0].box.x1
    if gap <= WIDE_SPACE * page.line_height and len(before[0].text) + len(part.text) <= MAX_LABEL:
        yield replace(label, parts=(whole_slice(before[0]), part))


def _labels(segment: Segment) -> Iterator[_Label]:
    """The labels of a segment: those that a colon or leaders end, or the whole of it."""
    text, start = segment.text, 0
    while start < len(text):
        inner = inner_label(text[start:])
        stop = len(text) if inner is None else start + inner
        end = _LABEL_END.search(text, start, stop)
        if end is not None and start < end.start() <= start + MAX_LABEL:
            rest = _trimmed(Slice(segment, end.end(), stop))
            yield from _label(Slice(segment, start, end.start()), rest, is_marked=True)
        elif start == 0 and stop == len(text):
            yield from _label(whole_slice(segment), None, is_marked=False)
        start = max(stop, start + 1)


def _label(part: Slice, rest: Slice | None, *, is_marked: bool) -> Iterator[_Label]:
    trimmed = _trimmed(part)
    if trimmed is not None and len(trimmed.text) <= MAX_LABEL and any(map(str.isalpha, trimmed.text)):
        yield _Label((trimmed,), is_marked, rest)


def _trimmed(part: Slice) -> Slice | None:
    text = part.text
    start, end = len(text) - len(text.lstrip(_BLANKS)), len(text.rstrip(" _|"))
    return Slice(part.segment, part.start + start, part.start + end) if start < end else None


def _values_of(page: PageView, label: _Label, marked: frozenset[int]) -> Iterator[tuple[PairRelation, list[Slice]]]:
    if label.rest is not None:
        parts = [label.rest, *_after(page, label.part.segment, marked, only_near=True)]
        yield PairRelation.INLINE, [*parts, *_further_lines(page, label, parts)]
        return
    if label.part.end < len(label.part.segment.text.rstrip(_BLANKS)):
        return  # another label follows, so this one is blank
    right = _after(page, label.part.segment, marked, only_near=not label.is_marked)
    if not label.is_marked:
        right = [whole_slice(other) for other in page.right_of(label.part.segment)[:1] if other.index not in marked]
    if right:
        yield PairRelation.RIGHT, [*right, *_further_lines(page, label, right)]
    below = page.below(label.part.segment, BELOW_REACH)[:1]
    if below and below[0].index not in marked:
        values = [whole_slice(below[0])]
        yield PairRelation.BELOW, [*values, *_further_lines(page, label, values)]
    above = _right_above(page, label.part.segment)
    if above is not None and not label.is_marked and above.index not in marked:
        yield PairRelation.ABOVE, [whole_slice(above)]


def _right_above(page: PageView, segment: Segment) -> Segment | None:
    """The nearest text above one, within reach."""
    for row in reversed(page.rows[: segment.row]):
        if segment.box.y0 - row[0].box.y1 > 2 * BELOW_REACH * page.line_height:
            return None
        for other in row:
            is_near = segment.box.y0 - other.box.y1 <= BELOW_REACH * page.line_height
            if is_near and other.box.horizontal_overlap(segment.box) > 0.3:
                return other
    return None


def _after(page: PageView, segment: Segment, marked: frozenset[int], *, only_near: bool) -> list[Slice]:
    """The segments right of one up to the next label; Chinese values have no gaps."""
    parts: list[Slice] = []
    last = segment
    for other in page.right_of(segment):
        gap = other.box.x0 - last.box.x1
        if other.index in marked or (only_near and gap > 2 * page.line_height) or (parts and has_han(parts[-1].text)):
            break
        if parts and gap > 6 * page.line_height:
            break
        parts.append(whole_slice(other))
        last = other
    return parts


def _further_lines(page: PageView, label: _Label, parts: Sequence[Slice]) -> list[Slice]:
    """Lines right below a value that are aligned with it, if nothing is below its label."""
    lines: list[Slice] = []
    if not label.is_marked:
        return lines
    above, left = parts[0].segment, parts[0].box.x0
    if above.row < 0:
        return lines
    while len(lines) < MAX_LINES - 1 and above.row + 1 < len(page.rows):
        following = page.rows[above.row + 1][0]
        gap = (following.box.y0 - above.box.y1) / page.line_height
        if gap > STACKED_GAP or abs(following.box.x0 - left) > ALIGNED * page.line_height:
            break
        if _LABEL_END.search(following.text) or following.box.x0 < label.part.box.x1 - page.line_height:
            break
        lines.append(whole_slice(following))
        above = following
    return lines


class _Look:
    """How the labels and values of a page look."""

    def __init__(self, page: PageView, labels: Sequence[_Label]) -> None:
        self._page, self._height = page, page.line_height
        self.marked = frozenset(label.part.segment.index for label in labels if label.is_marked)
        """The segments with a label that a colon or leaders end."""
        self._lefts = [label.part.box.x0 for label in labels if label.is_marked]
        self._columns = Counter(self._column(left, right) for row in page.rows for left, right in pairwise(row))
        self._row_concepts = [[concept_share(part.text) for part in row[:MAX_ROW]] for row in page.rows]

    @cached_property
    def _stacked_rows(self) -> int:
        """How many rows are nearer to the row below, which has as many texts in the same columns, than to others."""
        rows, count = self._page.rows, 0
        gaps = [below[0].box.y0 - above[0].box.y1 for above, below in pairwise(rows)]
        for index, (above, below) in enumerate(pairwise(rows)):
            around = [gaps[near] for near in (index - 1, index + 1) if 0 <= near < len(gaps)]
            is_nearer = not around or min(around) - gaps[index] >= MIN_APART * self._height
            count += is_nearer and len(above) == len(below) and all(map(self._begin_together, above, below))
        return count

    def _begin_together(self, one: Segment, other: Segment) -> bool:
        return abs(one.box.x0 - other.box.x0) < ALIGNED * self._height

    def _column(self, left: Segment, right: Segment) -> tuple[int, int]:
        return round(left.box.x0 / self._height), round(right.box.x0 / self._height)

    def _aligned_rows(self, label: Segment, value: Segment) -> int:
        """In how many other rows two texts side by side begin where these two do."""
        left, right = self._column(label, value)
        near = ((left + dx, right + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        return sum(self._columns[key] for key in near) - 1

    def _concepts_beside(self, segment: Segment) -> float:
        """How much the other texts of its row name concepts, as the labels of a row do."""
        shares = self._row_concepts[segment.row]
        own = concept_share(segment.text)
        return (sum(shares) - own) / (len(shares) - 1) if len(shares) > 1 else 0.0

    def _apart(self, label: Segment, value: Segment, gap: float) -> float:
        """How much farther the next text beyond each of two stacked texts is than they are from each other."""
        upper, lower = (label, value) if label.box.y0 < value.box.y0 else (value, label)
        beyond = []
        if (before := _right_above(self._page, upper)) is not None:
            beyond.append((upper.box.y0 - before.box.y1) / self._height)
        if after := self._page.below(lower, 2 * BELOW_REACH)[:1]:
            beyond.append((after[0].box.y0 - lower.box.y1) / self._height)
        return min(1.0, max(0.0, min(beyond, default=BELOW_REACH) - gap))

    def _headed(self, label: Segment, value: Segment) -> float:
        """The share of the texts in the label's row that have one of their own in the value's row."""
        row, other = self._page.rows[label.row], self._page.rows[value.row]
        if len(row) < 2 or len(row) > MAX_ROW or len(other) > MAX_ROW:
            return 0.0
        pairs = sum(sum(self._begin_together(part, each) for each in other) == 1 for part in row)
        return pairs / max(len(row), len(other))

    def features(self, label: _Label, relation: PairRelation, values: Sequence[Slice]) -> dict[str, float]:
        """What tells a label with its value from other texts, each between 0 and 1."""
        page, height, text = self._page, self._height, label.text
        value = " ".join(part.text for part in values)
        box, value_box, segment = label.part.box, values[0].box, values[0].segment
        is_stacked = relation in (PairRelation.BELOW, PairRelation.ABOVE)
        gap = (max(value_box.y0 - box.y1, box.y0 - value_box.y1) if is_stacked else value_box.x0 - box.x1) / height
        column = sum(abs(left - label.parts[0].box.x0) < ALIGNED * height for left in self._lefts)
        features = {
            f"is-{relation}": 1.0,
            f"marked-{relation}": float(label.is_marked),
            f"label-{relation}": label_share(text),
            f"gap-{relation}": min(1.0, max(0.0, gap) / (BELOW_REACH if is_stacked else 15)),
            f"columns-{relation}": 0.0 if label.is_marked else _is_in_columns(page, segment),
            "extended": float(len(label.parts) > 1),
            "words": concept_share(text),
            "long-label": min(1.0, len(text) / MAX_LABEL),
            "label-digits": sum(map(str.isdigit, text)) / len(text),
            "label-typed": float(any(find_values(kind, text) for kind in _TYPED[:3])),
            "capital": float(not text[0].islower()),
            "many-words": min(1.0, len(text.split()) / 10),
            "full-stop": float(text.endswith((".", "。")) and len(text.split()) > 3),
            "sentence": float(len(label.part.segment.text.split()) > 12),
            "typed": float(any(find_values(kind, value[:80]) for kind in _TYPED)),
            "value-digits": sum(map(str.isdigit, value)) / max(1, len(value)),
            "value-label": label_share(value),
            "value-concepts": concept_share(value[:80]),
            "value-ends-label": float(value.rstrip().endswith(tuple(COLONS))),
            "value-words": float(any(map(str.isalnum, value))),
            "long-value": min(1.0, len(value) / 120),
            "labels-in-column": min(1.0, column / 4),
            "smaller": min(1.0, max(0.0, value_box.height / max(0.1, box.height) - 1) * 2),
        }
        if relation is PairRelation.RIGHT:
            features["aligned-rows"] = min(1.0, self._aligned_rows(label.part.segment, segment) / 4)
            features["concepts-in-value-row"] = self._concepts_beside(segment)
        if is_stacked:
            features |= {
                f"aligned-{relation}": float(abs(value_box.x0 - box.x0) < ALIGNED * height),
                f"beside-{relation}": float(bool(page.right_of(label.part.segment))),
                f"first-beside-{relation}": float(bool(page.left_of(label.part.segment))),
                f"label-row-{relation}": self._concepts_beside(label.part.segment),
                f"value-row-{relation}": self._concepts_beside(segment),
                f"stacked-rows-{relation}": min(1.0, self._stacked_rows / 5),
                f"headed-{relation}": self._headed(label.part.segment, segment),
                f"apart-{relation}": self._apart(label.part.segment, segment, gap),
            }
        return features


def _is_in_columns(page: PageView, segment: Segment) -> float:
    """Whether a text is in a row of a table: the rows above and below have as many texts in the same columns."""
    if not 0 < segment.row < len(page.rows) - 1:
        return 0.0
    row = page.rows[segment.row]
    if len(row) < 3:
        return 0.0
    neighbours = (page.rows[segment.row - 1], page.rows[segment.row + 1])
    shares = [
        sum(any(part.box.horizontal_overlap(other.box) > 0.3 for other in rows) for part in row) / len(row)
        for rows in neighbours
    ]
    return min(shares)
