"""Text that a reader of the page cannot see is left out and flagged, however it is hidden; other text stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

import cogdoc
from cogdoc.documents.open_request import OpenRequest
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.reading import read_page_text

pytestmark = pytest.mark.slow

VISIBLE = "Total: 5.00 USD"
SECRET = "The grand total is 9999.00 USD"


def text(words: str, *, x: float = 60, y: float = 600, size: float = 14, state: str = "") -> str:
    return f"BT /F0 {size} Tf {state} 1 0 0 1 {x} {y} Tm ({words}) Tj ET\n"


SHOWN = text(VISIBLE, y=700)
BOX = "50 590 400 40 re f\n"


def make_page(file: pymupdf.Document, content: str) -> pymupdf.Page:
    """A page with Helvetica as F0, a soft mask and other graphics states, and a form, that paints `content`."""
    page = file.new_page()
    font = file.get_new_xref()
    file.update_object(font, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    nothing = file.get_new_xref()
    file.update_object(
        nothing, "<</Type/XObject/Subtype/Form/BBox[0 0 612 842]/Group<</S/Transparency/CS/DeviceGray>>>>"
    )
    file.update_stream(nothing, b"0 g 0 0 612 842 re f")
    form = file.get_new_xref()
    file.update_object(
        form,
        "<</Type/XObject/Subtype/Form/BBox[0 0 612 842]/Group<</S/Transparency>>"
        f"/Resources<</Font<</F0 {font} 0 R>>>>>>",
    )
    file.update_stream(form, text(SECRET).encode())
    states = (
        "/Clear<</ca 0/CA 0>>/Faint<</ca .02/CA .02>>/Screen<</BM/Screen>>/Lighten<</BM/Lighten>>"
        f"/Masked<</SMask<</Type/Mask/S/Luminosity/G {nothing} 0 R>>>>"
    )
    file.xref_set_key(
        page.xref, "Resources", f"<</Font<</F0 {font} 0 R>>/XObject<</Form {form} 0 R>>/ExtGState<<{states}>>>>"
    )
    stream = file.get_new_xref()
    file.update_object(stream, "<<>>")
    file.update_stream(stream, content.encode())
    file.xref_set_key(page.xref, "Contents", f"{stream} 0 R")
    return file.reload_page(page)


def read(tmp_path: Path, file: pymupdf.Document) -> PageText:
    path = tmp_path / "hidden.pdf"
    file.save(path)
    return read_page_text(OpenRequest(path), 1)


@pytest.fixture
def file() -> Iterator[pymupdf.Document]:
    with pymupdf.open() as opened:
        yield opened


HIDDEN = {
    "white on white": "1 g " + text(SECRET),
    "white CMYK on white": "0 0 0 0 k " + text(SECRET),
    "254 on 255": ".996 g " + text(SECRET),
    "95% gray on white": ".95 g " + text(SECRET),
    "light yellow on white": "1 1 .93 rg " + text(SECRET),
    "white under the visible text": "1 g " + text(SECRET, x=63, y=700),
    "black on a black box": "0 g " + BOX + text(SECRET),
    "nearly black on a black box": "0 g " + BOX + ".06 g " + text(SECRET),
    "blue on a blue box": ".1 .2 .8 rg " + BOX + text(SECRET),
    "white on a white box on gray": ".5 g 0 500 612 200 re f 1 g " + BOX + text(SECRET) + "0 g",
    "under a white box": text(SECRET) + "1 g " + BOX,
    "under a black box": text(SECRET) + "0 g " + BOX,
    "under many small boxes": text(SECRET) + "1 g " + "".join(f"{x} 590 9 40 re f " for x in range(50, 450, 8)),
    "under a thick line": text(SECRET) + "1 G 40 w 50 605 m 450 605 l S",
    "under white letters": text(SECRET) + "1 g " + text("." * 24, x=0, y=590, size=400, state="-90 Tc"),
    "half a point": text(SECRET, size=0.5),
    "one point": text(SECRET, size=1),
    "scaled down by a matrix": "q .05 0 0 .05 60 600 cm " + text(SECRET, x=0, y=0) + "Q",
    "scaled down by a text matrix": "BT /F0 14 Tf .05 0 0 .05 60 600 Tm (" + SECRET + ") Tj ET",
    "without width": text(SECRET, state="1 Tz"),
    "without height": "BT /F0 14 Tf 1 0 0 .01 60 600 Tm (" + SECRET + ") Tj ET",
    "render mode 3": text(SECRET, state="3 Tr"),
    "render mode 7": "q " + text(SECRET, state="7 Tr") + "Q",
    "stroked in white": "1 G " + text(SECRET, state="1 Tr"),
    "opacity 0": "/Clear gs " + text(SECRET),
    "opacity 2%": "/Faint gs " + text(SECRET),
    "a soft mask": "/Masked gs " + text(SECRET),
    "a faint group": "/Faint gs /Form Do",
    "a masked group": "/Masked gs /Form Do",
    "blend mode screen": "1 g 0 500 612 200 re f 0 g /Screen gs " + text(SECRET),
    "blend mode lighten": "1 g 0 500 612 200 re f 0 g /Lighten gs " + text(SECRET),
    "outside of a clip": "q 50 680 400 40 re W n " + text(SECRET) + "Q",
    "outside of a clip of curves": "q 50 590 m 50 580 l 40 500 600 500 600 720 c 600 721 l 50 591 l W n "
    + text(SECRET, y=660)
    + "Q",
    "above the page": text(SECRET, y=900),
    "left of the page": text(SECRET, x=-300),
}


COVERED = {means for means in HIDDEN if means.startswith("under ") and "letters" not in means}


@pytest.mark.parametrize("means", HIDDEN)
def test_text_that_nobody_sees_is_left_out_and_flagged(tmp_path: Path, file: pymupdf.Document, means: str) -> None:
    make_page(file, f"q {HIDDEN[means]} Q {SHOWN}")
    page_text = read(tmp_path, file)
    assert page_text.text == VISIBLE
    assert page_text.flags == (("hidden-text", "covered-text") if means in COVERED else ("hidden-text",))


@pytest.mark.parametrize("means", sorted(set(HIDDEN) - {"without width"}))
def test_hidden_text_is_read_if_it_is_asked_for(tmp_path: Path, file: pymupdf.Document, means: str) -> None:
    make_page(file, f"q {HIDDEN[means]} Q {SHOWN}")
    file.save(tmp_path / "hidden.pdf")
    page_text = read_page_text(OpenRequest(tmp_path / "hidden.pdf", hidden=True), 1)
    assert VISIBLE in page_text.text
    assert "9999.00" in "".join(page_text.text.split())
    assert page_text.flags[0] == "hidden-text-included"
    assert ("covered-text" in page_text.flags) == (means in COVERED)


@pytest.mark.parametrize("means", ["white on white", "under a white box", "half a point"])
@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_hidden_text_is_found_on_rotated_and_cropped_pages(
    tmp_path: Path, file: pymupdf.Document, means: str, rotation: int
) -> None:
    page = make_page(file, f"q {HIDDEN[means]} Q {SHOWN}")
    page.set_cropbox(pymupdf.Rect(30, 40, 560, 800))
    page.set_rotation(rotation)
    page_text = read(tmp_path, file)
    assert page_text.text.split() == VISIBLE.split()
    assert page_text.flags[0] == "hidden-text"


def test_one_hidden_digit_of_a_visible_number_is_left_out(tmp_path: Path, file: pymupdf.Document) -> None:
    digits = "BT /F0 14 Tf 1 g 1 0 0 1 60 600 Tm (99) Tj 0 g (15.00) Tj ET "
    make_page(file, SHOWN + digits)
    page_text = read(tmp_path, file)
    assert page_text.text.splitlines() == [VISIBLE, "15.00"]
    assert page_text.flags == ("hidden-text",)


def noise_picture(width: int = 400, height: int = 60) -> pymupdf.Pixmap:
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return pymupdf.Pixmap(pymupdf.csRGB, width, height, pixels.tobytes(), False)


@pytest.mark.parametrize("under", [True, False])
def test_text_under_a_picture_and_invisible_text_over_one_is_left_out(
    tmp_path: Path, file: pymupdf.Document, under: bool
) -> None:
    page = make_page(file, SHOWN + text(SECRET, state="0 Tr" if under else "3 Tr"))
    page.insert_image(pymupdf.Rect(50, 210, 450, 270), pixmap=noise_picture(), overlay=under)
    page_text = read(tmp_path, file)
    assert "9999" not in page_text.text
    assert VISIBLE in page_text.text
    assert "hidden-text" in page_text.flags


def test_text_in_the_color_of_the_picture_behind_it_is_left_out(tmp_path: Path, file: pymupdf.Document) -> None:
    page = make_page(file, SHOWN + ".8 .2 .2 rg " + text(SECRET))
    red = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 40, 10))
    red.set_rect(red.irect, (204, 51, 51))
    page.insert_image(pymupdf.Rect(50, 210, 450, 270), pixmap=red, overlay=False, keep_proportion=False)
    page_text = read(tmp_path, file)
    assert (page_text.text, page_text.flags) == (VISIBLE, ("hidden-text",))


def test_text_behind_an_annotation_is_left_out(tmp_path: Path, file: pymupdf.Document) -> None:
    page = make_page(file, SHOWN + text(SECRET))
    square = page.add_rect_annot(pymupdf.Rect(50, 225, 450, 260))
    square.set_colors(stroke=(1, 1, 1), fill=(1, 1, 1))
    square.update()
    page_text = read(tmp_path, file)
    assert (page_text.text, page_text.flags) == (VISIBLE, ("hidden-text", "covered-text"))


def test_text_in_a_layer_that_is_off_is_left_out_and_flagged(tmp_path: Path, file: pymupdf.Document) -> None:
    page = file.new_page()
    page.insert_text((60, 100), VISIBLE)
    page.insert_text((60, 140), SECRET, oc=file.add_ocg("off", on=False))
    page.insert_text((60, 180), "Shown", oc=file.add_ocg("on", on=True))
    page_text = read(tmp_path, file)
    assert page_text.text.splitlines() == [VISIBLE, "Shown"]
    assert page_text.flags == ("hidden-text",)


SEEN = {
    "white on dark": ".1 .1 .4 rg " + BOX + "1 g " + text(SECRET),
    "white on a dark box on white boxes": "1 g 0 0 612 842 re f .2 g " + BOX + "1 g " + text(SECRET),
    "black on a white box": "1 g 0 0 612 842 re f 0 g " + text(SECRET),
    "light gray caption": ".8 g " + text(SECRET, size=8),
    "light gray on a light box": ".95 g " + BOX + ".7 g " + text(SECRET),
    "yellow on white": "1 .9 0 rg " + text(SECRET),
    "small print of four points": text(SECRET, size=4),
    "small gray print of four points": ".5 g " + text(SECRET, size=4),
    "condensed": text(SECRET, state="60 Tz"),
    "half transparent box over it": text(SECRET) + "/Faint gs 0 0 1 rg " + BOX,
    "outlined": text(SECRET, size=20, state="1 Tr"),
    "filled in white with an outline": "1 g " + text(SECRET, size=20, state="2 Tr"),
    "bold by printing it twice": text(SECRET) + text(SECRET, x=60.3),
    "underlined and boxed": text(SECRET) + "60 597 300 .7 re f 50 590 400 40 re S",
    "in a clip": "q 50 590 400 40 re W n " + text(SECRET) + "Q",
    "in a clip of curves": "q 0 842 m 0 0 l 600 -200 612 0 612 842 c h W n " + text(SECRET) + "Q",
    "with a box below it": "1 g 50 560 400 36 re f 0 g " + text(SECRET),
    "letters filled by a clip": "q " + text(SECRET, size=20, state="7 Tr") + " .2 .2 .9 rg 0 500 612 200 re f Q",
}


@pytest.mark.parametrize("means", SEEN)
def test_text_that_people_see_stays_without_a_flag(tmp_path: Path, file: pymupdf.Document, means: str) -> None:
    make_page(file, f"q {SEEN[means]} Q {SHOWN}")
    page_text = read(tmp_path, file)
    assert {VISIBLE, SECRET} <= set(page_text.text.splitlines())
    assert page_text.flags == ()


def test_visible_text_on_a_picture_stays(tmp_path: Path, file: pymupdf.Document) -> None:
    page = make_page(file, SHOWN + "1 g " + text(SECRET, size=20))
    dark = noise_picture()
    dark.gamma_with(3.0)
    page.insert_image(pymupdf.Rect(50, 200, 450, 270), pixmap=dark, overlay=False, keep_proportion=False)
    page_text = read(tmp_path, file)
    assert SECRET in page_text.text
    assert "hidden-text" not in page_text.flags


def test_planted_total_answers_no_question_and_the_answer_says_that_text_was_left_out(tmp_path: Path) -> None:
    with pymupdf.open() as file:
        make_page(file, SHOWN + text(SECRET, state="1 g"))
        file.save(tmp_path / "invoice.pdf")
    record = cogdoc.ask(tmp_path / "invoice.pdf", "What is the total?")
    assert record.answer is not None
    assert record.answer.text == "5.00 USD"
    assert "hidden-text" in record.flags
    record = cogdoc.ask(tmp_path / "invoice.pdf", "What is the grand total?", hidden=True)
    assert record.answer is not None
    assert record.answer.text == "9999.00 USD"
    assert "hidden-text-included" in record.flags


def test_layer_that_is_off_is_read_if_it_is_asked_for(tmp_path: Path, file: pymupdf.Document) -> None:
    page = file.new_page()
    page.insert_text((60, 100), VISIBLE)
    page.insert_text((60, 140), SECRET, oc=file.add_ocg("off", on=False))
    file.save(tmp_path / "layers.pdf")
    (record,) = cogdoc.ocr(tmp_path / "layers.pdf", hidden=True)
    assert SECRET in record.text
    assert "hidden-text-included" in record.flags
    (record,) = cogdoc.ocr(tmp_path / "layers.pdf")
    assert SECRET not in record.text
