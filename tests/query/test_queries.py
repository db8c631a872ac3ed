"""Questions of many kinds and languages compile to the query and the answer type that they ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from cogdoc.query.question import Shape
from cogdoc.query.question_parser import parse_question
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

CASES = [
    line.split("\t") for line in (Path(__file__).parent / "questions.tsv").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("text", "operation", "kind"), CASES, ids=[case[0] for case in CASES])
def test_finds_the_operation_and_the_answer_type(text: str, operation: str, kind: str) -> None:
    question = parse_question(text)
    assert (_operation(question.tree), question.kinds[0].value) == (operation, kind)


def _operation(tree: Query) -> str:
    while isinstance(tree, Filter):
        tree = tree.of
    if isinstance(tree, Aggregate) and tree.function is Aggregation.COUNT:
        return "count"
    return type(tree).__name__.lower().removesuffix("of")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("Which club has the second most titles?", Extreme(Select("club", "titles"), highest=True, rank=2)),
        (
            "What is the length of the river with the smallest basin?",
            Extreme(Select("length", "basin", ("river",)), highest=False),
        ),
        ("What is the highest rate?", Extreme(Select("rate", "rate"), highest=True, asks=Asks.VALUE)),
        (
            "Which two towns have the lowest rents?",
            ListOf(Extreme(Select("towns", "rents"), highest=False, count=2), 2),
        ),
        (
            "How many lakes are deeper than 40 m?",
            Aggregate(Filter(Select("lakes"), "deeper", Comparator.MORE, "40"), Aggregation.COUNT),
        ),
        (
            "How many clubs won at least 3 cups after 2010?",
            Aggregate(
                Filter(Filter(Select("clubs won"), "cups", Comparator.AT_LEAST, "3"), "", Comparator.MORE, "2010"),
                Aggregation.COUNT,
            ),
        ),
        (
            "Which players did not score?",
            ListOf(Filter(Select("players"), "", Comparator.NOT_EQUAL, "score")),
        ),
        ("Who sang right before Ann Lee?", Neighbor(Select("sang"), "Ann Lee", after=False)),
        ("What is the last film in the list?", Position(Select("film"), from_end=True, as_printed=True)),
        ("How much did rent rise from 2015 to 2020?", Growth(Select("rent"), "2015", "2020", relative=False)),
        (
            "By what percentage did rent rise in 2020 compared to 2015?",
            Growth(Select("rent"), "2015", "2020", relative=True),
        ),
        (
            "What is the difference in price between tea and coffee?",
            Difference(Select("tea", "price"), Select("coffee", "price")),
        ),
        ("How many more wins than losses are there?", Difference(Select("wins"), Select("losses"))),
        (
            "What is the gap between the highest and the lowest bar?",
            Aggregate(Select("bar"), Aggregation.RANGE),
        ),
        ("What is the ratio of men to women?", Ratio(Select("men"), Select("women"))),
        ("What share of sales is from Asia?", Ratio(Select("Asia"), Select("sales"), as_share=True)),
        (
            "What is the average of Rome, Oslo and Bern?",
            Aggregate(Several((Select("Rome"), Select("Oslo"), Select("Bern"))), Aggregation.MEAN),
        ),
        (
            "What is the sum of the two smallest slices?",
            Aggregate(Extreme(Select("slices"), highest=False, asks=Asks.VALUE, count=2), Aggregation.SUM),
        ),
        ("Who won more games, Kim or Park?", Choose(("Kim", "Park"), "games", highest=True)),
        ("Which segment had the higher income?", Extreme(Select("segment", by="income"), highest=True)),
        ("Welche Sparte hatte den niedrigeren Umsatz?", Extreme(Select("Sparte", by="Umsatz"), highest=False)),
        (
            "Is the largest slice smaller than the sum of the others?",
            Compare(
                Extreme(Select("slice"), highest=True, asks=Asks.VALUE),
                Aggregate(Select("others"), Aggregation.SUM),
                Comparator.LESS,
            ),
        ),
        (
            "Is the median of the red bars above 20?",
            Compare(Aggregate(Select("red bars"), Aggregation.MEDIAN), "20", Comparator.MORE),
        ),
        ("Was the bill not paid?", Verify("Was the bill not paid", negated=True)),
        ("2021年销量最高的城市是哪个？", Extreme(Select("城市", "2021年销量"), highest=True)),
        ("甲厂比乙厂多多少？", Difference(Select("甲厂"), Select("乙厂"))),
        ("In welchem Jahr war der Export am höchsten?", Extreme(Select("Jahr", "Export"), highest=True)),
        ("¿En qué ciudad es mayor el alquiler?", Extreme(Select("ciudad", "alquiler"), highest=True)),
    ],
)
def test_compiles_to_the_query(text: str, tree: Query) -> None:
    assert parse_question(text).tree == tree


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How high is the rent?", "en"),
        ("Wie hoch ist die Miete?", "de"),
        ("Quel est le loyer ?", "fr"),
        ("¿Cuál es el alquiler?", "es"),
        ("Qual è l'affitto?", "it"),
        ("Hoe hoog is de huur?", "nl"),
        ("租金是多少？", "zh"),
        ("家賃はいくらですか。", "ja"),
    ],
)
def test_guesses_the_language(text: str, language: str) -> None:
    assert parse_question(text).language == language


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("What is this document about?", Shape.SUMMARY),
        ("Summarize the report.", Shape.SUMMARY),
        ("What color is the roof?", Shape.UNREADABLE),
        ("How does the pump work?", Shape.UNREADABLE),
        ("What is the price?", Shape.VALUE),
    ],
)
def test_knows_what_text_cannot_answer(text: str, shape: Shape) -> None:
    assert parse_question(text).shape is shape


def test_a_quotation_beside_other_words_is_no_label() -> None:
    assert not parse_question('What is the unit price of "Desk lamp"?').quoted
    assert parse_question('What is the value for "Desk lamp" on this form?').quoted
