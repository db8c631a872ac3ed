"""Words that were not read surely are read as the known word that the pixels allow; everything else stays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from cogdoc.parsing.ocr.lexicon import is_english, similar_words
from cogdoc.parsing.ocr.line_likelihood import LineOdds, decide
from cogdoc.parsing.ocr.recognition import OcrLine
from cogdoc.parsing.ocr.spelling import with_known_words

NAMES = ["blank", *map(chr, range(32, 127)), "ä", "ö", "ü", "é", "í"]
COLUMNS = {name: number for number, name in enumerate(NAMES) if number}
ENGLISH = "Please return the completed form to the office before the end of this month"
GERMAN = "Bitte senden Sie das ausgefüllte Formular zurück und fügen Sie alle nötigen Belege bei"


def seen(text: str, doubts: Mapping[int, tuple[str, float]] | None = None) -> OcrLine:
    """A line as if read from a picture: each character wins a step, and a blank the next.

    `doubts` says at which position another character has what probability; a space in doubt stands in the step
    before its position.
    """
    steps = np.full((2 * len(text), len(NAMES)), 1e-7, np.float32)
    for place, character in enumerate(text):
        steps[2 * place, COLUMNS[character]] = 0.999
        steps[2 * place + 1, 0] = 0.999
    for place, (other, probability) in (doubts or {}).items():
        step = 2 * place - (other == " ")
        steps[step] *= 1 - probability
        steps[step, COLUMNS[other]] = probability
    quad = np.array([[100, 50], [900, 50], [900, 80], [100, 80]], float)
    return OcrLine(text, quad, 0.9, (), LineOdds(decide(steps, NAMES), steps, COLUMNS))


def read(line: OcrLine, page: str = ENGLISH) -> str:
    return with_known_words([OcrLine(page, line.quad, 1.0, ()), line])[1].text


def test_misread_letter_gives_way_to_a_known_word() -> None:
    assert read(seen("This facsimlle is confidential", {11: ("i", 0.3)})) == "This facsimile is confidential"


def test_capitals_stay_capitals() -> None:
    assert read(seen("TOTAL AM0UNT", {8: ("O", 0.3)})) == "TOTAL AMOUNT"
    assert read(seen("Totai", {4: ("l", 0.2)})) == "Total"


def test_word_that_was_read_surely_stays() -> None:
    assert read(seen("Messrs Lorillard and Recelpt")) == "Messrs Lorillard and Recelpt"


def test_known_word_that_the_pixels_contradict_is_not_taken() -> None:
    assert read(seen("Recelpt", {0: ("P", 0.2)})) == "Recelpt"


def test_words_run_together_are_parted_where_the_pixels_allow_a_space() -> None:
    assert read(seen("TAXINVOICE", {3: (" ", 0.2)})) == "TAX INVOICE"
    assert read(seen("overhead costs of the taxpayer")) == "overhead costs of the taxpayer"
    assert read(seen("Swordfish")) == "Swordfish"


@pytest.mark.parametrize("text", ["B220-T07281A", "1,234.56", "82253245", "GST ID 002046390272"])
def test_numbers_and_codes_are_left_alone(text: str) -> None:
    doubts = dict.fromkeys(range(0, len(text), 3), ("e", 0.4))
    assert read(seen(text, doubts)) == text


def test_page_in_another_language_is_left_alone() -> None:
    doubtful = seen("Recelpt", {4: ("i", 0.4)})
    assert read(doubtful, GERMAN) == "Recelpt"
    assert read(doubtful, "请将填好的表格在月底之前交回办公室，并附上所有必要的收据和证明文件。 " * 2) == "Recelpt"
    assert read(doubtful) == "Receipt"


def test_words_of_a_changed_line_lie_in_it_from_left_to_right() -> None:
    line = with_known_words([seen(ENGLISH), seen("Pay forthis totai", {7: (" ", 0.3), 16: ("l", 0.2)})])[1]
    assert line.text == "Pay for this total"
    assert line.text == " ".join(word.text for word in line.words)
    edges = [float(x) for word in line.words for x in (word.quad[0][0], word.quad[1][0])]
    assert edges == sorted(edges)
    assert edges[0] == pytest.approx(100)
    assert edges[-1] == pytest.approx(900, abs=1)


def test_similar_words_are_few_letters_away() -> None:
    found = dict(similar_words("recelpt"))
    assert found["receipt"] == 1
    assert all(1 <= letters <= 2 for letters in found.values())


def test_english_is_told_from_other_languages() -> None:
    assert is_english([ENGLISH])
    assert not is_english([GERMAN])
    assert not is_english(["Veuillez renvoyer le formulaire rempli avec toutes les pièces justificatives nécessaires"])
    assert not is_english([])
