"""Watermarks and stamps are lines of their own, outside the sentences that they are laid over."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import BlockKind, PageText
from cogdoc.parsing.reading import read_layout, read_page_text

BODY = """The tenant shall keep the premises in good repair and condition throughout the term of
this agreement, and shall permit the landlord to enter at all reasonable times in order
to inspect the state of the building. Any alteration of the structure requires consent
in writing, which the landlord shall not withhold without good reason.
The rent is payable in advance on the first day of each month. If the payment is late by
more than fourteen days, interest accrues on the unpaid amount at the statutory rate from
the due date until the day on which the landlord has received the full sum. The deposit of
1,250.00 EUR is held in a separate account and is returned within six weeks after the end
of the term, less any sum that is needed to repair damage beyond ordinary wear.""".splitlines()


def write_body(page: pymupdf.Page) -> None:
    for index, line in enumerate(BODY):
        page.insert_text((70, 90 + 16 * index), line, fontsize=11)


def lay_over(page: pymupdf.Page, text: str, place: tuple[float, float], size: float, angle: float, gray: Any) -> None:
    writer = pymupdf.TextWriter(page.rect, color=gray)
    writer.append(place, text, font=pymupdf.Font("cjk" if ord(text[0]) > 0x3000 else "helv"), fontsize=size)
    writer.write_text(page, morph=(pymupdf.Point(place), pymupdf.Matrix(angle)))


def lines_of(page: PageText) -> tuple[list[str], list[str]]:
    """The lines of the body, and those of watermarks."""
    return (
        [line.text for line in page.lines if not line.is_watermark],
        [line.text for line in page.lines if line.is_watermark],
    )


PALE, RED = (0.75, 0.75, 0.75), (0.9, 0, 0)


@pytest.mark.parametrize(
    ("text", "place", "size", "angle", "color"),
    [
        ("DRAFT", (130, 300), 110, 40, PALE),
        ("草稿", (180, 280), 120, 45, PALE),
        ("Nicht zur Weitergabe", (60, 260), 60, 20, PALE),
        ("PAID 12 MAY", (250, 200), 24, 8, RED),
    ],
)
def test_a_watermark_is_a_line_after_the_body(
    tmp_path: Path, text: str, place: Any, size: float, angle: float, color: Any
) -> None:
    file = pymupdf.open()
    page = file.new_page()
    lay_over(page, text, place, size, angle, color)
    write_body(page)
    file.save(tmp_path / "draft.pdf")
    body, watermarks = lines_of(read_page_text(OpenRequest(tmp_path / "draft.pdf"), 1))
    assert body == BODY
    assert watermarks == [text]


@pytest.mark.parametrize(
    ("text", "place", "size", "angle", "color"),
    [
        ("KOPIE", (150, 240), 60, 0, (0.85, 0.85, 0.85)),
        ("uncontrolled copy", (200, 155), 11, 0, (0.8, 0.8, 0.8)),
        ("MUSTER", (130, 230), 90, 0, PALE),
        ("PAID", (300, 185), 36, 12, RED),
    ],
)
def test_a_stamp_hides_no_words_nor_is_it_hidden_by_them(
    tmp_path: Path, text: str, place: Any, size: float, angle: float, color: Any
) -> None:
    file = pymupdf.open()
    page = file.new_page()
    write_body(page)
    lay_over(page, text, place, size, angle, color)
    file.save(tmp_path / "copy.pdf")
    read = read_page_text(OpenRequest(tmp_path / "copy.pdf"), 1)
    assert lines_of(read) == (BODY, [text])
    assert read.flags == ()


def test_what_is_wholly_under_large_letters_stays_hidden(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    write_body(page)
    page.insert_text((162.5, 180), "900", fontsize=5)
    lay_over(page, "IIIIII", (150, 240), 120, 0, RED)
    file.save(tmp_path / "covered.pdf")
    read = read_page_text(OpenRequest(tmp_path / "covered.pdf"), 1)
    assert lines_of(read) == (BODY, ["IIIIII"])
    assert "hidden-text" in read.flags


@pytest.mark.parametrize("in_a_form", [False, True])
@pytest.mark.parametrize("rotation", [0, 90])
def test_a_watermark_is_a_block_after_those_of_the_page_without_it(
    tmp_path: Path, in_a_form: bool, rotation: int
) -> None:
    stamp = pymupdf.open()
    lay_over(stamp.new_page(), "not for release", (100, 330), 60, 30, PALE)
    file = pymupdf.open()
    for _ in range(2):
        write_body(file.new_page())
    if in_a_form:
        file[1].show_pdf_page(file[1].rect, stamp, 0)
    else:
        lay_over(file[1], "not for release", (100, 330), 60, 30, PALE)
    for page in file:
        page.set_rotation(rotation)
    file.save(tmp_path / "released.pdf")
    plain, stamped = (read_layout(OpenRequest(tmp_path / "released.pdf"), number) for number in (1, 2))
    *blocks, watermark = stamped.blocks
    assert [block.lines for block in blocks] == [block.lines for block in plain.blocks]
    assert watermark.kind is BlockKind.WATERMARK
    assert watermark.lines == stamped.page_text.lines[-1:]
    assert watermark.lines[0].text == "not for release"


def test_small_slanted_text_all_over_a_page_is_apart_from_its_sentences(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    for x, y in itertools.product((60, 230, 400), range(100, 800, 90)):
        lay_over(page, "Licensed to A. Berg", (x, y), 14, 30, PALE)
    write_body(page)
    file.save(tmp_path / "licensed.pdf")
    assert lines_of(read_page_text(OpenRequest(tmp_path / "licensed.pdf"), 1)) == (BODY, ["Licensed to A. Berg"] * 24)


def test_large_slanted_and_colored_text_beside_others_stays_in_its_place(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    page.insert_text((70, 60), "Lease", fontsize=30, color=RED)
    write_body(page)
    for index, name in enumerate(("January", "February", "March")):
        lay_over(page, name, (100 + 60 * index, 330), 11, 45, (0, 0, 0))
        page.insert_text((95 + 60 * index, 345), f"{index}4.10", fontsize=11, color=PALE)
    file.save(tmp_path / "lease.pdf")
    _, watermarks = lines_of(read_page_text(OpenRequest(tmp_path / "lease.pdf"), 1))
    assert watermarks == []


def test_values_on_lines_of_dots_are_no_watermarks(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    write_body(page)
    for index, value in enumerate(("Sommer", "12 March 2026")):
        page.insert_text((70, 300 + 20 * index), "Name" + 60 * ".", fontsize=11)
        page.insert_text((120, 299 + 20 * index), value, fontsize=18, color=(0, 0, 1))
    file.save(tmp_path / "form.pdf")
    _, watermarks = lines_of(read_page_text(OpenRequest(tmp_path / "form.pdf"), 1))
    assert watermarks == []


def test_words_beneath_letters_that_are_drawn_as_paths_stay_in_their_sentences(tmp_path: Path) -> None:
    file = pymupdf.open()
    page = file.new_page()
    write_body(page)
    shape = page.new_shape()
    for left in (150, 220, 290):  # the letter L
        corners = [(0, 0), (22, 0), (22, 80), (60, 80), (60, 104), (0, 104), (0, 0)]
        shape.draw_polyline([pymupdf.Point(left + x, 120 + y) for x, y in corners])
    shape.finish(color=None, fill=RED)
    shape.commit()
    page.draw_rect(pymupdf.Rect(69, 95, 90, 110), color=None, fill=(0, 0, 0), radius=0.2)  # a bar over "this"
    file.save(tmp_path / "stamped.pdf")
    read = read_page_text(OpenRequest(tmp_path / "stamped.pdf"), 1)
    assert lines_of(read)[0] == [BODY[0], BODY[1].removeprefix("this "), *BODY[2:]]
    assert read.flags == ("hidden-text", "covered-text")
