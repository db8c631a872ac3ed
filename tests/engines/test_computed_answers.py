"""Answers computed from a chart that a model wrote as a table confirm or contest what the model answers directly."""

from __future__ import annotations

import pytest

from cogdoc.engines.vision.computed_answers import chart_tables, compute, with_computed
from cogdoc.results.records import Answer, Chart, ChartKind, ChartSeries, ChartValue

SALES = Chart(
    kind=ChartKind.UNKNOWN,
    title="Sales by quarter",
    x_title="Quarter",
    categories=("Q1", "Q2", "Q3"),
    series=tuple(
        ChartSeries(name=name, values=tuple(ChartValue(value=value, confidence=0.9) for value in values))
        for name, values in (("2023", (12.5, 13.0, 15.0)), ("2024", (14.0, 17.5, 16.0)))
    ),
    measured=False,
    confidence=0.9,
)
DIFFERENCE = "What is the difference between Q2 and Q1 in 2024?"


def answered(text: str | None, confidence: float | None) -> Answer:
    computed = compute(DIFFERENCE, list(chart_tables([SALES], 1)))
    assert computed is not None
    direct = Answer(question=DIFFERENCE, text=text, confidence=confidence)
    return with_computed(direct, computed, 0.9)


def test_an_operation_is_computed_with_its_operands_and_formula() -> None:
    answer = answered(None, None)
    assert answer.text == "3.5"
    assert answer.formula == "17.5 − 14"
    assert [operand.text for operand in answer.operands] == ["17.5", "14"]


def test_agreement_makes_an_answer_surer() -> None:
    answer = answered("3.50", 0.6)
    assert answer.text == "3.50"
    assert answer.confidence is not None
    assert answer.confidence > 0.8


def test_agreement_gives_an_answer_without_a_confidence_that_of_the_table() -> None:
    assert answered("3.50", None).confidence == pytest.approx(answered(None, None).confidence)


@pytest.mark.parametrize(("confidence", "text"), [(0.2, "3.5"), (0.99, "4.5")])
def test_of_two_answers_the_surer_one_is_given_and_the_other_listed(confidence: float, text: str) -> None:
    answer = answered("4.5", confidence)
    assert answer.text == text
    assert {answer.text, *(other.text for other in answer.alternatives)} == {"3.5", "4.5"}


@pytest.mark.parametrize("question", ["What is shown in Q1?", "Is the sky blue?", "How many employees left in 1999?"])
def test_questions_about_other_things_are_left_to_the_model(question: str) -> None:
    assert compute(question, list(chart_tables([SALES], 1))) is None
