"""Bank accounts and VAT numbers are known by their form."""

from __future__ import annotations

import pytest

from cogdoc.query.registered_numbers import number_form


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("GB82 WEST 1234 5698 7654 32", "iban"),
        ("DE75123456780000001234", "iban"),
        ("FR76-10107-00245-00617052317-39", "iban"),
        ("DE 123456789", "tax number"),
        ("NL123456789B01", "tax number"),
        ("CHE-123.456.789", "tax number"),
        ("DE7512345678", None),
        ("201/113/40209", None),
        ("ORDER123456789", None),
        ("", None),
    ],
)
def test_the_form_of_a_number_tells_what_it_is(text: str, concept: str | None) -> None:
    assert number_form(text) == concept
