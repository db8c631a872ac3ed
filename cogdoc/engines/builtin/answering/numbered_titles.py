"""Proposes the titles of numbered things that a question names, and the numbers of those whose titles it describes.

"What is the title of Table 3" has what is printed after "Table 3:" as its answer, "what are Units 1 and 2 called" two
such titles, and "which figure shows sales by region" the name "Figure 5" of the title that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.text_spans import TextStyle
from cogdoc.query.concepts import concepts_in
from cogdoc.query.document_places import LINE_START, Reference, asked_references, find_references
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Shape
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.terms import tokenize
from cogdoc.query.typed_values import NUMERIC, ValueKind
from cogdoc.results.hyphenation import join_at_hyphen, words_of

MIN_EXPLAINED = 0.7
"""Share of a question's weight in words that name numbered things or ask for their titles."""

MIN_DESCRIBED = 0.4
"""Share of the weight of a description that the title of the thing it describes contains."""

MAX_TITLE_LINES = 4
MAX_GAP = 0.9
"""Line heights between the lines of one title."""

MAX_TITLE_GAP = 1.5
"""Line heights between a number and the title below it."""

FULL_LINE = 0.85
"""Share of the width of its column from which on a line of a title may go on below."""

TITLE_CONCEPTS = frozenset(("title", "name", "subject"))
UNSURE_FIT = 0.6
"""Of a title that no punctuation separates from the number."""

_LEADING = re.compile(r"[^\w(（\[“\"«「『]+")
_LEADERS = re.compile(r"\s*(?:[.…·_]\s?){4,}\s*\w{0,5}$")
_SENTENCE = re.compile(r"(?<=[\w)\]’”'\"]{2}[.。])\s+(?=[A-Z\"“(])|(?<=。)")


@dataclass(frozen=True, slots=True)
class Titled:
    """A numbered thing with its title, where a page prints both."""

    reference: Reference
    number: Slice
    """Its name with the number: "Figure 5"."""
    title: tuple[Slice, ...]
    text: str
    fit: float
    """As that of a mention."""


def propose_numbered(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """Titles of what the question names by number, or the numbers of what it describes."""
    question = matcher.question
    if question.quoted or question.shape in (Shape.YES_NO, Shape.COUNT):
        return
    asked = asked_references(question.text)
    if not question.pages and "page" in concepts_in(question.text):
        return  # "on which page is Table 3"
    if asked:
        yield from _titles(matcher, pages, asked)
    elif question.shape is Shape.LOOKUP:
        yield from _numbers(matcher, pages)


@lru_cache(maxsize=8)
def find_titled(page: PageView) -> tuple[Titled, ...]:
    """The numbered things of a page that have titles, in the order of its segments."""
    known = words_of(segment.text for segment in page.segments)
    titled = []
    for segment in page.segments:
        for mention in find_references(segment.text):
            if mention.fit < LINE_START:
                break
            title = _title(page, segment, mention.end)
            text = _joined(title, known)
            if text and (mention.fit == 1.0 or not text[0].islower()):
                number = Slice(segment, mention.start, mention.end)
                titled.append(Titled(mention.reference, number, title, text, mention.fit))
            break
    return tuple(titled)


def _title(page: PageView, segment: Segment, end: int) -> tuple[Slice, ...]:
    """What follows a number: in its line, beside it or below it, and the lines that it goes on in."""
    first = _without_leading(Slice(segment, end, len(segment.text)))
    if not first.text:
        below = [other for other in page.below(segment, MAX_TITLE_GAP) if other.row == segment.row + 1]
        beside = [*page.right_of(segment), *below]
        if not beside or _begins(beside[0]):
            return ()
        first = _without_leading(whole_slice(beside[0]))
    parts = [first]
    while len(parts) < MAX_TITLE_LINES and (following := _continuation(page, parts[-1].segment)) is not None:
        parts.append(whole_slice(following))
    return tuple(parts)


def _without_leading(part: Slice) -> Slice:
    """A slice without the punctuation that it begins with."""
    leading = _LEADING.match(part.text)
    return Slice(part.segment, part.start + (leading.end() if leading else 0), part.end)


def _continuation(page: PageView, line: Segment) -> Segment | None:
    """The line right below a full one that looks the same."""
    below = next(iter(page.below(line, MAX_GAP)), None)
    if below is None or below.row == line.row or len(page.rows[below.row]) > len(page.rows[line.row]) or _begins(below):
        return None
    if line.text.rstrip().endswith((".", "。", ":", "：", "!", "?")) or _is_bold(line) != _is_bold(below):
        return None
    column = [
        other.box.x1
        for row in page.rows[max(0, line.row - 4) : line.row + 6]
        for other in row
        if other.box.horizontal_overlap(line.box) > 0.3
    ]
    is_full = line.box.x1 >= line.box.x0 + FULL_LINE * (max(column) - line.box.x0)
    return below if is_full else None


def _is_bold(segment: Segment) -> bool:
    return any(TextStyle.BOLD in span.styles for span in segment.words[-1].spans)


def _begins(segment: Segment) -> bool:
    """Whether a line begins with a number of its own."""
    mention = next(iter(find_references(segment.text)), None)
    return mention is not None and mention.fit >= LINE_START


def _joined(title: Sequence[Slice], known: frozenset[str]) -> str:
    """The text of a title without leaders and page number, and without the sentences after the first one."""
    text = ""
    for part in title:
        line = part.text.strip()
        text = (join_at_hyphen(text, line, known) or f"{text} {line}") if text else line
    return _SENTENCE.split(_LEADERS.sub("", text))[0].strip()


def _titles(matcher: Matcher, pages: Sequence[PageView], asked: Sequence[Reference]) -> Iterator[Proposal]:
    """The titles of what the question names: each, or all together if it names several."""
    explained = _explained(matcher)
    if explained < MIN_EXPLAINED or (matcher.question.kinds[0] in NUMERIC and explained < 1):
        return
    found = [(page, titled) for page in pages for titled in find_titled(page) if titled.reference in asked]
    if len(asked) == 1:
        for page, titled in found:
            yield _proposal(page, titled, titled.text, titled.title, explained)
        return
    best: dict[Reference, tuple[PageView, Titled]] = {}
    for page, titled in sorted(found, key=lambda one: -one[1].fit):
        best.setdefault(titled.reference, (page, titled))
    if len(best) == len(asked):
        listed = [best[reference] for reference in asked]
        page = listed[0][0]
        slices = tuple(part for other, titled in listed if other is page for part in titled.title)
        text = ", ".join(titled.text for _, titled in listed)
        fit = min(titled.fit for _, titled in listed)
        yield _proposal(page, replace(listed[0][1], fit=fit), text, slices, explained)


def _explained(matcher: Matcher) -> float:
    """Share of the question's weight in words for numbered things, their numbers, and their titles."""
    lexicon, text = load_lexicon(), matcher.question.text
    general = lexicon.words["weak"] | lexicon.words["document"] | lexicon.words["listing"] | lexicon.words["mentioned"]
    spans = [(mention.start, mention.end) for mention in find_references(text)]
    known = {
        token.norm
        for token in tokenize(text)
        if any(start <= token.start < end for start, end in spans)
        or token.norm in general
        or token.norm[0].isdigit()
        or concepts_in(token.norm) & TITLE_CONCEPTS
    }
    terms = matcher.question.terms
    return sum(term.weight for term in terms if term.norm in known) / (sum(term.weight for term in terms) or 1.0)


def _numbers(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """The names of those things, of the kind that the question asks for, whose titles share words with it."""
    lookup, terms = matcher.question.lookup, matcher.question.terms
    kinds = {mention.reference[0] for token in tokenize(lookup.words) for mention in find_references(f"{token.norm} 1")}
    described = {token.norm for phrase in (*lookup.where, lookup.by) for token in tokenize(phrase)}
    weights = {i: matcher.weights[i] for i, term in enumerate(terms) if term.norm in described}
    for page in pages:
        for titled in find_titled(page):
            if titled.reference[0] not in kinds or not weights:
                continue
            tokens = tokenize(titled.text)
            covering = matcher.covering(tokens)
            shared = sum(weights.get(index, 0.0) * strength for index, strength in covering.items())
            recall = shared / sum(weights.values())
            if recall >= MIN_DESCRIBED:
                own = _proposal(page, titled, titled.number.text.strip(), (titled.number,), recall)
                yield replace(own, precision=matcher.precision(tokens))


def _proposal(page: PageView, titled: Titled, text: str, slices: tuple[Slice, ...], recall: float) -> Proposal:
    return Proposal(
        page=page,
        text=text,
        slices=slices,
        relation=Relation.INLINE,
        kind=ValueKind.TEXT,
        recall=recall,
        precision=1.0,
        fit=1.0 if titled.fit == 1.0 else UNSURE_FIT,
        evidence=page.row_text(titled.number.segment),
        features={"numbered-title": titled.fit},
    )
