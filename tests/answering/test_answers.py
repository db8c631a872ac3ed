"""Each kind of question gets the value that the page prints for it, or "not found"."""

from __future__ import annotations

import pytest
from placed_pages import page, page_of, paragraph, rows, table

from cogdoc.engines.builtin.answering import answer_question
from cogdoc.engines.builtin.answering.answer import collect
from cogdoc.engines.builtin.answering.proposals import Relation
from cogdoc.parsing.page_text import PageLayout

FORM = page(
    "Registration Form",
    "Full name:|Alice Quimby",
    "Telephone: (212) 555-0147 Fax: (212) 555-0199",
    "Date of birth:|4 March 1961",
    "E-mail|a.quimby@example.org",
    "Department|Order no.|Quantity",
    "Accounts|K-20417|36",
    "Married:|No",
)
RECEIPT = page(
    "BLUE HERON HARDWARE SDN BHD (123456-X)",
    "NO. 12, JALAN MELATI 3/4,",
    "TAMAN INDAH, 43000 KAJANG",
    "TEL: 03-8733 1234",
    "TAX INVOICE",
    "Date: 14/02/2019|Time: 10:31",
    "Hammer|1|25.00",
    "Nails|2|8.00",
    "Sub Total||33.00",
    "GST 6%||1.98",
    "Total (Incl. GST)||34.98",
    "CASH||50.00",
    "CHANGE||15.02",
)
STATEMENT = table(
    "|Year ended|December 31,",
    "|2021|2022",
    "Revenue|4,510|5,204",
    "Cost of revenue|2,733|3,001",
    "Net income|612|788",
)
CUP = table(
    "Game|Date|Stadium|Attendance",
    "1|October 1|Redland Field|30,511",
    "2|October 2|Harbour Park|29,698",
    "3|October 4|Hill Ground|34,363",
)
LETTER = paragraph(
    "The committee met in Geneva on 12 May 2009. The bridge was designed by Maria Lindqvist and opened in 1934. "
    "Construction of the northern tower cost $2.4 million in total. Roughly 61% of the members voted for the repair."
)
CHINESE = page(
    "增值税电子普通发票",
    "发票号码：12345678|开票日期：2023年08月25日",
    "购买方名称：北京晨光科技有限公司",
    "价税合计（小写）￥1,280.00",
    "每股净资产(元)|8.32",
    "2季度末不良率0.75%，环比持平。公司上半年实现营业收入49.1亿元，同比增长12.4%。",
)
ORDERS = page(
    "Order TT-418|On its way",
    "Bee hotel|26.00",
    "Total|70.40",
    "Order TT-381|Cancelled",
    "Potting soil|9.30",
    "Total|46.80",
    "Order TT-344|Delivered",
    "Total|19.95",
)
PARTIES = page("购买方信息|名称：青岚水务有限公司|销售方信息|名称：望汐仪器有限公司")


@pytest.mark.parametrize(
    ("layout", "question", "expected"),
    [
        (FORM, "What is the full name?", "Alice Quimby"),
        (FORM, 'What is the value for "Full name" on this form?', "Alice Quimby"),
        (FORM, "What is the phone number?", "(212) 555-0147"),
        (FORM, "What is the fax number?", "(212) 555-0199"),
        (FORM, "What is the DOB?", "4 March 1961"),
        (FORM, "What is the email address?", "a.quimby@example.org"),
        (FORM, "What is the order number?", "K-20417"),
        (FORM, "What is the quantity?", "36"),
        (FORM, "Is she married?", "No"),
        (RECEIPT, "Which company issued this receipt?", "BLUE HERON HARDWARE SDN BHD"),
        (
            RECEIPT,
            "What is the address of the shop?",
            "NO. 12, JALAN MELATI 3/4, TAMAN INDAH, 43000 KAJANG",
        ),
        (RECEIPT, "What is the date on this receipt?", "14/02/2019"),
        (RECEIPT, "What is the total amount on this receipt?", "34.98"),
        (RECEIPT, "How much change was given?", "15.02"),
        (STATEMENT, "What was the revenue in 2021?", "4,510"),
        (STATEMENT, "What was net income in 2022?", "788"),
        (STATEMENT, "What were the profits for 2021?", "612"),
        (STATEMENT, "What is the net income?", "788"),
        (ORDERS, "What is the total of order TT-381?", "46.80"),
        (ORDERS, "What is the total of order TT-344?", "19.95"),
        (CUP, "What was the attendance on October 2?", "29,698"),
        (CUP, "Where was game 3 played?", "Hill Ground"),
        (CUP, "Which stadium had the highest attendance?", "Hill Ground"),
        (CUP, "Which stadium had the lowest attendance?", "Harbour Park"),
        (LETTER, "Who designed the bridge?", "Maria Lindqvist"),
        (LETTER, "How much did the northern tower cost?", "$2.4 million"),
        (LETTER, "What percentage of the members voted for the repair?", "61%"),
        (PARTIES, "购买方的名称是什么？", "青岚水务有限公司"),
        (PARTIES, "销售方的名称是什么？", "望汐仪器有限公司"),
        (CHINESE, "发票号码是多少？", "12345678"),
        (CHINESE, "开票日期是哪一天？", "2023年08月25日"),
        (CHINESE, "购买方名称是什么？", "北京晨光科技有限公司"),
        (CHINESE, "每股净资产是多少元？", "8.32"),
        (CHINESE, "2季度末不良率是多少？", "0.75%"),
        (CHINESE, "上半年公司的营业收入是多少？", "49.1亿元"),
    ],
)
def test_answers_with_the_printed_value(layout: PageLayout, question: str, expected: str) -> None:
    assert answer_question(question, [layout]).text == expected


@pytest.mark.parametrize(
    ("layout", "question"),
    [
        (FORM, "What is the gross weight of the aircraft?"),
        (FORM, "Who won the football championship?"),
        (FORM, "Is the aircraft amateur built?"),
        (RECEIPT, "What is the serial number of the engine?"),
        (STATEMENT, "How many lunar landings took place?"),
        (STATEMENT, "How many employees are there?"),
        (CUP, "How many lunar landings took place?"),
        (LETTER, "What is the e-mail address of the mayor?"),
        (CHINESE, "法定代表人是谁？"),
        (CHINESE, "注册资本是多少？"),
    ],
)
def test_says_not_found_rather_than_guess(layout: PageLayout, question: str) -> None:
    answer = answer_question(question, [layout])
    assert answer.text is None
    assert answer.evidence == ()
    assert answer.confidence is None
    assert answer.p_answerable < 0.5


def test_a_quoted_label_is_not_looked_up_as_a_record_of_a_table() -> None:
    form = table("Sender|Pages", "Charles Duggan|4", "Company|Main fax", "Lorillard|335-7733")
    found = collect('What is the value for "Sender" on this form?', [form]).proposals
    assert "Charles Duggan" in {proposal.text for proposal in found}
    assert Relation.COMPUTED not in {proposal.relation for proposal in found}


def test_evidence_is_the_box_of_the_value() -> None:
    (evidence,) = answer_question("What is the full name?", [FORM]).evidence
    assert (evidence.page, evidence.label) == (1, "p1")
    assert evidence.box == (240.0, 58.0, 310.0, 70.0)
    assert "Full name:" in evidence.text
    assert "Alice Quimby" in evidence.text


def test_evidence_inside_a_line_is_the_part_of_the_line() -> None:
    (evidence,) = answer_question("What is the fax number?", [FORM]).evidence
    line_box = page_of(rows("Telephone: (212) 555-0147 Fax: (212) 555-0199")).page_text.lines[0].box
    assert evidence.box[0] > line_box.center[0]
    assert evidence.box[2] == pytest.approx(line_box.x1)


def test_evidence_on_a_turned_page_is_in_the_coordinates_of_the_displayed_page() -> None:
    upright = rows("Invoice number:|A-1207")
    (evidence,) = answer_question("What is the invoice number?", [page_of(upright, turned=180)]).evidence
    box = upright[1].box
    assert evidence.box == pytest.approx((600 - box.x1, 800 - box.y1, 600 - box.x0, 800 - box.y0))


def test_offers_other_candidates_in_order() -> None:
    answer = answer_question("What was the revenue in 2021?", [STATEMENT])
    confidences = [candidate.confidence for candidate in answer.alternatives]
    assert "5,204" in [candidate.text for candidate in answer.alternatives]
    assert len(confidences) <= 5
    assert confidences == sorted(confidences, reverse=True)
    assert answer.confidence >= confidences[0]


def test_searches_only_the_page_that_the_question_names() -> None:
    pages = [page("Serial number:|AX-100", number=1), page("Serial number:|BX-200", number=2)]
    assert answer_question("What is the serial number on page 2?", pages).text == "BX-200"
    assert answer_question("What is the serial number on the first page?", pages).text == "AX-100"
    assert answer_question("What is the serial number on the last page?", pages, page_count=2).text == "BX-200"


def test_counts_the_pages_of_the_document() -> None:
    assert answer_question("How many pages does this document have?", [FORM], page_count=12).text == "12"
    assert answer_question("这份文件共有多少页？", [CHINESE], page_count=3).text == "3"


def test_prefers_the_period_that_the_question_names() -> None:
    answers = {
        year: answer_question(f"What was the cost of revenue in {year}?", [STATEMENT]).text for year in (2021, 2022)
    }
    assert answers == {2021: "2,733", 2022: "3,001"}


def test_answers_the_same_every_time() -> None:
    first, second = (answer_question("What is the total?", [RECEIPT, FORM]) for _ in range(2))
    assert first == second


def test_has_no_answer_without_pages_or_words() -> None:
    assert answer_question("What is the date?", []).text is None
    assert answer_question("What is the date?", [page_of([])]).text is None
    assert answer_question("", [FORM]).text is None


def test_a_question_about_a_name_that_no_page_contains_is_not_answered_surely_from_a_similar_label() -> None:
    balance = page("Share capital|20,000", "Retained earnings|175,491")
    assert answer_question("What is the share capital?", [balance]).text == "20,000"
    answer = answer_question("What is the capital of France?", [balance])
    assert answer.text is None or answer.confidence < 0.5


def test_another_role_with_the_same_rank_is_no_answer() -> None:
    board = page("Chief executive officer:|Ingrid Halvane", "Chief financial officer:|Maren Oyelaran")
    assert answer_question("Who is the chief financial officer?", [board]).text == "Maren Oyelaran"
    assert answer_question("Who is the chief marketing officer?", [board]).text is None


def test_a_label_is_no_answer() -> None:
    pilot = table(
        "Age:|61, Male|Airplane Rating:", "Last Review:|Yes|Other Rating:", "Occupational Pilot:|No|Toxicology:"
    )
    answer = answer_question("What was the rating of the pilot?", [pilot])
    found = [answer.text or "", *(candidate.text for candidate in answer.alternatives)]
    assert not any(text.endswith(":") for text in found)


def test_a_number_that_is_printed_is_not_counted() -> None:
    aircraft = page("Aircraft Make:|Cessna|Registration:|N6135M", "Seats:|4|Engines:|1", "Engine Type:|Reciprocating")
    assert answer_question("How many seats does the aircraft have?", [aircraft]).text == "4"


@pytest.mark.parametrize(
    "text", ["info@harbour-tools.example", "12 May 2009", "www.harbour-tools.example", "+44 20 7946 0018"]
)
def test_a_value_of_another_type_is_no_name(text: str) -> None:
    letter = page(f"{text}|Harbour Tools Ltd", "Best regards,")
    answer = answer_question("What is the name of the sender?", [letter])
    assert text not in (answer.text, *(candidate.text for candidate in answer.alternatives))


VAT_INVOICE = table(
    "购买方信息|名称：青山水务有限公司|销售方信息|名称：江北仪器有限公司",
    "项目名称|单价|金额|税额",
    "*仪表*水表|685.50|16452.00|2138.76",
    "*仪表*变送器|218.00|7848.00|1020.24",
    "合 计||24300.00|3159.00",
    "价税合计（大写）|贰万柒仟肆佰伍拾玖圆整|（小写）|27459.00",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("购买方名称是什么？", "青山水务有限公司"),
        ("销售方是谁？", "江北仪器有限公司"),
        ("买方是哪家公司？", "青山水务有限公司"),
        ("变送器的单价是多少？", "218.00"),
        ("合计金额是多少？", "24300.00"),
        ("税额合计是多少？", "3159.00"),
        ("税额一共是多少？", "3159.00"),
        ("不含税金额是多少？", "24300.00"),
        ("含税总额是多少？", "27459.00"),
        ("价税合计大写是什么？", "贰万柒仟肆佰伍拾玖圆整"),
    ],
)
def test_reads_a_chinese_invoice_whose_fields_and_items_share_a_frame(question: str, answer: str) -> None:
    assert answer_question(question, [VAT_INVOICE]).text == answer


def test_a_chinese_label_with_another_beginning_does_not_match() -> None:
    invoice = page("发票号码：12345678|开票日期：2023年08月25日")
    assert answer_question("开票日期是哪天？", [invoice]).text == "2023年08月25日"
    assert answer_question("付款截止日期是哪天？", [invoice]).text is None


QUARTERS = table(
    "|Three months ended||Nine months ended|",
    "|Oct 30, 2022|Oct 31, 2021|Oct 30, 2022|Oct 31, 2021",
    "(In millions)||||",
    "Net sales|5,931|7,103|20,923|19,271",
    "Purchases of property|(276)|(221)|(1,324)|(703)",
    "Inventories|4,454|2,605|4,454|2,605",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What were the net sales for the three months ended October 30, 2022, in millions?", "5,931"),
        ("What were the net sales for the three months ended October 31, 2021, in millions?", "7,103"),
        ("What were the net sales for the nine months ended October 30, 2022, in millions?", "20,923"),
        ("What was the revenue for the nine months ended October 31, 2021, in millions?", "19,271"),
        ("How much were capital expenditures in the nine months ended October 30, 2022?", "1,324"),
    ],
)
def test_finds_the_column_of_the_period_by_the_words_that_accounts_print(question: str, expected: str) -> None:
    assert answer_question(question, [QUARTERS]).text == expected


def test_shows_where_to_look_on_each_of_the_best_pages_of_a_document_that_does_not_answer() -> None:
    pages = [
        paragraph(
            "The harbour has four cranes, which were painted in the spring by the workers of the yard.", number=4
        ),
        paragraph("Ferries leave the harbour every hour, and cranes are not seen from the southern pier.", number=9),
    ]
    answer = answer_question("Why were the harbour's cranes replaced by Ms Hollis?", pages)
    assert answer.text is None
    assert [one.evidence.page for one in answer.alternatives if one.evidence][:1] == [4]
    assert {one.evidence.page for one in answer.alternatives if one.evidence} == {4, 9}


CHECKBOXES = page("Membership|☐ Student|☒ Regular|☐ Honorary", "☒ Newsletter wanted", "☐ Calls allowed")


def test_a_ticked_option_is_the_value_of_its_label() -> None:
    assert answer_question("What is the membership?", [CHECKBOXES]).text == "Regular"


def test_whether_an_option_is_ticked() -> None:
    assert answer_question("Is a newsletter wanted?", [CHECKBOXES]).text == "Yes"
    assert answer_question("Are calls allowed?", [CHECKBOXES]).text == "No"


def test_a_choice_between_two_is_one_of_the_two() -> None:
    answer = answer_question("Was net income higher in 2021 or 2022?", [STATEMENT])
    assert answer.text == "2022"
    assert not {"612", "788"} & {candidate.text for candidate in answer.alternatives}


FILING = page(
    "Indicate by check mark whether the registrant has filed all reports during",
    "the preceding twelve months. Yes ☒ No ☐",
    "Large accelerated filer|☒|Smaller company|☐",
    "Indicate by check mark whether the registrant is a shell company. Yes ☐ No ☒",
    "The company is listed.|Yes ☒|No ☐",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the registrant a shell company?", "No"),
        ("Has the registrant filed all reports?", "Yes"),
        ("Is it a large accelerated filer?", "Yes"),
        ("Is it a smaller company?", "No"),
        ("Is the company listed?", "Yes"),
    ],
)
def test_marks_may_follow_what_they_tick(question: str, answer: str) -> None:
    assert answer_question(question, [FILING]).text == answer


def test_words_that_mean_yes_in_other_languages_are_no_answer() -> None:
    cover = page("Orchard Company", "Exact name of the company as in the register", "Married:|Ja")
    assert answer_question("Is Orchard a company?", [cover]).text not in ("Exact", "Ja")


def test_a_computed_answer_has_its_query_operands_and_formula() -> None:
    answer = answer_question("By how much did revenue grow from 2021 to 2022?", [STATEMENT])
    assert answer.formula is not None
    assert "5,204 − 4,510" in answer.formula
    assert answer.query is not None
    assert answer.query["operation"] == "growth"
    assert [operand.text for operand in answer.operands] == ["5,204", "4,510"]
    assert all(operand.box is not None and operand.page == 1 for operand in answer.operands)


INVOICE = page(
    "Kessler Pumpen GmbH",
    "Steuernummer: 201/113/40209|USt-IdNr.: DE813295746",
    "Bitte überweisen Sie den Betrag auf DE75 1234 5678 0000 0012 34 bei der Sparkasse.",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the seller's VAT number?", "DE813295746"),
        ("Wie lautet die Steuernummer?", "201/113/40209"),
        ("To which IBAN should the money be sent?", "DE75 1234 5678 0000 0012 34"),
    ],
)
def test_numbers_of_accounts_and_companies_are_told_apart(question: str, answer: str) -> None:
    assert answer_question(question, [INVOICE]).text == answer


def test_a_quoted_label_that_is_printed_as_it_is_has_the_value() -> None:
    memo = page("MESSAGE: The following is for your review.", "MESSAGE TO: Dewey Tedder")
    assert answer_question('What is the value for "MESSAGE TO" on this form?', [memo]).text == "Dewey Tedder"
