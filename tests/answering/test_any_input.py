"""Any question about any words: no crash, and no answer that is not on the page."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from placed_pages import page_of, rows, table

from cogdoc.engines.builtin.answering import answer_question
from cogdoc.parsing.page_text import PageLayout
from cogdoc.query.lexicon.loading import load_lexicons
from cogdoc.query.page_ranking import rank_pages

pytestmark = pytest.mark.slow

PRINTED = [
    "Total:",
    "Date",
    "12/03/2018",
    "$4,510.00",
    "Name",
    "Alice",
    "发票号码：123",
    "合计",
    "12%",
    "No.",
    "|",
    "yes",
]
WORDS = st.one_of(st.sampled_from([*PRINTED, "(", ")", "：", "-", "2021"]), st.text(min_size=1, max_size=12))
LINES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
LAYOUTS = st.one_of(
    st.lists(LINES, max_size=8).map(lambda texts: page_of(rows(*texts, columns=[40.0 * n for n in range(60)]))),
    st.lists(st.lists(WORDS, min_size=4, max_size=4), min_size=2, max_size=5).map(
        lambda cells: table(*("|".join(part.replace("|", "") for part in row) for row in cells))
    ),
)
ASKED = [
    "What is the total?", "Who signed?", "When?", "How many?", 'What is "Date"?', "发票号码是多少？", "是谁？",
    "Which has the highest amount?", "Is it 2021?", "What is the address of the shop on this receipt?",
    "What is the page number?", "What is the title?", "Who is the sender?", "On page 0?", "第零页？",
]  # fmt: skip
QUESTIONS = st.one_of(st.text(max_size=60), st.sampled_from(ASKED))


YES_OR_NO = {
    words[0].casefold()
    for lexicon in load_lexicons().values()
    for name in ("yes", "no")
    for words in lexicon.values.get(name, ())[:1]
}
"""In each language: "È vero?" asks whether, however little follows."""


def bare(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=150, deadline=None)
@given(QUESTIONS, LAYOUTS)
def test_answers_only_with_words_of_the_page_or_a_computed_result(question: str, layout: PageLayout) -> None:
    answer = answer_question(question, [layout])
    assert (answer.confidence is None) == (answer.text is None)
    if answer.p_answerable is not None:
        assert 0 <= (answer.confidence or 0.0) <= answer.p_answerable <= 1
    printed = {bare(word.text) for word in layout.page_text.words}
    assert all(candidate.text.strip() for candidate in answer.alternatives)
    if answer.text is not None and answer.query is None:
        assert answer.text.strip()
        is_statement = answer.text.casefold() in YES_OR_NO
        assert is_statement or all(
            any(bare(part).strip(",") in word for word in printed) for part in answer.text.split()
        )


@settings(max_examples=100, deadline=None)
@given(QUESTIONS, st.lists(LAYOUTS, max_size=3))
def test_ranks_any_pages(question: str, layouts: list[PageLayout]) -> None:
    scores = [found.score for found in rank_pages(question, [layout.page_text for layout in layouts])]
    assert len(scores) == len(layouts)
    assert scores == sorted(scores, reverse=True)
