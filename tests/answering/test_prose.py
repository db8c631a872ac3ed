"""Lines of a paragraph are no labels with their values, and the texts to learn from print their answers."""

from __future__ import annotations

from placed_pages import paragraph

from cogdoc.engines.builtin.answering.answer import collect
from cogdoc.engines.builtin.answering.proposals import Relation
from cogdoc.engines.builtin.answering.prose import BESIDE_LABEL, UNTYPED
from cogdoc.parsing.page_text import PageLayout
from training.extraction import OR
from training.prose_pages import prose_page, prose_pages
from training.small_pages import text_page

LETTER = prose_page(
    [
        "The new depot of the carrier opens in spring and replaces the one at the canal, which has become too small "
        "for the lorries of today. The delivery of the shelves was agreed with the firm of a joiner, and the "
        "invoice for them will reach you at the end of the month, together with the invoice of the electrician."
    ]
)


def _beside_labels(page: PageLayout, question: str) -> list[str]:
    proposals = collect(question, [page]).proposals
    return [one.text for one in proposals if one.relation in BESIDE_LABEL and one.kind in UNTYPED]


def test_the_next_words_of_a_paragraph_are_no_value_of_a_label() -> None:
    assert _beside_labels(LETTER, "Who is the carrier?") == []
    assert _beside_labels(LETTER, "What is the delivery?") == []


def test_a_value_after_a_colon_in_a_paragraph_stays() -> None:
    page = prose_page(
        [
            "Please send your reply to the office at the harbour before the end of the week, and not to the old "
            "address of the depot. Carrier: Norden Freight and Sons. It has to be named on all papers."
        ]
    )
    assert any("Norden Freight" in text for text in _beside_labels(page, "What is the carrier?"))


def test_a_form_keeps_the_values_of_its_labels() -> None:
    page = text_page(["Carrier|Norden Freight", "Depot|Harbour", "Driver|Ada Birk"])
    assert "Norden Freight" in _beside_labels(page, "What is the carrier?")


def test_a_question_finds_phrases_of_sentences_in_a_script_without_spaces() -> None:
    page = paragraph("会议由主任马文清主持，记录人为何晓燕。会议在社区活动室召开。")
    assert any("马文清" in one.text for one in collect("会议由谁主持？", [page]).proposals)


def test_a_word_of_chinese_may_go_on_in_the_next_line() -> None:
    text = "本合同由双方签订，聘期为两年，自二零二零年五月一日起计算，期满后可以续签一次，续签须在期满前三个月提出。"
    page = prose_page([text + "双方发生争议时，由武夷山市仲裁委员会裁决，裁决为最终裁决，对双方均有约束力。"])
    found = [one for one in collect("争议由谁裁决？", [page]).proposals if one.relation is Relation.SENTENCE]
    assert any("武夷山市仲裁委员会" in one.evidence for one in found)
    assert not any(" " in one.evidence for one in found)
    assert all(one.box.width > 0 and one.box.x1 <= page.page_text.width for one in found)


def test_texts_to_learn_from_print_their_answers() -> None:
    for question, page, answer in prose_pages():
        printed = "".join(page.page_text.text.split())
        for wording in answer.split(OR) if answer else ():
            assert "".join(wording.split()) in printed, question


def test_a_sentence_answers_with_a_month_or_a_number_and_its_unit() -> None:
    page = paragraph("The council decides in June. The dividend of the company is 35 cents a share for this year.")
    assert "June" in {one.text for one in collect("When does the council decide?", [page]).proposals}
    found = {one.text for one in collect("How much is the dividend of the company?", [page]).proposals}
    assert any(text.startswith("35 cents") for text in found)
