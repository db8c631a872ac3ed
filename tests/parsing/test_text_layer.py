"""Trusted text layers are read word by word with exact boxes, without OCR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.parsing.page_text import TextOrigin


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("number", range(1, 9))
def test_report_pages_are_read_from_their_text_layer(read_sample: Any, samples: Path, number: int) -> None:
    page_text = read_sample("report.pdf", number).page_text
    assert page_text.origin is TextOrigin.TEXT_LAYER
    assert page_text.resolution is None
    expected = pymupdf.open(samples / "report.pdf")[number - 1].get_text().split()
    texts = [word.text for word in page_text.words]
    assert sorted(texts) == sorted(expected)
    assert {word.confidence for word in page_text.words} == {1.0}


def test_known_text_of_the_report_is_read(read_sample: Any, facts: dict[str, Any]) -> None:
    text = " ".join(spaced(read_sample("report.pdf", number).page_text.text) for number in range(1, 9))
    assert [known for known in facts["report.pdf"]["text"] if spaced(known) not in text] == []


@pytest.mark.parametrize(("number", "known"), [(3, "shareholders"), (5, "412,860"), (7, "Asia-Pacific")])
def test_box_of_a_word_contains_its_ink(
    read_sample: Any, open_file: Any, samples: Path, ink: Any, number: int, known: str
) -> None:
    page_text = read_sample("report.pdf", number).page_text
    word = next(word for word in page_text.words if word.text == known)
    inside, around = ink(open_file(samples / "report.pdf"), number, page_text.displayed(word.box))
    assert inside > 0.03
    assert around == 0


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_follow_the_rotation_of_the_page(
    tmp_path: Path, text_pdf: Path, open_file: Any, read_file: Any, ink: Any, rotation: int
) -> None:
    file = pymupdf.open(text_pdf)
    file[0].set_cropbox(pymupdf.Rect(50, 60, 560, 700))
    file[0].set_rotation(rotation)
    file.save(tmp_path / "turned.pdf")
    page_text = read_file(tmp_path / "turned.pdf")
    assert page_text.displayed_size == ((510, 640) if rotation == 180 else (640, 510))
    assert page_text.text.count("harbour") == 6
    for word in page_text.words:
        if word.text == "harbour":
            inside, _ = ink(open_file(tmp_path / "turned.pdf"), 1, page_text.displayed(word.box))
            assert inside > 0.03


def test_text_outside_the_visible_page_is_left_out(tmp_path: Path, text_pdf: Path, read_file: Any) -> None:
    file = pymupdf.open(text_pdf)
    file[0].set_cropbox(pymupdf.Rect(0, 80, 595, 150))
    file.save(tmp_path / "cropped.pdf")
    assert read_file(tmp_path / "cropped.pdf").text.count("harbour") == 2


def test_ligatures_are_spelled_out_and_control_characters_are_dropped(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_font(fontname="F0", fontbuffer=pymupdf.Font("cjk").buffer)
    page.insert_text((72, 72), "\ufb01nal of\ufb01ce \ufb02oor\x07", fontname="F0")
    file.save(tmp_path / "ligatures.pdf")
    assert read_file(tmp_path / "ligatures.pdf").text.rstrip("\N{REPLACEMENT CHARACTER}") == "final office floor"


def test_words_far_apart_in_one_row_are_separate_lines(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 72), "left column")
    page.insert_text((320, 72), "right column")
    file.save(tmp_path / "row.pdf")
    assert read_file(tmp_path / "row.pdf").text.splitlines() == ["left column", "right column"]


def test_chinese_characters_are_the_usual_ones(tmp_path: Path, read_file: Any) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_font(fontname="han", fontbuffer=pymupdf.Font("cjk").buffer)
    page.insert_text((72, 100), "\uf907\uf9d0", fontname="han", fontsize=12)  # compatibility ideographs
    file.save(tmp_path / "compatibility.pdf")
    assert read_file(tmp_path / "compatibility.pdf").text == "\u9f9c\u985e"
