"""Values beside or below their label: "Date: 1/2/2018", a form's boxes, a column under its header."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cogdoc.engines.builtin.answering.candidates import Proposal, Relation
from cogdoc.engines.builtin.answering.labels import LabelMatch, Matcher, inner_label, is_label
from cogdoc.engines.builtin.answering.segments import PageView, Segment, Slice
from cogdoc.engines.builtin.answering.values import ValueKind, find_values

MIN_RECALL = 0.25
BELOW_REACH = 3.0
"""Line heights below its label in which a value is looked for."""

COLUMN_REACH = 12.0
"""The same for typed values, which may stand under a column's header."""

UNTYPED_FIT = 0.25
"""Fit of a text that has none of the kinds asked for."""

_LEADING = re.compile(r"^[\s:：∶.\-–—=_|»>*•]+")


def propose_fields(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Values that stand inside, right of, below or left of a label on the page."""
    for segment in page.segments:
        for match in matcher.label_matches(segment):
            if match.recall < MIN_RECALL:
                continue
            yield from _inline(matcher, page, match)
            if not _rest(match).text.strip(" :：.-_"):
                yield from _right(matcher, page, match)
                yield from _below(matcher, page, match)
            yield from _left(matcher, page, match)


def _rest(match: LabelMatch) -> Slice:
    return Slice(match.segment, match.end, len(match.segment.text))


def trimmed(part: Slice) -> Slice | None:
    """`part` without leaders and white space around it; None where nothing remains."""
    text = part.text
    leading = _LEADING.match(text)
    start = part.start + (leading.end() if leading else 0)
    end = part.start + len(text.rstrip(" _|"))
    return Slice(part.segment, start, end) if start < end else None


def _inline(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    rest = trimmed(_rest(match))
    if rest is None:
        return
    cut = inner_label(rest.text)
    if cut is not None:
        rest = Slice(rest.segment, rest.start, rest.start + cut)
    parts = [rest, *(_continued(page, match.segment) if cut is None else [])]
    yield from _typed(matcher, page, match, parts, Relation.INLINE, 0.0)


def _right(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    parts = _continued(page, match.segment)
    if not parts:
        return
    gap = (parts[0].segment.box.x0 - match.segment.box.x1) / page.line_height
    yield from _typed(matcher, page, match, parts, Relation.RIGHT, max(0.0, gap))


def _continued(page: PageView, segment: Segment) -> list[Slice]:
    """The segments behind `segment` up to the next label."""
    parts: list[Slice] = []
    for other in page.right_of(segment):
        if is_label(other.text):
            break
        part = trimmed(Slice(other, 0, len(other.text)))
        if part is None:
            continue
        cut = inner_label(part.text)
        if re.match(r"[A-Z][\w.#/& ]{0,24}[:：]\s?\D", part.text):
            break
        parts.append(part if cut is None else Slice(other, part.start, part.start + cut))
        if cut is not None:
            break
    return parts


def _below(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    typed = matcher.question.kinds[0] is not ValueKind.TEXT
    label = match.segment.slice_box(match.start, match.end)
    for other in page.below(match.segment, COLUMN_REACH if typed else BELOW_REACH):
        gap = (other.box.y0 - label.y1) / page.line_height
        if is_label(other.text):
            if gap < 1.0:
                return
            continue
        part = trimmed(Slice(other, 0, len(other.text)))
        if part is None:
            continue
        yield from _typed(matcher, page, match, [part], Relation.BELOW, max(0.0, gap))
        if not typed:
            return


def _left(matcher: Matcher, page: PageView, match: LabelMatch) -> Iterator[Proposal]:
    """A count in front of what it counts: "7 items"."""
    if matcher.question.kinds[0] not in (ValueKind.NUMBER, ValueKind.PERCENT):
        return
    before = match.segment.text[: match.start]
    found = [
        value for value in find_values(matcher.question.kinds[0], before) if not before[value.end :].strip()
    ]
    if found:
        part = Slice(match.segment, found[-1].start, found[-1].end)
        yield _proposal(page, match, (part,), Relation.LEFT, matcher.question.kinds[0], found[-1].fit, 0.0)


def _typed(
    matcher: Matcher,
    page: PageView,
    match: LabelMatch,
    parts: list[Slice],
    relation: Relation,
    distance: float,
) -> Iterator[Proposal]:
    """The first value of each kind asked for in `parts`, and all of them as one text."""
    found_any = False
    for kind in matcher.question.kinds:
        if kind is ValueKind.TEXT:
            break
        for place, part in enumerate(parts):
            values = find_values(kind, part.text)
            for number, value in enumerate(values[:3]):
                piece = Slice(part.segment, part.start + value.start, part.start + value.end)
                aside = value.start / 20 if relation is not Relation.BELOW else value.start / 8
                yield _proposal(
                    page, match, (piece,), relation, kind, value.fit, distance + place + aside + 2 * number
                )
                found_any = True
    fit = 0.7 if matcher.question.kinds[0] is ValueKind.TEXT else UNTYPED_FIT
    if not found_any or fit > UNTYPED_FIT:
        yield _proposal(page, match, tuple(parts), relation, ValueKind.TEXT, fit, distance)


def _proposal(
    page: PageView,
    match: LabelMatch,
    slices: tuple[Slice, ...],
    relation: Relation,
    kind: ValueKind,
    fit: float,
    distance: float,
) -> Proposal:
    return Proposal(
        page=page,
        text=" ".join(part.text.strip() for part in slices),
        slices=slices,
        relation=relation,
        kind=kind,
        recall=match.recall,
        precision=match.precision,
        fit=fit,
        distance=distance,
        evidence=page.row_text(slices[0].segment),
        marked=match.marked,
    )
