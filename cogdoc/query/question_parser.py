"""Parses a question of any language by the words of its lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cogdoc.query.answer_types import find_answer_kinds, label_kinds, meaning
from cogdoc.query.concepts import all_spans, concepts_in
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.question import DocumentField, Question, Shape, Term, shape_of
from cogdoc.query.question_clause import Clause
from cogdoc.query.question_pieces import (
    NUMBER,
    ORDINAL,
    PUNCTUATION,
    QUOTED,
    Piece,
    guess_language,
    normalize,
    split_pieces,
)
from cogdoc.query.question_tree import build_tree, lookup
from cogdoc.query.terms import tokenize
from cogdoc.query.tree import Query, Select, Verify

WEAK_WEIGHT = 0.35
"""Weight of a word that states the kind of answer, such as "name"; a word of the label itself has the weight 1."""

MODIFIER_WEIGHT = 0.6
"""Factor for words outside the label, which qualify it."""

ASIDE_WEIGHT = 0.3
"""Factor for words in parentheses, in an introduction, and in sentences around the one that asks."""

MAX_LENGTH = 2000
"""Characters of a question that are parsed."""

MAX_PAGE = 100_000
MAX_PAGE_RANGE = 50
"""Pages that a question may name as a range: "pages 3 to 5"."""

NOUNS_IN_CAPITALS = ("de",)
"""Languages in which capitals do not mark names."""

_SENTENCE_END = re.compile(r"(?:(?<=[?!؟])|(?<=\w{4}\.))\s+|(?<=[。？！])\s*")
_UNIT_NOTE = re.compile(r"(?<=[?？])\s*\([^()]{1,40}\)\s*[?？]?\s*$|\s*\(in [^()]{1,30}\)(?=\s*[?？]|$)", re.I)
"""How the answer is to be printed, at the end of a question: "(in millions)", "(round to one decimal place)"."""

_HYPHENATED = re.compile(r"(\d{1,4})-(\d{1,4})")
_QUESTION_MARKS = ("?", "？", "؟")
_NAME = re.compile(r"(?<=[\w,;:(] )[A-Z][a-z]{3,}\b|(?<=\()[A-Z][a-z]{3,}\b")
_PAGES = frozenset(("page", "slide"))
_FIELDS: tuple[tuple[DocumentField, frozenset[str]], ...] = (
    (DocumentField.ADDRESS, frozenset(("address", "headquarters"))),
    (DocumentField.RECIPIENT, frozenset(("recipient", "buyer"))),
    (DocumentField.SENDER, frozenset(("sender", "author", "signature"))),
    (DocumentField.ISSUER, frozenset(("seller", "company", "organization", "bank", "school", "issue date"))),
    (DocumentField.DATE, frozenset(("date", "document date", "issue date", "invoice date", "receipt date"))),
    (DocumentField.TOTAL, frozenset(("total", "gross total", "amount due", "amount paid", "amount", "price"))),
    (DocumentField.TITLE, frozenset(("title",))),
    (DocumentField.PAGE_NUMBER, frozenset(("page number",))),
)
"""The concepts that ask for a property of the whole document, if the question names nothing else."""

_GENERAL = frozenset(("name", "document", "number", "value"))


@lru_cache(maxsize=256)
def parse_question(text: str, names: tuple[str, ...] = ()) -> Question:
    """Parse a question; each of `names` that it contains is a name, whatever its words mean."""
    main, before = _main_sentence(_UNIT_NOTE.sub("", normalize(text[:MAX_LENGTH])))
    language = guess_language(main)
    clause = Clause(main, language, split_pieces(main, language, names))
    pages, used = _pages(clause)
    tree = build_tree(clause)
    quoted = next((index for index, piece in enumerate(clause.pieces) if piece.has(QUOTED)), None)
    if quoted is not None and isinstance(tree, Select) and not clause.where((quoted,)):
        label = clause.phrase([quoted]).strip(" :：?'‘’")
        terms = _weighed(label, language, 1.0)
        select = Select(label)
        return Question(
            text, language, label_kinds(label, language), Shape.VALUE, select, select, _merged(terms), label,
            quoted=True, pages=pages,
        )  # fmt: skip
    asides = _terms(Clause(before, language, split_pieces(before, language)), ())
    return Question(
        text=text,
        language=language,
        kinds=find_answer_kinds(clause, tree),
        shape=_shape(clause, tree),
        tree=tree,
        lookup=lookup(clause),
        terms=_merged([*_terms(clause, used), *((word, ASIDE_WEIGHT * weight) for word, weight in asides)]),
        label=clause.phrase(_label(clause)),
        quoted=False,
        pages=pages,
        fields=_fields(clause) if not isinstance(tree, Verify) else frozenset(),
        names=_names(clause),
    )


def _main_sentence(text: str) -> tuple[str, str]:
    """The sentence that asks, and those before it. What follows it only says how to answer."""
    sentences = [part.strip() for part in _SENTENCE_END.split(text) if part and part.strip()] or [text]
    asking = [index for index, part in enumerate(sentences) if part.endswith(_QUESTION_MARKS)]
    main = asking[-1] if asking else 0
    return sentences[main], " ".join(sentences[:main])


def _shape(clause: Clause, tree: Query) -> Shape:
    if clause.asks("?summary") or any(piece.has("?summary") for piece in clause.pieces):
        return Shape.SUMMARY
    if clause.asks("?reason", "?manner", "?color") or any(piece.has("?picture", "color") for piece in clause.pieces):
        return Shape.UNREADABLE
    if clause.asks("?which", "?person") and isinstance(tree, Select):
        return Shape.LOOKUP
    return shape_of(tree)


def _label(clause: Clause) -> tuple[int, ...]:
    """The pieces of the phrase that names the value: what is asked about, with the words around it."""
    if not clause.asked:
        phrases = list(clause.groups(frozenset()))
        first = clause.skip(0, "stop", "link", PUNCTUATION)
        return clause.run(first) if clause.question is None else phrases[0] if len(phrases) == 1 else ()
    start, end = clause.asked[0], clause.asked[-1]
    while clause.is_content(start - 1):
        start -= 1
    while clause.is_content(end + 1):
        end += 1
    return tuple(range(start, end + 1))


def _terms(clause: Clause, used: Iterable[int]) -> list[tuple[str, float]]:
    """The words of a question with their weights."""
    label, pages = _label(clause), frozenset(used)
    weighed: list[tuple[str, float]] = []
    comma = max((i for i in range(clause.question or 0) if clause.pieces[i].text in ",，、"), default=-1)
    for group in clause.groups(pages):
        depth = sum((piece.text in "(（") - (piece.text in ")）") for piece in clause.pieces[: group[0]])
        in_label = group[0] in label
        factor = 1.0 if in_label else ASIDE_WEIGHT if depth > 0 or group[-1] < comma else MODIFIER_WEIGHT
        text = clause.text[clause.pieces[group[0]].start : clause.pieces[group[-1]].end]
        weighed += _weighed(text, clause.language, factor)
    return weighed


def _weighed(text: str, language: str, factor: float) -> list[tuple[str, float]]:
    """The words of a phrase; those that state the kind of answer weigh less, numbers are never a mere qualifier.

    Words for the document weigh less too, unless they are part of a term such as "invoice number".
    """
    words = load_lexicons()[language].words if language in load_lexicons() else load_lexicon().words
    weighed, tokens = [], tokenize(text)
    in_terms = {i for span in all_spans(tokens) if span.end > span.start + 1 for i in range(span.start, span.end)}
    for index, token in enumerate(tokens):
        if token.norm in words["stop"]:
            continue
        is_weak = token.norm in words["weak"] or (token.norm in words["document"] and index not in in_terms)
        weight = 1.0 if token.norm[0].isdigit() and factor >= MODIFIER_WEIGHT else factor
        weighed.append((token.norm, weight * (WEAK_WEIGHT if is_weak else 1.0)))
    return weighed


def _merged(weighed: Iterable[tuple[str, float]]) -> tuple[Term, ...]:
    weights: dict[str, float] = {}
    for word, weight in weighed:
        weights[word] = max(weights.get(word, 0.0), weight)
    return tuple(Term(word, weight) for word, weight in weights.items())


def _names(clause: Clause) -> tuple[str, ...]:
    """Capitalized words inside a sentence that the lexicon does not know, in lower case."""
    names = [match[0].lower() for match in _NAME.finditer(clause.text)]
    if clause.language in NOUNS_IN_CAPITALS or 2 * len(names) > len(clause.text.split()):
        return ()
    known = {piece.text.lower() for piece in clause.pieces if piece.marks - {QUOTED}}
    return tuple(dict.fromkeys(name for name in names if name not in known and not meaning(name, clause.language)))


def _pages(clause: Clause) -> tuple[tuple[int, ...], frozenset[int]]:
    """The pages that the question names, and the pieces that name them: "page 3", "pages 3 to 5", "the last page"."""
    pages: list[int] = []
    used: set[int] = set()
    for index, piece in enumerate(clause.pieces):
        if not concepts_in(piece.text) & _PAGES:
            continue
        before = clause.pieces[index - 1] if index else piece
        numbers = _numbers_after(clause, index)
        hyphenated = _HYPHENATED.fullmatch(clause.pieces[index + 1].text) if index + 1 < len(clause.pieces) else None
        if hyphenated:
            pages += range(int(hyphenated[1]), min(int(hyphenated[2]), int(hyphenated[1]) + MAX_PAGE_RANGE) + 1)
            used |= {index, index + 1}
        elif clause.unspaced and before.has(NUMBER):
            pages.append(_page(before))
            used |= {index - 1, index}
        elif numbers:
            pages += _range(clause, numbers)
            used |= {index, *range(numbers[0], numbers[-1] + 1)}
        elif before.has(ORDINAL, "last"):
            pages.append(-1 if before.has("last") else _page(before))
            used |= {index - 1, index}
    return tuple(dict.fromkeys(page for page in pages if page)), frozenset(used)


def _page(piece: Piece) -> int:
    """The number of a page; 0 if no document has so many."""
    return int(piece.number) if piece.number and 1 <= piece.number <= MAX_PAGE else 0


def _numbers_after(clause: Clause, index: int) -> list[int]:
    """The one or two page numbers after the word for page."""
    first = clause.skip(index + 1, "weak")
    if first >= len(clause.pieces) or not clause.pieces[first].has(NUMBER):
        return []
    second = first + 2
    joins = second < len(clause.pieces) and not clause.is_content(first + 1) and clause.pieces[second].has(NUMBER)
    return [first, second] if joins else [first]


def _range(clause: Clause, indices: Sequence[int]) -> Sequence[int]:
    numbers = [_page(clause.pieces[index]) for index in indices]
    joint = clause.pieces[indices[0] + 1] if len(indices) > 1 else None
    if joint is None or joint.has("and") or joint.text == ",":
        return numbers
    first, last = numbers
    return range(first, last + 1) if first < last <= first + MAX_PAGE_RANGE else numbers


def _fields(clause: Clause) -> frozenset[DocumentField]:
    """The properties of the document that the question asks for, if all its words name them."""
    named = [clause.phrase(group) for group in clause.groups(()) if not clause.is_weak(group)]
    asked = frozenset().union(*map(concepts_in, named))
    documents = load_lexicon().words["document"]
    allowed = frozenset().union(*(found for _, found in _FIELDS)) | _GENERAL
    words = [word for phrase in named for word in phrase.lower().split()]
    if not all(word in documents or concepts_in(word) & allowed for word in words):
        return frozenset()
    fields = frozenset(field for field, found in _FIELDS if asked & found)
    if fields & {DocumentField.ADDRESS, DocumentField.RECIPIENT}:
        fields -= {DocumentField.ISSUER, DocumentField.SENDER}
    return fields
