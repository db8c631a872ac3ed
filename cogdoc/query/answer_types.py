"""Finds the types that the answer of a question may have: a person for "who", an amount for "what is the price"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from cogdoc.query.concepts import concept_share, concepts_in
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.question_clause import Clause
from cogdoc.query.question_pieces import Piece, split_pieces
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Choose,
    Compare,
    Difference,
    Extreme,
    Growth,
    Query,
    Ratio,
    Verify,
)
from cogdoc.query.typed_values import ValueKind

_Kinds = tuple[ValueKind, ...]

NUMERIC_KINDS = (ValueKind.NUMBER, ValueKind.AMOUNT, ValueKind.PERCENT)
_NAMES = (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE, ValueKind.DATE, ValueKind.YEAR, ValueKind.TIME)
HEAD_FIRST = ("fr", "es", "it", "pt", "ro", "pl", "ru", "uk", "el", "vi", "id", "ar", "he", "th", "hi", "cs")
"""Languages whose noun precedes what qualifies it: "date de facture", but "invoice date"."""

_BY_QUESTION: tuple[tuple[str, _Kinds], ...] = (
    ("?person", (ValueKind.PERSON, ValueKind.ORGANISATION)),
    ("?place", (ValueKind.PLACE, ValueKind.ADDRESS)),
    ("?time", (ValueKind.TIME,)),
    ("?year", (ValueKind.YEAR,)),
    ("?date", (ValueKind.DATE, ValueKind.YEAR, ValueKind.TIME)),
    ("?percent", (ValueKind.PERCENT, ValueKind.NUMBER)),
    ("?amount", (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT)),
    ("?length", (ValueKind.DURATION, ValueKind.NUMBER)),
    ("?measure", NUMERIC_KINDS),
    ("?count", (ValueKind.NUMBER,)),
    ("?color", ()),
    ("?reason", ()),
    ("?manner", ()),
    ("?summary", ()),
)
_ALSO = {
    ValueKind.AMOUNT: (ValueKind.AMOUNT, ValueKind.NUMBER),
    ValueKind.NUMBER: (ValueKind.NUMBER, ValueKind.AMOUNT),
    ValueKind.PERCENT: (ValueKind.PERCENT, ValueKind.NUMBER, ValueKind.AMOUNT),
    ValueKind.DATE: (ValueKind.DATE, ValueKind.YEAR),
    ValueKind.TIME: (ValueKind.TIME, ValueKind.DURATION, ValueKind.NUMBER),
    ValueKind.DURATION: (ValueKind.DURATION, ValueKind.DATE),
    ValueKind.PERSON: (ValueKind.PERSON, ValueKind.ORGANISATION),
}
"""The types of answer that a noun of each type allows."""

_IN_WORDS = "amount in words"
_TOTALS = frozenset(
    ("total", "gross total", "net total", "subtotal", "amount due", "amount paid", "tax amount", "tax included")
)
"""Concepts of amounts of money, which are no percentages."""


def find_answer_kinds(clause: Clause, tree: Query) -> _Kinds:
    """The types of the answer, the likeliest first and free text last."""
    match tree:
        case Compare() | Verify():
            kinds: _Kinds = (ValueKind.YES_OR_NO,)
        case Choose():
            kinds = ()
        case Growth(relative=True) | Ratio(as_share=True):
            kinds = (ValueKind.PERCENT, ValueKind.NUMBER)
        case Aggregate(function=Aggregation.COUNT | Aggregation.STREAK):
            percent = (ValueKind.PERCENT,) if ValueKind.PERCENT in _head_types(clause, clause.asked) else ()
            kinds = (*percent, ValueKind.NUMBER, ValueKind.AMOUNT)
        case Growth() | Difference() | Ratio() | Aggregate():
            asked = dict(_BY_QUESTION)["?amount"] if clause.asks("?amount") else NUMERIC_KINDS
            kinds = _numeric(_noun_kinds(clause, clause.asked), asked)
        case Extreme(asks=Asks.NAME):
            kinds = tuple(kind for kind in _by_words(clause) if kind in _NAMES)
        case _:
            kinds = _by_words(clause)
    return (*dict.fromkeys(_without_percent(clause, kinds)), ValueKind.TEXT)


def _without_percent(clause: Clause, kinds: _Kinds) -> _Kinds:
    """An amount of money before other numbers, and no percentage, if nothing but a total is asked for."""
    phrase = clause.phrase(clause.asked)
    is_total = not phrase.strip() or concept_share(phrase) == 1 or clause.asks("?amount")
    if set(kinds) == set(NUMERIC_KINDS) and is_total and concepts_in(clause.text) & _TOTALS:
        return (ValueKind.AMOUNT, ValueKind.NUMBER)
    return kinds


def label_kinds(label: str, language: str) -> _Kinds:
    """The types of the value of a label. Names on forms are free text: a form may ask for anything by them."""
    pieces = split_pieces(label, language)
    typed = _head_types(Clause(label, language, pieces), range(len(pieces)))
    untyped = typed[:1] and typed[0] in (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE)
    return (*(() if untyped else typed), ValueKind.TEXT)


def _by_words(clause: Clause) -> _Kinds:
    noun = _noun_kinds(clause, clause.asked)
    for mark, kinds in _BY_QUESTION:
        if clause.asks(mark):
            is_other = mark == "?measure" and noun[:1] and noun[0] not in NUMERIC_KINDS
            return noun if is_other else _numeric(noun, kinds) if set(kinds) & set(NUMERIC_KINDS) else kinds
    end = clause.asked[-1] + 1 if clause.asked else 0
    is_pair = 0 < end < len(clause.pieces) - 1 and clause.pieces[end].has("and") and clause.is_content(end + 1)
    return () if is_pair and noun[:1] and noun[0] in NUMERIC_KINDS else noun


def _numeric(noun: _Kinds, kinds: _Kinds) -> _Kinds:
    """`kinds`, those that the noun states first."""
    return (*(kind for kind in noun if kind in NUMERIC_KINDS), *kinds)


def _noun_kinds(clause: Clause, indices: Sequence[int]) -> _Kinds:
    """The types of a noun phrase: those of its head, else those of what it means."""
    before = range((-1 if clause.question is None else clause.question) + 1, indices[0] if indices else 0)
    counted = [index for index in before if clause.pieces[index].has("count", "sum", "mean", "median", "difference")]
    if counted and clause.has(counted[-1], "count"):
        return _ALSO[ValueKind.NUMBER]
    if counted and clause.has(counted[-1] + 1, "link"):
        return _numeric(_head_types(clause, indices), NUMERIC_KINDS)
    phrase = clause.phrase(indices)
    if _IN_WORDS in concepts_in(phrase):
        return ()
    return _head_types(clause, indices) or _meant_kinds(phrase, clause.language)


def _head_types(clause: Clause, indices: Sequence[int]) -> _Kinds:
    """The types of the head of a noun phrase: the last noun that has any, or the first one in some languages."""
    if not indices:
        return ()
    first = clause.run(indices[0])
    own = [index for index in first if index in indices]
    for part in (own, indices):
        typed = [index for index in part if _types(clause.pieces[index])]
        if typed and clause.language in HEAD_FIRST:
            return _expanded(_types(clause.pieces[typed[0]]), has_modifier=len(part) > 1)
        if typed:
            is_head = typed[-1] == part[-1]
            kinds = _expanded(_types(clause.pieces[typed[-1]]), has_modifier=len(part) > 1)
            keeps = is_head or not _is_qualified(clause, part[-1], named=kinds[0] in _NAMES)
            return kinds if keeps else ()
    if len(indices) > 1 and clause.has(indices[-1], "count"):  # "the policy number of" the insured counts nothing
        return (ValueKind.IDENTIFIER, ValueKind.NUMBER)
    return ()


def _is_qualified(clause: Clause, last: int, *, named: bool) -> bool:
    """Whether the noun phrase goes on with another noun, which is the head: "payment method", "age group".

    What follows "which company" is a verb more often.
    """
    if named and not clause.unspaced:
        return clause.has(last, "weak")
    if clause.unspaced or meaning(clause.pieces[last].text.lower(), clause.language):
        return True
    return clause.direct and clause.pieces[last].text.isalpha() and clause.pieces[last].text[-2:] != "ed"


def _types(piece: Piece) -> tuple[ValueKind, ...]:
    return tuple(ValueKind(mark[1:]) for mark in sorted(piece.marks) if mark[0] == "=")


def _expanded(kinds: _Kinds, *, has_modifier: bool) -> _Kinds:
    """The types of a noun; a number of something identifies it ("invoice number"), a number alone may count."""
    if ValueKind.IDENTIFIER in kinds and ValueKind.NUMBER in kinds:
        pair = (ValueKind.IDENTIFIER, ValueKind.NUMBER)
        return pair if has_modifier else pair[::-1]
    return tuple(dict.fromkeys(other for kind in kinds for other in _ALSO.get(kind, (kind,))))


def _meant_kinds(phrase: str, language: str) -> _Kinds:
    """The types of the concept that a phrase names, by the English words of its id."""
    concept = meaning(phrase.lower(), language)
    pieces = split_pieces(concept, "en")
    typed = [_types(piece) for piece in pieces if _types(piece)]
    if not typed or (not _types(pieces[-1]) and pieces[-1].text in load_lexicon().concepts):
        return ()
    return _expanded(typed[-1], has_modifier=" " in concept)


def meaning(phrase: str, language: str) -> str:
    """The concept that a phrase words as a whole, if any."""
    return _wordings(language).get(phrase, "")


@cache
def _wordings(language: str) -> dict[str, str]:
    lexicon = load_lexicons().get(language)
    return {wording: name for name, wordings in lexicon.concepts.items() for wording in wordings} if lexicon else {}
