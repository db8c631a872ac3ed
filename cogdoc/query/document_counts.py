"""Counts what the text of all pages tells: numbered figures and tables, and how often a quoted word is printed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from cogdoc.parsing.page_text import PageText
from cogdoc.query.concepts import concepts_in
from cogdoc.query.document_places import find_references
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.tree import Aggregate, Aggregation, Select

NUMBERED = frozenset(("figure", "table", "chart", "appendix"))
"""What is counted by the numbers of its captions."""

MIN_NUMBERED = 2
"""Captions from which on a document is known to number such things."""

MIN_FOUND = 0.6
"""Share of the numbers up to the highest that captions have to print."""

_QUOTED = re.compile(r"[\"“«„「『]([^\"”»“」』]{2,60})[\"”»“」』]")


def count_in_document(question: Question, pages: Iterable[PageText]) -> int | None:
    """What a question counts in the whole document; None if it counts something else, or the text does not tell."""
    tree = question.tree
    if not (isinstance(tree, Aggregate) and isinstance(tree.of, Select)) or tree.function is not Aggregation.COUNT:
        return None
    if question.pages:
        return None
    lexicon = load_lexicon()
    general = frozenset().union(*(lexicon.words[name] for name in ("document", "weak", "listing", "mentioned")))
    general |= frozenset(token.norm for phrase in lexicon.operations["sum"] for token in tokenize(phrase))
    quoted = _QUOTED.search(question.text)
    if quoted is not None:
        others = {term.norm for term in question.terms} - {token.norm for token in tokenize(quoted[1])}
        return _occurrences(quoted[1], pages) or None if others <= general else None
    kinds = {kind for term in question.terms for kind in concepts_in(term.norm) & NUMBERED}
    others = {term.norm for term in question.terms if not concepts_in(term.norm) & NUMBERED}
    is_counted = len(kinds) == 1 and bool(concepts_in(tree.of.words) & kinds) and others <= general
    return _numbered(kinds, pages) if is_counted else None


def _numbered(kinds: Collection[str], pages: Iterable[PageText]) -> int | None:
    """How many things of some kinds have numbered captions; the highest number if only some captions are found."""
    mentions = (mention for page in pages for line in page.lines for mention in find_references(line.text))
    numbers = {mention.reference[1] for mention in mentions if mention.fit == 1.0 and mention.reference[0] in kinds}
    if len(numbers) < MIN_NUMBERED:
        return None
    if not all(number.isdecimal() for number in numbers):
        return len(numbers)
    highest = max(map(int, numbers))
    return highest if len(numbers) >= MIN_FOUND * highest else None


def _occurrences(words: str, pages: Iterable[PageText]) -> int:
    pattern = re.compile(rf"(?<!\w){re.escape(fold_case(words))}(?!\w)")
    return sum(len(pattern.findall(fold_case(" ".join(line.text for line in page.lines)))) for page in pages)
