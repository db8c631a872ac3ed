"""A drop cap is read as the first letter of its word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest

from cogdoc.parsing.page_text import PageText

LINES = ["past decades pressure has grown", "on harbours to count their boats", "and to say whose boats they are"]


def page_with_initial(path: Path, initial: str, first_word: str, size: float = 44) -> Path:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((72, 132), initial, fontsize=size)
    beside = 74 + pymupdf.get_text_length(initial, fontsize=size)
    for index, line in enumerate([f"{first_word} {LINES[0]}", *LINES[1:]]):
        page.insert_text((beside, 104 + 14 * index), line, fontsize=11)
    for index in range(6):
        page.insert_text((72, 146 + 14 * index), f"{LINES[index % 3]} and so on {index}", fontsize=11)
    file.save(path)
    return path


@pytest.mark.parametrize(("initial", "rest", "word"), [("O", "ver the", "Over"), ("T", "HE", "THE"), ("I", "n", "In")])
def test_drop_cap_is_joined_to_its_word(
    tmp_path: Path, read_file: Callable[[Path], PageText], initial: str, rest: str, word: str
) -> None:
    page_text = read_file(page_with_initial(tmp_path / "page.pdf", initial, rest))
    texts = [word_read.text for word_read in page_text.words]
    assert texts.count(word) == 1
    assert initial not in texts
    first = next(line for line in page_text.lines if line.text.startswith(word))
    assert first.text.endswith(LINES[0])
    assert first.box.height < 20


def test_article_as_drop_cap_stays_a_word_of_its_own(tmp_path: Path, read_file: Callable[[Path], PageText]) -> None:
    page_text = read_file(page_with_initial(tmp_path / "page.pdf", "A", "harbour in"))
    assert any(line.text.startswith("A harbour in past") for line in page_text.lines)


def test_large_letter_without_lines_beside_it_stays_a_line_of_its_own(
    tmp_path: Path, read_file: Callable[[Path], PageText]
) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((500, 100), "B", fontsize=44)
    for index in range(6):
        page.insert_text((72, 300 + 14 * index), f"{LINES[index % 3]} and so on {index}", fontsize=11)
    file.save(tmp_path / "page.pdf")
    assert "B" in [line.text for line in read_file(tmp_path / "page.pdf").lines]
