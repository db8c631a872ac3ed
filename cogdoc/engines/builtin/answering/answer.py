"""From a question and pages to an answer: proposals of every kind, ranked; the best one, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cogdoc.engines.builtin.answering.candidate_ranking import ranked
from cogdoc.engines.builtin.answering.candidates import Proposal
from cogdoc.engines.builtin.answering.confidence import calibrated, looks_like_chart
from cogdoc.engines.builtin.answering.fields import propose_fields
from cogdoc.engines.builtin.answering.letterheads import propose_letterheads
from cogdoc.engines.builtin.answering.sentences import propose_sentences
from cogdoc.engines.builtin.answering.table_lookup import propose_cells
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question_analysis import Shape, analyze, other_wordings, reworded
from cogdoc.query.segments import view_page
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import ValueKind
from cogdoc.results.records import Answer, Candidate, Evidence

THRESHOLD = 0.3
"""From this probability on an answer is given."""

UNDECIDED = 0.15
"""Even from this on, where it is less likely by far that the document does not say."""

FAR = 3.0

ALTERNATIVES = 5
SHOWN_PAGES = 3
"""The most promising pages, of each of which something is shown."""

Weighed = tuple[Proposal, float]

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
    """Answer from the words and the layout of the pages most worth looking at, best first.

    The answer's text is None where nothing on the pages fits; its confidence is the chance that this is so.
    A question that names a page ("on page 5", "on the last page") is answered from that page, where it is among
    `layouts`. `page_count` is the length of the whole document: it says which page is the last one, and answers
    the question how many pages there are.
    """
    if page_count is not None and _HOW_MANY_PAGES.search(question):
        return Answer(question=question, text=str(page_count), confidence=PAGE_COUNT_CONFIDENCE)
    looked_at = _named_pages(question, layouts, page_count)
    matcher, found = _weighed(question, looked_at)
    unsaid = max(0.0, 1 - sum(chance for _, chance in found))
    best = found[0] if found and should_answer(found[0][1], unsaid) else None
    confidence = unsaid
    if best is not None:
        on_chart = looks_like_chart(best[0].page)
        confidence = calibrated(best[1], quoted=matcher.question.quoted, on_chart=on_chart)
    alternatives = [_candidate(proposal, chance) for proposal, chance in _others(found, best, confidence)]
    shown = {one.evidence.page for one in alternatives if one.evidence is not None}
    if best is not None:
        shown.add(best[0].page.number)
    elsewhere = [layout.page_text for layout in looked_at[:SHOWN_PAGES] if layout.page_text.number not in shown]
    if len(layouts) > 1:
        alternatives += [place for words in elsewhere if (place := _place_to_look(matcher, words)) is not None]
    if best is None:
        # Nobody knows the answer yet: where to look for it counts more than what it might be.
        order = {layout.page_text.number: rank for rank, layout in enumerate(looked_at)}
        alternatives.sort(key=lambda one: order[one.evidence.page] if one.evidence else len(order))
    return Answer(
        question=question,
        text=_unsigned(question, best[0].text) if best is not None else None,
        confidence=confidence,
        evidence=(_evidence(best[0]),) if best is not None else (),
        alternatives=tuple(alternatives),
    )


def should_answer(chance: float, unsaid: float) -> bool:
    """Whether to give the likeliest answer, by its probability and by that of the document not saying."""
    return chance >= THRESHOLD or (chance >= UNDECIDED and chance > FAR * unsaid)


def _unsigned(question: str, text: str) -> str:
    """An amount without the parentheses in which accounts print what is spent, where it is asked how much that is."""
    printed = _IN_PARENTHESES.fullmatch(text.strip())
    return printed[1] + printed[2] if printed and _SPENT.search(question) else text


def _weighed(question: str, layouts: Sequence[PageLayout]) -> tuple[Matcher, list[Weighed]]:
    """All proposals, best first, for the question in that of its wordings which has the surest answer."""
    printed = " ".join(line.text for layout in layouts for line in layout.page_text.lines)
    weighed = []
    for wording in (question, *other_wordings(question, printed)):
        matcher, proposals = propose(wording, layouts)
        weighed.append((matcher, ranked(matcher, proposals)))
    return max(weighed, key=lambda pair: pair[1][0][1] if pair[1] else 0.0)


def _others(found: Sequence[Weighed], best: Weighed | None, confidence: float) -> list[Weighed]:
    """The next candidates, of each of the most promising pages the best one among them.

    They share what the answer's confidence leaves, and none is likelier than the answer.
    """
    left, most = (1 - confidence) / (1 - best[1]) if best and best[1] < 1 else 1.0, confidence if best else 1.0
    others = [(proposal, min(most, left * chance)) for proposal, chance in found[1 if best else 0 :]]
    rest = [pair for pair in others if pair[0].page.rank < SHOWN_PAGES]
    shown = {best[0].page.rank} if best else set()
    reserved = []
    for rank in range(SHOWN_PAGES):
        of_page = next((pair for pair in rest if pair[0].page.rank == rank), None)
        if rank not in shown and of_page is not None:
            reserved.append(of_page)
    likeliest = [pair for pair in rest if pair not in reserved][: ALTERNATIVES - len(reserved)]
    return sorted([*likeliest, *reserved], key=lambda pair: -pair[1])


def _place_to_look(matcher: Matcher, words: PageText) -> Candidate | None:
    """The line of a page that holds most of the question, where nothing on the page looks like an answer."""
    lines = [(matcher.recall(matcher.covered(tokenize(line.text))), line) for line in words.lines]
    recall, line = max(lines, key=lambda pair: pair[0], default=(0.0, None))
    if line is None or not (recall or matcher.question.pages):
        return None
    x0, y0, x1, y1 = words.displayed(line.box)
    evidence = Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=line.text)
    return Candidate(text=line.text, confidence=0.0, evidence=evidence)


def _named_pages(question: str, layouts: Sequence[PageLayout], page_count: int | None) -> Sequence[PageLayout]:
    """The layouts of the pages that the question names, or all of them."""
    last = page_count or max((layout.page_text.number for layout in layouts), default=0)
    named = {last if number == -1 else number for number in analyze(question).pages}
    return [layout for layout in layouts if layout.page_text.number in named] or layouts


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
    words = proposal.page.layout.page_text
    x0, y0, x1, y1 = words.displayed(proposal.box)
    return Evidence(page=words.number, label=words.label, box=(x0, y0, x1, y1), text=proposal.evidence)


def _candidate(proposal: Proposal, chance: float) -> Candidate:
    return Candidate(text=proposal.text, confidence=chance, evidence=_evidence(proposal))
