"""Answers and cells carry values with the units and scales that their document states somewhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import cogdoc
from cogdoc.api import OpenedDocument
from cogdoc.results.printed_value import PrintedValue
from cogdoc.results.records import Answer
from cogdoc.results.value_text import in_full


@pytest.fixture(scope="module")
def report(samples: Path) -> Iterator[OpenedDocument]:
    """A report whose statements are in thousands of euros, with columns that are no amounts."""
    return cogdoc.open(samples / "report.pdf", engine="builtin")


@pytest.mark.parametrize(
    ("question", "in_words", "plain"),
    [
        ("What was the total revenue in 2024?", "€412,860 thousand", "412860000 EUR"),
        ("How much did total revenue increase from 2023 to 2024?", "€44,445 thousand", "44445000 EUR"),
        ("How many employees are in Northern Europe?", "842", "842"),
        ("What were the basic earnings per share in 2024?", "€2.34", "2.34 EUR"),
        ("By how many percent did total revenue grow from 2023 to 2024?", "12.1%", "12.1%"),
        ("When does the financial year end?", "31 December 2024", "2024-12-31"),
    ],
)
def test_an_answer_has_the_unit_and_scale_of_its_table(
    report: OpenedDocument, question: str, in_words: str, plain: str
) -> None:
    answer = report.ask(question).answer
    assert answer is not None
    assert answer.value is not None
    assert (in_full(answer), answer.value.plain) == (in_words, plain)


def test_names_are_no_values(report: OpenedDocument) -> None:
    answer = report.ask("Who is the chief executive?").answer
    assert answer is not None
    assert answer.found
    assert answer.value is None


def test_scales_without_an_english_word_are_digits() -> None:
    value = PrintedValue(kind="number", number=7.2e9, scale=1e8)
    assert in_full(Answer(question="多少？", text="72", value=value, confidence=1)) == "72 × 100,000,000"


def test_cells_have_values(report: OpenedDocument) -> None:
    (page,) = report.ocr("7")
    table = next(block.table for block in page.blocks if block.table)
    values = {row[0].text: [cell.value and cell.value.plain for cell in row[1:]] for row in table.rows}
    assert values["Northern Europe"][0] == "142318000 EUR"
    assert values["Northern Europe"][-1] == "842"
    assert values["Rest of the world"][-2] == "-556000 EUR"
