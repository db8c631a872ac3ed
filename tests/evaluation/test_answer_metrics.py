"""Scores of answers: ANLS, relaxed accuracy, OCRBench, MMLongBench-Doc and numbers."""

from __future__ import annotations

import pytest

from cogdoc.evaluation.cases import NOT_ANSWERABLE
from cogdoc.evaluation.metrics import (
    Toolkit,
    anls,
    anls_or_number,
    chartqa_split_accuracy,
    chartqapro_accuracy,
    mmlongbench_anls,
    mmlongbench_score,
    ocrbench_contains,
    ocrbench_v2_chinese_score,
    ocrbench_v2_count_score,
    ocrbench_v2_score,
    pypi_anls,
    relaxed_accuracy,
)
from cogdoc.evaluation.metrics.short_answers import Quantity, quantity


def test_anls_takes_the_nearest_answer_and_ignores_case_and_spacing() -> None:
    assert anls("HARBOUR  Street 4", ["Mill Lane 2", "Harbour Street 4"]) == pytest.approx(1.0, abs=0.06)
    assert anls("harbour street 4", ["Harbour Street 4"]) == 1.0


def test_anls_counts_a_similarity_of_exactly_one_half_and_no_less() -> None:
    assert anls("abxx", ["abcd"]) == 0.5
    assert anls("axxx", ["abcd"]) == 0.0


def test_other_variants_of_anls_drop_one_half_and_mmlongbench_is_case_sensitive() -> None:
    assert pypi_anls("abxx", ["abcd"]) == mmlongbench_anls("abxx", ["abcd"]) == 0
    assert pypi_anls("Harbour  Street", ["harbour street"]) == 1
    assert mmlongbench_anls("Harbour Street", ["harbour street"]) == pytest.approx(12 / 14)


@pytest.mark.parametrize(
    ("prediction", "answer", "score"),
    [
        ("104.9", "100", 1),
        ("105.1", "100", 0),
        ("50%", "0.5", 1),
        ("50", "0.5", 0),
        ("blue", "Blue", 1),
        ("0.0", "0", 0),
    ],
)
def test_relaxed_accuracy_allows_five_percent_of_a_number(prediction: str, answer: str, score: float) -> None:
    assert relaxed_accuracy(prediction, [answer]) == score


def test_only_vlmevalkit_strips_white_space_from_the_prediction() -> None:
    assert relaxed_accuracy("blue ", ["blue"], toolkit=Toolkit.VLMEVALKIT) == 1
    assert relaxed_accuracy("blue ", ["blue"], toolkit=Toolkit.LMMS_EVAL) == 0


@pytest.mark.parametrize(
    ("prediction", "answer", "question", "score"),
    [
        ("1,040", "1000", "How many?", 1),
        ("1,060", "1000", "How many?", 0),
        ("0", "0", "How many?", 0),
        ("2012", "2011", "In which year?", 0),
        ("in 2011", "2011", "In which year?", 1),
        ("[Spain, Italy]", "[Italy, Spain]", "Which?", 1),
        ("Spain, Italy", "[Italy, Spain]", "Which?", 1),
        ("[Spain]", "[Italy, Spain]", "Which?", 0),
        ("", "Italy", "Which?", 0),
    ],
)
def test_chartqa_split_compares_numbers_lists_and_parts_of_texts(
    prediction: str, answer: str, question: str, score: float
) -> None:
    assert chartqa_split_accuracy(prediction, answer, question) == score


def test_chartqapro_averages_over_the_elements_of_a_list() -> None:
    assert chartqapro_accuracy("['Spain', '41']", "[Spain, 42]") == 1
    assert chartqapro_accuracy("['Spain', '20']", "[Spain, 42]") == 0.5
    assert chartqapro_accuracy("['Spain']", "['Spain', 'Italy']") == 0.5
    assert chartqapro_accuracy("['Spain', 'Italy', 'Malta']", "['Spain', 'Italy']") == pytest.approx(2 / 3)
    assert chartqapro_accuracy("['\\d', 'x']", "['a', 'x']") == 0.5


def test_chartqapro_requires_exact_years() -> None:
    assert chartqapro_accuracy("2012", "2011") == 1
    assert chartqapro_accuracy("2012", "2011", [True]) == 0
    assert chartqapro_accuracy("['2012', '41']", "['2011', '42']", [True, False]) == 0.5


def test_containment_finds_an_answer_inside_a_sentence() -> None:
    assert ocrbench_contains("The total is ９.00 EUR.", ["9.00 eur"]) == 1
    assert ocrbench_contains("The total is 8.00 EUR.", ["9.00 eur"]) == 0
    assert ocrbench_contains("X^2 + 1", ["x^2+1"], formula=True) == 0
    assert ocrbench_contains("９.00", ["9.00"], toolkit=Toolkit.VLMEVALKIT) == 0


def test_ocrbench_v2_searches_for_short_answers_and_compares_long_ones() -> None:
    assert ocrbench_v2_score("It is Harbour Street 4, London.", ["harbour street 4"]) == 1
    assert ocrbench_v2_score("12 harbour street london", ["12 harbour street london e1"]) == pytest.approx(24 / 27)
    assert ocrbench_v2_score("somewhere", ["12 harbour street london e1"]) == 0
    assert ocrbench_v2_chinese_score("公司 是平安证券", ["平安 证券"]) == 1
    assert ocrbench_v2_chinese_score("甲,乙,丙", ["甲,乙,丙,丁"]) == pytest.approx(5 / 7)


def test_ocrbench_v2_counts_score_by_their_relative_error() -> None:
    assert ocrbench_v2_count_score("There are 9 bars, not 10", ["10"]) == pytest.approx(0.9)
    assert ocrbench_v2_count_score("5", ["10"]) == 0
    assert ocrbench_v2_count_score("20", ["10"]) == 0
    assert ocrbench_v2_count_score("none", ["10"]) == 0
    assert ocrbench_v2_count_score("5", ["10", "5"]) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$3,393", Quantity(3393, None)),
        ("3,393 million", Quantity(3393, 1e6)),
        ("(1,204)", Quantity(-1204, None)),
        ("($1,204)", Quantity(-1204, None)),
        ("-5.2%", Quantity(-5.2, 0.01)),
        ("1.2亿元", Quantity(1.2, 1e8)),
        ("7.15元", Quantity(7.15, None)),
        ("12 Fatal", None),
        ("09/01/2007", None),
        ("DEN08WA042", None),
        ("(12", None),
        ("12,34", None),
        ("", None),
    ],
)
def test_quantity_parses_a_printed_number_and_nothing_else(text: str, expected: Quantity | None) -> None:
    assert quantity(text) == expected


def test_a_number_with_a_wrong_digit_gets_no_credit() -> None:
    assert anls("3,394", ["3,393"]) > 0.7
    assert anls_or_number("3,394", ["3,393"]) == 0
    assert anls_or_number("$3,393 million", ["3393"]) == 1
    assert anls_or_number("3.393 billion", ["3,393 million"]) == 1
    assert anls_or_number("3.393 million", ["3.393 billion"]) == 0


def test_words_score_by_edit_distance_in_anls_or_number() -> None:
    assert anls_or_number("Chevroux France", ["Chevroux, France"]) == pytest.approx(15 / 16)


def test_a_refusal_scores_if_the_question_is_not_answerable() -> None:
    assert mmlongbench_score(NOT_ANSWERABLE, NOT_ANSWERABLE, "None") == 1
    assert mmlongbench_score(NOT_ANSWERABLE, "12", "Int") == 0
    assert mmlongbench_score("12", NOT_ANSWERABLE, "None") == 0


def test_a_list_is_scored_by_its_lowest_element() -> None:
    assert mmlongbench_score("['north', 'sowth']", "['south', 'north']", "List") == pytest.approx(0.8)
    assert mmlongbench_score("north, south", "['south', 'north']", "List") == 0
    assert mmlongbench_score("[broken", "['a', 'b']", "List") == 0
    assert mmlongbench_score("[]", "['a']", "List") == 0


def test_an_unknown_answer_type_is_an_error() -> None:
    with pytest.raises(ValueError, match="Colour"):
        mmlongbench_score("red", "red", "Colour")
