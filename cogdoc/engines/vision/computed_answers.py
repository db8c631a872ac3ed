"""Computes answers from the tables that a model wrote, which models read better than they reckon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cogdoc.engines.vision.vision_model import UNKNOWN_CONFIDENCE
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.computed import Computed, tree_output
from cogdoc.query.execution import run
from cogdoc.query.grid_tables import GridCell, Source, grid_tables
from cogdoc.query.question_parser import parse_question
from cogdoc.query.question_readings import readings
from cogdoc.query.table import DataTable, TableOrigin
from cogdoc.query.terms import fold_case
from cogdoc.query.tree import Select, Verify
from cogdoc.results.chart_rows import chart_to_rows
from cogdoc.results.records import Answer, AnswerOperand, Candidate, Chart

MIN_WORDS = 0.8
"""Share of a question's words that a result has to explain."""

SAME = 0.01
"""Share by which two numbers may differ that are the same, rounded."""


def chart_tables(charts: Iterable[Chart], page: int) -> Iterator[DataTable]:
    for chart in charts:
        grid = [[GridCell(text) if text else None for text in row] for row in chart_to_rows(chart)]
        yield from grid_tables(grid, Source(TableOrigin.MARKDOWN, page, chart.title or ""))


def compute(question: str, tables: Sequence[DataTable]) -> Computed | None:
    """The best result of the question's operation; None if it states none, or its words name other things."""
    parsed = parse_question(question)
    trees = [tree for tree in readings(parsed, tables) if not isinstance(tree, Select | Verify)]
    results = [result for tree in trees for result in run(tree, tables, parsed.kinds[0])]
    best = max(results, key=lambda result: result.score, default=None)
    return best if best is not None and best.words >= MIN_WORDS else None


def with_computed(direct: Answer, computed: Computed, confidence: float) -> Answer:
    """The direct answer of a model, confirmed or contested by the computed one, whichever is the surer.

    Args:
        confidence: that the table is right.
    """
    own = confidence * computed.score
    described = {
        "query": tree_output(computed.query),
        "operands": tuple(
            AnswerOperand(label=operand.label, text=operand.cell.text, page=operand.cell.page)
            for operand in computed.operands
        ),
        "formula": computed.formula or None,
    }
    if direct.text is not None and _are_same(direct.text, computed.text):
        wrong = (1 - own) * (1 if direct.confidence is None else 1 - direct.confidence)
        return direct.model_copy(update={**described, "confidence": 1 - wrong})
    own_words = UNKNOWN_CONFIDENCE if direct.confidence is None else direct.confidence
    if direct.text is not None and own_words >= own:
        other = Candidate(text=computed.text, confidence=own)
        return direct.model_copy(update={"alternatives": (other, *direct.alternatives)})
    evidence = direct.evidence[0] if direct.evidence else None
    others = (Candidate(text=direct.text, confidence=direct.confidence, evidence=evidence),) if direct.text else ()
    answer = Answer(question=direct.question, text=computed.text, confidence=own)
    return answer.model_copy(update={**described, "alternatives": (*others, *direct.alternatives)})


def _are_same(one: str, two: str) -> bool:
    """Whether two texts are the same name, or about the same number."""
    if fold_case(one).strip(" .") == fold_case(two).strip(" ."):
        return True
    values = [numbers[0].value for text in (one, two) if len(numbers := find_numbers(text)) == 1]
    return len(values) == 2 and abs(values[0] - values[1]) <= SAME * max(map(abs, values))
