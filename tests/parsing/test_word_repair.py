"""Words come out whole, once, and apart from what is raised beside them, however a producer writes them."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.reading import read_page_text
from tests.parsing.raw_pages import save_raw_page, show

OFFICER = "The officer defined it"
CANCELLED = {
    "kerning after the space": show("[(The offi ) 278 (cer defi ) 278 (ned it)] TJ"),
    "kerning before the space": show("[(The offi) 278 ( cer defi) 278 ( ned it)] TJ"),
    "more kerning than the space": show("[(The offi ) 300 (cer defi ) 300 (ned it)] TJ"),
    "a little less kerning": show("[(The offi ) 250 (cer defi ) 250 (ned it)] TJ"),
    "in Times": show("[(The offi ) 250 (cer defi ) 250 (ned it)] TJ", font="F2"),
    "in small italics": show("[(The offi ) 250 (cer defi ) 250 (ned it)] TJ", font="F3", size=6),
    "in condensed type": show("70 Tz [(The offi ) 278 (cer defi ) 278 (ned it)] TJ"),
    "upwards": "BT /F0 12 Tf 0 1 -1 0 72 300 Tm [(The offi ) 278 (cer defi ) 278 (ned it)] TJ ET",
}


def read(tmp_path: Path, content: str, rotation: int = 0) -> list[str]:
    return list(
        read_page_text(OpenRequest(save_raw_page(tmp_path / "page.pdf", content, rotation)), 1).text.splitlines()
    )


@pytest.mark.parametrize("means", CANCELLED)
def test_spaces_that_kerning_cancels_do_not_split_words(tmp_path: Path, means: str) -> None:
    assert read(tmp_path, CANCELLED[means]) == [OFFICER]


@pytest.mark.parametrize("content", [
    show("(The offi cer) Tj"),
    show("[(The offi ) 60 (cer)] TJ"),
    show("-0.8 Tw (The offi cer) Tj"),
    show("50 Tz (The offi cer) Tj"),
    show("-0.5 Tc (The offi cer) Tj", size=14),
])  # fmt: skip
def test_narrow_spaces_that_show_still_separate_words(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == ["The offi cer"]


def test_figures_of_narrow_columns_are_not_joined(tmp_path: Path) -> None:
    assert read(tmp_path, show("[(71 ) 278 (64)] TJ")) == ["71 64"]


SPACED = {
    "Q U I E T": show("(Q U I E T) Tj"),
    "by letter spacing": show("5 Tc (QUIET) Tj"),
    "with kerned letters": show("[(Q) -300 (U) -310 (I) -300 (E) -290 (T)] TJ", font="F1"),
    "in lower case": show("(q u i e t) Tj", font="F2"),
}


@pytest.mark.parametrize("means", SPACED)
def test_words_spaced_by_letters_are_whole(tmp_path: Path, means: str) -> None:
    (line,) = read(tmp_path, SPACED[means])
    assert line.upper() == "QUIET"


def test_words_spaced_by_letters_are_apart_from_each_other(tmp_path: Path) -> None:
    assert read(tmp_path, show("(Q U I E T   H O U R S after 9) Tj")) == ["QUIET HOURS after 9"]


@pytest.mark.parametrize("text", ["A B C D E", "a b c d", "x x x x", "J F M", "A. B. C. Smith", "1 2 3 4 5", "I a m"])
def test_single_letters_that_are_no_word_stay_apart(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, show(f"({text}) Tj")) == [text]


TITLE = "Total weight: 4,310 kg"
DOUBLED = {
    f"{name} in {font}": show(f"({TITLE}) Tj", font=font, size=size)
    + color
    + show(f"({TITLE}) Tj", x=72 + dx, y=700 + dy, font=font, size=size)
    for font, size in (("F0", 12), ("F2", 9), ("F1", 24))
    for name, dx, dy, color in (
        ("fake bold", 0.3, 0, ""),
        ("fake bold in place", 0, 0, ""),
        ("a shadow below", 0.08 * size, -0.08 * size, ".5 g "),
    )
}
DOUBLED["each letter twice"] = "".join(
    show(f"({letter}) Tj", x=72 + 0.6 * 12 * index + shift, font="F4")
    for index, letter in enumerate(TITLE)
    for shift in (0, 0.4)
)
DOUBLED["four times"] = "".join(show(f"({TITLE}) Tj", x=72 + dx, y=700 + dy) for dx in (0, 0.3) for dy in (0, 0.3))


@pytest.mark.parametrize("means", DOUBLED)
def test_text_that_is_printed_twice_is_read_once(tmp_path: Path, means: str) -> None:
    assert read(tmp_path, DOUBLED[means]) == [TITLE]


@pytest.mark.parametrize("text", ["1111 2222", "0000", "ll", "that that is is"])
def test_repeated_letters_and_words_are_kept(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, show(f"({text}) Tj")) == [text]


def raised(base: str, mark: str, rest: str = "", size: float = 10, small: float = 0.65, rise: float = 0.4) -> str:
    return show(
        f"({base}) Tj /F0 {small * size} Tf {rise * size} Ts ({mark}) Tj /F0 {size} Tf 0 Ts ({rest}) Tj", size=size
    )


RAISED = {
    "1,204 ¹": ("1,204", "1", ""),
    "1,204 ¹²": ("1,204", "12", ""),
    "1,204 ¹,²": ("1,204", "1,2", ""),
    "1,204 a kg": ("1,204", "a", " kg"),
    "12.5 * 8": ("12.5", "*", " 8"),
    "in 2021 ³, and": ("in 2021", "3", ", and"),
    "10³ litres": ("10", "3", " litres"),
    "4.5 × 10⁻⁶ m": ("4.5 × 10", "-6", " m"),
    "area in m², flat": ("area in m", "2", ", flat"),
    "the members.¹ They": ("the members.", "1", " They"),
    "the 1st of May": ("the 1", "st", " of May"),
    "the 22nd day": ("the 22", "nd", " day"),
    "le 2ème jour": ("le 2", "ème", " jour"),
    "M. Smith¹,² and": ("M. Smith", "1,2", " and"),
    "Mlle Dupont": ("M", "lle", " Dupont"),
}


@pytest.mark.parametrize("expected", RAISED)
@pytest.mark.parametrize(("size", "small", "rise"), [(10, 0.65, 0.4), (10, 0.8, 0.5), (8, 0.58, 0.33), (24, 0.7, 0.35)])
def test_raised_text_changes_no_number(tmp_path: Path, expected: str, size: float, small: float, rise: float) -> None:
    base, mark, rest = RAISED[expected]
    assert read(tmp_path, raised(base, mark, rest, size, small, rise)) == [expected]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_raised_notes_are_found_on_rotated_pages(tmp_path: Path, rotation: int) -> None:
    words = " ".join(read(tmp_path, raised("1,204", "1", " kg"), rotation)).split()
    assert sorted(words) == ["1,204", "kg", "¹"]


def test_raised_number_before_a_footnote_is_apart_from_it(tmp_path: Path) -> None:
    content = show("/F0 6 Tf 4 Ts (1) Tj /F0 10 Tf 0 Ts (Without guests.) Tj")
    assert read(tmp_path, content) == ["1 Without guests."]


def test_text_of_other_sizes_on_the_line_stays(tmp_path: Path) -> None:
    content = show("(EUR 12) Tj /F0 8 Tf (,50) Tj /F0 12 Tf ( for H) Tj /F0 8 Tf -3 Ts (2) Tj /F0 12 Tf 0 Ts (O) Tj")
    assert read(tmp_path, content) == ["EUR 12,50 for H2O"]


@pytest.mark.parametrize("size", [9, 14, 30])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("关 于 红 军 的 传 说", "关于红军的传说"),
        ("目 录 索 引 1 2", "目录索引 1 2"),
        ("姓名 年龄 性别", "姓名 年龄 性别"),
    ],
)
def test_chinese_characters_spaced_by_blanks_are_one_word(
    tmp_path: Path, size: float, text: str, expected: str
) -> None:
    with pymupdf.open() as file:
        file.new_page().insert_text((72, 100), text, fontname="china-s", fontsize=size)
        file.save(tmp_path / "page.pdf")
    assert read_page_text(OpenRequest(tmp_path / "page.pdf"), 1).text == expected


def test_chinese_characters_in_the_columns_of_a_table_stay_apart(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        page = file.new_page()
        for column, char in enumerate("一二三四五"):
            page.insert_text((72 + 40 * column, 100), char, fontname="china-s", fontsize=12)
        file.save(tmp_path / "page.pdf")
    assert read_page_text(OpenRequest(tmp_path / "page.pdf"), 1).text.split() == list("一二三四五")
