"""Tells the lines of paragraphs, whose words are sentences and no labels with their values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.running_text import QuestionTerms, split_sentences
from cogdoc.parsing.page_text import Block, BlockKind
from cogdoc.query.segments import PageView, has_columns
from cogdoc.query.typed_values import SURE_FIT, ValueKind
from cogdoc.text import text_width

BESIDE_LABEL = (Relation.INLINE, Relation.RIGHT, Relation.BELOW, Relation.LEFT, Relation.ABOVE)
UNTYPED = (ValueKind.TEXT, ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE)
"""The kinds of values that any words of a sentence may look like."""

MIN_LINES, MIN_WORDS = 2, 15
MIN_LINE = 25
"""Least width of the lines on average, in Latin letters; those of forms and addresses are shorter."""

MIN_FUNCTION_WORDS = 0.15
"""Least share of a paragraph's words; labels and values, addresses and lists of names have hardly any."""

_NO_TERMS = QuestionTerms("", "en")


def without_false_labels(proposals: Iterable[Proposal]) -> Iterator[Proposal]:
    """The proposals but those that take two pieces of a paragraph for a label and its value.

    A value of a type, such as a date, stays after its label in the same line, with the feature `in-prose`; so does what
    follows a colon.
    """
    prose: dict[int, frozenset[int]] = {}
    for proposal in proposals:
        if proposal.relation not in BESIDE_LABEL or _follows_colon(proposal):
            yield proposal
            continue
        page = proposal.page
        if page.rank not in prose:
            prose[page.rank] = prose_segments(page)
        if not all(part.segment.index in prose[page.rank] for part in proposal.slices):
            yield proposal
        elif proposal.relation is Relation.INLINE and proposal.kind not in UNTYPED and proposal.fit >= SURE_FIT:
            yield replace(proposal, features={**proposal.features, "in-prose": 1.0})


@lru_cache(maxsize=8)  # the pages that are searched; each kind of value asks for it
def prose_segments(page: PageView) -> frozenset[int]:
    """The indices of the segments that are lines of paragraphs."""
    boxes = {
        word.box
        for block in page.layout.blocks
        if block.kind in (BlockKind.TEXT, BlockKind.LIST_ITEM, BlockKind.FOOTNOTE) and _is_prose(block)
        for line in block.lines
        for word in line.words
    }
    return frozenset(segment.index for segment in page.segments if segment.words[0].box in boxes)


def _is_prose(block: Block) -> bool:
    text = " ".join(line.text for line in block.lines)
    if len(block.lines) < MIN_LINES or text_width(text) < MIN_LINE * len(block.lines) or has_columns(block.lines):
        return False
    words = [word for sentence in split_sentences(text, _NO_TERMS) for word in sentence.words]
    functions = sum(word.is_function for word in words)
    return len(words) >= MIN_WORDS and functions >= MIN_FUNCTION_WORDS * len(words)


def _follows_colon(proposal: Proposal) -> bool:
    first = proposal.slices[0] if proposal.slices else None
    return first is None or first.segment.text[: first.start].rstrip().endswith((":", "："))
