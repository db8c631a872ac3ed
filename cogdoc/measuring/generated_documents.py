"""Generates documents of any length to measure speed on; they are the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image

from cogdoc.documents.mupdf import pymupdf

SCAN_DPI = 150
_VOCABULARY = """
annual report revenue growth margin quarter segment services product customers region operating income net cash
expense research development capital assets liabilities equity share dividend market demand supply inventory cost
management outlook risk currency interest rate tax investment acquisition employees energy plant contract
"""
_WORDS = _VOCABULARY.split()


def write_text_pdf(path: Path, pages: int, seed: int = 0) -> None:
    """Write a born-digital report of A4 pages: a heading, paragraphs, and on every fifth page a ruled table.

    Each page has its own reference number: "Reference number: CD-0377".
    """
    random_words = random.Random(seed)
    with pymupdf.open() as pdf:
        for number in range(1, pages + 1):
            page = pdf.new_page(width=595, height=842)
            page.insert_text((72, 72), f"{number}. {_sentence(random_words, 4)}", fontsize=16)
            page.insert_text((72, 96), f"Reference number: CD-{number:04d}", fontsize=10)
            text = "\n\n".join(" ".join(_sentence(random_words, 14) for _ in range(4)) for _ in range(5))
            if page.insert_textbox((72, 116, 523, 560), text, fontsize=10) < 0:
                raise ValueError("the paragraphs do not fit on the page")
            if number % 5 == 0:
                _draw_table(page, random_words)
            page.insert_text((290, 810), str(number), fontsize=9)
        pdf.save(path, garbage=3, deflate=True)


def write_scan_pdf(path: Path, source: Path, pages: int) -> None:
    """Write the first `pages` pages of `source` as grayscale pictures at 150 dpi, without a text layer."""
    with pymupdf.open(source) as born_digital, pymupdf.open() as scan:
        for picture in _pictures(born_digital, pages):
            page = scan.new_page(width=595, height=842)
            page.insert_image(page.rect, stream=picture)
        scan.save(path)


def _pictures(pdf: pymupdf.Document, pages: int) -> Iterator[bytes]:
    for number in range(pages):
        pixmap = pdf[number].get_pixmap(dpi=SCAN_DPI, colorspace=pymupdf.csGRAY)
        buffer = BytesIO()
        Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples).save(buffer, "JPEG", quality=80)
        yield buffer.getvalue()


def _sentence(random_words: random.Random, length: int) -> str:
    return f"{' '.join(random_words.choices(_WORDS, k=length)).capitalize()}."


def _draw_table(page: pymupdf.Page, random_words: random.Random) -> None:
    left, top, width, height = 72, 580, 90, 18
    for row in range(8):
        for column in range(5):
            x, y = left + column * width, top + row * height
            cell = pymupdf.Rect(x, y, x + width, y + height)
            page.draw_rect(cell, width=0.5)
            if row == 0:
                text = f"{2019 + column}" if column else "in thousands"
            else:
                text = f"{random_words.randrange(10**6):,}" if column else random_words.choice(_WORDS)
            page.insert_text((x + 4, y + height - 5), text, fontsize=9)
