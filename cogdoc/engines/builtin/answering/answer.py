"""From a question and pages to an answer: proposals of every kind, ranked; the best one, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cogdoc.engines.builtin.answering.candidates import Proposal
from cogdoc.engines.builtin.answering.fields import propose_fields
from cogdoc.engines.builtin.answering.labels import Matcher
from cogdoc.engines.builtin.answering.letterheads import propose_letterheads
from cogdoc.engines.builtin.answering.questions import Shape, analyze, reworded
from cogdoc.engines.builtin.answering.ranking import ranked
from cogdoc.engines.builtin.answering.segments import view_page
from cogdoc.engines.builtin.answering.sentences import propose_sentences
from cogdoc.engines.builtin.answering.tables import propose_cells
from cogdoc.engines.builtin.answering.values import ValueKind
from cogdoc.results.types import Answer, Candidate, Evidence
from cogdoc.words.types import PageLayout

THRESHOLD = 0.3
"""Below this probability the document is taken not to say."""

ALTERNATIVES = 5
SHOWN_PAGES = 3

Weighed = tuple[Proposal, float]

PAGE_COUNT_CONFIDENCE = 0.9
_HOW_MANY_PAGES = re.compile(
    r"\bhow many (?:pages|slides)\b\W*(?:(?:are|is|does|do|has|have|there|in|this|the|document|file|report|pdf|it|"
    r"presentation|deck|book|paper)\b\W*)*$|(?:共有?|有|多少)\s?(?:多少|几)?\s?页",
    re.I,
)


def answer_question(question: str, layouts: Sequence[PageLayout], *, page_count: int | None = None) -> Answer:
    """Answer from the words and the layout of the pages most worth looking at, best first.

    The answer's text is None where nothing on the pages fits; its confidence is the chance that this is so.
    A question that names a page ("on page 5", "on the last page") is answered from that page, where it is among
    `layouts`. `page_count` is the length of the whole document: it says which page is the last one, and answers
    the question how many pages there are.
    """
    if page_count is not None and _HOW_MANY_PAGES.search(question):
        return Answer(question=question, text=str(page_count), confidence=PAGE_COUNT_CONFIDENCE)
    found = weigh(question, _named_pages(question, layouts, page_count))
    best = found[0] if found and found[0][1] >= THRESHOLD else None
    alternatives = tuple(_candidate(proposal, chance) for proposal, chance in _others(found, best))
    if best is None:
        return Answer(
            question=question,
            text=None,
            confidence=max(0.0, 1 - sum(chance for _, chance in found)),
            alternatives=alternatives,
        )
    proposal, chance = best
    return Answer(
        question=question,
        text=proposal.text,
        confidence=chance,
        evidence=(_evidence(proposal),),
        alternatives=alternatives,
    )


def _others(found: Sequence[Weighed], best: Weighed | None) -> list[Weighed]:
    """The next candidates, the best one of each of the first pages among them: other places to look at."""
    rest = [pair for pair in found if pair is not best]
    shown = {proposal.page.rank for proposal, _ in rest[:ALTERNATIVES]} | ({best[0].page.rank} if best else set())
    reserved = []
    for rank in range(SHOWN_PAGES):
        of_page = next((pair for pair in rest if pair[0].page.rank == rank), None)
        if rank not in shown and of_page is not None:
            reserved.append(of_page)
    return sorted([*rest[: ALTERNATIVES - len(reserved)], *reserved], key=lambda pair: -pair[1])


def _named_pages(question: str, layouts: Sequence[PageLayout], page_count: int | None) -> Sequence[PageLayout]:
    """The layouts of the pages that the question names, or all of them."""
    last = page_count or max((layout.words.number for layout in layouts), default=0)
    named = {last if number == -1 else number for number in analyze(question).pages}
    return [layout for layout in layouts if layout.words.number in named] or layouts


def weigh(question: str, layouts: Sequence[PageLayout]) -> list[tuple[Proposal, float]]:
    """All proposals for a question, best first, each with its probability."""
    matcher, proposals = propose(question, layouts)
    return ranked(matcher, proposals)


def propose(question: str, layouts: Sequence[PageLayout]) -> tuple[Matcher, list[Proposal]]:
    """Everything on the pages that may be the answer."""
    pages = [view_page(layout, rank) for rank, layout in enumerate(layouts)]
    printed = "".join(segment.text for page in pages for segment in page.segments)
    matcher = Matcher(analyze(reworded(question, printed)), pages)
    proposers = (propose_fields, propose_cells, propose_sentences, propose_letterheads)
    found = [proposal for page in pages for proposer in proposers for proposal in proposer(matcher, page)]
    if matcher.question.shape is Shape.YES_NO:
        found = [proposal for proposal in found if proposal.kind is ValueKind.YES_OR_NO]
    return matcher, found


def _evidence(proposal: Proposal) -> Evidence:
    words = proposal.page.layout.words
    x0, y0, x1, y1 = words.displayed(proposal.box)
    return Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=proposal.evidence)


def _candidate(proposal: Proposal, chance: float) -> Candidate:
    return Candidate(text=proposal.text, confidence=chance, evidence=_evidence(proposal))
