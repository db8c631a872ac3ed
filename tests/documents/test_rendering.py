"""A page is rendered at exactly the requested size, whatever its box is, without allocating more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
import worker_functions as worker
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.rendering import LONG_SIDE, MAX_PAGE_POINTS, PixelSize, clamp_page_size, fit_long_side
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import UsageError

Open = Callable[..., Document]
MakePdf = Callable[..., Path]

SIZES = [PixelSize(1344, 1344), PixelSize(31, 977), PixelSize(1, 1), PixelSize(640, 480)]


def shape(size: PixelSize) -> tuple[int, int, int]:
    return (size.height, size.width, 3)


def test_long_side_is_1344_pixels_by_default(open_file: Open, make_pdf: MakePdf) -> None:
    document = open_file(make_pdf((595, 842), (842, 595), (300, 300)))
    shapes = [document.picture(number).result().shape for number in (1, 2, 3)]
    assert shapes == [(1344, 950, 3), (950, 1344, 3), (1344, 1344, 3)]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotated_and_cropped_pages_have_exactly_the_requested_size(
    tmp_path: Path, open_file: Open, rotation: int
) -> None:
    file = pymupdf.open()
    page = file.new_page(width=431.7, height=613.3)
    page.draw_rect(pymupdf.Rect(100, 150, 150, 170), fill=(1, 0, 0), color=None)
    page.set_cropbox(pymupdf.Rect(100, 150, 333.3, 555.5))
    page.set_rotation(rotation)
    file.save(tmp_path / "turned.pdf")
    document = open_file(tmp_path / "turned.pdf")
    for size in SIZES:
        assert document.picture(1, size).result().shape == shape(size)
    # The red mark is in the crop box's upper left corner; rotation moves it clockwise.
    corners = document.picture(1, PixelSize(200, 200)).result()[[5, 5, 195, 195], [5, 195, 195, 5]]
    red = [bool(r > 200 and g < 60) for r, g, _ in corners.astype(int)]
    assert red.index(True) == rotation // 90
    assert sum(red) == 1


@pytest.mark.parametrize("side", [1.0, 3.0, 14400.0])
@pytest.mark.parametrize("other", [1.0, 595.0, 14400.0])
def test_absurd_page_boxes_are_rendered_at_the_requested_size(
    open_file: Open, make_pdf: MakePdf, side: float, other: float
) -> None:
    document = open_file(make_pdf((side, other)))
    assert max(document.picture(1).result().shape) == LONG_SIDE
    assert document.picture(1, PixelSize(20, 30)).result().shape == (30, 20, 3)


@pytest.mark.parametrize(
    "box", ["[0 0 9e9 9e9]", "[0 0 0 0]", "[0 0 -5 10]", "[1e30 0 1e31 10]", "[700 900 0 0]", "[]"]
)
def test_invalid_page_boxes_are_rendered(tmp_path: Path, open_file: Open, box: str) -> None:
    file = pymupdf.open()
    page = file.new_page()
    file.xref_set_key(page.xref, "MediaBox", box)
    file.save(tmp_path / "box.pdf")
    assert open_file(tmp_path / "box.pdf").picture(1, PixelSize(40, 40)).result().shape == (40, 40, 3)


@pytest.mark.parametrize("side", [1.0, 14400.0])
def test_rendering_allocates_only_the_requested_size(fresh_sandbox: Sandbox, make_pdf: MakePdf, side: float) -> None:
    warm, absurd = (OpenRequest(make_pdf(size, name=f"{size[0]}.pdf")) for size in [(595.0, 842.0), (side, side)])
    growth = fresh_sandbox.run(worker.memory_growth_while_drawing, warm, absurd, PixelSize(64, 64))
    assert growth < 50 * 2**20, "14400 x 14400 pixels would take 600 MB"


@given(st.floats(0.01, MAX_PAGE_POINTS), st.floats(0.01, MAX_PAGE_POINTS))
def test_fitted_size_has_the_long_side_and_nearly_the_aspect_ratio(width: float, height: float) -> None:
    size = fit_long_side(width, height)
    assert max(size.width, size.height) == LONG_SIDE
    assert min(size.width, size.height) >= 1
    expected = LONG_SIDE * min(width, height) / max(width, height)
    assert abs(min(size.width, size.height) - max(1.0, expected)) <= 0.51


@given(st.floats(), st.floats())
def test_every_page_size_is_clamped_to_one_that_can_be_rendered(width: float, height: float) -> None:
    assert all(0 < side <= MAX_PAGE_POINTS for side in clamp_page_size(width, height))


@pytest.mark.parametrize("number", [0, -1, 2, 10**9])
def test_missing_page_is_a_usage_error(open_file: Open, make_pdf: MakePdf, number: int) -> None:
    with pytest.raises(UsageError, match="out of range: the document has 1 page"):
        open_file(make_pdf((100, 100))).picture(number).result()


def test_colours_are_rgb(tmp_path: Path, open_file: Open) -> None:
    file = pymupdf.open()
    file.new_page(width=50, height=50).draw_rect(pymupdf.Rect(0, 0, 50, 50), fill=(1, 0.5, 0), color=None)
    file.save(tmp_path / "orange.pdf")
    center = open_file(tmp_path / "orange.pdf").picture(1, PixelSize(50, 50)).result()[25, 25]
    assert np.allclose(center, [255, 128, 0], atol=2)
