"""Compiles a question to a query: finds its operation, and the phrases that the operation works on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cogdoc.query.dimensions import measures
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question_arithmetic import (
    aggregate_of,
    difference_of,
    gap_of,
    growth_of,
    minus_of,
    operand,
    ratio_of,
    sides_of,
    within,
)
from cogdoc.query.question_clause import ENDS, EXTREMES, MAX_LISTED, NUMBERS, NUMERIC_QUESTIONS, Clause
from cogdoc.query.question_pieces import DATE, NUMBER, ORDINAL, PUNCTUATION
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Choose,
    Comparator,
    Compare,
    Extreme,
    Filter,
    Growth,
    ListOf,
    Neighbor,
    Position,
    Query,
    Select,
    Verify,
)

_NAMES = ("=person", "=organisation", "=place", "=date", "=year")


def build_tree(clause: Clause) -> Query:
    """The query of a question; a lookup if it states no operation."""
    rules = (
        _polar, _choice, minus_of, difference_of, ratio_of, aggregate_of, _extreme, growth_of, _neighbor, _count,
        _position, _list,
    )  # fmt: skip
    return next((tree for rule in rules if (tree := rule(clause)) is not None), _narrowed(clause))


def lookup(clause: Clause) -> Select:
    """The value that the words of the question name."""
    return Select(clause.phrase(clause.asked), where=clause.where(clause.asked))


def _narrowed(clause: Clause) -> Query:
    """A lookup in those rows that the comparisons of the question leave."""
    return _rows(clause, equal=False)


def _rows(
    clause: Clause,
    used: Collection[int] = (),
    *,
    asked: Sequence[int] | None = None,
    by: Sequence[int] = (),
    equal: bool = True,
) -> Query:
    """What is asked about, in those rows that fulfil the conditions of the question.

    A lookup, without conditions of equality, may name a period that is printed: "from 2021 to 2023".
    """
    asked = clause.asked if asked is None else asked
    conditions = [one for one in clause.conditions if equal or one.comparator is not Comparator.EQUAL]
    taken = frozenset((*asked, *by, *used, *(index for condition in conditions for index in condition.used)))
    span = clause.period_range if equal else None
    if span is not None and not taken.isdisjoint(span):
        span = None
    query: Query = Select(clause.phrase(asked), clause.phrase(by), clause.where(taken.union(span or ())))
    if span is not None:
        query = within(query, *(clause.pieces[index].text for index in span))
    for condition in conditions:
        query = Filter(query, condition.words, condition.comparator, condition.bound)
    return query


def _polar(clause: Clause) -> Query | None:
    if not clause.is_polar or clause.find("or") is not None:
        return None
    negated = clause.find("not") is not None
    sides = sides_of(clause)
    if sides is None and (change := _has_changed(clause, negated=negated)) is not None:
        return change
    if sides is None:
        return Verify(clause.text.strip(" ?？¿。"), negated)
    bounds = [index for index in sides.right if clause.has(index, NUMBER, DATE)]
    is_bound = bool(bounds) and not any(clause.is_content(index) for index in sides.right if index < bounds[0])
    right = clause.pieces[bounds[0]].text if is_bound else operand(clause, sides.right, sides.by)
    named = [index for index in sides.left if not clause.has(index, "all")]
    every = len(named) < len(sides.left)
    left = operand(clause, named if any(map(clause.is_content, named)) else sides.left, sides.by)
    return Compare(left, right, sides.comparator, negated, every)


def _has_changed(clause: Clause, *, negated: bool) -> Query | None:
    """ "Did net income increase in 2023?": whether it is more than in the period before."""
    at = clause.find("growth", "decrease")
    if at is None or clause.has(at, "difference"):
        return None
    rest = clause.where(frozenset((at, *clause.periods)))
    start, end = ["", "", *(clause.pieces[index].text for index in clause.periods[:2])][-2:]
    if not rest:
        return None
    growth = Growth(Select(rest[0], where=rest[1:]), start, end, relative=False)
    return Compare(growth, "0", Comparator.MORE if clause.has(at, "growth") else Comparator.LESS, negated)


def _choice(clause: Clause) -> Query | None:
    """Which of several named things is higher, earlier, or has more."""
    signal = clause.find(*EXTREMES, *ENDS, "more", "less", "later")
    joint = clause.find("or")
    if (
        joint is None
        and clause.asks("?which")
        and clause.find("more", "less", "later") not in (None, *clause.conditioned)
    ):
        joint = clause.find("and")
    if joint is None or signal is None:
        return None
    about = clause.property_of(signal)
    listed = [run for run in clause.listed(joint, "more", "less") if signal not in run]
    options = [run for run in listed if joint < run[0] or not set(about) & set(run)]
    named = [option for option in options if not all(clause.has(index, NUMBER, DATE) for index in option)]
    options = named if len(named) > 1 else options if len(options) > 1 else listed
    if len(options) < 2:
        return None
    used = {index for option in options for index in option} | {signal, *clause.asked}
    by = [index for index in about if index not in used]
    highest = clause.has(signal, "highest", "more", "later", "last")
    phrases = tuple(clause.phrase(option) for option in options)
    rest = clause.where(frozenset(used.union(by)))
    return Choose(phrases, clause.phrase(by), highest, rest, _adjective(clause, signal, by))


def _extreme(clause: Clause) -> Query | None:
    """The highest or lowest; which of its sides the question asks for shows by where the superlative is."""
    start = clause.skip(clause.after_question, "stop", *EXTREMES) if clause.asks("?count") else 0
    at = clause.find(*EXTREMES, start=start)
    if at is None:
        return _ranked(clause)
    if clause.has(at, *ENDS):
        return None
    if (gap := gap_of(clause)) is not None:
        asks = Asks.NAME if clause.direct or clause.asks("?person", "?date", "?place", "?time") else Asks.VALUE
        return Extreme(gap, clause.has(at, "highest"), clause.rank_near(at), asks)
    by, asked = clause.property_of(at), clause.asked
    leads = clause.skip(clause.after_question, "stop", "link", "?polar", ORDINAL, NUMBER) == at
    is_value = clause.asks(*NUMERIC_QUESTIONS) or (leads and not clause.direct and _names_value(clause, at, by))
    if leads:
        asked, by = (by, by) if is_value else (by or asked, ())
    elif not clause.direct and asked and asked[-1] == at - 1 and clause.asks("?what", "?which"):
        asked, by = by, ()
    elif asked == by and clause.asks("?person", "?date", "?place", "?time"):
        asked = ()
    else:
        asked = tuple(index for index in asked if index not in by)
    around = {index for index in (at - 2, at - 1, at + 1, clause.after_question) if clause.has(index, ORDINAL, NUMBER)}
    rows = _rows(clause, {at, *around}, asked=asked, by=by)
    count = clause.count_near(at)
    asks = Asks.VALUE if is_value else Asks.NAME
    query = Extreme(rows, clause.has(at, "highest"), clause.rank_near(at), asks, count, _adjective(clause, at, by))
    return ListOf(query, count) if count > 1 else query


def _adjective(clause: Clause, index: int, by: Sequence[int]) -> str:
    """The piece at an index if it says what is compared, as "tallest" does, or that less is more: "fastest time"."""
    found = measures(word := clause.pieces[index].text)
    return word if found and (not by or any(found.values())) else ""


def _names_value(clause: Clause, at: int, by: Sequence[int]) -> bool:
    """Whether a superlative and its noun name a value ("the highest rate") rather than a thing ("the largest city").

    "The most popular method" names a thing, whatever the noun, since "popular" is none.
    """
    if not clause.asks("?what", "?which"):
        return False
    if (
        len(by) > 1
        and clause.pieces[at].text.lower() in load_lexicon().words["most"]
        and not clause.pieces[by[0]].marks
    ):
        return False
    numeric = clause.has(at, "extremes") or any(clause.has(index, *NUMBERS) for index in by)
    return numeric and (clause.has(at + 1, "count") or not any(clause.has(index, *_NAMES) for index in by))


def _ranked(clause: Clause) -> Query | None:
    """A rank stated by a verb: "which city ranked third"."""
    at = clause.find("rank")
    last = max(clause.contents, default=0)
    ordinal = (
        clause.find(ORDINAL, start=at)
        if at is not None
        else last
        if clause.has(last, ORDINAL) and not clause.has(last, *ENDS)
        else None
    )
    at = last - 1 if at is None else at
    if ordinal is None or not (clause.direct or clause.asks("?which", "?person", "?place", "?date")):
        return None
    by = [index for index in clause.run_before(at) if index not in clause.asked] if clause.unspaced else ()
    return Extreme(
        _rows(clause, (at, ordinal), by=by),
        highest=True,
        rank=int(clause.pieces[ordinal].number or 1),
        adjective="ranked",
    )


def _neighbor(clause: Clause) -> Query | None:
    """What is next to a named thing: "directly before Reardon"."""
    at = max(
        (index for index, piece in enumerate(clause.pieces) if piece.has("next", "previous", "after", "before")),
        default=-1,
    )
    anchor = clause.phrase(range(at + 1, len(clause.pieces)))
    if clause.asks(*NUMERIC_QUESTIONS) or clause.question is None or at <= clause.question or not anchor:
        return None
    used = frozenset((*clause.asked, *range(at, len(clause.pieces))))
    of = Select(clause.phrase(clause.asked), where=clause.where(used))
    return Neighbor(of, anchor, after=clause.has(at, "next", "after"))


def _count(clause: Clause) -> Query | None:
    named = clause.find("count")
    leads = named == clause.skip(clause.after_question, "stop", "?polar", "sum") and (
        clause.question is None or clause.asks("?what")
    )
    if not clause.asks("?count") and not leads:
        return None
    streak = clause.find("consecutive")
    used = [index for index in (named, streak) if index is not None]
    asked = [index for index in clause.asked if index != streak]
    return Aggregate(_rows(clause, used, asked=asked), Aggregation.COUNT if streak is None else Aggregation.STREAK)


def _position(clause: Clause) -> Query | None:
    at = clause.find(*ENDS)
    if at is None or clause.asks(*NUMERIC_QUESTIONS) or any(index > at for index in clause.periods):
        return None
    asked = clause.asked or clause.run(at + 1)
    as_printed = any(piece.text.lower() in load_lexicon().words["listing"] for piece in clause.pieces)
    return Position(_rows(clause, (at,), asked=asked), clause.has(at, "last"), as_printed=as_printed)


def _list(clause: Clause) -> Query | None:
    """Several things: asked for as such, or by a condition that any number of things may fulfil."""
    asking = clause.find("list", "?list")
    opening = clause.skip(0, PUNCTUATION, *(("stop",) if clause.question is None else ()))
    lists = asking is not None and (asking == opening or clause.has(asking, "?list"))
    start = asking if asking is not None and lists else clause.question
    near = range(start + 1, start + 3) if start is not None else range(0)
    numbers = [clause.pieces[index].number or 0 for index in near if clause.has(index, NUMBER)]
    count = int(numbers[0]) if numbers and 1 < numbers[0] <= MAX_LISTED else None
    conditional = clause.asks("?which", "?person") or (clause.asks("?what") and clause.direct)
    if not (lists or count or (conditional and clause.conditions)):
        return None
    return ListOf(_rows(clause, () if asking is None else (asking,)), count)
