"""Proposes what is ticked: the options beside "☒" as values of their label, and yes or no for a single option."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.yes_or_no import truth_of, yes_no_word
from cogdoc.query.concepts import concepts_in
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question import Shape
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind

_TICKED, _BLANK = r"[☒☑✓✔✗✘🗹🗵◉⦿]|[\[(]\s?[xX✓✗]\s?[\])]", r"[☐□▢◯○]|\[\s?\]|\(\s\)"
_MARK = re.compile(rf"(?P<ticked>{_TICKED})|(?P<blank>{_BLANK})")
_STATEMENT_END = re.compile(r"[.:?：。？]\)?\s+")
MAX_LABEL = 80
"""Characters of a label; longer texts are statements that are confirmed or denied."""

MAX_LINES = 4
"""Lines of a statement before its options."""


@dataclass(frozen=True, slots=True)
class Option:
    part: Slice
    """Its text, beside the mark."""
    ticked: bool
    group: str
    """The label of the options that it is one of: before the first of them, or above it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A mark, or a text without marks."""

    text: Slice
    ticked: bool | None
    """None for a text."""


def propose_checkboxes(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """The ticked options, or whether an option is ticked."""
    is_polar = matcher.question.shape is Shape.YES_NO
    is_asked = "ticked" in concepts_in(matcher.question.text)
    for option in find_options(page):
        if is_polar:
            yield from _polar(matcher, page, option)
            continue
        if len(option.group) > MAX_LABEL:
            continue
        group = tokenize(option.group)
        recall = matcher.recall(matcher.covering(group))
        if recall or is_asked:
            yield _proposal(
                page, option, option.part.text, ValueKind.TEXT, recall, matcher.precision(group),
                {
                    "option-ticked": float(option.ticked),
                    "option-blank": float(not option.ticked),
                    "option-asked": float(is_asked and option.ticked),
                },
            )  # fmt: skip


def _polar(matcher: Matcher, page: PageView, option: Option) -> Iterator[Proposal]:
    """Yes or no: whether the option is ticked, or the option itself if it is a ticked "Yes" or "No"."""
    truth, named = option.ticked, tokenize(option.part.text)
    language = matcher.question.language
    if (said := truth_of(option.part.text, language, page.language)) is not None:
        truth, named = said, tokenize(option.group)
        if not option.ticked:
            return
    if recall := matcher.recall(matcher.covering(named)):
        together = matcher.recall(matcher.covering(tokenize(f"{option.group} {option.part.text}")))
        yield _proposal(
            page, option, yes_no_word(language, truth), ValueKind.YES_OR_NO, together, matcher.precision(named),
            {"option-polar": recall},
        )  # fmt: skip


def _proposal(
    page: PageView,
    option: Option,
    text: str,
    kind: ValueKind,
    recall: float,
    precision: float,
    features: dict[str, float],
) -> Proposal:
    return Proposal(
        page=page, text=text, slices=(option.part,), relation=Relation.RIGHT, kind=kind, recall=recall,
        precision=precision, fit=1.0, evidence=page.row_text(option.part.segment), features={"option": 1.0, **features},
    )  # fmt: skip


def has_mark(text: str) -> bool:
    """Whether a text contains a ticked or blank checkbox."""
    return _MARK.search(text) is not None


def find_options(page: PageView) -> list[Option]:
    """The texts beside the marks of a page: after them, or before them in rows that end with one ("Yes ☒ No ☐")."""
    options: list[Option] = []
    group = ""
    for row in page.rows:
        parts = [part for segment in row for part in _parts(segment)]
        marks = [index for index, part in enumerate(parts) if part.ticked is not None]
        if not marks:
            continue
        if marks[0] > 0 and marks[-1] == len(parts) - 1:
            options += _options_before(page, parts)
            continue
        group = _group(page, row, parts[: marks[0]]) or group
        for part, following in pairwise(parts):
            if part.ticked is not None and following.ticked is None:
                options.append(Option(following.text, part.ticked, group))
    return options


def _parts(segment: Segment) -> Iterator[_Part]:
    """The marks of a segment and the texts between them."""
    start = 0
    for match in _MARK.finditer(segment.text):
        yield from _text_part(segment, start, match.start())
        start = match.end()
        yield _Part(Slice(segment, match.start(), start), match["ticked"] is not None)
    yield from _text_part(segment, start, len(segment.text))


def _text_part(segment: Segment, start: int, end: int) -> Iterator[_Part]:
    text = segment.text[start:end]
    if text.strip():
        yield _Part(Slice(segment, end - len(text.lstrip()), start + len(text.rstrip())), None)


def _group(page: PageView, row: Sequence[Segment], before: Sequence[_Part]) -> str:
    """The text before the first mark of a row; above it if the row begins with a mark."""
    if before:
        return " ".join(part.text.text for part in before)
    above = page.above(row[0])[:1]
    return above[0].text if above and not _MARK.search(above[0].text) else ""


def _options_before(page: PageView, parts: Sequence[_Part]) -> Iterator[Option]:
    """The options of a row whose marks follow them; the statement before the first one is what they are options of."""
    begin = next(index for index, part in enumerate(parts) if part.ticked is not None) - 1
    first = parts[begin].text
    end = 0 if begin else max((match.end() for match in _STATEMENT_END.finditer(first.text)), default=0)
    statement = [*(part.text.text for part in parts[:begin]), first.text[:end]]
    group = " ".join([*_lines_above(page, parts[0].text.segment), *statement]).strip()
    for part, mark in pairwise(parts[begin:]):
        if part.ticked is None and mark.ticked is not None:
            start = part.text.start + (end if part is parts[begin] else 0)
            yield Option(Slice(part.text.segment, start, part.text.end), mark.ticked, group)


def _lines_above(page: PageView, segment: Segment) -> list[str]:
    """The lines of the paragraph over a segment, up to a gap or a mark that ends another statement."""
    lines: list[str] = []
    lower = segment
    for row in reversed(page.rows[max(0, segment.row - MAX_LINES) : segment.row]):
        if lower.box.y0 - row[0].box.y1 > page.line_height or _MARK.search(row[-1].text):
            break
        lower = row[0]
        lines.insert(0, page.row_text(lower))
    return lines
