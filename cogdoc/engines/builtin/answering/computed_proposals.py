"""Proposes the results of running the question's tree on the tables of all pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cogdoc.engines.builtin.answering.named_places import named_tables
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.yes_or_no import yes_no_word
from cogdoc.engines.builtin.page_tables import page_tables
from cogdoc.query.computed import Computed, is_count
from cogdoc.query.concepts import concepts_in
from cogdoc.query.execution import run
from cogdoc.query.fitted_model import Features
from cogdoc.query.grounding import PROPER
from cogdoc.query.label_matching import Matcher
from cogdoc.query.question import Question
from cogdoc.query.question_readings import readings
from cogdoc.query.segments import PageView
from cogdoc.query.terms import fold_case
from cogdoc.query.tree import (
    Aggregate,
    Asks,
    Compare,
    Difference,
    Extreme,
    Growth,
    ListOf,
    Neighbor,
    Position,
    Ratio,
    Select,
    Verify,
)
from cogdoc.query.typed_values import NUMERIC, ValueKind, fit

ARITHMETIC = (Aggregate, Difference, Ratio, Growth)
"""Operations whose results are numbers, whatever the question's words say."""

NAMING = (Extreme, Position, Neighbor)
PERIODS = frozenset({"year", "date", "month", "quarter", "period", "time", "day"})
"""The concepts of questions that ask for a period."""

MIN_FIT = 0.5
UNTYPED_FIT = 0.7


def propose_computed(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    question = matcher.question
    by_number = {page.number: page for page in pages}
    tables = named_tables(question, [table for page in pages for table in page_tables(page)])
    for tree in readings(question, tables):
        if isinstance(tree, Verify) or (isinstance(tree, Select) and not _adds_to_label(tree, question)):
            continue
        results = run(tree, tables, question.kinds[0])
        for result, compared in zip(results, places(results), strict=True):
            # "What were total assets" asks for one amount, which `propose_cells` finds.
            may_be_one = isinstance(question.tree, ListOf) and question.kinds[0] not in NUMERIC
            is_wanted = not isinstance(tree, ListOf) or may_be_one or len(result.operands) > 1
            if is_wanted and not _counts_unnamed(matcher, result):
                yield from proposal_of(matcher, by_number, result, pages[0], compared)


def places(results: Sequence[Computed]) -> list[Features]:
    """How each result compares with the others of the same tree, best first."""
    return [
        {"computed-place": 1 / (1 + place), "computed-behind": results[0].score - result.score}
        for place, result in enumerate(results)
    ]


def proposal_of(
    matcher: Matcher, pages: Mapping[int, PageView], result: Computed, first: PageView, compared: Features
) -> Iterator[Proposal]:
    """The result as a proposal; none if it has another type than the question asks for.

    `compared` are the features of how it compares with other results of the same tree.
    """
    kind, fitting = _typed(matcher, result)
    if fitting <= 0:
        return
    numbers = [operand.cell.page for operand in result.operands]
    is_verdict = kind is ValueKind.YES_OR_NO
    yield Proposal(
        page=pages.get(numbers[0], first) if numbers else first,
        text=yes_no_word(matcher.question.language, result.text == "Yes") if is_verdict else result.text,
        slices=(),
        relation=Relation.COMPUTED,
        kind=kind,
        recall=result.words - result.assumed,
        precision=(result.columns + result.rows) / 2,
        fit=fitting,
        evidence=" | ".join(operand.label for operand in result.operands),
        features={
            **result.features,
            **compared,
            "unasked-period": float(result.is_date and kind is ValueKind.TEXT and not asks_period(matcher.question)),
        },
        query=result.query,
        operands=result.operands,
        formula=result.formula,
    )


def asks_period(question: Question) -> bool:
    return not PERIODS.isdisjoint(concepts_in(question.text))


def _adds_to_label(tree: Select, question: Question) -> bool:
    """Whether a lookup has words besides the label that the question quotes, which is all that `propose_cells` knows.

    The unit price of "Tea" needs both; the value for "Tea" does not.
    """
    return question.quoted and (bool(tree.by or tree.where) or fold_case(tree.words) != fold_case(question.label))


def _counts_unnamed(matcher: Matcher, result: Computed) -> bool:
    """Whether a result counts what nothing on the pages names: the lines of a statement are no lunar landings."""
    return is_count(result.query) and result.words <= result.assumed and matcher.words_missing == 1


def _typed(matcher: Matcher, result: Computed) -> tuple[ValueKind, float]:
    """The kind of a result, and how well it fits what the question asks for; 0 for another type."""
    kinds = matcher.question.kinds
    if isinstance(result.query, Compare):
        return ValueKind.YES_OR_NO, 1.0
    if isinstance(result.query, ARITHMETIC):
        return next((kind for kind in kinds if kind in NUMERIC), ValueKind.NUMBER), 1.0
    typed = [(fit(kind, result.text), kind) for kind in kinds if kind is not ValueKind.TEXT]
    fitting, kind = max(typed, key=lambda pair: pair[0], default=(0.0, ValueKind.TEXT))
    if fitting >= MIN_FIT:
        return kind, fitting
    if kinds[0] in PROPER and result.quantity is not None:
        return kind, 0.0
    is_name = isinstance(result.query, NAMING) and result.query.asks is Asks.NAME
    return (kind, 0.0) if kinds[0] in NUMERIC and not is_name else (ValueKind.TEXT, UNTYPED_FIT)
