"""Answers what a document is about with a quotation: its title and its abstract, or its first paragraph."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.running_text import QuestionTerms
from cogdoc.parsing.page_text import Block, BlockKind, PageLayout
from cogdoc.query.concepts import concepts_in
from cogdoc.query.lexicon.loading import load_lexicons
from cogdoc.query.question import Question, Shape
from cogdoc.query.terms import fold_case
from cogdoc.results.records import Answer, Evidence
from cogdoc.text import has_han, text_width

QUOTATION_CONFIDENCE = 0.4
"""A quotation is no summary, which takes a model that writes."""

MIN_WIDTH = 150
"""Latin letters of the shortest paragraph that is quoted."""


def quote_document(question: Question, layouts: Sequence[PageLayout]) -> Answer | None:
    """The quotation that answers a request about the whole document; None for other questions, or without a text."""
    laid_out = [layout for layout in layouts if layout.blocks]
    if not laid_out or not _is_about_everything(question):
        return None
    first = min(laid_out, key=lambda layout: layout.page_text.number)
    headings = [block for block in first.blocks if block.kind in (BlockKind.TITLE, BlockKind.HEADING) and block.lines]
    paragraphs = [
        block
        for block in first.blocks
        if block.kind in (BlockKind.TEXT, BlockKind.LIST_ITEM) and text_width(_text(block)) >= MIN_WIDTH
    ]
    if not paragraphs:
        return None
    abstract = next((block for block in headings if "abstract" in concepts_in(_text(block))), None)
    below = [block for block in paragraphs if abstract is not None and block.box.y0 >= abstract.box.y0]
    quoted = [*headings[:1], (below or paragraphs)[0]]
    evidence = tuple(_evidence(first, block.box, _text(block)) for block in quoted)
    text = "\n".join(map(_text, quoted))
    return Answer(question=question.text, text=text, confidence=QUOTATION_CONFIDENCE, evidence=evidence)


def _is_about_everything(question: Question) -> bool:
    """Whether a request for a summary names nothing but the document."""
    if question.shape is not Shape.SUMMARY or question.pages:
        return False
    lexicon, rest = load_lexicons()[question.language], fold_case(question.text)
    known = lexicon.words["document"] | lexicon.words["weak"]
    for phrase in (*lexicon.questions["summary"], *filter(has_han, known)):
        rest = rest.replace(phrase, " ")
    return all(norm in known for norm in QuestionTerms(rest, question.language).norms)


def _text(block: Block) -> str:
    return " ".join(line.text for line in block.lines)


def _evidence(layout: PageLayout, box: Box, text: str) -> Evidence:
    page = layout.page_text
    shown = page.displayed(box)
    return Evidence(page=page.number, label=page.label, box=(shown.x0, shown.y0, shown.x1, shown.y1), text=text)
