"""Scores of recognized text, and the normal forms of texts."""

from __future__ import annotations

import pytest

from cogdoc.evaluation.metrics import character_error_rate, word_error_rate, word_recall
from cogdoc.evaluation.metrics.page_tests import Match, near_matches
from cogdoc.evaluation.metrics.recognized_text import comparable, without_latex, without_markdown
from cogdoc.evaluation.reliability import bootstrap_mean


def test_error_rates_count_edits_over_the_length_of_the_reference() -> None:
    assert character_error_rate("abxd", "abcd") == 0.25
    assert character_error_rate("abcdabcd", "abcd") == 1.0
    assert word_error_rate("one too three", "one two three") == pytest.approx(1 / 3)


def test_word_recall_ignores_order_and_counts_each_occurrence() -> None:
    assert word_recall("TOTAL: 12.50 | the the", "the total 12.50") == pytest.approx(2 / 3)
    assert word_recall("b a", "a b a") == pytest.approx(2 / 3)
    assert word_recall("anything", "—") == 1.0


def test_word_recall_detects_a_wrong_decimal_and_joined_words() -> None:
    assert word_recall("12.51", "12.50") == 0
    assert word_recall("GRANDTOTAL", "GRAND TOTAL") == 0


def test_word_recall_of_chinese_is_that_of_its_characters() -> None:
    assert word_recall("证劵 研究", "证券研究") == 0.75


def test_latex_is_reduced_to_the_characters_it_shows() -> None:
    assert without_latex("area of $ 5\\,\\mathrm{km}^{2} $ here") == "area of 5 km2 here"
    assert without_latex("costs $5") == "costs $5"


def test_markdown_is_reduced_to_its_text() -> None:
    marked = (
        "## Sum\n\n- **bold** item\n\n| a | b |\n|---|:-:|\n| 1 | snake_case_name |\n\n![](x.png)[link](y)<br>R&amp;D"
    )
    words = ["Sum", "bold", "item", "a", "b", "1", "snake_case_name", "link", "R&D"]
    assert without_markdown(marked).split() == words


def test_comparable_unifies_width_and_space_and_on_request_case() -> None:
    assert comparable("Ａ\n b") == "A b"
    assert comparable("股价 ７.15", drop_spaces=True) == "股价7.15"
    assert comparable("TOTAL", fold_case=True) == "total"


def test_near_matches_returns_the_best_of_overlapping_matches() -> None:
    assert near_matches("alpha", "an alpha and an alpa", 1) == [Match(3, 8, 0), Match(16, 20, 1)]
    assert near_matches("alpha", "an alpa", 0) == []


def test_the_bootstrap_interval_contains_the_mean_and_is_deterministic() -> None:
    estimate = bootstrap_mean([0, 1, 1, 1])
    assert estimate == bootstrap_mean([0, 1, 1, 1])
    assert (estimate.mean, estimate.cases) == (0.75, 4)
    assert estimate.low < 0.75 < estimate.high
    assert bootstrap_mean([1, 1]) == (1, 1, 1, 2)
