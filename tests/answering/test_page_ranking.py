"""The page that holds the answer comes first, without keeping any page's words."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from placed_pages import page, paragraph

from cogdoc.engines.builtin.answering import rank_pages
from cogdoc.words.types import PageWords, Word

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
    return [found.number for found in rank_pages(question, (layout.words for layout in REPORT))]


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


def test_ranks_every_page_once() -> None:
    assert sorted(ranked("What was the revenue?")) == [1, 2, 3, 4, 5]


def test_ranks_a_list_of_contents_below_the_page_that_it_points_to() -> None:
    order = ranked("What was the revenue by region?")
    assert order.index(3) < order.index(1)


def test_finds_chinese_pages() -> None:
    pages = [page("公司概况与发展历程", number=1), page("每股净资产(元)|8.32", number=2)]
    assert rank_pages("每股净资产是多少？", (layout.words for layout in pages))[0].number == 2


def test_keeps_no_words_of_the_pages_that_went_by() -> None:
    def words_in_memory() -> int:
        gc.collect()
        # Not isinstance, which asks other libraries' objects for their class, and some of them complain.
        return sum(type(thing) is Word for thing in gc.get_objects())

    def stream() -> Iterator[PageWords]:
        for number in range(1, 7):
            kept.append(words_in_memory())
            yield paragraph(FILLER, number=number).words

    kept: list[int] = []
    assert len(rank_pages("What are the risks of the business?", stream())) == 6
    assert max(kept[2:]) <= kept[0] + 2 * len(FILLER.split())


def test_has_nothing_to_rank_without_pages() -> None:
    assert rank_pages("What was the revenue?", []) == []
