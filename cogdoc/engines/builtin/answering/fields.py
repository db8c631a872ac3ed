"""Proposes values next to their label: "Date: 1/2/2018", the boxes of a form, a column under its header."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from cogdoc.engines.builtin.answering.checkboxes import has_mark
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.concepts import concept_share
from cogdoc.query.label_matching import (
    LabelMatch,
    Matcher,
    inner_label,
    is_label,
    label_share,
    starts_with_label,
)
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.typed_values import ValueKind, find_values, fit
from cogdoc.text import has_han

MIN_RECALL = 0.25
BELOW_REACH = 3.0
"""Line heights below a label within which its value is searched for."""

OVER_REACH = 1.5
"""Line heights above a label within which the value over it is searched for."""

COLUMN_REACH = 12.0
"""The same for typed values, which may be in a column under their header."""

STACKED_GAP = 0.7
"""Largest gap in line heights between the lines of one label or one value."""

CONTEXT_ROWS = 10
"""Rows above a label within which the question's other words are searched for."""

GROUP_HEADING_HEIGHT = 2.0
"""A text to the left of a label that is taller by this factor is the heading of a group of lines."""

UNTYPED_FIT = 0.25
"""Fit of a text that is not a value of the requested kinds."""

_PLURAL = re.compile(r"\((?:\w|e[ns])\)")
"""After a word that may be one or several: "Symbol(s)", "Name(n)"."""

_PAGE_NUMBER = re.compile(r"(?<=\w)\s*(?:[.…]\s?){4,}\s*\d{1,4}$")
_LEADING = re.compile(r"^[\s:：∶.\-–—=_|»>*•)]+")


def propose_fields(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Values after a label in the same segment, and right of, below or left of it."""
    for segment in page.segments:
        for match in matcher.label_matches(segment):
            stacked = _extend_upward(matcher, page, match)
            if stacked.recall < MIN_RECALL:
                continue
            yield from _inline(matcher, page, stacked)
            if not _rest(match).text.strip(" :：.-_()（）"):
                yield from _right(matcher, page, stacked)
                yield from _below(matcher, page, stacked)
                yield from _above(matcher, page, stacked)
            yield from _left(matcher, page, match)


def _extend_upward(matcher: Matcher, page: PageView, match: LabelMatch) -> LabelMatch:
    """The match, extended by the line right above it if a label of two lines matches better."""
    segment = match.segment
    if match.start > 0 or match.recall > 0.95:
        return match
    for other in page.above(segment)[:2]:
        gap = (segment.box.y0 - other.box.y1) / page.line_height
        level = abs(other.box.x0 - segment.box.x0) < 2 * page.line_height
        if gap > STACKED_GAP or not level or is_label(other.text) or not matcher.covering(other.tokens):
            continue
        tokens = [token for token in segment.tokens if match.start <= token.start and token.end <= match.end]
        recall = matcher.recall(matcher.covering(other.tokens), matcher.covering(tokens))
        if recall > match.recall + 0.1:
            precision = matcher.precision([*other.tokens, *tokens])
            return LabelMatch(segment, match.start, match.end, recall, precision, match.marked, match.lead)
    return match


def _rest(match: LabelMatch) -> Slice:
    text = match.segment.text
    plural = _PLURAL.match(text, match.end)
    return Slice(match.segment, plural.end() if plural else match.end, len(text))


def trim(part: Slice) -> Slice | None:
    """`part` without leaders, white space and the page number of a table of contents; None if nothing remains."""
    text = part.text
    leading = _LEADING.match(text)
    start = part.start + (leading.end() if leading else 0)
    page_number = _PAGE_NUMBER.search(text, start - part.start)
    end = part.start + (page_number.start() if page_number else len(text.rstrip(" _|")))
    return Slice(part.segment, start, end) if start < end else None


def _inline(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    rest = trim(_rest(match))
    if rest is None:
        return
    cut = inner_label(rest.text)
    if cut is not None:
        rest = Slice(rest.segment, rest.start, rest.start + cut)
    complete = cut is not None or has_han(rest.text)
    parts = [rest, *([] if complete else _segments_after(page, match.segment))]
    yield from _values(matcher, page, match, parts, Relation.INLINE, 0.0)


def _right(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    parts = _segments_after(page, match.segment)
    if parts:
        gap = (parts[0].segment.box.x0 - match.segment.box.x1) / page.line_height
        yield from _values(matcher, page, match, parts, Relation.RIGHT, max(0.0, gap))


def _segments_after(page: PageView, segment: Segment) -> list[Slice]:
    """The segments right of `segment` up to the next label; Chinese values have no gaps."""
    parts: list[Slice] = []
    for other in page.right_of(segment):
        if is_label(other.text) or starts_with_label(other.text):
            break
        if parts and has_han(parts[-1].text):
            break
        part = trim(Slice(other, 0, len(other.text)))
        if part is None:
            continue
        cut = inner_label(part.text)
        parts.append(part if cut is None else Slice(other, part.start, part.start + cut))
        if cut is not None:
            break
    return parts


def _below(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    typed = matcher.question.kinds[0] is not ValueKind.TEXT
    label = match.segment.slice_box(match.start, match.end)
    for other in page.below(match.segment, COLUMN_REACH if typed else BELOW_REACH):
        gap = (other.box.y0 - label.y1) / page.line_height
        if is_label(other.text) or starts_with_label(other.text):
            if gap < 1.0:
                return
            continue
        part = trim(Slice(other, 0, len(other.text)))
        if part is None:
            continue
        yield from _values(matcher, page, match, [part], Relation.BELOW, max(0.0, gap))
        if not typed:
            return


def _above(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    """The text over a label that has none below it, as over the line for a signature."""
    label = match.segment
    over = next(iter(page.above(label)), None)
    if over is None or page.below(label, BELOW_REACH) or over.row != label.row - 1:
        return
    gap = (label.box.y0 - over.box.y1) / page.line_height
    part = trim(whole_slice(over))
    if part is not None and gap <= OVER_REACH and not (is_label(over.text) or starts_with_label(over.text)):
        yield from _values(matcher, page, match, [part], Relation.ABOVE, max(0.0, gap))


def _left(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    """A value right before what it is: "7 items", "$0.001 par value"."""
    kind = matcher.question.kinds[0]
    if kind not in (ValueKind.NUMBER, ValueKind.AMOUNT, ValueKind.PERCENT):
        return
    before = match.segment.text[: match.start]
    values = [value for value in find_values(kind, before) if not before[value.end :].strip()]
    if values:
        part = Slice(match.segment, values[-1].start, values[-1].end)
        yield _proposal(matcher, page, match, (part,), Relation.LEFT, kind, values[-1].fit, 0.0)


def _values(
    matcher: Matcher,
    page: PageView,
    match: LabelMatch,
    parts: list[Slice],
    relation: Relation,
    distance: float,
) -> Iterator[Proposal]:
    """The first values of each kind asked for in `parts`, and all of them as one text."""
    kinds = matcher.question.kinds
    for kind in kinds[:-1]:
        for part_index, part in enumerate(parts):
            for value_index, value in enumerate(find_values(kind, part.text)[:3]):
                piece = Slice(part.segment, part.start + value.start, part.start + value.end)
                indent = value.start / (8 if relation is Relation.BELOW else 20)
                total_distance = distance + part_index + indent + 2 * value_index
                yield _proposal(matcher, page, match, (piece,), relation, kind, value.fit, total_distance)
    text = " ".join(part.text for part in parts)
    fitting = 0.7 if len(kinds) == 1 else max(UNTYPED_FIT, fit(kinds[0], text))
    gaps = [(right.segment.box.x0 - left.segment.box.x1) / page.line_height for left, right in pairwise(parts)]
    wide = {"wide-gap": min(1.0, max(0.0, max(gaps, default=0.0)) / 5)}
    yield _proposal(matcher, page, match, parts, relation, ValueKind.TEXT, fitting, distance, wide)
    if len(parts) > 1:
        fitting = 0.7 if len(kinds) == 1 else max(UNTYPED_FIT, fit(kinds[0], parts[0].text))
        near = {"cut-near": 1 - min(1.0, max(0.0, gaps[0]) / 5)}
        yield _proposal(matcher, page, match, parts[:1], relation, ValueKind.TEXT, fitting, distance, near)
    further = _further_lines(page, match, parts)
    if further:
        yield _proposal(
            matcher, page, match, [*parts, *further], relation, ValueKind.TEXT, fitting, distance, {"lines": 1.0}
        )


def _further_lines(page: PageView, match: LabelMatch, parts: Sequence[Slice]) -> list[Slice]:
    """Lines right below a value that are aligned with it, if nothing is below its label."""
    first, lines = parts[0], list[Slice]()
    above = first.segment
    left = first.box.x0
    while len(lines) < 4 and above.row + 1 < len(page.rows):
        row = page.rows[above.row + 1]
        following = row[0]
        gap = (following.box.y0 - above.box.y1) / page.line_height
        level = abs(following.box.x0 - left) < 1.5 * page.line_height
        if gap > STACKED_GAP or not level or is_label(following.text) or starts_with_label(following.text):
            break
        if match.segment is not first.segment and following.box.x0 < match.segment.box.x1:
            break
        lines += [Slice(other, 0, len(other.text)) for other in row[:1]]
        above = following
    return lines


def _proposal(
    matcher: Matcher,
    page: PageView,
    match: LabelMatch,
    slices: Sequence[Slice],
    relation: Relation,
    kind: ValueKind,
    fit: float,
    distance: float,
    features: dict[str, float] | None = None,
) -> Proposal:
    question = matcher.question
    other_case = question.quoted and match.text != question.label and match.text.lower() == question.label.lower()
    return Proposal(
        page=page,
        text=" ".join(part.text.strip() for part in slices),
        slices=tuple(slices),
        relation=relation,
        kind=kind,
        recall=match.recall,
        precision=match.precision,
        fit=fit,
        distance=distance,
        evidence=page.row_text(slices[0].segment),
        heads_columns=_heads_columns(page, match.segment),
        features={
            "marked": float(match.marked),
            "checkboxes": float(any(has_mark(part.text) for part in slices)),
            "loose": float(relation is Relation.INLINE and not match.marked),
            "lead": min(1.0, match.lead / 3),
            "other-case": float(other_case),
            "context": max(
                0.0,
                matcher.recall(matcher.covering(match.tokens), context_of(matcher, page, match.segment, match.text))
                - match.recall,
            ),
            "taller": min(1.0, max(0.0, slices[0].segment.box.height / max(1.0, match.segment.box.height) - 1) * 4),
            "exact": float(question.quoted and matcher.likeness(match.text) > 0.95),
            "replaced": matcher.replacement_score(
                match.segment.text[: match.end] if has_han(match.text) else match.segment.text
            ),
            f"small-print-{relation}": _heads_in_small_print(page, match.segment),
            f"label-row-{relation}": _concepts_beside(page, match.segment),
            f"heads-values-{relation}": _heads_values(page, match.segment),
            **(features or {}),
        },
    )


def context_of(matcher: Matcher, page: PageView, segment: Segment, label: str) -> dict[int, float]:
    """The question's words around a label: left of it, and above it up to another occurrence of the same label.

    They distinguish the buyer's name from the seller's, and the total of one order from that of the next.
    """
    beside = page.left_of(segment)[:1]
    if beside and beside[0].box.height > GROUP_HEADING_HEIGHT * segment.box.height:
        return matcher.covering(beside[0].tokens)
    context = list(beside)
    for row in reversed(page.rows[max(0, segment.row - CONTEXT_ROWS) : segment.row]):
        if any(label.lower() in other.text.lower() for other in row):
            break
        context += row
    return matcher.covering(token for other in context for token in other.tokens)


def _heads_columns(page: PageView, segment: Segment) -> float:
    """Share of the segments in a label's row that have another segment right below: 1 for a row of column headers."""
    row = page.rows[segment.row]
    if len(row) < 2 or segment.row + 1 >= len(page.rows):
        return 0.0
    below = page.rows[segment.row + 1]
    if below[0].box.y0 - segment.box.y1 > 2.5 * page.line_height:
        return 0.0
    headers = sum(any(other.box.horizontal_overlap(part.box) > 0.3 for other in below) for part in row)
    return headers / len(row)


def _heads_values(page: PageView, segment: Segment) -> float:
    """How little what is below the labels of a row looks like labels, 0 to 1: then none of the row is a value."""
    if _heads_columns(page, segment) < 1:
        return 0.0
    below = page.rows[segment.row + 1]
    return 1 - sum(max(label_share(other.text), float(is_label(other.text))) for other in below) / len(below)


def _concepts_beside(page: PageView, segment: Segment) -> float:
    """How much the other texts in a label's row name concepts, 0 to 1: those of a row of labels do."""
    others = [other for other in page.rows[segment.row] if other is not segment]
    return sum(concept_share(other.text) for other in others) / len(others) if others else 0.0


def _heads_in_small_print(page: PageView, segment: Segment) -> float:
    """How much larger than a row of labels the row below it is printed, 0 to 1: form boxes have small labels on top."""
    if _heads_columns(page, segment) < 1:
        return 0.0
    row, below = page.rows[segment.row], page.rows[segment.row + 1]
    label_height, value_height = (sum(part.box.height for part in parts) / len(parts) for parts in (row, below))
    return min(1.0, max(0.0, value_height / max(1.0, label_height) - 1) * 5)
