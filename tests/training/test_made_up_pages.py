"""Pages that are made up for training ask for what they print, and say which questions they do not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cogdoc.query.terms import fold_case
from training.form_questions import form_questions
from training.invoice_contents import read_wording
from training.invoice_pages import invoice_pages
from training.outlined_pages import outlined_pages
from training.small_pages import small_pages
from training.table_pages import OR, Example


@pytest.mark.parametrize("pages", [form_questions, invoice_pages, small_pages])
def test_answers_are_printed(pages: Callable[[], Iterator[Example]]) -> None:
    examples = list(pages())
    for question, page, answer in examples:
        assert answer is None or all(one in page.page_text.text for one in answer.split(OR)), question
    assert 0.1 < sum(answer is None for _, _, answer in examples) / len(examples) < 0.6


def test_forms_in_other_languages_are_asked_in_english_too() -> None:
    questions = [question for question, _, _ in form_questions()]
    assert sum("form say for" in question for question in questions) > 20
    assert sum("是什么" in question for question in questions) > 5


def test_forms_do_not_print_the_label_of_a_question_without_an_answer() -> None:
    for question, page, answer in form_questions():
        if answer is None and question.endswith("は何ですか？"):
            label = fold_case(question.removesuffix("は何ですか？"))
            assert label not in [fold_case(line.text).rstrip(":") for line in page.page_text.lines]


def test_outlined_pages_print_every_item_of_a_list() -> None:
    for question, page, answer in outlined_pages():
        items = answer.split("; " if "; " in answer else ", ") if answer is not None else ()
        if question.startswith(("List", "What are the steps")):
            assert all(item in page.page_text.text for item in items), question


def test_invoices_are_made_up_in_every_language_and_each_time_the_same() -> None:
    examples = list(invoice_pages())
    assert examples == list(invoice_pages())
    asked = {question for question, _, _ in examples}
    for language in ("de", "en", "es", "fr", "it", "nl", "pl", "pt", "zh"):
        wording = read_wording(language)
        assert len(asked & {text for texts in wording.questions.values() for text in texts}) > 20, language


def test_invoices_do_not_print_the_label_of_a_field_that_is_asked_for_in_vain() -> None:
    wording = read_wording("de")
    fields = {question: name for name, questions in wording.questions.items() for question in questions}
    checked = {"iban", "bic", "phone", "contact", "customer_number", "deposit", "director"}
    asked = 0
    for question, page, answer in invoice_pages():
        if answer is None and (name := fields.get(question)) in checked:
            asked += 1
            text = f"\n{page.page_text.text}"
            assert not any(f"\n{label}" in text for label in wording.labels[name]), question
    assert asked > 3
