"""Compiles the pieces of a question to a query: finds its operation, and the phrases that the operation works on."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.query.question_clause import COMPARATORS, ENDS, EXTREMES, NUMERIC_QUESTIONS, Clause
from cogdoc.query.question_pieces import DATE, NUMBER, ORDINAL, PUNCTUATION, Piece
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Choose,
    Comparator,
    Compare,
    Difference,
    Extreme,
    Filter,
    Growth,
    ListOf,
    Neighbor,
    Position,
    Query,
    Ratio,
    Select,
    Several,
    Verify,
)

_AGGREGATIONS = {
    "sum": Aggregation.SUM,
    "mean": Aggregation.MEAN,
    "median": Aggregation.MEDIAN,
    "mode": Aggregation.MODE,
    "range": Aggregation.RANGE,
}
_MAX_LISTED = 20
"""Numbers up to which "the three highest" is a count rather than a value."""


def build_tree(clause: Clause) -> Query:
    """The query of a question; a lookup if it states no operation."""
    rules = (_polar, _choice, _difference, _ratio, _aggregate, _extreme, _growth, _neighbor, _count, _position, _list)
    return next((tree for rule in rules if (tree := rule(clause)) is not None), _narrowed(clause))


def lookup(clause: Clause) -> Select:
    """The value that the words of the question name."""
    return Select(clause.phrase(clause.asked), where=clause.where(clause.asked))


def _narrowed(clause: Clause) -> Query:
    """A lookup in those rows that the comparisons of the question leave."""
    kept = [condition for condition in clause.conditions if condition.comparator is not Comparator.EQUAL]
    used = frozenset((*clause.asked, *(index for condition in kept for index in condition.used)))
    query: Query = Select(clause.phrase(clause.asked), where=clause.where(used))
    for condition in kept:
        query = Filter(query, condition.words, condition.comparator, condition.bound)
    return query


def _operand(clause: Clause, indices: Sequence[int], by: str = "", where: tuple[str, ...] = ()) -> Query:
    """A phrase that is compared or combined, which may itself contain an operation: "the highest bar"."""
    inner = [index for index in indices if clause.pieces[index].has(*EXTREMES)]
    rest = [
        index for index in indices if not clause.pieces[index].has(*EXTREMES, ORDINAL, NUMBER, "sum", "mean", "median")
    ]
    if inner:
        return _extreme_of(clause, inner[0], Select(clause.phrase(rest), by, where), Asks.VALUE)
    for name, function in _AGGREGATIONS.items():
        if any(clause.pieces[index].has(name) for index in indices):
            return Aggregate(Select(clause.phrase(rest), by, where), function)
    return Select(clause.phrase(indices), by, where)


def _filtered(clause: Clause, query: Query) -> Query:
    for condition in clause.conditions:
        query = Filter(query, condition.words, condition.comparator, condition.bound)
    return query


def _conditioned(clause: Clause) -> set[int]:
    """The pieces that conditions use."""
    return {index for condition in clause.conditions for index in condition.used}


def _comparator(clause: Clause) -> int | None:
    return clause.find(*COMPARATORS, "later")


def _kind(piece: Piece) -> Comparator:
    return next(comparator for name, comparator in COMPARATORS.items() if piece.has(name))


def _polar(clause: Clause) -> Query | None:
    if not clause.is_polar or clause.find("or") is not None:
        return None
    negated = clause.find("not") is not None
    sides = _sides(clause)
    if sides is None:
        return Verify(clause.text.strip(" ?？¿。"), negated)
    left, right, by, comparator = sides
    numbers = [index for index in right if clause.pieces[index].has(NUMBER, DATE)]
    if numbers and all(index in numbers or not clause.is_content(index) or index > numbers[-1] for index in right):
        return Compare(_operand(clause, left, by), clause.pieces[numbers[0]].text, comparator, negated)
    return Compare(_operand(clause, left, by), _operand(clause, right, by), comparator, negated)


def _sides(clause: Clause) -> tuple[list[int], list[int], str, Comparator] | None:
    """What is compared with what, by which property, in "is A higher than B", "did A score more goals than B"."""
    at = _comparator(clause)
    if at is None:
        return None
    than, end = clause.find("than"), len(clause.pieces)
    left: Sequence[int]
    right: Sequence[int]
    by: Sequence[int] = ()
    if than is not None and than < at:
        left, right = range(than), range(than + 1, at)
    elif than is not None:
        left, right, by = range(at), range(than + 1, end), range(at + 1, than)
    else:
        left, right = range(at), range(at + 1, end)
    opening = range((clause.question or 0) + 1, at)
    if clause.asks(*NUMERIC_QUESTIONS) and than is not None and at < than and not any(map(clause.is_content, opening)):
        by = clause.run(at + 1)
        left = range((by[-1] if by else at) + 1, than)
        if not any(clause.is_content(index) for index in left):
            left, by = by, ()
    sides = [[index for index in side if clause.is_content(index)] for side in (left, right)]
    if not all(sides):
        return None
    return _span(sides[0]), _span(sides[1]), clause.phrase(by), _kind(clause.pieces[at])


def _span(indices: Sequence[int]) -> list[int]:
    return list(range(indices[0], indices[-1] + 1)) if indices else []


def _choice(clause: Clause) -> Query | None:
    """Which of several named things is higher, earlier, or has more."""
    joint = clause.find("or")
    signal = clause.find(*EXTREMES, *ENDS, "more", "less", "later")
    if joint is None or signal is None:
        return None
    about = _property(clause, signal)
    options = [
        run for run in _listed(clause, joint) if signal not in run and (joint < run[0] or not set(about) & set(run))
    ]
    used = {index for option in options for index in option} | {signal, *clause.asked}
    by = [index for index in about if index not in used]
    highest = clause.pieces[signal].has("highest", "more", "later", "last")
    phrases = tuple(clause.phrase(option) for option in options)
    if len(phrases) < 2 or not all(phrases):
        return None
    return Choose(phrases, clause.phrase(by), highest, clause.where(frozenset(used.union(by))))


def _listed(clause: Clause, joint: int) -> list[tuple[int, ...]]:
    """The things that "or", "and" and commas join, in order."""
    start = clause.skip(joint + 1, "stop")
    last = clause.run(start)
    listed = [last] if last else []
    index = joint - 1
    while index >= 0:
        while index >= 0 and (clause.pieces[index].has(PUNCTUATION) or clause.pieces[index].text in "\"'"):
            index -= 1
        run = clause.run(index, -1)
        if not run:
            break
        listed.insert(0, run)
        index = run[0] - 1
        while index >= 0 and clause.pieces[index].has("stop") and not clause.pieces[index].has("link"):
            index -= 1
        if index < 0 or not (clause.pieces[index].text in ",，、" or clause.pieces[index].has("and", "or")):
            break
    return listed


def _property(clause: Clause, signal: int) -> tuple[int, ...]:
    """The phrase that a superlative or comparative is about: after it, or else between it and what is asked."""
    after = clause.run(clause.skip(signal + 1, "count", *EXTREMES, "than"))
    if after and not clause.unspaced:
        return after
    if clause.unspaced:
        return clause.run_before(signal) or after
    asking = clause.question if clause.question is not None else -1
    begin = max(asking, *clause.asked, -1) + 1 if signal > asking else 0
    operations = [index for index, piece in enumerate(clause.pieces) if piece.has(*EXTREMES, *ENDS, ORDINAL)]
    runs = [group for group in clause.groups(operations) if begin <= group[0] and group[-1] < signal]
    return runs[-1] if runs else ()


def _difference(clause: Clause) -> Query | None:
    at = clause.find("difference")
    if clause.asks("?which", "?person", "?date", "?year", "?place"):
        return None
    if at is not None and any(
        clause.is_content(at - back) and clause.pieces[at - back].has(*EXTREMES) for back in (1, 2)
    ):
        return None
    if at is None or clause.pieces[at].has("more", "less"):
        stated = at is not None or clause.find("than") is not None
        free = clause.find("than") not in _conditioned(clause)
        sides = _sides(clause) if stated and free and clause.asks(*NUMERIC_QUESTIONS) else None
        return Difference(_operand(clause, sides[0], sides[2]), _operand(clause, sides[1], sides[2])) if sides else None
    joint = clause.find("and", start=0 if clause.unspaced else at)
    than = clause.find("than")
    if joint is None and than is not None and than < at:
        joint = than
    if joint is None:
        return None
    between = clause.find("between", start=at)
    if joint < at:
        left, right, about = range(joint), range(joint + 1, at), range(0)
    else:
        first = (between if between is not None and between < joint else at) + 1
        left, right, about = range(first, joint), range(joint + 1, len(clause.pieces)), range(at + 1, first - 1)
    extremes = {name for name in EXTREMES for side in (left, right) for i in side if clause.pieces[i].has(name)}
    ranked = any(clause.pieces[index].has(ORDINAL) for index in (*left, *right))
    if len(extremes) == 2 and not ranked:
        rest = [i for i in (*about, *left, *right) if not clause.pieces[i].has(*EXTREMES)]
        return Aggregate(Select(" ".join(clause.phrase(group) for group in _runs(clause, rest))), Aggregation.RANGE)
    by = clause.phrase(about) or clause.phrase(clause.run(at - 1, -1) if not clause.unspaced else ())
    right = _without_period(clause, right)
    where = tuple(
        clause.pieces[index].text for index in range(right.stop, len(clause.pieces)) if clause.pieces[index].has(DATE)
    )
    if not clause.phrase(left) or not clause.phrase(right):
        return None
    return Difference(_operand(clause, left, by, where), _operand(clause, right, by, where))


def _runs(clause: Clause, indices: Sequence[int]) -> list[tuple[int, ...]]:
    allowed = frozenset(range(len(clause.pieces))) - frozenset(indices)
    return list(clause.groups(allowed))


def _without_period(clause: Clause, indices: range) -> range:
    """`indices` up to a preposition and a period, which belong to both sides: "of A and B in 2020"."""
    for index in indices:
        if clause.pieces[index].has(DATE) and index > indices.start and clause.pieces[index - 1].has("link"):
            return range(indices.start, index - 1)
    return indices


def _ratio(clause: Clause) -> Query | None:
    share = clause.find("share", "?percent", "=percent")
    head = clause.skip((-1 if clause.question is None else clause.question) + 1, "stop", "?polar")
    at = clause.find("ratio")
    if at is not None:
        joint = clause.find("and", "than", "link", start=clause.skip(at + 1, "link", "stop", "between") + 1)
        sides = (range(at + 1, joint), range(joint + 1, len(clause.pieces))) if joint is not None else None
        if clause.asks("?count", "?measure"):
            parts = _sides(clause) if clause.find("than") is not None else None
            return Ratio(_operand(clause, parts[0]), _operand(clause, parts[1])) if parts else None
        if sides and clause.phrase(sides[0]) and clause.phrase(sides[1]):
            return Ratio(_operand(clause, sides[0]), _operand(clause, sides[1]))
        return None
    if (
        share not in (clause.question, head)
        or share is None
        or clause.question is None
        or clause.find(*EXTREMES, "growth", "decrease", *COMPARATORS) is not None
    ):
        return None
    whole = clause.run(clause.skip(share + 1, "stop", "link"))
    parts_of = clause.where(frozenset((share, *whole)))
    has_link = share + 1 < len(clause.pieces) and (
        clause.pieces[share].has("share") or clause.pieces[share + 1].has("link")
    )
    if not whole or not parts_of or not has_link:
        return None
    return Ratio(
        Select(parts_of[0], where=parts_of[1:]), Select(clause.phrase(whole), where=parts_of[1:]), as_share=True
    )


def _growth(clause: Clause) -> Query | None:
    at = clause.find("growth", "decrease")
    if at is None or clause.asks("?which", "?person", "?date", "?place") or clause.is_polar:
        return None
    if not clause.periods and not clause.asks("?amount", "?percent", "?measure"):
        return None
    periods = [clause.pieces[index].text for index in clause.periods[:2]]
    than = clause.find("than")
    if len(clause.periods) > 1 and than is not None and clause.periods[0] < than < clause.periods[1]:
        periods.reverse()
    start, end = periods if len(periods) == 2 else ("", *periods) if periods else ("", "")
    rest = clause.where(frozenset((at, *clause.periods)))
    of = Select(rest[0] if rest else "", where=rest[1:])
    relative = not clause.asks("?amount", "?measure", "?count") or clause.find("=percent") is not None
    return Growth(of, start, end, relative)


def _aggregate(clause: Clause) -> Query | None:
    for name, function in _AGGREGATIONS.items():
        at = clause.find(name)
        if at is None or clause.asks("?which", "?person", "?place"):
            continue
        joint = clause.find("and", start=at)
        listed = _listed(clause, joint) if joint is not None else []
        following = clause.skip(at + 1, "weak", "stop")
        is_of = at + 1 < len(clause.pieces) and clause.pieces[following - (following >= len(clause.pieces))].has("link")
        is_applied = clause.pieces[clause.skip(at + 1, "weak") - 1 + 1].has("link") if is_of else False
        ends = at + 1 >= len(clause.pieces) or clause.pieces[at + 1].has(PUNCTUATION)
        everything = clause.find("all", start=at) is not None
        if not (len(listed) > 1 or is_applied or everything or (ends and function is Aggregation.SUM)):
            continue
        return Aggregate(_aggregated(clause, at, listed), function)
    return None


def _aggregated(clause: Clause, at: int, listed: Sequence[tuple[int, ...]]) -> Query:
    extreme = clause.find(*EXTREMES)
    used = frozenset((at, *_conditioned(clause)))
    if extreme is not None and (count := _count_near(clause, extreme)) > 1:
        numbers = {index for index, piece in enumerate(clause.pieces) if piece.has(NUMBER)}
        rest = clause.where(used | numbers | {extreme})
        return Extreme(Select(" ".join(rest)), clause.pieces[extreme].has("highest"), asks=Asks.VALUE, count=count)
    if len(listed) > 1:
        names = frozenset(index for run in listed for index in run)
        rest = clause.where(used | names)
        by = rest[0] if rest else ""
        return Several(tuple(_operand(clause, run, by, rest[1:]) for run in listed))
    rest = clause.where(used)
    return _filtered(clause, Select(rest[0] if rest else "", where=rest[1:]))


def _count_near(clause: Clause, extreme: int) -> int:
    """3 for "the three highest" and "the top 3"."""
    for index in (extreme - 1, extreme + 1):
        if (
            0 <= index < len(clause.pieces)
            and (number := clause.pieces[index].number)
            and clause.pieces[index].has(NUMBER)
        ):
            return int(number) if number <= _MAX_LISTED else 1
    return 1


def _rank(clause: Clause, extreme: int) -> int:
    for index in (extreme - 1, extreme - 2, extreme + 1):
        if 0 <= index < len(clause.pieces) and clause.pieces[index].has(ORDINAL):
            return int(clause.pieces[index].number or 1)
    return 1


def _extreme_of(clause: Clause, at: int, of: Query, asks: Asks) -> Extreme:
    count = _count_near(clause, at)
    return Extreme(of, clause.pieces[at].has("highest"), _rank(clause, at), asks, count)


def _extreme(clause: Clause) -> Query | None:
    start = 0 if not clause.asks("?count") else clause.skip((clause.question or 0) + 1, "stop", *EXTREMES)
    at = clause.find(*EXTREMES, start=start)
    ranked = clause.find("rank")
    if at is None and ranked is not None and (ordinal := clause.find(ORDINAL, start=ranked)) is not None:
        by = tuple(index for index in clause.run_before(ranked) if index not in clause.asked) if clause.unspaced else ()
        used = frozenset((*clause.asked, *by, ranked, ordinal))
        of = Select(clause.phrase(clause.asked), clause.phrase(by), clause.where(used))
        return Extreme(of, highest=True, rank=int(clause.pieces[ordinal].number or 1))
    if at is None or clause.pieces[at].has(*ENDS):
        return None
    by = _property(clause, at)
    first = clause.skip((clause.question if clause.question is not None else -1) + 1, "stop", "link", "?polar", ORDINAL)
    attributive = first == at
    is_value = clause.asks(*NUMERIC_QUESTIONS) or (
        attributive
        and not clause.direct
        and clause.asks("?what", "?which")
        and (
            clause.pieces[at].has("extremes") or any(clause.pieces[i].has("=number", "=amount", "=percent") for i in by)
        )
        and (
            clause.pieces[min(at + 1, len(clause.pieces) - 1)].has("count")
            or not any(clause.pieces[i].marks & _NAMES for i in by)
        )
    )
    names = clause.asks("?person", "?date", "?place", "?time") and clause.question is not None
    asked = (
        () if names and clause.asked == by else tuple(index for index in clause.asked if index not in by or attributive)
    )
    if attributive:
        asked, by = (by, by) if is_value else (by or asked, ())
    used = frozenset((at, *asked, *by, *_conditioned(clause), *_around(clause, at)))
    rows = _filtered(clause, Select(clause.phrase(asked), clause.phrase(by), clause.where(used)))
    query = _extreme_of(clause, at, rows, Asks.VALUE if is_value else Asks.NAME)
    return ListOf(query, query.count) if query.count > 1 else query


_NAMES = frozenset(("=person", "=organisation", "=place", "=date", "=year"))


def _around(clause: Clause, at: int) -> list[int]:
    return [
        index
        for index in (at - 2, at - 1, at + 1)
        if index >= 0 and index < len(clause.pieces) and clause.pieces[index].has(ORDINAL, NUMBER)
    ]


def _neighbor(clause: Clause) -> Query | None:
    at = max(
        (index for index, piece in enumerate(clause.pieces) if piece.has("next", "previous", "after", "before")),
        default=None,
    )
    if at is None or clause.asks(*NUMERIC_QUESTIONS) or clause.question is None or at < clause.question:
        return None
    anchor = [index for index in range(at + 1, len(clause.pieces)) if not clause.pieces[index].has(PUNCTUATION)]
    phrase = clause.phrase(anchor)
    if not phrase:
        return None
    used = frozenset((*clause.asked, *range(at, len(clause.pieces))))
    of = Select(clause.phrase(clause.asked), where=clause.where(used))
    return Neighbor(of, phrase, after=clause.pieces[at].has("next", "after"))


def _count(clause: Clause) -> Query | None:
    named = clause.find("count")
    heads = clause.question is None or clause.asks("?what")
    counts = (
        heads
        and named is not None
        and named == clause.skip((-1 if clause.question is None else clause.question) + 1, "stop", "?polar", "sum")
    )
    if not clause.asks("?count") and not counts:
        return None
    used = frozenset((*clause.asked, *_conditioned(clause)))
    where = clause.where(used | ({named} if named is not None else set()))
    return Aggregate(_filtered(clause, Select(clause.phrase(clause.asked), where=where)), Aggregation.COUNT)


def _position(clause: Clause) -> Query | None:
    at = clause.find(*ENDS)
    if at is None or clause.asks(*NUMERIC_QUESTIONS) or any(index > at for index in clause.periods):
        return None
    asked = clause.asked or clause.run(at + 1)
    of = _filtered(
        clause, Select(clause.phrase(asked), where=clause.where(frozenset((at, *asked, *_conditioned(clause)))))
    )
    return Position(of, clause.pieces[at].has("last"))


def _list(clause: Clause) -> Query | None:
    first = clause.skip(0, PUNCTUATION, "stop")
    asking = clause.find("list")
    lists = asking is not None and (asking == first or clause.question is None or asking < len(clause.pieces) // 2)
    if clause.question is not None:
        head = clause.question
        number = next(
            (clause.pieces[i] for i in (head + 1, head + 2) if i < len(clause.pieces) and clause.pieces[i].has(NUMBER)),
            None,
        )
    elif asking is not None:
        number = next((piece for piece in clause.pieces[asking + 1 : asking + 3] if piece.has(NUMBER)), None)
    else:
        number = None
    conditions = bool(clause.conditions) and (
        clause.asks("?which", "?person") or (clause.asks("?what") and clause.direct)
    )
    if not lists and number is None and not conditions:
        return None
    used = frozenset((*clause.asked, *_conditioned(clause), *(() if asking is None else (asking,))))
    of = _filtered(clause, Select(clause.phrase(clause.asked), where=clause.where(used)))
    count = int(number.number) if number is not None and number.number and number.number <= _MAX_LISTED else None
    return ListOf(of, count)
