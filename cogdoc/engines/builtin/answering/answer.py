"""Answers a question from pages: collects proposals of every kind, ranks them, and returns the best one or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cogdoc.engines.builtin.answering.confidence import calibrate, looks_like_chart
from cogdoc.engines.builtin.answering.fields import propose_fields
from cogdoc.engines.builtin.answering.letterheads import propose_letterheads
from cogdoc.engines.builtin.answering.proposal_ranking import rank_proposals
from cogdoc.engines.builtin.answering.proposals import Proposal
from cogdoc.engines.builtin.answering.sentences import propose_sentences
from cogdoc.engines.builtin.answering.table_lookup import propose_cells
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question_analysis import Shape, analyze, other_wordings, use_printed_synonyms
from cogdoc.query.segments import view_page
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind
from cogdoc.results.records import Answer, Candidate, Evidence

MIN_PROBABILITY = 0.3
"""An answer with at least this probability is always returned."""

MIN_CLEAR_PROBABILITY = 0.15
"""An answer with at least this probability is returned if "not found" is much less probable."""

CLEAR_RATIO = 3.0
"""How many times more probable than "not found" such an answer must be."""

ALTERNATIVES = 5
SHOWN_PAGES = 3
"""How many of the best pages are represented among the alternatives, by a candidate or by a matching line."""

RankedProposal = tuple[Proposal, float]
"""A proposal with its probability of being the answer."""

_SPENT = re.compile(
    r"\b(?:expenditures?|capex|purchases?|payments?|paid|repurchase[sd]?|spen[dt]|expenses?|costs?|loss(?:es)?|used)\b"
    r"(?![^()]*\))",
    re.I,
)
_IN_PARENTHESES = re.compile(r"([$€£¥]?)\s?\(\s?([$€£¥]?\s?\d[\d,.]*)\s?\)")

PAGE_COUNT_CONFIDENCE = 0.9
_HOW_MANY_PAGES = re.compile(
    r"\bhow many (?:pages|slides)\b\W*(?:(?:are|is|does|do|has|have|there|in|this|the|document|file|report|pdf|it|"
    r"presentation|deck|book|paper)\b\W*)*$|(?:共有?|有|多少)\s?(?:多少|几)?\s?页",
    re.I,
)


def answer_question(question: str, layouts: Sequence[PageLayout], *, page_count: int | None = None) -> Answer:
    """Answer a question from the words and layout of pages, the most promising page first.

    The answer's text is None if nothing on the pages fits; its confidence is then the probability that the
    document does not answer the question. A question that names a page ("on page 5", "on the last page") is
    answered from that page if it is among `layouts`. `page_count` is the length of the whole document: it
    determines the last page, and answers questions about the number of pages.
    """
    if page_count is not None and _HOW_MANY_PAGES.search(question):
        return Answer(question=question, text=str(page_count), confidence=PAGE_COUNT_CONFIDENCE)
    searched = _named_pages(question, layouts, page_count)
    matcher, ranked = _ranked_proposals(question, searched)
    p_none = max(0.0, 1 - sum(probability for _, probability in ranked))
    best = ranked[0] if ranked and should_answer(ranked[0][1], p_none) else None
    confidence = p_none
    if best is not None:
        on_chart = looks_like_chart(best[0].page)
        confidence = calibrate(best[1], quoted=matcher.question.quoted, on_chart=on_chart)
    alternatives = [_candidate(proposal, probability) for proposal, probability in _others(ranked, best, confidence)]
    shown = {alternative.evidence.page for alternative in alternatives if alternative.evidence is not None}
    if best is not None:
        shown.add(best[0].page.number)
    unshown = [layout.page_text for layout in searched[:SHOWN_PAGES] if layout.page_text.number not in shown]
    if len(layouts) > 1:
        alternatives += [line for words in unshown if (line := _best_matching_line(matcher, words)) is not None]
    if best is None:
        # Without an answer, the order of the pages helps the user more than the probabilities.
        order = {layout.page_text.number: rank for rank, layout in enumerate(searched)}
        alternatives.sort(key=lambda candidate: order[candidate.evidence.page] if candidate.evidence else len(order))
    return Answer(
        question=question,
        text=_without_parentheses(question, best[0].text) if best is not None else None,
        confidence=confidence,
        evidence=(_evidence(best[0]),) if best is not None else (),
        alternatives=tuple(alternatives),
    )


def should_answer(p_answer: float, p_none: float) -> bool:
    """Whether to return the likeliest answer, given its probability and that of "not found"."""
    return p_answer >= MIN_PROBABILITY or (p_answer >= MIN_CLEAR_PROBABILITY and p_answer > CLEAR_RATIO * p_none)


def _without_parentheses(question: str, text: str) -> str:
    """`text` without the parentheses in which accounts print money spent, if the question asks how much was spent."""
    amount = _IN_PARENTHESES.fullmatch(text.strip())
    return amount[1] + amount[2] if amount and _SPENT.search(question) else text


def _ranked_proposals(question: str, layouts: Sequence[PageLayout]) -> tuple[Matcher, list[RankedProposal]]:
    """All proposals, best first, for the wording of the question whose best proposal is the most probable."""
    printed = " ".join(line.text for layout in layouts for line in layout.page_text.lines)
    by_wording = []
    for wording in (question, *other_wordings(question, printed)):
        matcher, proposals = propose(wording, layouts)
        by_wording.append((matcher, rank_proposals(matcher, proposals)))
    return max(by_wording, key=lambda pair: pair[1][0][1] if pair[1] else 0.0)


def _others(ranked: Sequence[RankedProposal], best: RankedProposal | None, confidence: float) -> list[RankedProposal]:
    """The next proposals, among them the best one of each of the most promising pages.

    Their probabilities are scaled to what the answer's confidence leaves, and capped at that confidence.
    """
    scale, cap = (1 - confidence) / (1 - best[1]) if best and best[1] < 1 else 1.0, confidence if best else 1.0
    others = [(proposal, min(cap, scale * probability)) for proposal, probability in ranked[1 if best else 0 :]]
    shown = [pair for pair in others if pair[0].page.rank < SHOWN_PAGES]
    best_rank = best[0].page.rank if best else None
    best_of_pages = []
    for rank in range(SHOWN_PAGES):
        of_page = next((pair for pair in shown if pair[0].page.rank == rank), None)
        if rank != best_rank and of_page is not None:
            best_of_pages.append(of_page)
    likeliest = [pair for pair in shown if pair not in best_of_pages][: ALTERNATIVES - len(best_of_pages)]
    return sorted([*likeliest, *best_of_pages], key=lambda pair: -pair[1])


def _best_matching_line(matcher: Matcher, words: PageText) -> Candidate | None:
    """The line of a page that covers most of the question, for pages without a proposal."""
    lines = [(matcher.recall(matcher.covering(tokenize(line.text))), line) for line in words.lines]
    recall, line = max(lines, key=lambda pair: pair[0], default=(0.0, None))
    if line is None or not (recall or matcher.question.pages):
        return None
    x0, y0, x1, y1 = words.displayed(line.box)
    evidence = Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=line.text)
    return Candidate(text=line.text, confidence=0.0, evidence=evidence)


def _named_pages(question: str, layouts: Sequence[PageLayout], page_count: int | None) -> Sequence[PageLayout]:
    """The layouts of the pages that the question names; all layouts if it names none of them."""
    last = page_count or max((layout.page_text.number for layout in layouts), default=0)
    named = {last if number == -1 else number for number in analyze(question).pages}
    return [layout for layout in layouts if layout.page_text.number in named] or layouts


def propose(question: str, layouts: Sequence[PageLayout]) -> tuple[Matcher, list[Proposal]]:
    """Everything on the pages that may be the answer."""
    pages = [view_page(layout, rank) for rank, layout in enumerate(layouts)]
    printed = "".join(segment.text for page in pages for segment in page.segments)
    matcher = Matcher(analyze(use_printed_synonyms(question, printed)), pages)
    proposers = (propose_fields, propose_cells, propose_sentences, propose_letterheads)
    proposals = [proposal for page in pages for proposer in proposers for proposal in proposer(matcher, page)]
    if matcher.question.shape is Shape.YES_NO:
        proposals = [proposal for proposal in proposals if proposal.kind is ValueKind.YES_OR_NO]
    return matcher, proposals


def _evidence(proposal: Proposal) -> Evidence:
    words = proposal.page.layout.page_text
    x0, y0, x1, y1 = words.displayed(proposal.box)
    return Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=proposal.evidence)


def _candidate(proposal: Proposal, probability: float) -> Candidate:
    return Candidate(text=proposal.text, confidence=probability, evidence=_evidence(proposal))
