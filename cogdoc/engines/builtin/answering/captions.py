"""Proposes what is printed over a caption in parentheses: "(signature)", "(State of incorporation)".

Covers of filings, certificates and lines to sign on put the name of a value below it, which no label does elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.engines.builtin.answering.addresses import address_span, join_address
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.label_matching import Matcher
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.terms import Token
from cogdoc.query.typed_values import ValueKind, find_values, fit

MIN_RECALL = 0.25
MAX_LINES = 4
"""Lines of a caption, and of the value over it."""

MAX_GAP = 1.0
"""Line heights between the lines of a caption or a value, and between the two."""

UNTYPED_FIT = 0.25
FREE_FIT = 0.7
OPENING, CLOSING = ("(", "（"), (")", "）")


@dataclass(frozen=True, slots=True)
class Caption:
    """A text in parentheses with the lines over it."""

    lines: tuple[Segment, ...]
    over: tuple[Segment, ...]
    """Top to bottom."""

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(token for line in self.lines for token in line.tokens)


def propose_captioned(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """The values over captions that share words with the question: each of the type asked for, and the whole text."""
    for caption in find_captions(page):
        recall = matcher.recall(matcher.covering(caption.tokens))
        if recall < MIN_RECALL:
            continue
        precision = matcher.precision(caption.tokens)
        printed = " ".join(line.text for line in (*caption.over, *caption.lines))
        for slices, text, kind, fitting in _values(caption.over, matcher.question.kinds):
            yield Proposal(
                page=page, text=text, slices=slices, relation=Relation.ABOVE, kind=kind, recall=recall,
                precision=precision, fit=fitting, evidence=printed,
            )  # fmt: skip


def find_captions(page: PageView) -> Iterator[Caption]:
    """The texts that are in parentheses as a whole, over one or several lines, and have a text right above them."""
    ends: set[int] = set()
    for segment in page.segments:
        if segment.text.startswith(OPENING) and (lines := _closed(page, segment)):
            ends.update(line.index for line in lines)
            if over := _lines_over(page, segment, ends):
                yield Caption(lines, over)


def caption_lines(page: PageView) -> frozenset[int]:
    """The indices of the segments that are lines of captions."""
    return frozenset(line.index for caption in find_captions(page) for line in caption.lines)


def _closed(page: PageView, first: Segment) -> tuple[Segment, ...]:
    """The lines from an opening parenthesis to the one that closes it, at the end of a line; none without it.

    Numbers are values themselves: "(as of December 31, 2023)" is no name of the title over it.
    """
    lines = [first]
    while not _is_closed(lines):
        below = next((other for other in page.below(lines[-1], MAX_GAP)), None)
        if below is None or len(lines) == MAX_LINES or below.text.startswith(OPENING):
            return ()
        lines.append(below)
    text = "".join(line.text for line in lines)
    is_name = any(map(str.isalpha, text)) and not any(map(str.isdigit, text))
    return tuple(lines) if is_name and text.endswith(CLOSING) else ()


def _is_closed(lines: Sequence[Segment]) -> bool:
    text = "".join(line.text for line in lines)
    return sum(map(text.count, OPENING)) <= sum(map(text.count, CLOSING))


def _lines_over(page: PageView, caption: Segment, captions: set[int]) -> tuple[Segment, ...]:
    """The lines right above a caption, up to a gap or another caption."""
    over: list[Segment] = []
    lower = caption
    for other in page.above(caption):
        near = lower.box.y0 - other.box.y1 <= MAX_GAP * page.line_height
        if not near or other.index in captions or len(over) == MAX_LINES:
            break
        if other.row != lower.row:
            over.append(other)
            lower = other
    return tuple(reversed(over))


def _values(
    over: Sequence[Segment], kinds: Sequence[ValueKind]
) -> Iterator[tuple[tuple[Slice, ...], str, ValueKind, float]]:
    """The slices, text, kind and fit of each value that may be meant."""
    lines = [whole_slice(segment) for segment in over]
    if ValueKind.ADDRESS in kinds:
        start, end = address_span(lines)
        if start < end:
            yield tuple(lines[start:end]), join_address(lines[start:end]), ValueKind.ADDRESS, 1.0
    for kind in kinds:
        for segment in over:
            for found in find_values(kind, segment.text):
                part = Slice(segment, found.start, found.end)
                yield (part,), part.text, kind, found.fit
    nearest = lines[-1:]
    for chosen in (nearest, lines) if len(lines) > 1 else (nearest,):
        text = " ".join(part.text.strip() for part in chosen)
        fitting = FREE_FIT if len(kinds) == 1 else max(UNTYPED_FIT, fit(kinds[0], text))
        yield tuple(chosen), text, ValueKind.TEXT, fitting
