"""Values that are known from elsewhere are found on pages, however these write them."""

from __future__ import annotations

import pytest

from cogdoc.query.printed_occurrences import PrintedText
from training.small_pages import text_page


def printed(value: str, kind: str, *lines: str) -> str | None:
    found = PrintedText([text_page(lines).page_text]).find(value, kind)  # type: ignore[arg-type]
    return found.text if found else None


@pytest.mark.parametrize(
    ("value", "line", "expected"),
    [
        ("1071.00", "Zahlbetrag 1.071,00 EUR", "1.071,00"),
        ("1071.00", "Total $1,071.00", "1,071.00"),
        ("1071.00", "Total 1 071,00 €", "1 071,00"),
        ("1071.00", "Total 1'071.00 CHF", "1'071.00"),
        ("1071.00", "1071 EUR", "1071"),
        ("171.00", "1.071,00", None),
        ("171.00", "Pos 2 171,00", "171,00"),
        ("9.9000", "Preis 9,90", "9,90"),
        ("1234.5", "1.234,50", "1.234,50"),
        ("1234", "1.234", "1.234"),
        ("-21.55", "Rabatt -21,55", "21,55"),
        ("1.071", "1071", None),
    ],
)
def test_numbers_are_found_in_every_notation(value: str, line: str, expected: str | None) -> None:
    assert printed(value, "number", line) == expected


@pytest.mark.parametrize(
    "line", ["05.03.2026", "5 March 2026", "March 5, 2026", "2026-03-05", "03/05/2026", "2026年3月5日", "5. März 2026"]
)
def test_dates_are_found_in_every_notation(line: str) -> None:
    assert printed("2026-03-05", "date", f"Datum {line}") is not None


def test_another_date_is_not_found() -> None:
    assert printed("2026-03-05", "date", "06.03.2026") is None


def test_texts_are_found_across_spaces_and_lines() -> None:
    assert printed("DE02120300000000202051", "text", "IBAN DE02 1203 0000 0000 2020 51") is not None
    assert printed("Lindqvist & Söhne GmbH", "text", "LINDQVIST & SÖHNE", "GmbH") is not None
    assert printed("Kunden AG", "text", "Kundendienst AG") is None


def test_short_texts_are_words_of_their_own() -> None:
    assert printed("17", "text", "R-2026-17 2017") is None
    assert printed("17", "text", "Nr. 17") == "17"


def test_a_percentage_needs_its_sign() -> None:
    assert printed("19.00", "percent", "19 Kabel") is None
    assert printed("19.00", "percent", "USt. 19 %") == "19"


def test_a_cell_is_found_in_its_row() -> None:
    text = PrintedText([text_page(["Kabel|4,50|900,00", "", "", "", "Rohr|4,50|90,00"]).page_text])
    amount = text.find("90.00", "number")
    price = text.find("4.50", "number", amount)
    assert amount is not None
    assert price is not None
    assert price.box.y0 == amount.box.y0
