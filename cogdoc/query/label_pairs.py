"""Finds all labels of a printed form or business document with their values, and its checkboxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from cogdoc.documents.geometry import Box, bounding_box
from cogdoc.query.fitted_model import FittedModel, load_model
from cogdoc.query.label_matching import is_label
from cogdoc.query.pair_candidates import PairCandidate, pair_candidates
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice

MODEL_PATH = Path(__file__).parent / "weights" / "label_pairs.json"

MAX_PAIRS = 1000
"""Of a page."""

MIN_GROUP = 2
"""Checkboxes in a row from which on a label in front of them names the group."""

MIN_PROBABILITY = 0.45
"""From which on a label has a value; `training.label_pairs` says which value fits data sets left out best."""

TICKED, BLANK = "☒☑✓✔◉⦿", "☐◯○"
"""Marks in front of the labels of checkboxes and radio buttons."""


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """A label that a page prints, and its value. Boxes are those of the upright page."""

    label: str
    value: str
    page: int
    label_box: Box
    value_box: Box
    confidence: float
    """The probability that the value is the label's."""
    is_ticked: bool | None = None
    """Whether the checkbox in front of the label is ticked; None for other values."""


def label_pairs(page: PageView) -> tuple[LabelledValue, ...]:
    """The labels of a page with their values, top to bottom. A text is the value of one label at most."""
    ticks = (*_ticks(page), *_tick_groups(page))
    model = load_pair_model()
    marked = {segment.index for segment in page.segments if any(mark in segment.text for mark in TICKED + BLANK)}
    scored = [
        (model.probability(candidate.features), candidate)
        for candidate in pair_candidates(page)
        if not any(part.segment.index in marked for part in candidate.labels)
    ]
    chosen = select(scored, MIN_PROBABILITY)
    pairs = [
        LabelledValue(
            candidate.label_text,
            candidate.value_text,
            page.number,
            candidate.label_box,
            candidate.value_box,
            probability,
        )
        for probability, candidate in chosen
    ]
    return tuple(sorted((*pairs, *ticks), key=lambda pair: (pair.label_box.y0, pair.label_box.x0)))[:MAX_PAIRS]


def select(scored: Sequence[tuple[float, PairCandidate]], threshold: float) -> list[tuple[float, PairCandidate]]:
    """The likeliest candidates, each text at most once as a label and once as a value, and not as both."""
    labels: set[tuple[int, int]] = set()
    values: set[tuple[int, int]] = set()
    chosen: list[tuple[float, PairCandidate]] = []
    for probability, candidate in sorted(scored, key=lambda pair: -pair[0]):
        if probability < threshold:
            break
        label, value = [_key(part) for part in candidate.labels], [_key(part) for part in candidate.values]
        if not labels.isdisjoint((*label, *value)) or not values.isdisjoint((*label, *value)):
            continue
        labels.update(label)
        values.update(value)
        chosen.append((probability, candidate))
    return chosen


@cache
def load_pair_model() -> FittedModel:
    """The weights fitted by `training.label_pairs`."""
    return load_model(MODEL_PATH)


def _key(part: Slice) -> tuple[int, int]:
    return part.segment.index, part.start


def _ticks(page: PageView) -> Iterator[LabelledValue]:
    """The checkboxes and radio buttons, whose marks are in front of their labels."""
    return (tick for segment in page.segments for tick in _ticks_of(segment, page.number))


def _ticks_of(segment: Segment, number: int) -> Iterator[LabelledValue]:
    text = segment.text
    marks = [index for index, char in enumerate(text) if char in TICKED + BLANK]
    for start, end in pairwise((*marks, len(text))):
        label = text[start + 1 : end].strip()
        if label:
            mark, box = text[start], _label_box(segment, text, start, end)
            confidence = min(1.0, segment.confidence)
            yield LabelledValue(
                label, mark, number, box, segment.slice_box(start, start + 1), confidence, mark in TICKED
            )


def _tick_groups(page: PageView) -> Iterator[LabelledValue]:
    """The labels with a colon in front of a row of checkboxes; their values are the labels that are ticked."""
    for row in page.rows:
        ticks = [(segment, tick) for segment in row for tick in _ticks_of(segment, page.number)]
        ticked = [tick for _, tick in ticks if tick.is_ticked]
        if len(ticks) < MIN_GROUP or not ticked:
            continue
        first = ticks[0][0]
        mark = min(index for index, char in enumerate(first.text) if char in TICKED + BLANK)
        if first.text[:mark].strip():
            label = Slice(first, 0, mark)
        elif before := page.left_of(first)[:1]:
            label = whole_slice(before[0])
        else:
            continue
        if is_label(label.text):
            yield LabelledValue(
                label.text.strip(" .:：∶"),
                ", ".join(tick.label for tick in ticked),
                page.number,
                label.box,
                bounding_box(tick.label_box for tick in ticked),
                min(tick.confidence for tick in ticked),
            )


def _label_box(segment: Segment, text: str, start: int, end: int) -> Box:
    first = start + 1 + len(text[start + 1 : end]) - len(text[start + 1 : end].lstrip())
    return segment.slice_box(first, end)
