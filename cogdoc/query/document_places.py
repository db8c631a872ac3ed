"""Finds the places of a document that a question names: pages, and numbered figures, tables, sections and the like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from cogdoc.parsing.page_text import PageText
from cogdoc.query.concepts import concepts_in, is_function_word
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question
from cogdoc.query.terms import fold_case, stem
from cogdoc.text import HAN

EDGE_LINES = 2
"""Lines at the top and at the bottom of a page that may print its number."""

MIN_PRINTED_SHARE = 0.5
"""Share of the pages that have to print numbers which differ from their positions by the same amount."""

OTHER_READING = 0.5
"""Fit of a page whose position is the named number, where pages have labels or print other numbers; or the reverse."""

LINE_START = 0.7
INSIDE = 0.4

_DECORATION = " \t-–—•*#(["
_AFTER_NUMBER = ("", ":", "：", ".", "-", "–", "—", "|", "(")
"""What may follow the number in a caption or heading."""

_PARTS = frozenset({"figure", "chart", "table", "section", "appendix"})
_PAGES = frozenset({"page", "slide"})
_NUMBERED = re.compile(
    rf"(?P<word>[^\W\d_{HAN}]{{3,}}|[表图章节]|附[录件])(?:[\s.#:º°№–-]{{0,3}}(?P<digits>\d{{1,3}}(?:(?:\.\d{{1,2}})+|(?-i:[A-Z]))?)|"
    rf"[\s.#:º°№–-]{{1,3}}(?P<letters>(?-i:[A-Z])|[IVX]{{1,6}}))(?![^\W{HAN}]|%|[.,]\d)|"
    rf"第\s?(?P<chinese>\d{{1,3}}|[一二三四五六七八九十]+)\s?(?P<unit>[章节条])",
    re.I,
)
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,2})*")
_PAGE_LABEL = re.compile(r"([^\W\d_]+)\.?\s([ivxlc]{1,7}|[A-Za-z]{1,2}-?\d{1,3})(?!\w)")
_EDGE_NUMBER = re.compile(r"^\W*(?:\w+\W+)?(\d{1,4})\b|(\d{1,4})\W*$")

Reference = tuple[str, str]
"""What is numbered, as a concept or a word without endings, and its number: ("figure", "3"), ("unit", "VIII")."""


@dataclass(frozen=True, slots=True)
class Mention:
    reference: Reference
    fit: float
    """1 for a caption or heading, `LINE_START` where the line only begins with it, `INSIDE` otherwise."""
    start: int
    end: int
    """Of the word with the number, in the text."""


def find_references(text: str) -> Iterator[Mention]:
    """The numbered things that a line or a question names, other than pages."""
    for match in _NUMBERED.finditer(text):
        word, number = (
            fold_case(match["word"] or match["unit"]),
            match["digits"] or match["letters"] or match["chinese"],
        )
        concepts = concepts_in(word)
        if is_function_word(word) or concepts & _PAGES:
            continue
        kind = min(concepts & _PARTS, default="") or stem(word)
        leads = not text[: match.start()].strip(_DECORATION)
        is_title = text[match.end() :].strip()[:1] in _AFTER_NUMBER
        yield Mention((kind, number.upper()), (1.0 if is_title else LINE_START) if leads else INSIDE, *match.span())


def asked_references(question: str) -> tuple[Reference, ...]:
    """What a question names by number, of the kind that it names first: both of "the titles of Tables 2 and 3"."""
    mentions = list(find_references(question))
    named: list[Reference] = []
    for mention in mentions:
        kind, number = mention.reference
        if kind == mentions[0].reference[0]:
            more = _more_numbers().match(question, mention.end)
            numbers = _NUMBER.findall(more[0]) if more is not None else ()
            named += [(kind, number), *((kind, other) for other in numbers)]
    return tuple(dict.fromkeys(named))


@cache
def _more_numbers() -> re.Pattern[str]:
    """Numbers that commas and words for "and" join to the one before."""
    joints = sorted(map(re.escape, load_lexicon().operations["and"]), key=len, reverse=True)
    return re.compile(rf"(?:\s*(?:[,、]|{'|'.join(joints)})+\s*{_NUMBER.pattern}(?!\w))+", re.I)


def edge_numbers(page: PageText) -> frozenset[int]:
    """Numbers at the top and bottom of a page. The page number may be among them."""
    lines = [line.text for line in page.lines]
    found = (match for text in {*lines[:EDGE_LINES], *lines[-EDGE_LINES:]} for match in _EDGE_NUMBER.finditer(text))
    return frozenset(int(match[1] or match[2]) for match in found)


def named_pages(question: Question, pages: Mapping[int, tuple[str, frozenset[int]]], last: int) -> dict[int, float]:
    """How well each page that the question names by number or label fits, above 0 up to 1.

    A number is that of the label, if the file has labels, or that which the pages print, or the position in the file.

    Args:
        question: the parsed question.
        pages: label and `edge_numbers` by position.
        last: the position of the document's last page.
    """
    labels = {match[2].lower() for match in _PAGE_LABEL.finditer(question.text) if concepts_in(match[1]) & _PAGES}
    fits = {number: 1.0 for number, (label, _) in pages.items() if label.lower() in labels}
    offset = _printed_offset((number, edges) for number, (_, edges) in pages.items())
    has_labels = any(label.isdecimal() and label != str(number) for number, (label, _) in pages.items())
    for asked in question.pages:
        position = last if asked == -1 else asked
        printed = {number for number, (label, _) in pages.items() if label == str(asked)} if has_labels else set()
        if offset and not has_labels:
            printed = {asked - offset} & pages.keys()
        for number in printed:
            fits[number] = max(fits.get(number, 0.0), 1.0 if has_labels else OTHER_READING)
        if position in pages:
            fits[position] = max(fits.get(position, 0.0), OTHER_READING if has_labels and printed else 1.0)
    return fits


def names_pages(question: Question) -> bool:
    """Whether a question names a page by its number or label."""
    return bool(question.pages) or any(concepts_in(match[1]) & _PAGES for match in _PAGE_LABEL.finditer(question.text))


def _printed_offset(pages: Iterable[tuple[int, frozenset[int]]]) -> int:
    """By how much the numbers that pages print exceed their positions; 0 unless most of them agree."""
    listed = list(pages)
    offsets = Counter(printed - number for number, edges in listed for printed in edges)
    (offset, count), *_ = [*offsets.most_common(1), (0, 0)]
    return offset if count >= max(2.0, MIN_PRINTED_SHARE * len(listed)) else 0
