"""Questions about sentences get the phrase that answers them; yes and no need a sentence that says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from placed_pages import paragraph

from cogdoc.documents.open_request import OpenRequest
from cogdoc.engines.builtin.answering import answer_question
from cogdoc.parsing.page_text import PageLayout
from cogdoc.parsing.reading import read_layout

SAMPLES = Path(__file__).parents[2] / "samples"

ENGLISH = paragraph(
    "The committee met in Geneva on 12 May 2009. The bridge was designed by Maria Lindqvist and opened in 1934. "
    "Roughly 61% of the members voted for the repair. The ferry did not stop in winter because the harbour froze. "
    "The contract does not include insurance. Revenue increased to 12 million euros in 2023."
)
GERMAN = paragraph(
    "Der Ausschuss tagte am 12. Mai 2009 in Genf. Die Brücke wurde von Maria Lindqvist entworfen und 1934 eröffnet."
)


@pytest.mark.parametrize(
    ("page", "question", "expected"),
    [
        (ENGLISH, "Where did the committee meet?", "Geneva"),
        (ENGLISH, "When was the bridge opened?", "1934"),
        (ENGLISH, "What percentage of the members voted for the repair?", "61%"),
        (GERMAN, "Wer hat die Brücke entworfen?", "Maria Lindqvist"),
        (GERMAN, "Wo tagte der Ausschuss?", "Genf"),
    ],
)
def test_answers_with_a_phrase_of_a_sentence(page: PageLayout, question: str, expected: str) -> None:
    assert answer_question(question, [page]).text == expected


@pytest.mark.parametrize(
    ("page", "question", "expected"),
    [
        (ENGLISH, "Was the bridge designed by Maria Lindqvist?", "Yes"),
        (ENGLISH, "Did revenue increase in 2023?", "Yes"),
        (ENGLISH, "Did the ferry stop in winter?", "No"),
        (ENGLISH, "Does the contract include insurance?", "No"),
        (GERMAN, "Wurde die Brücke 1934 eröffnet?", "Ja"),
    ],
)
def test_answers_yes_or_no_from_a_sentence_that_states_or_denies_it(
    page: PageLayout, question: str, expected: str
) -> None:
    assert answer_question(question, [page]).text == expected


@pytest.mark.parametrize("question", ["Does the contract include travel?", "Is the mayor happy?"])
def test_does_not_answer_yes_or_no_without_such_a_sentence(question: str) -> None:
    assert answer_question(question, [ENGLISH]).text is None


@pytest.mark.parametrize("question", ["Summarize this document.", "What is this document about?"])
def test_quotes_the_document_when_asked_what_it_is_about(question: str) -> None:
    assert str(answer_question(question, [ENGLISH]).text).startswith("The committee met in Geneva")


def test_a_sentence_about_some_other_date_does_not_outdo_the_date_of_a_letter() -> None:
    layout = read_layout(OpenRequest(SAMPLES / "letter.pdf"), 1)
    assert answer_question("What is the date?", [layout]).text == "17 September 2024"
