"""`cogdoc ocr --out pdf`: documents stay as they are, and scans get text that can be searched and selected."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pymupdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont
from running import COMMAND, clean_environment
from small_pdfs import save_pdf

WORDS = ["Invoice", "number", "4711", "Total", "amount", "Thank", "you"]


def scan_picture(rotation: float = 0) -> Image.Image:
    """Three printed lines."""
    picture = Image.new("L", (900, 700), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(44)
    for index, line in enumerate(("Invoice number 4711", "Total amount", "Thank you")):
        draw.text((80, 120 + 150 * index), line, font=font, fill=0)
    return picture.rotate(rotation, expand=True, fillcolor=255)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A page of text, and a scan that lies on its side and is shown so."""
    picture = tmp_path / "scan.png"
    scan_picture(90).save(picture)
    path = save_pdf(tmp_path / "scan.pdf", "This page has a text layer of its own already, and keeps it.")
    with pymupdf.open(path) as file:
        page = file.new_page(width=350, height=450)
        page.insert_image(page.rect, filename=picture)
        file.saveIncr()
    return path


def words_of(path: Path) -> list[list[str]]:
    file = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range().split() for page in file]
    finally:
        file.close()


@pytest.mark.slow
def test_scans_become_searchable_and_other_pages_stay(cogdoc: Any, scan: Path, tmp_path: Path) -> None:
    ended = cogdoc("ocr", scan, "--out", "pdf,jsonl", "--to", "out/")
    assert (ended.code, ended.err) == (0, "")
    result = tmp_path / "out" / "scan.pdf.pdf"
    assert result.read_bytes().startswith(scan.read_bytes())
    text, scanned = words_of(result)
    assert text == words_of(scan)[0]
    assert scanned == WORDS
    records = [json.loads(line) for line in (tmp_path / "out" / "scan.pdf.jsonl").read_text().splitlines()]
    assert [record["origin"] for record in records] == ["text-layer", "ocr"]
    assert "text_layer" not in records[1]
    with pymupdf.open(result) as file:
        for block in records[1]["blocks"]:
            for line in block["lines"]:
                found = [word for word in file[1].get_text("words") if word[4] in line["text"].split()]
                assert found
                for word in found:
                    x0, y0, x1, y1 = word[:4]
                    assert pymupdf.Rect(line["box"]).contains(pymupdf.Rect(x0 + 1, y0 + 1, x1 - 1, y1 - 1))
    first = result.read_bytes()
    assert cogdoc("ocr", scan, "--to", "again.pdf").code == 0
    assert (tmp_path / "again.pdf").read_bytes() == first, "the format comes from the ending, and the bytes are equal"


@pytest.mark.slow
def test_only_selected_pages_get_text_and_all_stay(cogdoc: Any, tmp_path: Path) -> None:
    frames = [scan_picture(), scan_picture()]
    frames[0].save(tmp_path / "fax.tif", save_all=True, append_images=frames[1:])
    assert cogdoc("ocr", "fax.tif", "--pages", "2", "--to", "fax.pdf").code == 0
    assert words_of(tmp_path / "fax.pdf") == [[], WORDS]


@pytest.mark.slow
def test_a_pipe_takes_the_file(scan: Path) -> None:
    ended = subprocess.run(
        [*COMMAND, "ocr", "-", "--out", "pdf", "--pages", "1"],
        input=scan.read_bytes(),
        capture_output=True,
        env=clean_environment(),
        timeout=120,
        check=True,
    )
    assert ended.stdout == scan.read_bytes(), "nothing had to be read"


def test_one_file_does_not_take_several_documents(cogdoc: Any, scan: Path, tmp_path: Path) -> None:
    ended = cogdoc("ocr", scan, "scan.png", "--to", "all.pdf")
    assert ended.code == 2
    assert "a pdf file holds one document, and there may be several" in ended.err
    assert not (tmp_path / "all.pdf").exists()


@pytest.mark.slow
def test_what_is_no_pdf_and_no_picture_is_refused(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "drawing.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>')
    ended = cogdoc("ocr", "drawing.svg", "--to", "drawing.pdf")
    assert ended.code == 4
    assert "an SVG file, which cannot become a searchable PDF file" in ended.err
    assert not (tmp_path / "drawing.pdf").exists()


@pytest.mark.slow
def test_a_folder_that_is_read_and_written_is_read_once(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    Image.new("L", (90, 60), 255).save(tmp_path / "scans" / "blank.png")
    for _ in range(2):
        assert cogdoc("ocr", "scans", "--out", "pdf,md", "--to", "scans").code == 0
        written = sorted(path.name for path in (tmp_path / "scans").iterdir() if path.is_file())
        assert written == ["blank.png", "blank.png.md", "blank.png.pdf"]
