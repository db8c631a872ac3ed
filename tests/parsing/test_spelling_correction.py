"""Doubtful words are corrected to known words that fit the pixels; everything else stays as it was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from cogdoc.evaluation.metrics.recognized_text import word_recall
from cogdoc.parsing.ocr.ctc import CtcOutput, decode_greedy
from cogdoc.parsing.ocr.lexicon import is_english, similar_words
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord
from cogdoc.parsing.ocr.spelling import correct_spelling
from cogdoc.parsing.page_text import PageText

NAMES = ["blank", *map(chr, range(32, 127)), "ä", "ö", "ü", "é", "í", "ı", "ş", "ğ", "ç", "â"]
COLUMNS = {name: index for index, name in enumerate(NAMES) if index}
ENGLISH = "Please return the completed form to the office before the end of this month"
GERMAN = "Bitte senden Sie das ausgefüllte Formular zurück und fügen Sie alle nötigen Belege bei"


def ocr_line(text: str, doubts: Mapping[int, tuple[str, float]] | None = None) -> OcrLine:
    """A line as the recognition network gives it: a step for each character, each followed by a blank step.

    `doubts` gives, by index, another character and its probability. A doubtful space is in the step before its index.
    """
    steps = np.full((2 * len(text), len(NAMES)), 1e-7, np.float32)
    for index, char in enumerate(text):
        steps[2 * index, COLUMNS[char]] = 0.999
        steps[2 * index + 1, 0] = 0.999
    for index, (other, probability) in (doubts or {}).items():
        step = 2 * index - (other == " ")
        steps[step] *= 1 - probability
        steps[step, COLUMNS[other]] = probability
    quad = np.array([[100, 50], [900, 50], [900, 80], [100, 80]], float)
    return OcrLine(text, quad, 0.9, (), CtcOutput(decode_greedy(steps, NAMES), steps, COLUMNS))


def corrected(line: OcrLine, page: str = ENGLISH) -> str:
    """The corrected text of a line of a page that also has the line `page`."""
    return correct_spelling([OcrLine(page, line.quad, 1.0, ()), line])[1].text


def test_misread_letter_is_corrected() -> None:
    assert corrected(ocr_line("This facsimlle is confidential", {11: ("i", 0.3)})) == "This facsimile is confidential"


def test_correction_keeps_the_case() -> None:
    assert corrected(ocr_line("TOTAL AM0UNT", {8: ("O", 0.3)})) == "TOTAL AMOUNT"
    assert corrected(ocr_line("Totai", {4: ("l", 0.2)})) == "Total"


def test_confident_words_are_not_changed() -> None:
    assert corrected(ocr_line("Messrs Lorillard and Recelpt")) == "Messrs Lorillard and Recelpt"


def test_known_word_that_does_not_fit_the_pixels_is_not_used() -> None:
    assert corrected(ocr_line("Recelpt", {0: ("P", 0.2)})) == "Recelpt"


def test_joined_words_are_split_where_the_pixels_allow_a_space() -> None:
    assert corrected(ocr_line("TAXINVOICE", {3: (" ", 0.2)})) == "TAX INVOICE"
    assert corrected(ocr_line("overhead costs of the taxpayer")) == "overhead costs of the taxpayer"
    assert corrected(ocr_line("Swordfish")) == "Swordfish"


def test_joined_words_of_a_page_not_known_to_be_english_are_split_where_a_space_is_likely() -> None:
    assert corrected(ocr_line("THEVISION", {3: (" ", 0.4)}), page="6000") == "THE VISION"
    assert corrected(ocr_line("THEVISION", {3: (" ", 0.03)}), page="6000") == "THEVISION"
    assert corrected(ocr_line("Handball", {4: (" ", 0.03)}), GERMAN) == "Handball"


@pytest.mark.parametrize("text", ["B220-T07281A", "1,234.56", "82253245", "GST ID 002046390272"])
def test_numbers_and_codes_are_not_changed(text: str) -> None:
    doubts = dict.fromkeys(range(0, len(text), 3), ("e", 0.4))
    assert corrected(ocr_line(text, doubts)) == text


def test_page_in_another_language_is_not_changed() -> None:
    doubtful = ocr_line("Recelpt", {4: ("i", 0.4)})
    assert corrected(doubtful, GERMAN) == "Recelpt"
    assert corrected(doubtful, "请将填好的表格在月底之前交回办公室，并附上所有必要的收据和证明文件。 " * 2) == "Recelpt"
    assert corrected(doubtful) == "Receipt"


def test_words_of_a_corrected_line_are_inside_it_from_left_to_right() -> None:
    line = correct_spelling([ocr_line(ENGLISH), ocr_line("Pay forthis totai", {7: (" ", 0.3), 16: ("l", 0.2)})])[1]
    assert line.text == "Pay for this total"
    assert line.text == " ".join(word.text for word in line.words)
    edges = [float(x) for word in line.words for x in (word.quad[0][0], word.quad[1][0])]
    assert edges == sorted(edges)
    assert edges[0] == pytest.approx(100)
    assert edges[-1] == pytest.approx(900, abs=1)


def test_similar_words_differ_in_few_letters() -> None:
    distances = dict(similar_words("recelpt"))
    assert distances["receipt"] == 1
    assert all(1 <= distance <= 2 for distance in distances.values())


def test_english_is_distinguished_from_other_languages() -> None:
    assert is_english([ENGLISH])
    assert not is_english([GERMAN])
    assert not is_english(["Veuillez renvoyer le formulaire rempli avec toutes les pièces justificatives nécessaires"])
    assert not is_english([])


TURKISH = "Liman yönetimi kırk küçük tekneyi saydı ve adları deftere yazdı"


def test_i_with_a_trace_of_a_dotless_one_is_dotless_on_a_turkish_page() -> None:
    line = ocr_line("karşi kiyi tarihi", {4: ("ı", 0.06), 7: ("ı", 0.2), 9: ("ı", 0.03)})
    words = tuple(OcrWord(word, line.quad + index, 0.9) for index, word in enumerate(line.text.split()))
    _, changed = correct_spelling([ocr_line(TURKISH), replace(line, words=words)])
    assert changed.text == "karşı kıyı tarihi"
    assert [word.text for word in changed.words] == ["karşı", "kıyı", "tarihi"]
    assert all(word.quad is before.quad for word, before in zip(changed.words, words, strict=True))


@pytest.mark.parametrize("page", [ENGLISH, GERMAN])
def test_i_stays_on_pages_in_other_languages(page: str) -> None:
    assert corrected(ocr_line("Winter in Minsk", {1: ("ı", 0.06)}), page) == "Winter in Minsk"


@pytest.mark.parametrize(("size", "dpi"), [(9, 100), (11, 90), (10, 75)])
def test_dotless_letters_of_small_print_are_read(
    tmp_path: Path, read_file: Callable[[Path], PageText], size: int, dpi: int
) -> None:
    lines = (
        "Karşı kıyıda yaşayan balıkçılar sabahın ışığında ağlarını topladı.",
        "Yağışlı kış aylarında kapıların ardında ısınan kadınlar konuşurdu.",
        "Tarihi limanın yakınında çalışan kalabalık, akşamın hızını sıkça anlattı.",
        "Sıradan bir kıyı kasabasının sakin halkı, yılın ilk karını kutladı.",
    )
    with pymupdf.open() as file:
        page = file.new_page()
        writer, font = pymupdf.TextWriter(page.rect), pymupdf.Font("helv")
        for row, line in enumerate(lines):
            writer.append((60, 80 + 22 * row), line, font=font, fontsize=size)
        writer.write_text(page)
        page.get_pixmap(dpi=dpi).save(tmp_path / "page.png")
    assert word_recall(read_file(tmp_path / "page.png").text, " ".join(lines)) == 1


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("Gross m arg in in billion dollars", "Gross margin in billion dollars"),
        ("Re ve nue of the re venue", "Revenue of the re venue"),
        ("Number of emplo yees", "Number of employees"),
        ("in form of a letter", "in form of a letter"),
        ("B 220 of the m", "B 220 of the m"),
    ],
)
def test_words_of_an_axis_title_that_are_read_in_parts_are_joined(read: str, expected: str) -> None:
    quad = np.array([[10, 90], [30, 90], [30, 10], [10, 10]], float)
    title = OcrLine(read, quad, 0.9, ())
    assert correct_spelling([ocr_line(ENGLISH), title])[1].text == expected
    assert correct_spelling([ocr_line(GERMAN), title])[1].text == read
