"""What is printed over a caption, or over the line for a signature, is what the text below calls it."""

from __future__ import annotations

import pytest
from placed_pages import page

from cogdoc.engines.builtin.answering import answer_question

COVER = page(
    "ANNUAL REPORT",
    "HARBOUR PUMPS CORPORATION",
    "(Exact name of registrant as specified in its charter)",
    "Oregon|93-1184502",
    "(State or other jurisdiction of|(I.R.S. Employer",
    "incorporation or organization)|Identification No.)",
    "1180 Foundry Road",
    "Astoria, Oregon 97103",
    "(503) 555-0188",
    "(Address and telephone number of principal executive offices)",
)
CERTIFICATE = page(
    "This is to certify that the course was attended in full.",
    "Ingrid Halvane|14 March 2022",
    "(Name of the participant)|(Date of issue)",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("In which state is the company incorporated?", "Oregon"),
        ("What is the I.R.S. employer identification number?", "93-1184502"),
        ("What is the address of the principal executive offices?", "1180 Foundry Road, Astoria, Oregon 97103"),
        ("What is the telephone number?", "(503) 555-0188"),
    ],
)
def test_the_cover_of_a_filing_names_its_values_below_them(question: str, answer: str) -> None:
    assert answer_question(question, [COVER]).text == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [("What is the name of the participant?", "Ingrid Halvane"), ("What is the date of issue?", "14 March 2022")],
)
def test_each_caption_of_a_row_belongs_to_the_text_over_it(question: str, answer: str) -> None:
    assert answer_question(question, [CERTIFICATE]).text == answer


def test_a_date_in_parentheses_below_a_title_is_a_value() -> None:
    balance = page("Consolidated balance sheet", "(as of December 31, 2023)", "Total assets:|4,512")
    assert answer_question("What is the date of the balance sheet?", [balance]).text == "December 31, 2023"


def test_a_remark_in_parentheses_with_nothing_over_it_is_no_caption() -> None:
    remark = page("(Unaudited)", "Total revenue:|4,512")
    assert answer_question("What is the total revenue?", [remark]).text == "4,512"


def test_a_name_over_the_line_for_a_signature_is_that_of_the_label_below() -> None:
    form = page("Loan request", "Item|Microscope", "H. Lindqvarn|March 6, 2024", "Approved by|Date")
    assert answer_question("Who approved the request?", [form]).text == "H. Lindqvarn"
