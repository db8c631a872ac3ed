"""Counts what the text of all pages tells: numbered things, printed values, quoted words, and the items of a list.

A question may limit what it counts to pages or a section that it names: "on page 4", "in Appendix C".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from cogdoc.parsing.page_text import PageText
from cogdoc.query.concepts import concepts_in
from cogdoc.query.document_outline import Outline
from cogdoc.query.document_places import edge_numbers, find_references, named_pages, names_pages
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question
from cogdoc.query.section_matching import general_words, match_sections, named_sections, place_words
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.tree import Aggregate, Aggregation, Select
from cogdoc.query.typed_values import ValueKind, find_values

MIN_NUMBERED = 2
"""Captions from which on a document is known to number such things."""

MIN_FOUND = 0.6
"""Share of the numbers up to the highest that captions have to print."""

MIN_RECALL, STEPS_RECALL = 0.85, 0.3
"""Share of a question's words that a heading has to contain for the list below it to be what is counted; steps are
counted by words for what they do."""

_QUOTED = re.compile(r"[\"“«„「『]([^\"”»“」』]{2,60})[\"”»“」』]")
_ACCOUNT_NAME = re.compile(r"(?<![\w.@])@[a-z_]\w{1,30}(?![\w@]|\.\w)")
_TYPED = {
    "email": ValueKind.EMAIL,
    "email address": ValueKind.EMAIL,
    "website": ValueKind.URL,
    "phone": ValueKind.PHONE,
    "phone number": ValueKind.PHONE,
}
"""Kinds of values that are recognized anywhere, by the concepts that count them."""

Found = tuple[int, int, str]
"""Number of a page, index of a line in the document, and what is counted there; the same text is the same thing."""


@dataclass(frozen=True)
class _Asked:
    """What a question counts, in its words."""

    question: Question
    nouns: frozenset[str]
    """The words for what is counted."""
    others: frozenset[str]
    """Its other words that are neither general nor name a place."""


def count_in_document(question: Question, pages: Iterable[PageText]) -> int | None:
    """What a question counts in the whole document or in a named part of it; None if the text does not tell.

    `pages` have to come in order.
    """
    tree = question.tree
    if not (isinstance(tree, Aggregate) and isinstance(tree.of, Select)) or tree.function is not Aggregation.COUNT:
        return None
    asked = _read(question, tree.of.words)
    outline, found = Outline(), list[Found]()
    places: dict[int, tuple[str, frozenset[int]]] = {}
    finder = _finder(asked)
    for page in pages:
        places[page.number] = (page.label, edge_numbers(page))
        if finder is not None:
            found += ((page.number, outline.line_count + line, key) for line, key in finder.find(page))
        outline.add(page)
    named = _named(question, places)
    sections = named_sections(question, outline)
    if named is not None:
        found = [one for one in found if one[0] in named]
    if sections is not None:
        found = [one for one in found if any(section.start <= one[1] < section.end for section in sections)]
    is_whole = named is None and sections is None
    if finder is not None:
        return finder.count([key for _, _, key in found], is_whole=is_whole) or None
    is_of_period = any(word[0].isdigit() for word in asked.others)
    return _listed(asked, outline) if named is None and not is_of_period else None


def _read(question: Question, counted: str) -> _Asked:
    nouns = frozenset(token.norm for token in tokenize(counted))
    others = {term.norm for term in question.terms} - nouns - general_words() - place_words(question)
    return _Asked(question, nouns - load_lexicon().words["mentioned"], frozenset(others))


def _named(question: Question, places: dict[int, tuple[str, frozenset[int]]]) -> Collection[int] | None:
    """The numbers of the pages that a question names; None if it names none."""
    if not names_pages(question):
        return None
    fits = named_pages(question, places, max(places, default=0))
    return [number for number, fit in fits.items() if fit == max(fits.values())]


# What is found line by line


class _Quoted:
    """How often the quoted words are printed."""

    def __init__(self, words: str) -> None:
        self._pattern = re.compile(rf"(?<!\w){re.escape(fold_case(words))}(?!\w)")

    def find(self, page: PageText) -> Iterator[tuple[int, str]]:
        """Each occurrence with the line that it begins in, also where it goes on in the next one."""
        starts, text = list[int](), ""
        for line in page.lines:
            starts.append(len(text))
            text += fold_case(line.text) + " "
        for match in self._pattern.finditer(text):
            yield sum(start <= match.start() for start in starts) - 1, match[0]

    def count(self, keys: Sequence[str], *, is_whole: bool) -> int:  # noqa: ARG002
        return len(keys)


class _Typed:
    """How many different values of a kind are printed; names of accounts if no kind is given."""

    def __init__(self, kind: ValueKind | None) -> None:
        self._kind = kind

    def find(self, page: PageText) -> Iterator[tuple[int, str]]:
        for index, line in enumerate(page.lines):
            text = fold_case(line.text)
            if self._kind is None:
                yield from ((index, name[0]) for name in _ACCOUNT_NAME.finditer(text))
            else:
                found = (text[value.start : value.end] for value in find_values(self._kind, line.text))
                yield from ((index, "".join(value.split()).strip("./")) for value in found)

    def count(self, keys: Sequence[str], *, is_whole: bool) -> int:  # noqa: ARG002
        return len(set(keys))


class _Numbered:
    """How many things of some kinds have numbered captions or headings."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds = kinds

    def find(self, page: PageText) -> Iterator[tuple[int, str]]:
        for index, line in enumerate(page.lines):
            for mention in find_references(line.text):
                if mention.fit == 1.0 and mention.reference[0] in self._kinds:
                    yield index, mention.reference[1]

    def count(self, keys: Sequence[str], *, is_whole: bool) -> int:
        """In the whole document, the highest number if only some captions are found; 0 if most of them are missing."""
        numbers = set(keys)
        if not is_whole:
            return len(numbers)
        if len(numbers) < MIN_NUMBERED:
            return 0
        if not all(number.isdecimal() for number in numbers):
            return len(numbers)
        highest = max(map(int, numbers))
        return highest if len(numbers) >= MIN_FOUND * highest else 0


def _finder(asked: _Asked) -> _Quoted | _Typed | _Numbered | None:
    """What finds the things that a question counts, if it says nothing else of them."""
    question = asked.question
    quoted = _QUOTED.search(question.text)
    if quoted is not None:
        words = {token.norm for token in tokenize(quoted[1])}
        return _Quoted(quoted[1]) if asked.others <= words else None
    concepts = frozenset[str]().union(concepts_in(" ".join(asked.nouns)), *map(concepts_in, asked.nouns))
    kinds = {mention.reference[0] for noun in asked.nouns for mention in find_references(f"{noun} 1")}
    typed = next((kind for concept, kind in _TYPED.items() if concept in concepts), None)
    if asked.others:
        return None
    if typed is not None or "account" in concepts:
        return _Typed(typed)
    return _Numbered(kinds) if len(asked.nouns) == 1 and kinds else None


# Lists below a heading


def _listed(asked: _Asked, outline: Outline) -> int | None:
    """How many items the list has that the heading right above it says the question's words of."""
    counts_steps = bool(asked.nouns & load_lexicon().words["steps"])
    words = asked.others if counts_steps else asked.others | asked.nouns
    least = STEPS_RECALL if counts_steps else MIN_RECALL
    matches = [match for match in match_sections(asked.question, words, outline) if match.recall >= least]
    for match in sorted(matches, key=lambda match: match.score, reverse=True):
        items = outline.items(match.section, numbered=counts_steps)
        if len(items) > 1:
            return len(items)
    return None
