"""Question analysis finds the kind of value, the label, the shape and the names that a question asks for."""

from __future__ import annotations

import pytest

from cogdoc.query.question import DocumentField, Shape
from cogdoc.query.question_parser import parse_question
from cogdoc.query.typed_values import ValueKind


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is the total amount?", ValueKind.AMOUNT),
        ("How many seats does the aircraft have?", ValueKind.NUMBER),
        ("When was the letter written?", ValueKind.DATE),
        ("What is the date and time of the accident?", ValueKind.DATE_AND_TIME),
        ("In which year did it open?", ValueKind.YEAR),
        ("What percentage of sales was online?", ValueKind.PERCENT),
        ("To whom is the fax addressed?", ValueKind.PERSON),
        ("What is the date of the fax?", ValueKind.DATE),
        ("What is the fax number?", ValueKind.PHONE),
        ("What is the invoice number?", ValueKind.IDENTIFIER),
        ("What is the policy number of the insured?", ValueKind.IDENTIFIER),
        ("What is the total number of seats?", ValueKind.NUMBER),
        ("Where did the event take place?", ValueKind.PLACE),
        ("What is the weapon of the knight?", ValueKind.TEXT),
        ("股价是多少？", ValueKind.AMOUNT),
        ("发布日期是哪一天？", ValueKind.DATE),
        ("大股东是谁？", ValueKind.PERSON),
    ],
)
def test_finds_the_kind_of_value(question: str, kind: ValueKind) -> None:
    assert parse_question(question).kinds[0] is kind


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ('What is the value for "SHIPPED VIA" on this form?', "SHIPPED VIA"),
        ("what is the value for 'Tooling:'? Answer using the text in the image.", "Tooling"),
        ("What was the gross profit for the year 2021?", "gross profit"),
        ("请问每股净资产是多少元？", "每股净资产"),
        ("2025E的营业收入（百万元）是多少？", "营业收入"),
        ("这份报告中的股价是多少？", "股价"),
    ],
)
def test_finds_the_label(question: str, label: str) -> None:
    assert parse_question(question).label == label


@pytest.mark.parametrize(
    ("question", "shape"),
    [
        ("Is a second pilot present?", Shape.YES_NO),
        ("是否有第二名飞行员？", Shape.YES_NO),
        ("Which team scored the most goals?", Shape.MAXIMUM),
        ("Which team has the fewest points?", Shape.MINIMUM),
        ("Why did the engine fail?", Shape.UNREADABLE),
        ("What color is the car?", Shape.UNREADABLE),
        ("What is the serial number?", Shape.VALUE),
    ],
)
def test_finds_the_shape(question: str, shape: Shape) -> None:
    assert parse_question(question).shape is shape


@pytest.mark.parametrize(
    ("question", "pages"),
    [
        ("What is the title on page 5?", (5,)),
        ("What does slide 3 show?", (3,)),
        ("What stands on the second page?", (2,)),
        ("第5页的标题是什么？", (5,)),
        ("What is the page number?", ()),
        ("Which period does the invoice cover?", ()),
    ],
)
def test_finds_the_named_pages(question: str, pages: tuple[int, ...]) -> None:
    assert parse_question(question).pages == pages


def test_asks_about_the_whole_document_only_if_it_names_nothing_else() -> None:
    assert parse_question("What is the total amount on this receipt?").fields == {DocumentField.TOTAL}
    assert parse_question("What is the total travel allowance?").fields == frozenset()


def test_ignores_instructions_after_the_question() -> None:
    asked = parse_question("How many steps are needed? Give me an integer.")
    assert "integer" not in {term.norm for term in asked.terms}


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What is the capital of France?", ("france",)),
        ("How many visits did the Riverside branch have in March?", ("riverside",)),
        ("What Is The Total Amount?", ()),
        ('What is the value for "Tooling Order"?', ()),
    ],
)
def test_finds_the_names_that_a_question_mentions(question: str, names: tuple[str, ...]) -> None:
    assert parse_question(question).names == names
