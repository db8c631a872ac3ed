"""What a model says around a transcription is removed, and nothing that the page prints."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from written_pages import reply_lines

from cogdoc.engines.vision.reply_cleaning import cleaned

PREAMBLES = (
    "The text on this page reads:",
    "Here is the transcription:",
    "Here is the transcription of the page.",
    "Here's the text from the image:",
    "Sure! Here is the full text of the document in Markdown format:",
    "**Here is the extracted text:**",
    "Below is a transcription of the text shown in the image:",
    "The image contains the following text:",
    "The content of the page is as follows:",
    "I can read the following text:",
    "Transcription:",
    "以下是图片中的文字内容：",
    "图中的文字如下：",
    "这一页上的所有文字是：",
    "好的，以下是页面中的全部文字：",
    "识别结果如下：",
)
CLOSINGS = (
    "",
    "I hope this helps!",
    "Let me know if you need anything else.",
    "If you have any questions, feel free to ask.",
    "希望这对您有帮助！",
    "以上是图片中的全部文字。",
)
FENCES = (("", ""), ("```", "```"), ("```markdown", "```"), ("~~~text", "~~~"))
QUOTES = (("", ""), ('"', '"'), ("“", "”"), ("「", "」"))

PAGES = (
    "Invoice 4711\n\nTotal: 84.04 EUR\nDue: 5 May",
    "Minutes of the meeting:\n- the board met\n- nothing was decided",
    "发票号码：12345678\n总金额：￥1,250.00",
    "Note:\nthis form reads like a receipt",
    "| a | b |\n|---|---|\n| 1 | 2 |",
)
WORDS = st.text(st.characters(categories=["L", "N", "P"], exclude_characters="`~\"'“”„«»「」『』‘’"), max_size=20)
BODIES = st.lists(WORDS, min_size=1, max_size=6).map("\n".join).map(str.strip).filter(lambda text: len(text) > 8)


def clean(reply: str, page: str = "") -> str:
    return "\n".join(line.text for line in cleaned(reply_lines(reply), page))


@pytest.mark.parametrize("preamble", PREAMBLES)
def test_an_introduction_is_removed(preamble: str) -> None:
    for page in PAGES:
        assert clean(f"{preamble}\n\n{page}", page) == page


@pytest.mark.parametrize("page", PAGES)
def test_text_is_taken_out_of_all_that_is_around_it(page: str) -> None:
    for closing, fence, quotes in product(CLOSINGS, FENCES, QUOTES):
        reply = f"{PREAMBLES[0]}\n{fence[0]}\n{quotes[0]}{page}{quotes[1]}\n{fence[1]}\n{closing}"
        assert clean(reply, page) == page, reply


def test_an_introduction_on_the_line_of_the_text_is_removed_with_its_quotation_marks() -> None:
    assert clean('The text on this page reads: "Total 84.04"', "Total 84.04") == "Total 84.04"
    assert clean("图中的文字是：“总计 84.04”", "总计 84.04") == "总计 84.04"


def test_a_fence_that_was_cut_off_is_removed() -> None:
    assert clean("```markdown\n# Report\nTotal", "Report Total") == "# Report\nTotal"


@pytest.mark.parametrize("preamble", PREAMBLES)
def test_a_page_that_begins_with_such_a_sentence_keeps_it(preamble: str) -> None:
    page = f"{preamble.strip('*')}\nTotal 84.04"
    assert clean(page, page) == page
    if preamble != PREAMBLES[7]:
        assert clean(f"{PREAMBLES[7]}\n\n{page}", page) == page


def test_a_sentence_that_ocr_misread_counts_as_printed() -> None:
    page = "The text on this page reads:\nTotal 84.04"
    assert clean(page, "The texl on this paqe reads :\nTotal 84.04") == page


@pytest.mark.parametrize(
    "page",
    [
        '"Every drop counts"',
        "“Every drop counts”\nTarnholm",
        '"A" and "B"',
        "```python\nprint(1)\n```\nmore",
        "```\ncode\n```",
        "I hope this helps!",
        "Dear Nora,\nI hope this helps!",
        "Contents:\n1 Water",
        "Table of contents",
        "None",
        "Not available.",
    ],
)
def test_what_the_page_prints_is_kept(page: str) -> None:
    assert clean(page, page) == page


@given(page=BODIES, reply=BODIES)
@example(page="Here is the text:\nTotal", reply="Here is the text:\nTotal")
def test_no_text_that_the_page_prints_is_lost(page: str, reply: str) -> None:
    assert clean(page, page) == page.strip()
    assert set(clean(f"{reply}\n{page}", page)) >= set(page) - {"\n"}


@given(
    page=BODIES,
    preamble=st.sampled_from(("", *PREAMBLES)),
    fence=st.sampled_from(FENCES),
    closing=st.sampled_from(CLOSINGS),
)
def test_any_text_is_what_is_left_of_a_reply_around_it(
    page: str, preamble: str, fence: tuple[str, str], closing: str
) -> None:
    assert clean(f"{preamble}\n{fence[0]}\n{page}\n{fence[1]}\n{closing}", page) == page.strip()


@pytest.mark.parametrize(
    "reply",
    [
        "I'm sorry, but I cannot read the text in this image.",
        "The image does not contain any text.",
        "图片中没有文字。",
        "The text on this page reads:",
        "not found",
    ],
)
def test_a_reply_without_a_transcription_is_none(reply: str) -> None:
    assert clean(reply, "Total 84.04") == ""
