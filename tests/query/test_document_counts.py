"""Counts over a whole document come from the text of all its pages."""

from __future__ import annotations

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
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
        ("How many figures are in the appendix?", None),
        ("How many tables are on page 2?", None),
        ("How many sites are there?", None),
        ('How many "risk" entries are open?', None),
        ("What is in Table 2?", None),
    ],
)
def test_counts_captions_and_quoted_words_of_all_pages(question: str, count: int | None) -> None:
    pages = [page(number, texts) for number, texts in enumerate(PAGES, start=1)]
    assert count_in_document(parse_question(question), pages) == count
