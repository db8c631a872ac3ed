"""What declines to answer is told from answers, in whatever words, and what a page prints is an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_pages import line_at, lines_below, page_of

from cogdoc.engines.vision.refusals import declines
from cogdoc.engines.vision.reply_phrases import is_refusal
from cogdoc.parsing.page_text import PageText

EMPTY = page_of()
FORM = page_of(
    *lines_below(
        "Patient: Nora Feld",
        "Allergies: None",
        "Fax: 555 0199",
        "Next visit: unknown.",
        "Referred by",
        "N/A",
        "None of the parties is liable for delays.",
        "传真：无",
        "过敏史：未知",
    )
)

REFUSALS = (
    "not found",
    "Not mentioned.",
    "N/A",
    "未提及",
    "无法回答。",
    "",
    "  ",
    "-",
    "unanswerable",
    "None",
    "Unknown",
    "Can't tell",
    "The image does not provide this information.",
    "Unable to determine",
    "Not mentioned in the document",
    "I'm sorry, but I cannot answer this question based on the image.",
    "I’m sorry, but I can’t read the text in this image. Please provide a clearer image.",
    "I'm sorry. The document doesn't mention a due date.",
    "Sorry, but as an AI, I can't see that.",
    "The total amount is not mentioned in the document.",
    "It cannot be determined from the image.",
    "There is no information about the due date in the image.",
    "There isn't enough information to answer.",
    "Based on the image, it is not possible to determine who signed the contract.",
    "The due date is not available in the provided image.",
    "The date is not specified or visible in the image.",
    "Unfortunately, the image doesn't show the invoice number.",
    "无法从图中得知",
    "图片中没有提供相关信息。",
    "很抱歉，图中没有显示发票号码。",
    "抱歉，我无法回答这个问题。",
    "根据图片，无法确定总金额。",
    "文档中未提及合同的签署人",
    "从图中无法看出是谁签的字",
    "这张图片并没有显示任何价格信息",
    "我不知道",
    "发票号码未显示",
    "There is no date on this receipt.",
    "It's not clear from the image what the total is.",
    "The image is too blurry to read.",
    "No date is given.",
    "The letter doesn't say who signed it.",
    "Nothing in the document indicates the price.",
    "The document makes no mention of a penalty.",
    "The report lacks information about the supplier.",
    "The field is blank.",
    "图中没有日期",
    "图片中看不到签名",
    "未在图中找到电话号码",
    "文档中找不到相关内容",
)

ANSWERS = (
    "no",
    "0",
    "yes",
    "Nora",
    "None of the above",
    "未来科技",
    "无锡市",
    "没有",
    "没有附件",
    "Notre Dame",
    "Not until 5 May",
    "not found in nature",
    "Gold is not found in nature in large amounts",
    "Unknown Pleasures",
    "Not for sale",
    "Not applicable before 2020",
    "Not included",
    "Shipping is not included.",
    "Alcohol is not available in stores",
    "It does not smoke",
    "She did not sign the contract.",
    "Payment is not due before March.",
    "There is no charge for delivery.",
    "He was not present at the meeting.",
    "The tenant may not keep pets.",
    "No later than 5 May",
    "Unable to attend",
    "租客不能养宠物",
    "本合同不能提前终止",
    "没有限制",
    "The image does not show a total, but the subtotal is 42.00.",
    "The image does not show the total. The subtotal is 42.00.",
    "No, the document does not mention any penalty.",
    "图中没有显示总金额，但小计为42元。",
    "总金额为1,234元",
)

THINGS = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=1, max_size=12)
SUBJECTS = st.lists(THINGS, min_size=1, max_size=4).map(lambda words: f"the {' '.join(words)}")


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_not_answers(text: str) -> None:
    assert is_refusal(text)
    assert declines("What is the total?", text, EMPTY)


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_that_look_a_little_like_refusals_are_answers(text: str) -> None:
    assert not is_refusal(text)


@given(
    subject=SUBJECTS,
    apology=st.sampled_from(["", "Sorry, ", "I'm sorry, but ", "Unfortunately, ", "Based on the image, "]),
    frame=st.sampled_from(
        [
            "the image does not mention {}",
            "{} is not mentioned in the document",
            "I cannot determine {}",
            "there is no information about {}",
            "it is not possible to tell {} from the picture",
            "I don't see {}",
            "{} cannot be read",
            "the page doesn't say what {} is",
        ]
    ),
    end=st.sampled_from(["", "."]),
)
def test_a_refusal_about_anything_is_a_refusal(subject: str, apology: str, frame: str, end: str) -> None:
    assert is_refusal(f"{apology}{frame.format(subject)}{end}")


@given(
    value=st.decimals(0, 10_000, places=2).map(str),
    refusal=st.sampled_from([text for text in REFUSALS if len(text) > 12]),
)
def test_a_refusal_that_goes_on_with_a_value_is_an_answer(value: str, refusal: str) -> None:
    assert not is_refusal(f"{refusal.rstrip('.。')}. The subtotal is {value} EUR.")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What allergies does the patient have?", "None"),
        ("Any allergies?", "none."),
        ("When is the next visit?", "Unknown"),
        ("Who referred the patient? Referred by whom?", "N/A"),
        ("过敏史是什么？", "未知"),
    ],
)
def test_what_the_page_prints_beside_the_words_of_the_question_is_an_answer(question: str, answer: str) -> None:
    assert not declines(question, answer, FORM)
    assert declines(question, answer, EMPTY)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the fax number?", "None"),
        ("Who is liable?", "None"),
        ("What is the total?", "Unknown"),
        ("What are the allergies?", "Not found"),
    ],
)
def test_what_the_page_prints_as_another_value_or_in_a_sentence_is_a_refusal(question: str, answer: str) -> None:
    assert declines(question, answer, FORM)


def test_a_cell_is_looked_up_by_its_row_and_by_the_line_above() -> None:
    table = page_of(line_at("Medication", 50, 50), line_at("Side effects", 300, 50), line_at("Ibuprofen", 50, 80))
    page = PageText(1, "1", 600, 800, 0, table.origin, (*table.lines, line_at("None", 300, 80)))
    assert not declines("What are the side effects?", "None", page)
    assert not declines("What does Ibuprofen cause?", "None", page)
    assert declines("What is the dose?", "None", page)


def test_a_sentence_that_the_page_prints_is_an_answer() -> None:
    page = page_of(*lines_below("Note: the exact date of the fire", "is not known."))
    sentence = "The exact date of the fire is not known."
    assert is_refusal(sentence)
    assert not declines("When was the fire?", sentence, page)


def test_whether_the_document_says_something_is_answered_by_that_it_does_not() -> None:
    sentence = "The contract does not mention a penalty."
    assert not declines("Does the contract mention a penalty?", sentence, EMPTY)
    assert declines("What is the penalty?", "The document does not mention a penalty.", EMPTY)
    assert not declines("合同有没有提及违约金？", "文档中没有提及违约金", EMPTY)


def test_whether_something_is_on_the_page_is_answered_by_that_it_is_not() -> None:
    sentence = "There is no signature on the page."
    assert not declines("Is there a signature on the page?", sentence, EMPTY)
    assert declines("Whose signature is it?", sentence, EMPTY)
