"""Proposes the items of the list below a heading: "what are the steps to set a PIN", "what is the second step"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.page_text import Line
from cogdoc.query.document_outline import Mark, Outline
from cogdoc.query.document_places import find_references
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question, Shape
from cogdoc.query.section_matching import general_words, match_sections, place_words
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.terms import stem, tokenize
from cogdoc.query.tree import ListOf, Position, Select
from cogdoc.query.typed_values import ValueKind

MAX_SECTIONS = 3
MAX_ITEM_LINES = 4
MAX_GAP = 0.8
"""Line heights between the lines of one item."""

SAME_ROW = 0.5
"""Vertical overlap of texts side by side, as a share of the lower one's height."""

LIST_FIT = 0.7


def propose_section_lists(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """All items of a list, or the one that the question asks for, from the sections that match the question best."""
    question = matcher.question
    steps = load_lexicon().words["steps"]
    terms = frozenset(term.norm for term in question.terms)
    position, asks_steps = _position(question), bool(terms & steps)
    counts = question.shape in (Shape.COUNT, Shape.YES_NO)
    if question.quoted or counts or not (asks_steps or (position is None and _asks_several(question))):
        return
    words = terms - general_words() - place_words(question) - steps - _ordinals().keys()
    for run in _runs(pages):
        outline, lines = Outline(), [(page, line) for page in run for line in page.layout.page_text.lines]
        for page in run:
            outline.add(page.layout.page_text)
        matches = sorted(match_sections(question, words, outline), key=lambda match: match.score, reverse=True)
        for match in matches[:MAX_SECTIONS]:
            items = outline.items(match.section, numbered=asks_steps)
            if len(items) < 2:
                continue
            if position is not None:
                items = items[position : position + 1 or None]
            if not items:
                continue
            texts = [_item(outline, lines, mark, match.section.end) for mark in items]
            if all(texts):
                first = lines[items[0].line][0]
                text = _joined(texts)
                yield Proposal(
                    page=first, text=text, slices=_slices(lines, items), relation=Relation.BELOW, kind=ValueKind.TEXT,
                    recall=match.recall, precision=match.precision, fit=LIST_FIT, evidence=match.section.heading.text,
                    features={"section-list": 1.0, "section-item": float(position is not None)},
                )  # fmt: skip


def _asks_several(question: Question) -> bool:
    """Whether a question asks for a list: "what are the", "which goals"."""
    if question.shape is Shape.LOOKUP and isinstance(question.tree, Select):
        return any(word.norm.endswith("s") and stem(word.norm) != word.norm for word in tokenize(question.lookup.words))
    return isinstance(question.tree, ListOf)


def _position(question: Question) -> int | None:
    """The index of the one item that a question asks for; None for all."""
    tree = question.tree
    if isinstance(tree, Position):
        return -tree.rank if tree.from_end else tree.rank - 1
    steps = load_lexicon().words["steps"]
    numbers = [one.reference[1] for one in find_references(question.text) if one.reference[0] in steps]
    if numbers and numbers[0].isdecimal():
        return int(numbers[0]) - 1
    if not isinstance(tree, Select):
        return None
    return next((_ordinals()[term.norm] - 1 for term in question.terms if term.norm in _ordinals()), None)


def _ordinals() -> dict[str, int]:
    tables = load_lexicon().values.get("ordinals", ())
    return {word: int(number) for table in tables for word, number in table.items()}


def _runs(pages: Sequence[PageView]) -> Iterator[list[PageView]]:
    """Pages that follow one another, each run in the order of the document."""
    ordered = sorted(pages, key=lambda page: page.number)
    starts = [0, *(i + 1 for i, (one, two) in enumerate(pairwise(ordered)) if two.number != one.number + 1)]
    for start, end in pairwise([*starts, len(ordered)]):
        if start < end:
            yield ordered[start:end]


def _item(outline: Outline, lines: Sequence[tuple[PageView, Line]], mark: Mark, end: int) -> str:
    """The text of an item: after its mark, and in the lines right below that have no mark of their own.

    A file may have all marks after the texts that they are beside.
    """
    page, line = lines[mark.line]
    parts, last = [line.text[mark.end :].strip()], line.box
    for index in range(mark.line + 1, min(end, mark.line + MAX_ITEM_LINES)):
        other_page, other = lines[index]
        if index in outline.marked or other_page is not page or not _continues(last, other.box, mark):
            break
        parts.append(other.text.strip())
        last = other.box
    if not any(parts):
        row = [one for one in page.segments if one.box.vertical_overlap(line.box) > SAME_ROW and one.box.x0 > mark.left]
        parts = [one.text for one in row if one.box.x0 >= line.box.x1]
    return " ".join(filter(None, parts)).strip(" ;,")


def _continues(last: Box, box: Box, mark: Mark) -> bool:
    """Whether a line goes on with an item: beside a mark that is alone, or right below and not left of the mark."""
    if last.vertical_overlap(box) > SAME_ROW:
        return True
    return 0 <= box.y0 - last.y1 + last.height / 2 <= (MAX_GAP + 0.5) * last.height and box.x0 > mark.left + 1


def _joined(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    bare = [text.rstrip(".") for text in texts]
    return ("; " if any("," in text for text in bare) else ", ").join(bare)


def _slices(lines: Sequence[tuple[PageView, Line]], items: Sequence[Mark]) -> tuple[Slice, ...]:
    """Where the first lines of the items are, on the page of the first one."""
    page = lines[items[0].line][0]
    centers = [lines[mark.line][1].box.center for mark in items if lines[mark.line][0] is page]
    return tuple(
        Slice(segment, 0, len(segment.text))
        for segment in page.segments
        if any(segment.box.contains_point(segment.box.center[0], y) and segment.box.x0 <= x for x, y in centers)
    )
