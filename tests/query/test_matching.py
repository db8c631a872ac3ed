"""Words match by what they mean, in any language."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cogdoc.query.concepts import all_spans, concept_share, concepts_in, is_function_word, word_parts
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question_parser import parse_question
from cogdoc.query.terms import tokenize

WORDINGS = [(name, wording) for name, wordings in load_lexicon().concepts.items() for wording in wordings]


@settings(deadline=None)
@given(st.sampled_from(WORDINGS))
def test_every_wording_names_its_concept(pair: tuple[str, str]) -> None:
    name, wording = pair
    tokens = tokenize(wording)
    if tokens and not is_function_word(wording):
        assert any(name in span.concepts and (span.start, span.end) == (0, len(tokens)) for span in all_spans(tokens))


@settings(deadline=None)
@given(st.sampled_from(WORDINGS))
def test_upper_case_does_not_matter(pair: tuple[str, str]) -> None:
    assert concepts_in(pair[1].upper()) >= concepts_in(pair[1]) or pair[1].upper().lower() != pair[1]


def recall(question: str, label: str) -> float:
    matcher = Matcher(parse_question(question), ())
    return matcher.recall(matcher.covering(tokenize(label)))


@pytest.mark.parametrize(
    "label",
    ["Invoice No.", "Inv. #", "Rechnungs-Nr.:", "Rechnungsnummer", "N° de facture", "Número de factura", "发票号码"],
)
def test_a_question_finds_the_label_in_any_language(label: str) -> None:
    assert recall("What is the invoice number?", label) > 0.8
    assert recall("Wie lautet die Rechnungsnummer?", label) > 0.8


@pytest.mark.parametrize(
    ("question", "right", "wrong"),
    [
        ("What is the invoice date?", "Rechnungsdatum", "Rechnungsnummer"),
        ("Who is billed?", "Bill to", "Ship to"),
        ("What is the total?", "Total", "Sub total"),
        ("What is the total?", "Gesamtsumme", "Zwischensumme"),
        ("When was the dividend paid?", "dividend was paid", "Dividends"),
        ("发票号码是多少？", "Invoice number", "Invoice date"),
    ],
)
def test_the_label_that_means_the_same_matches_better(question: str, right: str, wrong: str) -> None:
    assert recall(question, right) > recall(question, wrong)


def test_a_phrase_that_means_something_else_explains_less() -> None:
    matcher = Matcher(parse_question("What is the total?"), ())
    assert matcher.precision(tokenize("Total")) > matcher.precision(tokenize("Sub total"))


def test_parts_of_compound_words_are_concepts() -> None:
    assert word_parts("rechnungsnummer") == {"invoice", "number"}
    assert not word_parts("vat")


def test_shares_of_labels_and_names() -> None:
    assert concept_share("Invoice number") == 1
    assert concept_share("Geneva Zoltan") == 0


def test_words_of_a_question_that_are_apart_name_a_concept_together() -> None:
    assert recall("Which number identifies this invoice?", "Rechnungs-Nr.") > recall(
        "Which number identifies this invoice?", "Kunden-Nr."
    )
