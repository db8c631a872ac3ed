"""The page with the answer comes first, and ranking keeps no words of the pages."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from placed_pages import page, paragraph

from cogdoc.parsing.page_text import PageText, Word
from cogdoc.query.page_ranking import rank_pages

FILLER = "The quarterly report describes the business, its markets and the risks that it runs in ordinary years."
REPORT = [
    page(
        "Contents",
        *(f"{title} ......... {n}" for n, title in enumerate(("Revenue", "Staff", "Dividends"), 3)),
        number=1,
    ),
    paragraph(FILLER, number=2),
    page("Revenue by region", "Revenue, Northern region|4,510", "Revenue, Southern region|2,733", number=3),
    paragraph(f"{FILLER} The company employed 412 people at the end of 2021.", number=4),
    paragraph(f"{FILLER} A dividend of 0.35 a share was paid on 3 May 2022.", number=5),
]


def ranked(question: str) -> list[int]:
    return [found.number for found in rank_pages(question, (layout.page_text for layout in REPORT))]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What was the revenue of the southern region?", 3),
        ("How many employees did the company have in 2021?", 4),
        ("When was the dividend paid?", 5),
        ("What is written on page 2?", 2),
        ("What does the last page say?", 5),
        ("What is on the first page?", 1),
    ],
)
def test_puts_the_page_with_the_answer_first(question: str, number: int) -> None:
    assert ranked(question)[0] == number


SURVEY = [
    paragraph(f"{FILLER} Figure 3 and figure 4 show trust and income; figure 4 shows income by age.", number=1),
    page("Figure 3. Trust by age", "18-29|41", "30-49|52", number=2),
    page("Figure 4. Income by age", "18-29|38", "30-49|55", number=3),
    page("Appendix C", "Strengths|Weaknesses", number=4),
    paragraph(f"{FILLER} Strengths and weaknesses by age are listed in an appendix.", number=5),
]


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What is the share of people aged 30-49 according to Figure 3?", 2),
        ("What is the share of people aged 30-49 according to Fig. 4?", 3),
        ("How many strengths and weaknesses are mentioned in Appendix C?", 4),
    ],
)
def test_finds_the_figure_or_appendix_that_the_question_names(question: str, number: int) -> None:
    assert rank_pages(question, (layout.page_text for layout in SURVEY))[0].number == number


@pytest.mark.parametrize(
    ("question", "named"),
    [("What is shown on pages 2-4?", {2, 3, 4}), ("What do pages 1 and 5 say?", {1, 5}), ("What is on slide 3?", {3})],
)
def test_puts_all_pages_first_that_the_question_names(question: str, named: set[int]) -> None:
    assert set(ranked(question)[: len(named)]) == named


def test_a_financial_statement_comes_before_a_mention_of_its_figure() -> None:
    mention = paragraph(f"{FILLER} Capital expenditures and inventories rose in 2022, as they had in 2021.", number=1)
    statement = page(
        "Consolidated statements of cash flows",
        "(In millions)|2021|2022",
        "Inventories|340|412",
        "Purchases of property and equipment|1,204|1,377",
        number=2,
    )
    for question in ("What were the capital expenditures in 2022?", "How much were inventories in 2022?"):
        assert rank_pages(question, [mention.page_text, statement.page_text])[0].number == 2


def test_ranks_every_page_once() -> None:
    assert sorted(ranked("What was the revenue?")) == [1, 2, 3, 4, 5]


def test_a_table_of_contents_comes_after_the_page_that_it_refers_to() -> None:
    order = ranked("What was the revenue by region?")
    assert order.index(3) < order.index(1)


def test_finds_chinese_pages() -> None:
    pages = [page("公司概况与发展历程", number=1), page("每股净资产(元)|8.32", number=2)]
    assert rank_pages("每股净资产是多少？", (layout.page_text for layout in pages))[0].number == 2


@pytest.mark.slow
def test_keeps_no_words_of_pages_in_memory() -> None:
    def words_in_memory() -> int:
        gc.collect()
        # `isinstance` would ask objects of other libraries for their class, which some of them do not support.
        return sum(type(thing) is Word for thing in gc.get_objects())

    def stream() -> Iterator[PageText]:
        for number in range(1, 7):
            counts.append(words_in_memory())
            yield paragraph(FILLER, number=number).page_text

    counts: list[int] = []
    assert len(rank_pages("What are the risks of the business?", stream())) == 6
    assert max(counts[2:]) <= counts[0] + 2 * len(FILLER.split())


def test_has_nothing_to_rank_without_pages() -> None:
    assert rank_pages("What was the revenue?", []) == []
