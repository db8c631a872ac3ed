"""What a question may mean, given the tables it is about: names in them are names, averages may not be printed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from cogdoc.query.grounding import is_total
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.quantities import quantity_of
from cogdoc.query.question import Question
from cogdoc.query.question_parser import parse_question
from cogdoc.query.question_pieces import normalize
from cogdoc.query.table import DataTable
from cogdoc.query.terms import fold_case, stem, tokenize
from cogdoc.query.tree import Aggregate, Aggregation, Comparator, Filter, ListOf, Query, Select
from cogdoc.text import has_unspaced

MAX_NAME_WORDS = 7
MAX_NAMES = 20

_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th|º|ª)", re.I)
_RANGE = re.compile(r"\d+(?:\.\d+)?\s?[–-]\s?\d+(?:\.\d+)?")
_SPACED_SIGN = re.compile(r"\s*([/–-])\s*")
_LETTER = re.compile(r"[A-Z]")
_ITEM_END = re.compile(r"\s*[,;/•()\n]\s*")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")


def readings(question: Question, tables: Sequence[DataTable]) -> list[Query]:
    """The trees of a question about tables: with their names as names, and the aggregates and lists it may ask for."""
    names = tuple(names_in(question.text, tables))
    tree = parse_question(question.text, names).tree if names else question.tree
    if not isinstance(tree, Select):
        return [tree]
    found = aggregates(tree, question.text)
    if _prints_total(question.text, tables):
        found = (one for one in found if one.function is not Aggregation.SUM)
    return [tree, *found, *_listed(tree)]


def _prints_total(text: str, tables: Sequence[DataTable]) -> bool:
    """Whether a row or column is named as the total that a question asks for: "Total assets"."""
    asked = {token.norm for token in tokenize(text)}
    headers = (header[-1] for table in tables for listed in (table.rows, table.columns) for header in listed if header)
    return any(is_total(name) and {token.norm for token in tokenize(name)} <= asked for name in headers)


def names_in(text: str, tables: Iterable[DataTable]) -> list[str]:
    """The cells and headers that a question contains: of several words, ordinals, ranges and capital letters."""
    folded = _squeezed(normalize(text))
    found = dict.fromkeys(
        name
        for table in tables
        for name in map(normalize, _texts(table))
        if (_is_name(name) and _squeezed(name) in folded)
        or ((_LETTER.fullmatch(name) or _is_function_name(name)) and re.search(rf"\s{re.escape(name)}(?!\w)", text))
    )
    return list(found)[:MAX_NAMES]


def _squeezed(text: str) -> str:
    """A text without the spaces around signs, which questions leave out: "Do not know / refused"."""
    return _SPACED_SIGN.sub(r"\1", fold_case(text))


def _texts(table: DataTable) -> Iterator[str]:
    for headers in (table.columns, table.rows):
        for header in headers:
            yield from header
    for row in table.cells:
        for cell in row:
            if cell is not None:
                yield cell.text
                yield from _ITEM_END.split(cell.text)


def _is_function_name(text: str) -> bool:
    """Whether a name is a word of an operation or a function word but for its capital: "No", "Other", "More"."""
    return text[:1].isupper() and text.isalpha() and text.lower() in _operation_words()


@cache
def _operation_words() -> frozenset[str]:
    lexicon = load_lexicon()
    return lexicon.words["stop"].union(*lexicon.operations.values())


def _is_name(text: str) -> bool:
    if _ORDINAL.fullmatch(text) or _RANGE.fullmatch(text):
        return True
    return 1 < len(text.split()) <= MAX_NAME_WORDS and quantity_of(text) is None


def aggregates(query: Select, text: str) -> Iterator[Aggregate]:
    """The aggregate of what a lookup may name: "the average of online sales", which may also be printed."""
    for function in (Aggregation.MEAN, Aggregation.MEDIAN, Aggregation.SUM):
        phrases = load_lexicon().operations.get(function.value, ())
        words, *where = [_without(part, phrases) for part in (query.words, *query.where)]
        if (words, *where) == (query.words, *query.where):
            continue
        select = Select(words, query.by, tuple(filter(None, where)))
        years = [part for part in select.where if _YEAR.fullmatch(part)]
        if len(years) == 2 and not _joins(text, *years):
            rest = replace(select, where=tuple(part for part in select.where if part not in years))
            first, last = sorted(years)
            after = Filter(rest, "", Comparator.AT_LEAST, first)
            yield Aggregate(Filter(after, "", Comparator.AT_MOST, last), function)
        else:
            yield Aggregate(select, function)


def _joins(text: str, one: str, two: str) -> bool:
    """Whether "and" or a comma joins two years, rather than a word for a range."""
    between = re.search(rf"{one}(.*?){two}", text)
    words = [token.norm for token in tokenize(between[1])] if between is not None else []
    return all(word in load_lexicon().operations.get("and", ()) for word in words)


def _without(text: str, phrases: Sequence[str]) -> str:
    """A text without one of some phrases; the same if it contains none."""
    folded = fold_case(text)
    if folded in phrases:
        return ""
    for phrase in phrases:
        if has_unspaced(phrase):
            continue
        match = re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", folded)
        if match is not None:
            return " ".join(f"{text[: match.start()]} {text[match.end() :]}".split())
    return text


def _listed(query: Select) -> Iterator[Query]:
    """All rows that match, if what is asked for is a plural: "which members are Liberal"."""
    words = tokenize(query.words)
    if words and query.where and words[0].norm.endswith("s") and stem(words[0].norm) != words[0].norm:
        yield ListOf(query)
