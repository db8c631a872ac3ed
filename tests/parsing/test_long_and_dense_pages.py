"""Long screenshots and small print are read in bands, each line once, and the resolution is reported."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cogdoc.parsing.ocr.bands import OVERLAP, plan_bands, recognize_bands
from cogdoc.parsing.ocr.ocr_lines import OcrLine

pytestmark = pytest.mark.slow


def bare(text: str) -> str:
    return "".join(text.split())


def test_each_order_of_the_screenshot_is_read_once(read_sample: Any, facts: dict[str, Any]) -> None:
    page_text = read_sample("screenshot.png").page_text
    assert "tiled" in page_text.flags
    text = bare(page_text.text)
    known = [bare(entry) for entry in facts["screenshot.png"]["text"]]
    assert [entry for entry in known if entry not in text] == []
    unique = [entry for entry in known if entry.startswith(("TT-", "PX"))]
    assert len(unique) == 26
    assert {entry: text.count(entry) for entry in unique if text.count(entry) != 1} == {}


def test_orders_of_the_screenshot_are_in_reading_order(read_sample: Any, facts: dict[str, Any]) -> None:
    layout = read_sample("screenshot.png")
    text = bare("".join(line.text for block in layout.blocks for line in block.lines))
    assert "TT-60418" in text
    for first, second in facts["screenshot.png"]["reading_order"]:
        assert text.index(bare(first)) < text.index(bare(second))


def test_lines_of_the_screenshot_do_not_overlap(read_sample: Any) -> None:
    lines = read_sample("screenshot.png").page_text.lines
    overlapping = [
        (one.text, other.text)
        for index, one in enumerate(lines)
        for other in lines[:index]
        if one.box.overlap(other.box) > 0.5 * min(one.box.area, other.box.area)
    ]
    assert overlapping == []


def test_resolution_of_ocr_is_reported(read_sample: Any) -> None:
    assert read_sample("letter.pdf").page_text.resolution == pytest.approx(171, abs=30)
    assert read_sample("report.pdf", 1).page_text.resolution is None


def test_small_print_is_read_at_the_resolution_of_its_file(tmp_path: Path, read_file: Any) -> None:
    sheet = Image.new("L", (3000, 700), 255)
    draw = ImageDraw.Draw(sheet)
    lines = [f"Clause {number}: the lessee returns the boat clean, dry and on time" for number in range(1, 9)]
    for index, line in enumerate(lines):
        draw.text((200, 100 + 60 * index), line, fill=0, font_size=15)
    sheet.save(tmp_path / "contract.png", dpi=(300, 300))
    page_text = read_file(tmp_path / "contract.png")
    assert page_text.resolution is not None
    assert page_text.resolution > 210, "a long side of 2000 pixels would be 200 per inch"
    lines_read = Counter(bare(line.text) for line in page_text.lines)
    assert sum(lines_read[bare(line)] for line in lines) >= 7
    assert "low-resolution" not in page_text.flags


@given(st.integers(1, 50_000), st.integers(OVERLAP * 2, 4000))
def test_bands_cover_the_page_and_their_cores_tile_it(height: int, band_height: int) -> None:
    bands = list(plan_bands(height, band_height))
    assert bands[0].core_top == 0
    assert bands[-1].core_bottom == bands[-1].bottom == height
    for band in bands:
        assert 0 < band.bottom - band.top <= band_height
        assert band.top <= band.core_top < band.core_bottom <= band.bottom
    for upper, lower in pairwise(bands):
        assert upper.core_bottom == lower.core_top
        assert upper.bottom - lower.top == OVERLAP


def sloping_line(center: float, drop: float) -> OcrLine:
    left, right = center - drop, center + drop
    quad = np.array([[10, left - 10], [500, right - 10], [500, right + 10], [10, left + 10]])
    return OcrLine(f"{center}", quad, 1.0, ())


@given(
    st.lists(st.integers(2, 90), min_size=1, max_size=60),
    st.sampled_from([400, 1000, 2000]),
    st.floats(-8, 8),
    st.randoms(use_true_random=False),
)
def test_each_line_is_kept_once_even_if_bands_place_it_a_little_apart(
    gaps: list[int], band_height: int, drop: float, random: Any
) -> None:
    centers = [20.0]
    for gap in gaps:
        centers.append(centers[-1] + 24 + gap)
    page = np.zeros((int(centers[-1]) + 40, 510, 3), np.uint8)
    page[:, 0, :2] = np.arange(page.shape[0], dtype="<u2")[:, None].view(np.uint8)  # a row contains its index

    def recognize(band: np.ndarray[Any, Any]) -> list[OcrLine]:
        top = int(band[0, 0, :2].copy().view("<u2")[0])
        whole = [center for center in centers if 10 <= center - top <= band.shape[0] - 10]
        return [sloping_line(center - top + random.uniform(-2, 2), drop) for center in whole]

    merged = recognize_bands(page, band_height, recognize)
    found = sorted(float(line.quad[:, 1].mean()) for line in merged)
    assert len(found) == len(centers)
    assert np.allclose(found, centers, atol=2)
