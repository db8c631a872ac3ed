"""What a text means, in any language."""

from __future__ import annotations

from cogdoc.query.concepts import concepts_in


def test_finds_concepts_and_those_of_their_words() -> None:
    assert concepts_in("Invoice No. 17") >= {"invoice number", "invoice", "number"}


def test_plurals_and_upper_case_do_not_matter() -> None:
    assert concepts_in("INVOICES") == {"invoice"}


def test_parts_of_other_words_do_not_count() -> None:
    assert concepts_in("billion nobles") == frozenset()
