"""Parses questions across documents: what to ask each document, and what to compute from the answers.

    "which receipt has the highest total?"    asks each for "total", and names the document with the highest
    "how many invoices are over 100 EUR?"     asks each for "total", and counts those above 100 EUR
    "sum of the tax of receipts from 2018"    asks each for "tax" and "date", and adds the tax of those from 2018

The words of operations, comparisons and documents are those of the question's lexicon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cogdoc.errors import UsageError
from cogdoc.query.answer_types import label_kinds
from cogdoc.query.concepts import concepts_in
from cogdoc.query.dimensions import measures
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question_clause import COMPARATORS, ENDS, EXTREMES, Clause
from cogdoc.query.question_pieces import DATE, NUMBER, ORDINAL, PUNCTUATION, guess_language, normalize, split_pieces
from cogdoc.query.tree import Comparator
from cogdoc.query.typed_values import ValueKind

TOTAL, DATE_ASKED = "total", "date"
"""What each document is asked for if the question names no property. Labels in all languages match these concepts."""

MAX_TOP = 1000

_FILE_NAME = re.compile(r"(?<![\w/.\\])[\w./\\~+-]*\w\.[A-Za-z][A-Za-z0-9]{1,4}(?!\w)")
_OPERATIONS = ("sum", "mean", "median", "range", "difference", "list", "count", "all", "other")
_USED = (*_OPERATIONS, *EXTREMES, *ENDS, *COMPARATORS, "between", "than", ORDINAL)
_AMOUNTS = (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT, ValueKind.DURATION)


class Operation(StrEnum):
    LIST = "list"
    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    RANGE = "range"
    HIGHEST = "highest"
    """Of dates, the latest."""
    LOWEST = "lowest"
    DIFFERENCE = "difference"
    """Between two documents."""
    COMPARE = "compare"
    """Yes or no: whether one document's value compares with another's in some way."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A condition that a document has to fulfil."""

    question: str
    """What the document is asked for."""
    comparator: Comparator
    text: str
    """What its answer is compared with, as written: "100 EUR", "March 2018"."""


@dataclass(frozen=True, slots=True)
class AcrossQuestion:
    """A parsed question across documents."""

    text: str
    operation: Operation
    inner: str
    """What each document is asked for."""
    bounds: tuple[Bound, ...] = ()
    count: int = 1
    """3 for "the three highest"."""
    names_document: bool = False
    """Whether the answer is a document rather than its value."""
    files: tuple[str, ...] = ()
    """The documents that the question names; all if it names none."""
    comparator: Comparator = Comparator.MORE
    """Of `COMPARE`."""

    @property
    def questions(self) -> tuple[str, ...]:
        """All questions for each document."""
        return tuple(dict.fromkeys((self.inner, *(bound.question for bound in self.bounds))))


def parse_across(text: str) -> AcrossQuestion:
    """
    Raises:
        UsageError: the question does not say what to compute.
    """
    files = tuple(dict.fromkeys(match[0] for match in _FILE_NAME.finditer(text)))
    rest = normalize(_FILE_NAME.sub(" ", text))
    language = guess_language(rest)
    clause = Clause(rest, language, split_pieces(rest, language))
    bounds = _bounds(clause)
    operation = _operation(clause, several_named=len(files) > 1, bounded=bool(bounds))
    inner = _measure(clause, operation, bounds)
    is_total = clause.find("all") is not None or "total" in concepts_in(inner.split()[0])
    if operation is Operation.LIST and not bounds and not _lists(clause) and is_total and _is_amount(inner):
        operation = Operation.SUM
    if operation in (Operation.DIFFERENCE, Operation.COMPARE) and len(files) != 2:
        raise UsageError(
            f"--across: {operation.value} needs the names of two files in the question",
            'for example "difference between the totals of a.pdf and b.pdf"',
        )
    extreme = clause.find(*EXTREMES, *ENDS)
    return AcrossQuestion(
        text=text,
        operation=operation,
        inner=inner,
        bounds=tuple(bound if bound.question else _asking(bound, inner) for bound in bounds),
        count=min(MAX_TOP, clause.count_near(extreme)) if extreme is not None else 1,
        names_document=_names_document(clause, operation, several_named=len(files) > 1),
        files=files,
        comparator=_comparator(clause),
    )


def _asking(bound: Bound, inner: str) -> Bound:
    return Bound(inner, bound.comparator, bound.text)


def _operation(clause: Clause, *, several_named: bool, bounded: bool) -> Operation:
    extreme = _extreme(clause)
    if several_named:
        if clause.is_polar:
            return Operation.COMPARE
        if clause.find("difference") is not None:
            return Operation.DIFFERENCE
        if extreme is None and (at := clause.find("more", "less", "later")) is not None:
            return Operation.LOWEST if clause.has(at, "less") else Operation.HIGHEST
    for operation in (Operation.MEAN, Operation.MEDIAN, Operation.RANGE):
        if clause.find(operation.value) is not None:
            return operation
    if _counts_documents(clause):
        return Operation.COUNT
    if extreme is not None:
        return extreme
    if clause.find("difference") is not None:
        return Operation.DIFFERENCE
    if _lists(clause) or (bounded and clause.asks("?which", "?what")):
        return Operation.LIST
    return Operation.SUM if clause.find("sum") is not None else Operation.LIST


def _extreme(clause: Clause) -> Operation | None:
    at = clause.find(*EXTREMES, *ENDS)
    if at is None:
        return None
    # "Oldest" is a superlative of more, and asks for the lowest date.
    is_reversed = measures(clause.pieces[at].text.lower()).get("date", False)
    highest = clause.has(at, "highest", "last") is not is_reversed
    return Operation.HIGHEST if highest else Operation.LOWEST


def _lists(clause: Clause) -> bool:
    """Whether it asks for a list, rather than for one thing of all documents ("toutes les factures")."""
    opening = clause.skip(0, "stop", "?polar", PUNCTUATION)
    return clause.has(opening, "list", "?list") or clause.find("?list") is not None


def _counts_documents(clause: Clause) -> bool:
    """Whether it asks how many documents: "how many invoices", rather than "how many employees in total"."""
    if not clause.asks("?count") and clause.find("count") is None:
        return False
    at = clause.after_question if clause.asks("?count") else (clause.find("count") or 0) + 1
    noun = clause.skip(at, "stop", "link", "all", NUMBER)
    return clause.has(noun, "document") or noun >= len(clause.pieces) or not clause.is_content(noun)


def _bounds(clause: Clause) -> tuple[Bound, ...]:
    """The conditions of a question; those on its own property have no `question` yet."""
    found = []
    for condition in clause.conditions:
        is_date = any(clause.has(index, DATE) for index in condition.used)
        is_number = any(clause.has(index, NUMBER) for index in condition.used)
        # "The three highest" is no condition.
        states = condition.comparator is not Comparator.EQUAL or is_date
        if condition.comparator is Comparator.NOT_EQUAL or not (is_date or is_number) or not states:
            continue
        words = "" if _is_document(clause, condition.words) else condition.words
        found.append(Bound(DATE_ASKED if is_date else words, condition.comparator, condition.bound))
    free = [index for index in clause.periods if index not in clause.conditioned]
    if free:
        text = clause.text[clause.pieces[free[0]].start : clause.pieces[free[-1]].end]
        found.append(Bound(DATE_ASKED, Comparator.EQUAL, text))
    return tuple(found)


def _is_document(clause: Clause, words: str) -> bool:
    named = [piece for piece in clause.pieces if piece.text and piece.text in words.split()]
    return bool(named) and all(piece.has("document") for piece in named)


def _measure(clause: Clause, operation: Operation, bounds: tuple[Bound, ...]) -> str:
    """The property that the question is about: the phrase that is left without operations, documents and conditions."""
    taken = {index for index in clause.conditioned if clause.has(index, NUMBER, DATE, *COMPARATORS)}
    taken.update(clause.periods)
    left = [
        index for index, piece in enumerate(clause.pieces)
        if piece.is_content and index not in taken and not piece.has(NUMBER, *_USED) and not _is_alone(clause, index)
    ]  # fmt: skip
    sums = [index for index, piece in enumerate(clause.pieces) if piece.has("sum")]
    if operation is Operation.SUM and (left or len(sums) > 1):
        sums = sums[1:]
    phrase = _first_run(sorted({*left, *sums}))
    words = clause.phrase(phrase)
    if words:
        return words
    stated = next((bound.question for bound in bounds if bound.question not in ("", DATE_ASKED)), None)
    if stated is not None:
        return stated
    is_dated = any(bound.question == DATE_ASKED for bound in bounds) and operation in (Operation.COUNT, Operation.LIST)
    extreme = clause.find(*EXTREMES, *ENDS)
    orders_dates = extreme is not None and (
        clause.has(extreme, *ENDS) or "date" in measures(clause.pieces[extreme].text)
    )
    return DATE_ASKED if is_dated or orders_dates else TOTAL


def _is_alone(clause: Clause, index: int) -> bool:
    """Whether a piece is a word for documents that no property follows: not the first word of "invoice number"."""
    if not clause.has(index, "document"):
        return False
    following = index + 1
    is_part = clause.is_content(following) and not clause.has(following, "document", NUMBER, DATE, *_USED)
    return not (is_part or clause.has(following, "sum"))


def _first_run(indices: list[int]) -> list[int]:
    """The first pieces that follow each other."""
    return [index for place, index in enumerate(indices) if index == indices[0] + place]


def _names_document(clause: Clause, operation: Operation, *, several_named: bool) -> bool:
    if operation not in (Operation.HIGHEST, Operation.LOWEST, Operation.LIST):
        return False
    noun = clause.skip(clause.after_question, "stop", "link", "?polar", *EXTREMES, *ENDS, ORDINAL, NUMBER)
    named = clause.pieces[noun].text if noun < len(clause.pieces) else ""
    # Words of a script without spaces are not apart: a counter is before the document and a property behind it.
    is_named = any(word in named for word in load_lexicon().words["document"]) if clause.unspaced else False
    return several_named or _is_alone(clause, noun) or (is_named and clause.asks("?which"))


def _comparator(clause: Clause) -> Comparator:
    return next(
        (comparator for name, comparator in COMPARATORS.items() if clause.find(name) is not None), Comparator.MORE
    )


def _is_amount(inner: str) -> bool:
    return label_kinds(inner, guess_language(inner))[0] in _AMOUNTS
