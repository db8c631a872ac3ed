"""Yes and no come from a sentence that entails it: one statement, with its negation, or a number to compare."""

from __future__ import annotations

import pytest
from placed_pages import paragraph

from cogdoc.engines.builtin.answering import answer_question
from cogdoc.parsing.page_text import PageLayout

REPORT = paragraph(
    "In the second quarter the revenue of the division rose to 31.5 million euros, mainly because of repairs. "
    "Material costs grew more slowly than wages, so that the margin improved to 12.4 percent. "
    "Present were Ada Birk (chair), Tom Ferris, Li Wen and the clerk of the board. "
    "The accounts of the last year were approved without changes."
)
CONTRACT = paragraph(
    "The tenant may not sublet the workshop without the consent of the owner. Repairs of the roof are made by the "
    "owner, whereas the tenant is responsible for broken windows. The lease begins on 1 May 2021."
)
GERMAN = paragraph(
    "Die Lieferung der Türen verzögert sich um drei Wochen. Die Montage übernimmt wie vereinbart die Firma Holzbau "
    "Renner. Wir empfehlen einen Anstrich mit Öl, da er das Holz atmen lässt. Für die Farbe der Türen haben Sie sich "
    "bisher nicht entschieden."
)
CONDITIONS = paragraph(
    "The inspector notes whether the cellar is damp. The deposit is returned if the keys are complete. Er prüft, ob "
    "die Heizung defekt ist. 检查员须说明屋顶是否漏水。"
)
CHINESE = paragraph("公司聘请陈国栋先生担任技术顾问，聘期为两年。本季度利润率为12.4%。")


@pytest.mark.parametrize(
    ("page", "question", "expected"),
    [
        (REPORT, "Did revenue rise in the second quarter?", "Yes"),
        (REPORT, "Did revenue fall in the second quarter?", "No"),
        (REPORT, "Is the margin higher than 10 percent?", "Yes"),
        (REPORT, "Is the margin higher than 15 percent?", "No"),
        (REPORT, "Was revenue above 50 million euros?", "No"),
        (REPORT, "Were the accounts approved?", "Yes"),
        (CONTRACT, "May the tenant sublet the workshop without consent?", "No"),
        (CONTRACT, "Is the tenant responsible for broken windows?", "Yes"),
        (GERMAN, "Verzögert sich die Lieferung der Türen?", "Ja"),
        (CHINESE, "聘期是否为两年？", "是"),
        (CHINESE, "利润率是否高于10%？", "是"),
    ],
)
def test_answers_from_what_a_sentence_entails(page: PageLayout, question: str, expected: str) -> None:
    assert answer_question(question, [page]).text == expected


@pytest.mark.parametrize(
    ("page", "question"),
    [
        (CONTRACT, "Is the owner responsible for broken windows?"),
        (CONDITIONS, "Is the cellar damp?"),
        (CONDITIONS, "Are the keys complete?"),
        (CONDITIONS, "Ist die Heizung defekt?"),
        (CONDITIONS, "屋顶是否漏水？"),
        (REPORT, "Was the chair Tom Ferris?"),
        (REPORT, "Did material costs grow faster than wages?"),
        (REPORT, "Was Li Wen the owner of the division?"),
        (GERMAN, "Hat Frau Lindner sich für eine Farbe entschieden?"),
    ],
)
def test_two_statements_of_a_sentence_are_not_mixed(page: PageLayout, question: str) -> None:
    assert answer_question(question, [page]).text not in ("Yes", "Ja", "da")
