"""Counts over a whole document come from the text of all its pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.parsing.text_spans import Span, TextStyle
from cogdoc.query.document_counts import count_in_document
from cogdoc.query.question_parser import parse_question

PAGES = (
    ("Figure 1: Rainfall by month", "As Figure 2 shows, storms are a risk.", "Table 1. Sites"),
    ("Figure 2: Storms", "The risk of floods is small; see Table 2."),
    ("Table 2. Floods", "Figure 4: Sediment", "Risk assessments follow in Appendix A."),
)


def page(number: int, texts: tuple[str, ...]) -> PageText:
    lines = tuple(
        Line(tuple(Word(word, Box(60.0 * i, 20.0 * y, 60.0 * i + 50.0, 20.0 * y + 12.0), 1.0)
                   for i, word in enumerate(text.split())))
        for y, text in enumerate(texts, start=1)
    )  # fmt: skip
    return PageText(
        number=number, label=str(number), width=700.0, height=800.0, turned=0, origin=TextOrigin.TEXT_LAYER, lines=lines
    )


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many tables are there in this report?", 2),
        ("How many figures does the document contain?", 4),
        ('How many times does "risk" appear in the document?', 3),
        ('How many times does "risk" appear on page 3?', 1),
        ("How many tables are on page 3?", 1),
        ("How many figures are in the appendix?", None),
        ("How many sites are there?", None),
        ('How many "risk" entries are open?', None),
        ("What is in Table 2?", None),
    ],
)
def test_counts_captions_and_quoted_words_of_all_pages(question: str, count: int | None) -> None:
    pages = [page(number, texts) for number, texts in enumerate(PAGES, start=1)]
    assert count_in_document(parse_question(question), pages) == count


COURSE = (
    ("Sailing course", "UNIT 1: Tides", "Learning outcomes", "• Read a tide table", "• Plan a passage",
     "Write to desk@sail.example or, for boats, to boats@sail.example.", "UNIT 2: Weather", "Learning outcomes",
     "• Read a synoptic chart"),
    ("• Name three kinds of fog", "• Reef in time", "Material", "• A chart", "Write to desk@sail.example.",
     "UNIT 3: Rules", "Booking a boat", "1. Sign in.", "2. Choose a boat.", "3. Pay.", "Cancelling", "1. Sign in.",
     "Follow @sail_school, @sail_kiel and @sail_school."),
)  # fmt: skip
HEADINGS = ("UNIT", "Learning", "Material", "Booking", "Cancelling", "Sailing")


def with_headings(number: int, texts: tuple[str, ...]) -> PageText:
    """A page whose headings are bold."""
    plain = page(number, texts)
    lines = tuple(
        Line(tuple(replace(word, spans=(Span(0, len(word.text), (TextStyle.BOLD,)),)) for word in line.words))
        if line.text.startswith(HEADINGS)
        else line
        for line in plain.lines
    )
    return replace(plain, lines=lines)


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many units are there in the course?", 3),
        ("How many learning outcomes are listed in Unit 2?", 3),
        ("How many steps are needed to book a boat?", 3),
        ("How many steps does it take to sell a boat?", None),
        ("How many different e-mail addresses are mentioned?", 2),
        ("How many e-mail addresses are there on page 2?", 1),
        ("How many different Instagram accounts are shown?", 2),
        ("How many sailors attended Unit 2?", None),
        ("How many boats were booked in 2019?", None),
    ],
)
def test_counts_items_below_headings_and_values_in_named_places(question: str, count: int | None) -> None:
    pages = [with_headings(number, texts) for number, texts in enumerate(COURSE, start=1)]
    assert count_in_document(parse_question(question), pages) == count
