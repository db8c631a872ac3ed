"""Checkboxes that are drawn become marks in front of their labels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pymupdf

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.checkboxes import mark_checkboxes
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad
from cogdoc.parsing.reading import read_page_text

SIDE = 26


def quad(x: int, y: int, width: int, height: int) -> Quad:
    return np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], float)


def line(text: str, x: int, y: int) -> OcrLine:
    """A line that is 30 pixels high, with letters of 16 pixels."""
    words, offset = [], x
    for word in text.split():
        words.append(OcrWord(word, quad(offset, y, 16 * len(word), 30), 1.0))
        offset += 16 * (len(word) + 1)
    return OcrLine(text, quad(x, y, offset - 16 - x, 30), 1.0, tuple(words))


def picture_with_boxes(*boxes: tuple[int, int, bool]) -> Picture:
    """A white picture with an outlined square at each (x, y), with a cross in it if it is ticked."""
    picture = np.full((200, 700, 3), 255, np.uint8)
    for x, y, ticked in boxes:
        cv2.rectangle(picture, (x, y), (x + SIDE, y + SIDE), (0, 0, 0), 2)
        if ticked:
            cv2.line(picture, (x + 6, y + 6), (x + SIDE - 6, y + SIDE - 6), (0, 0, 0), 3)
            cv2.line(picture, (x + 6, y + SIDE - 6), (x + SIDE - 6, y + 6), (0, 0, 0), 3)
    return picture


def test_marks_of_a_picture_come_before_their_labels() -> None:
    picture = picture_with_boxes((60, 20, False), (260, 20, True))
    (marked,) = mark_checkboxes(picture, [line("Type", 100, 20)])[:1]
    assert marked.text == "☐ Type"
    lines = mark_checkboxes(picture, [line("Regular", 100, 20), line("Student", 300, 20)])
    assert [found.text for found in lines] == ["☐ Regular", "☒ Student"]


def test_a_mark_replaces_what_was_read_for_it() -> None:
    picture = picture_with_boxes((60, 20, False), (260, 20, True))
    lines = mark_checkboxes(picture, [line("口 Regular", 64, 20), line("Student", 300, 20)])
    assert lines[0].text == "☐ Regular"


def test_a_single_square_is_no_checkbox() -> None:
    lines = [line("Regular", 100, 20)]
    assert mark_checkboxes(picture_with_boxes((60, 20, True)), lines) == lines


def test_marks_of_a_pdf_come_before_their_labels(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    for index, label in enumerate(("Student", "Regular", "Honorary")):
        box = pymupdf.Rect(100, 100 + 30 * index, 112, 112 + 30 * index)
        page.draw_rect(box)
        if label == "Regular":
            page.draw_line(box.tl, box.br)
            page.draw_line(box.tr, box.bl)
        page.insert_text((118, 110 + 30 * index), label)
    document.save(tmp_path / "form.pdf")
    text = read_page_text(OpenRequest(tmp_path / "form.pdf"), 1).text
    assert text.splitlines() == ["☐ Student", "☒ Regular", "☐ Honorary"]


def han_line(text: str, x: int, y: int) -> OcrLine:
    """A line of square characters of 30 pixels, each a word, as the engine gives them."""
    words = tuple(OcrWord(char, quad(x + 30 * index, y, 30, 30), 1.0) for index, char in enumerate(text))
    return OcrLine(text, quad(x, y, 30 * len(text), 30), 1.0, words)


def test_a_character_that_looks_like_a_box_stays_in_its_word() -> None:
    picture = picture_with_boxes((62, 22, False), (62, 122, False), (302, 122, False))
    lines = [han_line("出口货物", 30, 20), han_line("口是", 60, 120), han_line("口否", 300, 120)]
    assert [found.text for found in mark_checkboxes(picture, lines)] == ["出口货物", "☐ 是", "☐ 否"]


def test_a_character_is_no_companion_of_a_square() -> None:
    lines = [han_line("港口费", 30, 20), han_line("天口", 30, 120)]
    assert mark_checkboxes(picture_with_boxes((62, 22, False), (62, 122, False)), lines) == lines


def test_recognized_chinese_characters_are_no_checkboxes() -> None:
    picture = picture_with_boxes((62, 22, True), (62, 122, False), (302, 122, True))
    lines = [han_line("委员会", 30, 20), han_line("口是", 60, 120), han_line("区否", 300, 120)]
    assert [found.text for found in mark_checkboxes(picture, lines)] == ["委员会", "☐ 是", "☒ 否"]


def test_a_lone_chinese_character_that_looks_like_a_box_is_one_on_a_page_in_english() -> None:
    picture = picture_with_boxes()
    lines = [line("口 Curled 区 Embossed", 20, 20), line("Border of the page", 20, 100)]
    assert [found.text for found in mark_checkboxes(picture, lines)] == ["☐ Curled ☒ Embossed", "Border of the page"]
    chinese = [line("口 Curled 区 Embossed", 20, 20), han_line("委员会", 30, 100)]
    assert mark_checkboxes(picture, chinese) == chinese
