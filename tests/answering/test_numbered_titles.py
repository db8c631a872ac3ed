"""Figures, tables, units and the like are found by their numbers, and their numbers by their titles."""

from __future__ import annotations

import pytest
from placed_pages import page

from cogdoc.engines.builtin.answering.answer import answer_question, collect
from cogdoc.parsing.page_text import PageLayout

REPORT = (
    "Harbour report 2023",
    "The harbour was dredged twice, as Table 2 shows, and the quay was extended by forty metres.",
    "Table 1: Ships by flag",
    "Norway|412",
    "Spain|388",
    "Table 2: Sediment removed, in tonnes",
    "Spring|1200",
    "Autumn|940",
    "Figure 1. Water depth along the quay",
)
COURSE = (
    "UNIT 1: Tides and currents",
    "Learners read a tide table and plan a passage with it.",
    "UNIT 2",
    "Weather at sea",
    "Learners read a synoptic chart and name three kinds of fog.",
)
PLAN = ("UNIT 4 Knots", "Unit 4 Material: two ropes", "UNIT 5 Sails", "Unit 5 Material: a sail")
CONTENTS = ("Appendix A: Participants ........ 4", "Appendix B: Budget ........ 9")


@pytest.mark.parametrize(
    ("question", "texts", "answer"),
    [
        ("What is the title of Table 2?", REPORT, "Sediment removed, in tonnes"),
        ("What does Figure 1 show?", REPORT, "Water depth along the quay"),
        ("What is Unit 2 called?", COURSE, "Weather at sea"),
        ("What are the names of Unit 1 and Unit 2?", COURSE, "Tides and currents, Weather at sea"),
        ("What are Units 4 and 5 called?", PLAN, "Knots, Sails"),
        ("What is Appendix B about?", CONTENTS, "Budget"),
        ("Which table shows the sediment removed?", REPORT, "Table 2"),
    ],
)
def test_titles_and_numbers_answer(question: str, texts: tuple[str, ...], answer: str) -> None:
    assert answer_question(question, [page(*texts)]).text == answer


def texts_for(question: str, layout: PageLayout) -> list[str]:
    return [one.text for one in collect(question, [layout]).proposals if "numbered-title" in one.features]


@pytest.mark.parametrize(
    "question",
    ["What is the title of Table 7?", "On which page is Table 2?", "How many tonnes does Table 2 give for spring?"],
)
def test_no_title_answers_another_question(question: str) -> None:
    assert texts_for(question, page(*REPORT)) == []


def test_a_title_goes_on_in_the_next_line_and_ends_with_its_sentence() -> None:
    layout = page(
        "Figure 3: Share of berths that were occupied in every month of the year, by the",
        "length of the vessel. Data are those of the harbour master.",
        "Traffic rose in summer, and fell again before the first storms of the autumn came.",
    )
    expected = "Share of berths that were occupied in every month of the year, by the length of the vessel."
    assert texts_for("What does Figure 3 show?", layout) == [expected]
