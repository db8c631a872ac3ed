"""Addresses of any country are found by their structure."""

from __future__ import annotations

import pytest
from placed_pages import page

from cogdoc.engines.builtin.answering import answer_question
from cogdoc.engines.builtin.answering.parties import find_parties
from cogdoc.query.segments import view_page

CITIES = [
    (("Anna Beispiel", "Mühlgasse 17b", "04109 Leipzig"), "Leipzig"),
    (("Jane Doe", "1234 Market Street", "Detroit, Michigan 12345"), "Detroit"),
    (("Jane Doe", "1 Church Road", "London SW1A 1AA"), "London"),
    (("De Vries B.V.", "Damrak 1", "1012 AB Amsterdam"), "Amsterdam"),
    (("Loja Azul Ltda", "Rua Cipreste, 866", "Taiobeiras - MG", "32633-750"), "Taiobeiras"),
    (("Sklep Zielony", "ul. Długa 5", "00-950 Warszawa"), "Warszawa"),
    (("SPEED MART S/B (519537-X)", "LOT P.T. 2811, JALAN ANGSA,", "TAMAN BERKELEY", "41150 KLANG, SELANGOR"), "KLANG"),
]


@pytest.mark.parametrize(("lines", "city"), CITIES)
def test_the_city_of_the_seller(lines: tuple[str, ...], city: str) -> None:
    layout = page("Seller:", *lines)
    assert answer_question("In which city is the seller?", [layout]).text == city


def test_each_party_has_its_own_address() -> None:
    layout = page(
        "Seller:||Bill to:",
        "Lieferant GmbH||Kunden AG",
        "Gartenweg 20||Hauptstraße 15",
        "80333 München||69876 Frankfurt",
    )
    assert answer_question("In which city is the buyer?", [layout]).text == "Frankfurt"
    assert answer_question("Who is the seller?", [layout]).text == "Lieferant GmbH"
    assert answer_question("Who is the buyer?", [layout]).text == "Kunden AG"


def test_the_name_below_the_closing_of_a_letter_is_its_sender() -> None:
    layout = page("Dear Mrs. Grove,", "thank you for the parcel of seeds.", "Yours sincerely,", "", "Peter Quill")
    assert answer_question("Who is the sender of the letter?", [layout]).text == "Peter Quill"


def test_a_department_is_no_party() -> None:
    layout = page("Bill to:", "Victory Enterprises", "Accounts Payable", "12 Elm Street", "Davenport, IA 52801")
    assert answer_question("Who is billed?", [layout]).text == "Victory Enterprises"


def test_a_company_and_its_contact_share_an_address() -> None:
    layout = page(
        "Orchard & Penn Ltd", "Quay 4", "Bristol BS1 4QA", "", "Kunden AG", "Hans Muster", "Hauptstraße 15", "69876 Ulm"
    )
    second = [party for party in find_parties(view_page(layout)) if "second-address" in party.features]
    assert {part.text for party in second for part in party.name} == {"Kunden AG", "Hans Muster"}
