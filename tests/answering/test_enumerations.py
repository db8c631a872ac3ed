"""A question for several things gets the whole list of a sentence, never one item of it."""

from __future__ import annotations

import pytest
from placed_pages import paragraph

from cogdoc.engines.builtin.answering.answer import collect
from cogdoc.engines.builtin.answering.proposals import Relation
from cogdoc.parsing.page_text import PageLayout

ENGLISH = paragraph(
    "The three goals of the programme are lower costs, shorter delivery times and fewer complaints. "
    "The workshop was attended by Ada Birk, Tom Ferris, Li Wen and Ana Prado. It was opened by Eva Holt in May."
)
GERMAN = paragraph("Die drei Ziele des Programms sind niedrigere Kosten, kürzere Lieferzeiten und weniger Beschwerden.")
CHINESE = paragraph("参加会议的有王小明、李建国和陈晓红。")


def _phrases(page: PageLayout, question: str) -> set[str]:
    return {one.text for one in collect(question, [page]).proposals if one.relation is Relation.SENTENCE}


@pytest.mark.parametrize(
    ("page", "question", "whole", "part"),
    [
        (ENGLISH, "What are the three goals of the programme?",
         "lower costs, shorter delivery times and fewer complaints", "lower costs"),
        (ENGLISH, "Who attended the workshop?", "Ada Birk, Tom Ferris, Li Wen and Ana Prado", "Ada Birk, Tom Ferris"),
        (GERMAN, "Was sind die drei Ziele des Programms?",
         "niedrigere Kosten, kürzere Lieferzeiten und weniger Beschwerden", "weniger Beschwerden"),
        (CHINESE, "谁参加了会议？", "王小明、李建国和陈晓红", "王小明"),
    ],
)  # fmt: skip
def test_a_list_of_a_sentence_is_proposed_as_a_whole(page: PageLayout, question: str, whole: str, part: str) -> None:
    phrases = _phrases(page, question)
    assert whole in phrases
    assert part not in phrases


def test_a_name_that_is_in_no_list_stays() -> None:
    assert "Eva Holt" in _phrases(ENGLISH, "Who opened the workshop?")
