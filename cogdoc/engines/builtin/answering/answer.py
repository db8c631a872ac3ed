"""Answers a question from pages: collects proposals of every kind, ranks them, and returns the best one or none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from cogdoc.engines.builtin.answering.captions import caption_lines, propose_captioned
from cogdoc.engines.builtin.answering.chart_proposals import PageCharts, propose_from_charts
from cogdoc.engines.builtin.answering.checkboxes import has_mark, propose_checkboxes
from cogdoc.engines.builtin.answering.computed_proposals import propose_computed
from cogdoc.engines.builtin.answering.confidence import Judgement, judge, page_evidence
from cogdoc.engines.builtin.answering.document_properties import propose_properties
from cogdoc.engines.builtin.answering.fields import propose_fields
from cogdoc.engines.builtin.answering.named_places import in_named_places
from cogdoc.engines.builtin.answering.numbered_titles import propose_numbered
from cogdoc.engines.builtin.answering.proposal_ranking import describe, rank_proposals
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.prose import without_false_labels
from cogdoc.engines.builtin.answering.section_lists import propose_section_lists
from cogdoc.engines.builtin.answering.sentences import propose_sentences
from cogdoc.engines.builtin.answering.statements import propose_statements
from cogdoc.engines.builtin.answering.summary import quote_document
from cogdoc.engines.builtin.answering.table_proposals import propose_cells
from cogdoc.engines.builtin.answering.text_comparisons import propose_text_comparisons
from cogdoc.engines.builtin.answering.typed_proposals import propose_typed_values
from cogdoc.engines.builtin.answering.yes_or_no import truth_of
from cogdoc.parsing.numbers import without_notes
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.query.computed import tree_output
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Matcher, is_label
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.page_ranking import find_named_pages
from cogdoc.query.question import DocumentField, Question, Shape
from cogdoc.query.question_parser import parse_question
from cogdoc.query.segments import PageView, view_page
from cogdoc.query.terms import stem, tokenize
from cogdoc.query.tree import Choose, ListOf
from cogdoc.query.typed_values import NUMERIC, ValueKind, find_values, may_be
from cogdoc.results.records import Answer, AnswerOperand, Candidate, Evidence

ALTERNATIVES = 5
SHOWN_PAGES = 3
"""How many of the best pages are represented among the alternatives, by a candidate or by a matching line."""

SHOWN_OPERANDS = 8
"""How many operands of a computed answer are shown as its evidence."""

NAMING = frozenset({Shape.LOOKUP, Shape.MAXIMUM, Shape.MINIMUM})
"""Questions that may ask for a name although they state a type of value: "which has the highest price"."""

UNTYPED = frozenset(("numbered-title", "section-list"))
"""Features of proposals that answer whatever their type: "what is Goal 2" asks for no number."""

RankedProposal = tuple[Proposal, float]
"""A proposal with its probability of being the answer."""

_SPENT = re.compile(
    r"\b(?:expenditures?|capex|purchases?|payments?|paid|repurchase[sd]?|spen[dt]|expenses?|costs?|loss(?:es)?|used)\b"
    r"(?![^()]*\))",
    re.I,
)
_IN_PARENTHESES = re.compile(r"([$€£¥]?)\s?\(\s?([$€£¥]?\s?\d[\d,.]*)\s?\)")

PAGE_COUNT_CONFIDENCE = 0.9


@dataclass(frozen=True)
class Collected:
    """Everything on the pages that may be the answer to a question."""

    matcher: Matcher
    proposals: Sequence[Proposal]
    features: Sequence[Features]
    """By proposal."""
    evidence: Features
    """Of the question and its pages together."""

    @cached_property
    def ranked(self) -> list[RankedProposal]:
        """The best proposal of every text, the likeliest first."""
        return [(self.proposals[index], probability) for index, probability in self._ranked]

    @cached_property
    def judgement(self) -> Judgement:
        best = self.features[self._ranked[0][0]] if self._ranked else {}
        return judge(self.evidence, [probability for _, probability in self._ranked], best)

    @cached_property
    def _ranked(self) -> list[tuple[int, float]]:
        return rank_proposals(self.proposals, self.features)


def answer_question(
    question: str,
    layouts: Sequence[PageLayout],
    *,
    page_count: int | None = None,
    charts: PageCharts = MappingProxyType({}),
) -> Answer:
    """Answer a question from the words and layout of pages, the most promising page first.

    The answer's text is None if nothing on the pages fits, and it has no confidence then. A question that names a page
    ("on page 5", "on the last page") is answered from that page if it is among `layouts`. `page_count` is the length of
    the whole document: it determines the last page, and answers questions about the number of pages. `charts` are those
    of the pages.
    """
    if page_count is not None and asks_page_count(parse_question(question)):
        return Answer(question=question, text=str(page_count), confidence=PAGE_COUNT_CONFIDENCE)
    if (quotation := quote_document(parse_question(question), layouts)) is not None:
        return quotation
    searched = pages_to_search(question, layouts, page_count)
    collected = collect(question, searched, charts)
    ranked, judgement = collected.ranked, collected.judgement
    # Titles of charts often leave out what is known from their surroundings; other pages name what they are about.
    is_elsewhere = collected.evidence.get("names-missing") == 1 and not any(charts.values())
    best = ranked[0] if ranked and judgement.should_answer and not is_elsewhere else None
    confidence = judgement.confidence if best is not None else None
    alternatives = [_candidate(proposal, probability) for proposal, probability in _others(ranked, best, confidence)]
    shown = {alternative.evidence.page for alternative in alternatives if alternative.evidence is not None}
    if best is not None:
        shown.add(best[0].page.number)
    unshown = [layout.page_text for layout in searched[:SHOWN_PAGES] if layout.page_text.number not in shown]
    if len(layouts) > 1:
        lines = (_best_matching_line(collected.matcher, words) for words in unshown)
        alternatives += [line for line in lines if line is not None]
    if best is None:
        # Without an answer, the order of the pages helps the user more than the probabilities.
        order = {layout.page_text.number: rank for rank, layout in enumerate(searched)}
        alternatives.sort(key=lambda candidate: order[candidate.evidence.page] if candidate.evidence else len(order))
    return Answer(
        question=question,
        text=_without_parentheses(question, without_notes(best[0].text)) if best is not None else None,
        confidence=confidence,
        # A right answer answers the question.
        p_answerable=max(judgement.p_answerable, confidence or 0.0),
        evidence=_all_evidence(best[0], layouts) if best is not None else (),
        alternatives=tuple(alternatives),
        query=tree_output(best[0].query) if best is not None and best[0].query is not None else None,
        operands=_operands(best[0], layouts) if best is not None else (),
        formula=(best[0].formula or None) if best is not None else None,
    )


def asks_page_count(question: Question) -> bool:
    """Whether a question asks how many pages the document has, and nothing about what is on them."""
    concepts = load_lexicon().concepts
    pages = {*concepts.get("page", ()), *concepts.get("slide", ())}
    counted = [term for term in question.terms if term.norm in pages or stem(term.norm) in pages]
    others = [term for term in question.terms if term not in counted]
    counts = question.kinds[0] is ValueKind.NUMBER and question.shape in (Shape.COUNT, Shape.VALUE)
    return counts and bool(counted) and all(term.norm in load_lexicon().words["document"] for term in others)


def collect(
    question: str | Question, layouts: Sequence[PageLayout], charts: PageCharts = MappingProxyType({})
) -> Collected:
    """All proposals for a question, with the features that rank and judge them."""
    pages = [view_page(layout, rank) for rank, layout in enumerate(layouts)]
    matcher = Matcher(parse_question(question) if isinstance(question, str) else question, pages)
    proposals = propose(matcher, pages, charts)
    described = zip(proposals, describe(matcher, proposals), strict=True)
    # "Chief financial officer" is another than the chief marketing officer that is asked for.
    kept = [(proposal, features) for proposal, features in described if features["replaced"] < 1]
    evidence = page_evidence(matcher, pages, has_charts=any(charts.values()))
    return Collected(matcher, [one for one, _ in kept], [features for _, features in kept], evidence)


def propose(matcher: Matcher, pages: Sequence[PageView], charts: PageCharts) -> list[Proposal]:
    """Everything on the pages that may be the answer to the matcher's question."""
    proposers = (
        propose_fields,
        propose_captioned,
        propose_checkboxes,
        propose_cells,
        propose_properties,
        propose_typed_values,
    )
    proposals = [proposal for page in pages for proposer in proposers for proposal in proposer(matcher, page)]
    captions = {page.rank: caption_lines(page) for page in pages}
    # What a caption says is no value, and its own value is over it.
    proposals = [
        one for one in proposals if captions[one.page.rank].isdisjoint(part.segment.index for part in one.slices)
    ]
    proposals += propose_computed(matcher, pages)
    proposals += propose_from_charts(matcher, pages, charts)
    proposals += propose_sentences(matcher, pages)
    proposals += [*propose_numbered(matcher, pages), *propose_section_lists(matcher, pages)]
    proposals = in_named_places(matcher.question, pages, proposals)
    proposals = [proposal for proposal in without_false_labels(proposals) if not is_label(proposal.text)]
    if any(proposal.features.get("exact") for proposal in proposals):
        # The quoted label is printed as it is, so that labels with more or fewer words are others.
        proposals = [proposal for proposal in proposals if proposal.features.get("exact", 1.0)]
    if any(proposal.features.get("option-ticked") for proposal in proposals):
        # What is ticked answers the question; the text of all options does not.
        proposals = [one for one in proposals if "option" in one.features or not has_mark(one.text)]
    if matcher.question.shape is Shape.YES_NO:
        # A word of a sentence is no answer, even if it means "yes" in some language.
        proposals = [
            one
            for one in proposals
            if one.relation is not Relation.SENTENCE and "in-prose" not in one.features and not _is_option_alone(one)
        ]
        proposals += [*propose_statements(matcher, pages), *propose_text_comparisons(matcher, pages)]
        language = matcher.question.language
        return [
            proposal for proposal in proposals if truth_of(proposal.text, language, proposal.page.language) is not None
        ]
    if isinstance(matcher.question.tree, Choose):
        options = matcher.question.tree.options
        # "Three or more" is no choice: then none of what the pages say is an option.
        return [one for one in proposals if any(_is_option(option, one.text) for option in options)] or proposals
    if matcher.question.quoted or matcher.question.shape in NAMING:
        return proposals
    asked = matcher.question.kinds[0]
    lists = isinstance(matcher.question.tree, ListOf)
    return [one for one in proposals if _may_answer(asked, one) or (lists and one.relation is Relation.SENTENCE)]


def _may_answer(asked: ValueKind, proposal: Proposal) -> bool:
    """Whether a proposal is of a type that is asked for; a sentence may say "35 cents", and "in June" for a date."""
    if proposal.relation is Relation.COMPUTED or may_be(asked, proposal.text) or proposal.features.keys() & UNTYPED:
        return True
    if proposal.relation is not Relation.SENTENCE:
        return False
    return asked is ValueKind.DATE or (asked in NUMERIC and any(find_values(kind, proposal.text) for kind in NUMERIC))


def _is_option_alone(proposal: Proposal) -> bool:
    """Whether a printed word is beside a checkbox that did not count: "Yes" of "Yes ☐ No ☒"."""
    rows = [proposal.page.rows[part.segment.row] for part in proposal.slices if part.segment.row >= 0]
    return "option" not in proposal.features and any(has_mark(other.text) for row in rows for other in row)


def _is_option(option: str, text: str) -> bool:
    """Whether a text is one of the things that a question names to choose from, perhaps in more or fewer words."""
    words, others = ({token.norm for token in tokenize(one)} for one in (option, text))
    return bool(words) and (words <= others or (bool(others) and others <= words))


def _without_parentheses(question: str, text: str) -> str:
    """`text` without the parentheses in which accounts print money spent, if the question asks how much was spent."""
    amount = _IN_PARENTHESES.fullmatch(text.strip())
    return amount[1] + amount[2] if amount and _SPENT.search(question) else text


def _others(
    ranked: Sequence[RankedProposal], best: RankedProposal | None, confidence: float | None
) -> list[RankedProposal]:
    """The next proposals, among them the best one of each of the most promising pages.

    Their probabilities are scaled to what the answer's own leaves, and capped at that.
    """
    scale, cap = 1.0, 1.0
    if best is not None and confidence is not None:
        scale, cap = (1 - confidence) / (1 - best[1]) if best[1] < 1 else 1.0, confidence
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


def pages_to_search(question: str, layouts: Sequence[PageLayout], page_count: int | None) -> Sequence[PageLayout]:
    """The layouts of the pages that the question names; all layouts if it names none of them.

    The title of a document is on its first page, unless that has no text.
    """
    asked = parse_question(question)
    last = page_count or max((layout.page_text.number for layout in layouts), default=0)
    named = find_named_pages(asked, [layout.page_text for layout in layouts], last)
    if not named and asked.fields == {DocumentField.TITLE}:
        named = frozenset(layout.page_text.number for layout in layouts if layout.page_text.words) & {1}
    return [layout for layout in layouts if layout.page_text.number in named] or layouts


def evidence_of(proposal: Proposal) -> Evidence:
    words = proposal.page.layout.page_text
    x0, y0, x1, y1 = words.displayed(proposal.box)
    return Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=proposal.evidence)


def _all_evidence(proposal: Proposal, layouts: Sequence[PageLayout]) -> tuple[Evidence, ...]:
    """Where the value is printed, or where its operands are."""
    texts = {layout.page_text.number: layout.page_text for layout in layouts}
    operands = () if proposal.slices else proposal.operands[:SHOWN_OPERANDS]
    shown = []
    for cell in (operand.cell for operand in operands):
        if cell.box is not None and (words := texts.get(cell.page)) is not None:
            x0, y0, x1, y1 = words.displayed(cell.box)
            shown.append(Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=cell.text))
    return tuple(shown) or (evidence_of(proposal),)


def _operands(proposal: Proposal, layouts: Sequence[PageLayout]) -> tuple[AnswerOperand, ...]:
    texts = {layout.page_text.number: layout.page_text for layout in layouts}
    shown = []
    for operand in proposal.operands:
        cell, words = operand.cell, texts.get(operand.cell.page)
        box = words.displayed(cell.box) if words is not None and cell.box is not None else None
        shown.append(AnswerOperand(label=operand.label, text=cell.text, page=cell.page, box=box))
    return tuple(shown)


def _candidate(proposal: Proposal, probability: float) -> Candidate:
    return Candidate(text=without_notes(proposal.text), confidence=probability, evidence=evidence_of(proposal))
