"""Compiles questions that ask for the result of a calculation: difference, ratio, growth, sum, average."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.query.question_clause import COMPARATORS, ENDS, EXTREMES, MAX_LISTED, NUMBERS, NUMERIC_QUESTIONS, Clause
from cogdoc.query.question_pieces import DATE, NUMBER, ORDINAL, PUNCTUATION
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Comparator,
    Difference,
    Extreme,
    Filter,
    Growth,
    Position,
    Query,
    Ratio,
    Select,
    Several,
)

AGGREGATIONS = {
    "sum": Aggregation.SUM,
    "mean": Aggregation.MEAN,
    "median": Aggregation.MEDIAN,
    "mode": Aggregation.MODE,
    "range": Aggregation.RANGE,
}
PAIR = 2
_NAMING = ("?person", "?date", "?year", "?place")


@dataclass(frozen=True, slots=True)
class Sides:
    """What is compared with what, and by which property, as indices and as a phrase."""

    left: Sequence[int]
    right: Sequence[int]
    by: str
    comparator: Comparator


def operand(clause: Clause, indices: Sequence[int], by: str = "", where: tuple[str, ...] = ()) -> Query:
    """A phrase that is compared or combined, which may itself contain an operation: "the highest bar"."""
    extreme = next((index for index in indices if clause.has(index, *EXTREMES)), None)
    function = next((AGGREGATIONS[name] for name in AGGREGATIONS for index in indices if clause.has(index, name)), None)
    rest = [index for index in indices if not clause.has(index, *EXTREMES, ORDINAL, NUMBER, *AGGREGATIONS)]
    if extreme is not None:
        of = Select(" ".join(_phrases(clause, rest)), by, where)
        rank, count = clause.rank_near(extreme), clause.count_near(extreme)
        query = Extreme(of, clause.has(extreme, "highest"), rank, Asks.VALUE, count)
        return Aggregate(query, function) if function and count > 1 else query
    if function is not None:
        joint = next((index for index in indices if clause.has(index, "and")), None)
        listed = [run for run in clause.listed(joint) if set(run) <= set(indices)] if joint is not None else []
        if len(listed) > 1:
            shared = _phrases(clause, [index for index in rest if not any(index in run for run in listed)])
            return Aggregate(
                Several(tuple(Select(clause.phrase(run), by, (*shared, *where)) for run in listed)), function
            )
        return Aggregate(Select(clause.phrase(rest), by, where), function)
    return Select(clause.phrase(indices), by, where)


def _phrases(clause: Clause, indices: Sequence[int]) -> list[str]:
    """The phrases of these pieces, which others may part."""
    outside = frozenset(range(len(clause.pieces))).difference(indices)
    return [clause.phrase(group) for group in clause.groups(outside)]


def sides_of(clause: Clause) -> Sides | None:
    """The sides of "is A higher than B", "did A score more goals than B", "how many more goals than B did A score"."""
    than, end = clause.find("than"), len(clause.pieces)
    at = clause.find(*COMPARATORS)
    if at is None and than is not None and clause.is_content(than - 1):
        at = than - 1
    if at is None:
        return None
    left, right, by = range(at), range(at + 1, end), range(0)
    if than is not None and than < at:
        left, right = range(than), range(than + 1, at)
    elif than is not None:
        right, by = range(than + 1, end), range(at + 1, than)
        opening = range(clause.after_question, at)
        if clause.asks(*NUMERIC_QUESTIONS) and not any(map(clause.is_content, opening)):
            thing = clause.run(at + 1)
            by = range(thing[0], thing[-1] + 1) if thing else range(0)
            left = range(by.stop if by else at + 1, than)
            if not any(map(clause.is_content, left)):
                left, by = by, range(0)
    if not any(map(clause.is_content, left)) or not any(map(clause.is_content, right)):
        return None
    comparator = next((COMPARATORS[name] for name in COMPARATORS if clause.has(at, name)), Comparator.MORE)
    return Sides(left, right, clause.phrase(by), comparator)


def minus_of(clause: Clause) -> Query | None:
    """ "The highest bar minus the lowest bar", before or after what asks for the result."""
    at = clause.find("minus")
    if at is None:
        return None
    end = len(clause.pieces)
    if clause.question is not None and clause.question > at:
        end = clause.question - 1  # without its verb: "gives what"
    start = clause.after_question if clause.after_question <= at else 0
    left, right = range(start, at), range(at + 1, end)
    if not any(map(clause.is_content, left)) or not any(map(clause.is_content, right)):
        return None
    return Difference(operand(clause, left), operand(clause, right))


def gap_of(clause: Clause) -> Difference | None:
    """The difference of two things that a superlative is about: "the largest gap between imports and exports"."""
    at = clause.find("difference")
    if at is None:
        return None
    joint = clause.find("and", start=0 if clause.unspaced else at)
    if joint is None:
        both = any(piece.number == PAIR for piece in clause.pieces[at:])
        return Difference(Select(""), Select("")) if both else None
    listed = clause.listed(joint)
    return Difference(*(Select(clause.phrase(run)) for run in listed)) if len(listed) == PAIR else None


def difference_of(clause: Clause) -> Query | None:
    at, than = clause.find("difference"), clause.find("than")
    if clause.direct_which or clause.asks(*_NAMING) or clause.find("ratio") is not None:
        return None
    if at in clause.conditioned:
        return None
    if at is None or clause.has(at, "more", "less"):
        stated = at is not None or (than is not None and than not in clause.conditioned)
        sides = sides_of(clause) if stated and clause.asks(*NUMERIC_QUESTIONS) else None
        return Difference(*(operand(clause, side, sides.by) for side in (sides.left, sides.right))) if sides else None
    if not clause.unspaced and any(clause.has(index, *EXTREMES) for index in (at - 1, at - 2)):
        return None
    if at == clause.question and clause.find("growth", "decrease") is not None:
        return None
    joint = clause.find("and", start=0 if clause.unspaced else at)
    joint = than if joint is None and than is not None and than < at else joint
    return _between(clause, at, joint) if joint is not None else None


def _between(clause: Clause, at: int, joint: int) -> Query | None:
    """The difference of two things that "and" joins, after the word for difference or before it."""
    left, right, about = range(joint), range(joint + 1, at), range(0)
    if joint > at:
        between = clause.find("between", start=at)
        first = (between if between is not None and between < joint else at) + 1
        left, right, about = range(first, joint), range(joint + 1, len(clause.pieces)), range(at + 1, first - 1)
    both = (*left, *right)
    named = {name for name in (*EXTREMES, ORDINAL) for index in both if clause.has(index, name)}
    if named == set(EXTREMES) and not all(_rest(clause, side) for side in (left, right)):
        span = clause.period_range
        rest = frozenset(i for i in (*about, *both) if not clause.has(i, *EXTREMES)).difference(span or ())
        outside = frozenset(range(len(clause.pieces))) - rest
        query: Query = Select(" ".join(clause.phrase(group) for group in clause.groups(outside)))
        if span is not None:
            query = within(query, *(clause.pieces[index].text for index in span))
        return Aggregate(query, Aggregation.RANGE)
    by = clause.phrase(() if clause.unspaced else clause.run(at - 1, -1)) or clause.phrase(about)
    dates = [index for index in left if clause.has(index, DATE)]
    if dates and all(clause.has(index, DATE) for index in right if clause.is_content(index)):
        by, left = clause.phrase(range(left.start, dates[0])) or by, range(dates[0], left.stop)
    period = next((i for i in right[1:] if clause.has(i, DATE) and clause.has(i - 1, "link")), None)
    where: tuple[str, ...] = ()
    if period is not None and clause.phrase(range(right.start, period - 1)):
        right, where = range(right.start, period - 1), (clause.pieces[period].text,)
    if not clause.phrase(left) or not clause.phrase(right):
        return None
    return Difference(operand(clause, left, by, where), operand(clause, right, by, where))


def within(query: Query, first: str, last: str) -> Query:
    """Those rows of `query` whose period is in a range."""
    return Filter(Filter(query, "", Comparator.AT_LEAST, first), "", Comparator.AT_MOST, last)


def _rest(clause: Clause, indices: Sequence[int]) -> str:
    """What an operand names besides its operation."""
    return clause.phrase([index for index in indices if not clause.has(index, *EXTREMES)])


def ratio_of(clause: Clause) -> Query | None:
    at = clause.find("ratio")
    if at is None:
        return _share(clause)
    if clause.asks("?count", "?measure"):
        sides = sides_of(clause) if clause.find("than") is not None else None
        return Ratio(operand(clause, sides.left), operand(clause, sides.right)) if sides else None
    joint = clause.find("and", "than", "link", start=clause.skip(at + 1, "link", "stop", "between") + 1)
    if joint is None:
        return None
    left, right = range(at + 1, joint), range(joint + 1, len(clause.pieces))
    return (
        Ratio(operand(clause, left), operand(clause, right)) if clause.phrase(left) and clause.phrase(right) else None
    )


def _share(clause: Clause) -> Query | None:
    """The share of one thing in another: "what share of A is B": the part is named apart from the whole."""
    at = clause.find("share", "?percent", "=percent")
    head = clause.skip(clause.after_question, "stop", "?polar")
    others = clause.find(*EXTREMES, "growth", "decrease", *COMPARATORS)
    if at is None or clause.question is None or at not in (clause.question, head) or others is not None:
        return None
    whole = clause.run(clause.skip(at + 1, "stop", "link"))
    used = frozenset((at, *whole))
    parts, where = (
        clause.where(used.union(clause.periods)),
        tuple(clause.pieces[index].text for index in clause.periods),
    )
    if not whole or not parts or not (clause.has(at, "share") or clause.has(at + 1, "link")):
        return None
    where = (*parts[1:], *where)
    return Ratio(Select(parts[0], where=where), Select(clause.phrase(whole), where=where), as_share=True)


def growth_of(clause: Clause) -> Query | None:
    at = clause.find("growth", "decrease")
    if at is None or clause.direct_which or clause.asks(*_NAMING) or clause.is_polar:
        return None
    in_percent = clause.find("=percent", "share") is not None
    if not clause.periods and not in_percent and not clause.asks("?amount", "?percent", "?measure"):
        return None
    periods = [clause.pieces[index].text for index in clause.periods[:2]]
    than = clause.find("than")
    if len(periods) > 1 and than is not None and clause.periods[0] < than < clause.periods[1]:
        periods.reverse()
    start, end = ("", "", *periods)[-2:]
    shares = (index for index, piece in enumerate(clause.pieces) if piece.has("=percent", "share"))
    rest = clause.where(frozenset((at, *clause.periods, *shares)))
    is_absolute = clause.asks("?amount", "?measure", "?count") or clause.has(at, "difference")
    relative = in_percent or not is_absolute
    return Growth(Select(rest[0] if rest else "", where=rest[1:]), start, end, relative, clause.has(at, "decrease"))


def aggregate_of(clause: Clause) -> Query | None:
    """A function of several values: named ones, all of some, or those of a phrase that "of" joins to it."""
    if clause.direct_which or clause.asks(*_NAMING):
        return None
    for name, function in AGGREGATIONS.items():
        at = clause.find(name)
        if at is None:
            continue
        ends = at + 1 >= len(clause.pieces) or clause.has(at + 1, PUNCTUATION, "stop", "?measure") or clause.unspaced
        joint = clause.find("and", start=at)
        joint = clause.find("and") if joint is None and ends else joint
        listed = clause.listed(joint) if joint is not None else []
        is_joined = clause.has(clause.skip(at + 1, "weak"), "link") or clause.find("all", start=at) is not None
        is_adjective = clause.unspaced or clause.has(at - 1, "weak", *NUMBERS)
        if _both_extremes(clause, at) is not None or _ends(clause, at) is not None:
            return Aggregate(_aggregated(clause, at, listed), function)
        sums = ends and function is Aggregation.SUM and not clause.asks("?count") and not is_adjective
        if len(listed) > 1 or is_joined or sums:
            return Aggregate(_aggregated(clause, at, listed), function)
    return None


def _both_extremes(clause: Clause, at: int) -> Query | None:
    """ "The sum of the highest and the lowest value of the blue bars"."""
    joint = clause.find("and", start=at)
    if joint is None:
        return None
    left, right = range(at + 1, joint), range(joint + 1, len(clause.pieces))
    if not all(any(clause.has(index, *EXTREMES) for index in side) for side in (left, right)):
        return None
    groups = [
        group for group in clause.groups([i for i in right if clause.has(i, *EXTREMES, ORDINAL)]) if group[0] > joint
    ]
    where = tuple(clause.phrase(group) for group in groups[1:])
    shared = [index for group in groups[:1] for index in group]
    parts = []
    for side in (left, right):
        extreme = next(index for index in side if clause.has(index, *EXTREMES))
        own = [
            index
            for index in side
            if clause.is_content(index) and not clause.has(index, *EXTREMES, *AGGREGATIONS, ORDINAL, NUMBER)
        ]
        of = Select(clause.phrase(own if own and side is left else shared), where=where)
        highest, rank = clause.has(extreme, "highest"), clause.rank_near(extreme)
        parts.append(Extreme(of, highest, rank, Asks.VALUE))
    return Several(tuple(parts))


def _ends(clause: Clause, at: int) -> Query | None:
    """ "The average of the last three years"."""
    end = clause.find(*ENDS, start=at)
    count = clause.pieces[end + 1].number if end is not None and clause.has(end + 1, NUMBER) else None
    if end is None or not count or not 1 < count <= MAX_LISTED:
        return None
    of = Select("", where=clause.where((at, end, end + 1)))
    return Position(of, clause.has(end, "last"), count=int(count))


def _aggregated(clause: Clause, at: int, listed: Sequence[tuple[int, ...]]) -> Query:
    extreme = clause.find(*EXTREMES)
    names = clause.pieces[at].marks.intersection(AGGREGATIONS)
    used = frozenset((at, *clause.conditioned, *(i for i, piece in enumerate(clause.pieces) if piece.has(*names))))
    if (both := _both_extremes(clause, at)) is not None:
        return both
    if (ends := _ends(clause, at)) is not None:
        return ends
    if extreme is not None and (count := clause.count_near(extreme)) > 1:
        numbers = {index for index, piece in enumerate(clause.pieces) if piece.has(NUMBER)}
        rest = clause.where(used | numbers | {extreme})
        return Extreme(Select(" ".join(rest)), clause.has(extreme, "highest"), asks=Asks.VALUE, count=count)
    if len(listed) > 1:
        rest = clause.where(used.union(*listed))
        return Several(tuple(operand(clause, run, rest[0] if rest else "", rest[1:]) for run in listed))
    span = clause.period_range
    span = span if span is not None and used.isdisjoint(span) else None
    rest = clause.where(used.union(span or ()))
    query: Query = Select(rest[0] if rest else "", where=rest[1:])
    if span is not None:
        query = within(query, *(clause.pieces[index].text for index in span))
    for condition in clause.conditions:
        query = Filter(query, condition.words, condition.comparator, condition.bound)
    return query
