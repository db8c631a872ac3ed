"""From a question and pages to an answer: proposals of every kind, ranked; the best one, or none."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.engines.builtin.answering.candidates import Proposal
from cogdoc.engines.builtin.answering.fields import propose_fields
from cogdoc.engines.builtin.answering.labels import Matcher
from cogdoc.engines.builtin.answering.letterheads import propose_letterheads
from cogdoc.engines.builtin.answering.questions import Shape, analyze
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


def answer_question(question: str, layouts: Sequence[PageLayout], *, page_count: int | None = None) -> Answer:
    """Answer from the words and the layout of the pages most worth looking at, best first.

    `page_count` is the length of the whole document; it resolves questions about its last page.
    The answer's text is None where nothing on the pages fits.
    """
    found = weigh(question, layouts)
    if not found or found[0][1] < THRESHOLD:
        confidence = 1 - found[0][1] if found else 1.0
        return Answer(
            question=question,
            text=None,
            confidence=confidence,
            alternatives=tuple(_candidate(proposal, chance) for proposal, chance in found[:ALTERNATIVES]),
        )
    best, chance = found[0]
    return Answer(
        question=question,
        text=best.text,
        confidence=chance,
        evidence=(_evidence(best),),
        alternatives=tuple(_candidate(proposal, odds) for proposal, odds in found[1 : ALTERNATIVES + 1]),
    )


def weigh(question: str, layouts: Sequence[PageLayout]) -> list[tuple[Proposal, float]]:
    """All proposals for a question, best first, each with its probability."""
    matcher, proposals = propose(question, layouts)
    return ranked(matcher, proposals)


def propose(question: str, layouts: Sequence[PageLayout]) -> tuple[Matcher, list[Proposal]]:
    """Everything on the pages that may be the answer."""
    pages = [view_page(layout, rank) for rank, layout in enumerate(layouts)]
    matcher = Matcher(analyze(question), pages)
    proposers = (propose_fields, propose_cells, propose_sentences, propose_letterheads)
    found = [proposal for page in pages for proposer in proposers for proposal in proposer(matcher, page)]
    if matcher.question.shape is Shape.YES_NO:
        found = [proposal for proposal in found if proposal.kind is ValueKind.YES_OR_NO]
    return matcher, found


def _evidence(proposal: Proposal) -> Evidence:
    words = proposal.page.layout.words
    box = words.displayed(proposal.box)
    return Evidence(page=words.number, label=words.label, box=tuple(box), text=proposal.evidence)


def _candidate(proposal: Proposal, chance: float) -> Candidate:
    return Candidate(text=proposal.text, confidence=chance, evidence=_evidence(proposal))
