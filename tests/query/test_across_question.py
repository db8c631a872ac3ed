"""Questions across documents say what each document is asked for, and what is computed from the answers."""

from __future__ import annotations

import pytest

from cogdoc.errors import UsageError
from cogdoc.query.across_question import Operation, parse_across
from cogdoc.query.tree import Comparator


@pytest.mark.parametrize(
    ("text", "operation", "inner", "names"),
    [
        ("which receipt has the highest total?", "highest", "total", True),
        ("Which receipt was the cheapest?", "lowest", "total", True),
        ("which invoice is the oldest?", "lowest", "date", True),
        ("largest invoice", "highest", "total", True),
        ("what is the earliest invoice date?", "lowest", "invoice date", False),
        ("latest due date", "highest", "due date", False),
        ("lowest total", "lowest", "total", False),
        ("sum of all totals", "sum", "totals", False),
        ("total of all receipts", "sum", "total", False),
        ("What was the total?", "sum", "total", False),
        ("sum of the tax of all receipts", "sum", "tax", False),
        ("What is the total amount of all invoices?", "sum", "total amount", False),
        ("how many employees in total?", "sum", "employees", False),
        ("what is the average total?", "mean", "total", False),
        ("median total", "median", "total", False),
        ("what is the range of totals?", "range", "totals", False),
        ("list invoice numbers", "list", "invoice numbers", False),
        ("What is the invoice number of each invoice?", "list", "invoice number", False),
        ("list all totals", "list", "totals", False),
        ("how many receipts are there?", "count", "total", False),
        ("Welche Rechnung hat den höchsten Betrag?", "highest", "Betrag", True),
        ("durchschnittlicher Gesamtbetrag", "mean", "Gesamtbetrag", False),
        ("Summe aller Rechnungsbeträge", "sum", "Rechnungsbeträge", False),
        ("所有发票的总金额是多少？", "sum", "总金额", False),
    ],
)
def test_operation_and_inner_question(text: str, operation: str, inner: str, names: bool) -> None:
    parsed = parse_across(text)
    assert (parsed.operation.value, parsed.inner, parsed.names_document) == (operation, inner, names)
    assert parsed.bounds == ()


@pytest.mark.parametrize(
    ("text", "operation", "asked", "comparator", "bound"),
    [
        ("how many invoices are over 100 EUR?", "count", "total", Comparator.MORE, "100 EUR"),
        ("which receipts are over 100?", "list", "total", Comparator.MORE, "100"),
        ("how many receipts are from 2018?", "count", "date", Comparator.EQUAL, "2018"),
        ("how many invoices are before 2019-03-01?", "count", "date", Comparator.LESS, "2019-03-01"),
        ("sum of the tax of receipts from 2018", "sum", "date", Comparator.EQUAL, "2018"),
        ("average of the totals over 100", "mean", "totals", Comparator.MORE, "100"),
    ],
)
def test_conditions(text: str, operation: str, asked: str, comparator: Comparator, bound: str) -> None:
    parsed = parse_across(text)
    (condition,) = parsed.bounds
    assert parsed.operation.value == operation
    assert (condition.question, condition.comparator, condition.text) == (asked, comparator, bound)
    assert condition.question in parsed.questions


def test_the_three_highest_are_three_and_no_condition() -> None:
    parsed = parse_across("the three highest totals")
    assert (parsed.operation, parsed.count, parsed.bounds) == (Operation.HIGHEST, 3, ())


@pytest.mark.parametrize(
    ("text", "operation"),
    [
        ("Is the total of a.pdf higher than the total of b.pdf?", Operation.COMPARE),
        ("difference between the totals of a.pdf and b.pdf", Operation.DIFFERENCE),
        ("which has a higher total, a.pdf or b.pdf?", Operation.HIGHEST),
        ("which is earlier, a.pdf or b.pdf?", Operation.LOWEST),
    ],
)
def test_named_files_are_compared(text: str, operation: Operation) -> None:
    parsed = parse_across(text)
    assert (parsed.operation, parsed.files) == (operation, ("a.pdf", "b.pdf"))


def test_a_difference_needs_two_names() -> None:
    with pytest.raises(UsageError, match="names of two files"):
        parse_across("difference between the totals")
