"""Proposes what is ticked: the options after "☒" as values of their label, and yes or no for a single option."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.query.concepts import concepts_in
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question import Shape
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind

_TICKED, _BLANK = r"[☒☑✓✔✗✘🗹🗵◉⦿]|[\[(]\s?[xX✓✗]\s?[\])]", r"[☐□▢◯○]|\[\s?\]|\(\s\)"
_MARK = re.compile(rf"(?P<ticked>{_TICKED})|(?P<blank>{_BLANK})")


@dataclass(frozen=True, slots=True)
class Option:
    part: Slice
    """Its text, after the mark."""
    ticked: bool
    group: str
    """The label of the options that it is one of: before the first mark in their row, or above it."""


def propose_checkboxes(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """The ticked options, or whether an option is ticked."""
    is_polar = matcher.question.shape is Shape.YES_NO
    is_asked = "ticked" in concepts_in(matcher.question.text)
    for option in find_options(page):
        own, group = (matcher.covering(tokenize(text)) for text in (option.part.text, option.group))
        recall = matcher.recall(own if is_polar else group)
        if not (recall or (is_asked and not is_polar)):
            continue
        together = matcher.recall(own, group)
        text = ("Yes" if option.ticked else "No") if is_polar else option.part.text
        yield Proposal(
            page=page,
            text=text,
            slices=(option.part,),
            relation=Relation.RIGHT,
            kind=ValueKind.YES_OR_NO if is_polar else ValueKind.TEXT,
            recall=together if is_polar else recall,
            precision=matcher.precision(tokenize(option.part.text if is_polar else option.group)),
            fit=1.0,
            evidence=page.row_text(option.part.segment),
            features={
                "option": 1.0,
                "option-ticked": float(option.ticked and not is_polar),
                "option-blank": float(not option.ticked and not is_polar),
                "option-asked": float(is_asked and option.ticked and not is_polar),
                "option-polar": recall if is_polar else 0.0,
            },
        )


def has_mark(text: str) -> bool:
    """Whether a text contains a ticked or blank checkbox."""
    return _MARK.search(text) is not None


def find_options(page: PageView) -> list[Option]:
    """The texts after the marks of a page."""
    options: list[Option] = []
    group = ""
    for row in page.rows:
        marked = [segment for segment in row if _MARK.search(segment.text)]
        if marked:
            group = _group(page, row, marked[0]) or group
        for segment in marked:
            options += _options_in(page, segment, group)
    return options


def _group(page: PageView, row: Sequence[Segment], first: Segment) -> str:
    """The text before the first mark of a row; above it if the row begins with a mark."""
    mark = _MARK.search(first.text)
    before = first.text[: mark.start()] if mark else ""
    beside = " ".join([other.text for other in row if other.box.x1 <= first.box.x0 + 1])
    if label := f"{beside} {before}".strip():
        return label
    above = page.above(first)[:1]
    return above[0].text if above and not _MARK.search(above[0].text) else ""


def _options_in(page: PageView, segment: Segment, group: str) -> Iterator[Option]:
    matches = list(_MARK.finditer(segment.text))
    ends = [*(match.start() for match in matches[1:]), len(segment.text)]
    for match, end in zip(matches, ends, strict=True):
        text = segment.text[match.end() : end]
        part = Slice(segment, match.end() + len(text) - len(text.lstrip()), match.end() + len(text.rstrip()))
        if not text.strip() and (beside := page.right_of(segment)[:1]) and not _MARK.search(beside[0].text):
            part = Slice(beside[0], 0, len(beside[0].text))
        if part.text.strip():
            yield Option(part, match["ticked"] is not None, group)
