"""Numbers whose form says what they are, without a label: bank accounts (IBAN) and European VAT numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cogdoc.query.terms import Token, tokenize
from cogdoc.query.typed_values import ValueKind, find_values

_IBAN = re.compile(r"([A-Z]{2})\d{2}[A-Z\d]{11,30}")
IBAN_LENGTHS = {
    "AT": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "LI": 21,
    "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22,
    "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip
"""Characters by country (ISO 13616). The check digits of specimens, and of misread ones, are seldom right."""

_VAT = re.compile(
    r"(?:ATU\d{8}|BE[01]\d{9}|BG\d{9,10}|CY\d{8}[A-Z]|CZ\d{8,10}|DE\d{9}|DK\d{8}|EE\d{9}|EL\d{9}|ES[A-Z\d]\d{7}[A-Z\d]|"
    r"FI\d{8}|FR[A-Z\d]{2}\d{9}|GB\d{9}(?:\d{3})?|HR\d{11}|HU\d{8}|IE\d[A-Z\d]\d{5}[A-Z]{1,2}|IT\d{11}|LT\d{9}(?:\d{3})?|"
    r"LU\d{8}|LV\d{11}|MT\d{8}|NL\d{9}B\d{2}|PL\d{10}|PT\d{9}|RO\d{2,10}|SE\d{12}|SI\d{8}|SK\d{10}|CHE\d{9}(?:MWST|TVA|IVA)?)"
)
"""The forms of VIES, the registry of the European Union, with those of Great Britain and Switzerland."""

_SEPARATORS = re.compile(r"[\s.\-]")

MIN_DIGITS = 8
"""Texts with fewer digits are not searched."""


def form_tokens(text: str) -> Iterator[Token]:
    """The words for the numbers in a text that their form tells, as if the text printed them too."""
    if sum(map(str.isdigit, text)) >= MIN_DIGITS:
        found = (number_form(text[value.start : value.end]) for value in find_values(ValueKind.IDENTIFIER, text))
        yield from (token for form in found if form is not None for token in tokenize(form))


def number_form(text: str) -> str | None:
    """The concept of the lexicon that the form of a whole text tells: "iban", "tax number"; None for others."""
    bare = _SEPARATORS.sub("", text).upper()
    if _VAT.fullmatch(bare):
        return "tax number"
    iban = _IBAN.fullmatch(bare)
    return "iban" if iban and IBAN_LENGTHS.get(iban[1]) == len(bare) else None
