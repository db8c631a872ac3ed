"""Small documents to run the command on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from small_pdfs import save_pdf


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    """A bill of one page in the command's folder."""
    return save_pdf(tmp_path / "bill.pdf", "Harbour Chandlery\nInvoice number: A-1047\nTotal due: $98.76")


@pytest.fixture
def other_bill(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "other.pdf", "Lowmere Boatyard\nInvoice number: B-2290\nTotal due: $12.05")


@pytest.fixture(scope="session")
def slow_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scan of small print that takes OCR many seconds."""
    path = tmp_path_factory.mktemp("slow") / "small-print.png"
    sheet = Image.new("L", (3000, 4200), 255)
    draw = ImageDraw.Draw(sheet)
    for row in range(100):
        draw.text((60, 40 + 41 * row), " ".join(f"word{row * 40 + n}" for n in range(40)), fill=0, font_size=24)
    sheet.save(path)
    return path
