"""Questions about a letter, a contract, news, a manual and minutes in three languages; most are answered right."""

from __future__ import annotations

import pytest
from placed_pages import paragraph

from cogdoc.engines.builtin.answering import answer_question

LEAST = 0.6
"""Share of the questions of each text. A reader without a neural network does not find all of them."""

LETTER = """Dear Ms Okafor, Our surveyor Neil Hartwell visited the orchard on 4 June and measured the damage. The hail
destroyed two thirds of the apple crop because the nets had been removed for cleaning. The insurance will pay 18,400
pounds before the end of August. Please send the receipts for the new nets to our office in Malvern."""

CONTRACT = """This agreement is made between Tidewell Boats, hereinafter called the lender, and the Marlow Rowing Club,
hereinafter called the borrower. The lender provides four training boats for a period of two years. The borrower
insures the boats with Crestline Mutual. Damaged oars are replaced by the borrower. The boats are stored in the
boathouse at Temple Lock. The agreement was signed by Harriet Blane on 2 March 2022."""

NEWS = """Der Fahrradhersteller Velotra verlegt seine Montage nach Görlitz. Wie Geschäftsführerin Anke Brodersen
mitteilte, entstehen dort 120 Arbeitsplätze. Der alte Standort in Bremen wird geschlossen, weil der Mietvertrag
ausläuft. Die Stadt Görlitz baut für das Werk eine neue Straße. Ab 2027 sollen 60.000 Räder im Jahr montiert werden."""

MANUAL = """Before the first use, rinse the water tank of the humidifier. The filter is made of ceramic and lasts about
eight months. A red light shows that the tank is empty. Limescale is removed with citric acid. Spare filters are sold
by the dealer in Kendal. Do not place the device on a carpet, since the air inlet is on the bottom."""

MINUTES = """会议由主任高建华主持，记录人为沈丽。会议在三楼会议室召开。会议决定购买五台新打印机。
陈工程师提出更换旧空调。下次会议定于十一月三日举行。"""


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (LETTER, {
            "Who visited the orchard?": "Neil Hartwell", "When did the surveyor visit the orchard?": "4 June",
            "Why was the crop destroyed?": "nets had been removed", "How much will the insurance pay?": "18,400",
            "What destroyed the apple crop?": "hail", "Where is the office?": "Malvern",
        }),
        (CONTRACT, {
            "Who is the lender?": "Tidewell Boats", "Who signed the agreement?": "Harriet Blane",
            "What does the lender provide?": "training boats", "Who replaces damaged oars?": "borrower",
            "Where are the boats stored?": "Temple Lock", "When was the agreement signed?": "2 March 2022",
        }),
        (NEWS, {
            "Wohin verlegt Velotra seine Montage?": "Görlitz", "Wer ist Geschäftsführerin?": "Anke Brodersen",
            "Warum wird der alte Standort geschlossen?": "der Mietvertrag ausläuft",
            "Wie viele Arbeitsplätze entstehen?": "120", "Was baut die Stadt?": "Straße",
        }),
        (MANUAL, {
            "What is the filter made of?": "ceramic", "How long does the filter last?": "eight months",
            "What does a red light show?": "tank is empty", "What is limescale removed with?": "citric acid",
            "Who sells spare filters?": "dealer",
        }),
        (MINUTES, {
            "会议由谁主持？": "高建华", "会议在哪里召开？": "三楼会议室", "谁提出更换旧空调？": "陈工程师",
            "下次会议什么时候举行？": "十一月三日", "会议决定购买什么？": "打印机",
        }),
    ],
    ids=["letter", "contract", "news", "manual", "minutes"],
)  # fmt: skip
def test_answers_most_questions_about_a_text(text: str, questions: dict[str, str]) -> None:
    page = paragraph(text)
    answers = {question: answer_question(question, [page]).text or "" for question in questions}
    wrong = {question: answers[question] for question, part in questions.items() if part not in answers[question]}
    assert len(wrong) <= (1 - LEAST) * len(questions), wrong
