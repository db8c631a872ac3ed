"""Text that runs from right to left, down or up is read in the order in which people read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import Line, PageText, Word
from cogdoc.parsing.reading import read_page_text
from cogdoc.parsing.row_clustering import sorted_lines
from tests.parsing.raw_pages import save_raw_page, show

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
needs_font = pytest.mark.skipif(not FONT.exists(), reason="no font with Hebrew and Arabic letters")

Writer = Callable[[pymupdf.Page, float, float, Sequence[str]], None]


def read(path: Path) -> PageText:
    return read_page_text(OpenRequest(path), 1)


def write(tmp_path: Path, writer: Writer, *lines: str) -> Path:
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_font(fontname="F0", fontfile=str(FONT))
        for index, line in enumerate(lines):
            writer(page, 520, 100 + 24 * index, line.split())
        file.save(tmp_path / "page.pdf")
    return tmp_path / "page.pdf"


def width(text: str) -> float:
    return float(pymupdf.Font(fontfile=str(FONT)).text_length(text, 14))


def put(page: pymupdf.Page, x: float, y: float, text: str) -> None:
    page.insert_text((x, y), text, fontname="F0", fontsize=14)


def displayed(word: str) -> str:
    """A word as it is drawn from left to right."""
    return word if word.isascii() else word[::-1]


def as_displayed(page: pymupdf.Page, right: float, y: float, words: Sequence[str]) -> None:
    text = " ".join(displayed(word) for word in reversed(words))
    put(page, right - width(text), y, text)


def word_by_word(page: pymupdf.Page, right: float, y: float, words: Sequence[str]) -> None:
    for word in words:
        right -= width(word)
        put(page, right, y, displayed(word))
        right -= width(" ")


def letter_by_letter(page: pymupdf.Page, right: float, y: float, words: Sequence[str]) -> None:
    for word in words:
        for letter in [word] if word.isascii() else word:
            right -= width(letter)
            put(page, right, y, letter)
        right -= width(" ")


def from_the_left(page: pymupdf.Page, right: float, y: float, words: Sequence[str]) -> None:
    left = right - width(" ".join(words))
    for word in reversed(words):
        for letter in displayed(word):
            put(page, left, y, letter)
            left += width(letter)
        left += width(" ")


WRITERS = [as_displayed, word_by_word, letter_by_letter, from_the_left]
HEBREW = "משרד הנמל פתוח בבוקר"
HOURS = "שעות הפתיחה בין תשע לשתים עשרה"
AMOUNT = "סכום לתשלום 1,204.50 EUR עד 31.12.2025 בלבד"
ARABIC = "مكتب الميناء مفتوح صباحا"
ARABIC_AMOUNT = "المبلغ 1,204.50 EUR حتى 2025"


@needs_font
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("lines", [(HEBREW, HOURS), (AMOUNT,), (ARABIC, ARABIC_AMOUNT), (HEBREW, AMOUNT, HOURS)])
def test_right_to_left_lines_are_read_in_logical_order(tmp_path: Path, writer: Writer, lines: tuple[str, ...]) -> None:
    assert read(write(tmp_path, writer, *lines)).text.splitlines() == list(lines)


@needs_font
@pytest.mark.parametrize("writer", [as_displayed, word_by_word])
def test_presentation_forms_become_letters(tmp_path: Path, writer: Writer) -> None:
    forms = "ﻣﻜﺘﺐ ﺍﻟﻤﻴﻨﺎﺀ ﻣﻔﺘﻮﺡ"
    assert read(write(tmp_path, writer, forms)).text == "مكتب الميناء مفتوح"


@needs_font
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_of_right_to_left_words_are_on_rotated_pages(tmp_path: Path, rotation: int) -> None:
    path = write(tmp_path, word_by_word, HEBREW)
    with pymupdf.open(path) as file:
        file[0].set_rotation(rotation)
        file.save(tmp_path / "rotated.pdf")
    words = read(tmp_path / "rotated.pdf").words
    assert {word.text for word in words} == set(HEBREW.split())


@needs_font
def test_latin_line_with_a_hebrew_name_keeps_its_order(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        page.insert_font(fontname="F0", fontfile=str(FONT))
        put(page, 72, 100, "The office of " + "הנמל"[::-1] + " " + "משרד"[::-1] + " opens at nine in the morning")
        file.save(tmp_path / "page.pdf")
    assert read(tmp_path / "page.pdf").text == "The office of משרד הנמל opens at nine in the morning"


COLUMNS = ["港の事務所は", "朝九時に開く。", "電話は三十一番です"]


def vertical(path: Path, size: float, step: float, gap: float, columns: Sequence[str] = COLUMNS) -> Path:
    with pymupdf.open() as file:
        page = file.new_page()
        for index, column in enumerate(columns):
            for row, char in enumerate(column):
                point = (480 - index * gap * size, 120 + row * step * size)
                page.insert_text(point, char, fontname="japan", fontsize=size)
        file.save(path)
    return path


@pytest.mark.parametrize("size", [9, 12, 16, 30])
@pytest.mark.parametrize(("step", "gap"), [(1.0, 1.5), (1.1, 1.8), (1.25, 2.0), (1.05, 3.0)])
def test_vertical_columns_are_lines(tmp_path: Path, size: float, step: float, gap: float) -> None:
    page_text = read(vertical(tmp_path / "page.pdf", size, step, gap))
    assert page_text.text.splitlines() == COLUMNS
    assert {word.direction for word in page_text.words} == {90}


def test_vertical_columns_are_sorted_from_right_to_left(tmp_path: Path) -> None:
    lines = read(vertical(tmp_path / "page.pdf", 16, 1.1, 1.8)).lines
    assert [line.text for line in sorted_lines(reversed(lines))] == COLUMNS


def test_vertical_writing_mode_is_read(tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    with pymupdf.open() as file:
        page = file.new_page()
        font, descendant, stream = (file.get_new_xref() for _ in range(3))
        file.update_object(
            descendant,
            "<</Type/Font/Subtype/CIDFontType0/BaseFont/HeiseiMin-W3/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)"
            "/Supplement 2>>/FontDescriptor<</Type/FontDescriptor/FontName/HeiseiMin-W3/Flags 4/ItalicAngle 0"
            "/Ascent 850/Descent -150/CapHeight 700/StemV 80/FontBBox[-100 -200 1000 900]>>>>",
        )
        file.update_object(
            font,
            "<</Type/Font/Subtype/Type0/BaseFont/HeiseiMin-W3/Encoding/UniJIS-UCS2-V"
            f"/DescendantFonts[{descendant} 0 R]>>",
        )
        file.xref_set_key(page.xref, "Resources", f"<</Font<</F0 {font} 0 R>>>>")
        texts = (
            f"1 0 0 1 {480 - 25 * index} 720 Tm <{text.encode('utf-16-be').hex()}> Tj "
            for index, text in enumerate(COLUMNS)
        )
        file.update_object(stream, "<<>>")
        file.update_stream(stream, f"BT /F0 16 Tf {''.join(texts)} ET".encode())
        file.xref_set_key(page.xref, "Contents", f"{stream} 0 R")
        file.save(path)
    assert read(path).text.splitlines() == COLUMNS


def test_single_characters_in_the_column_of_a_table_stay_apart(tmp_path: Path) -> None:
    page_text = read(vertical(tmp_path / "page.pdf", 12, 1.6, 3, ["男女男女", "甲乙丙丁"]))
    assert len(page_text.lines) == 8


UP = "BT /F0 9 Tf 0 1 -1 0 {x} 300 Tm ({text}) Tj ET\n"
DOWN = "BT /F0 9 Tf 0 -1 1 0 {x} 700 Tm ({text}) Tj ET\n"


@pytest.mark.parametrize(("operators", "direction"), [(UP, 270), (DOWN, 90)])
def test_turned_lines_keep_the_order_of_their_words(tmp_path: Path, operators: str, direction: int) -> None:
    content = operators.format(x=200, text="Inlet pressure") + show("(Quantity) Tj") + show("(Mass flow) Tj", y=680)
    page_text = read(save_raw_page(tmp_path / "page.pdf", content))
    (line,) = (line for line in page_text.lines if "pressure" in line.text)
    assert (line.text, line.direction) == ("Inlet pressure", direction)
    assert [other.text for other in sorted_lines([Line((word,)) for word in reversed(line.words)])] == [line.text]


@pytest.mark.parametrize("direction", [0, 90, 180, 270])
def test_level_box_has_the_lines_of_any_direction_below_each_other(direction: int) -> None:
    first, second = {
        0: (Box(10, 10, 50, 20), Box(10, 22, 50, 32)),
        90: (Box(40, 10, 50, 50), Box(28, 10, 38, 50)),
        180: (Box(10, 22, 50, 32), Box(10, 10, 50, 20)),
        270: (Box(28, 10, 38, 50), Box(40, 10, 50, 50)),
    }[direction]
    lines = [Line((Word("second", second, 1.0, direction),)), Line((Word("first", first, 1.0, direction),))]
    assert [line.text for line in sorted_lines(lines)] == ["first", "second"]
