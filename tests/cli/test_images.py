"""`--images` writes the pictures of pages as files, and Markdown and JSON name them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pymupdf
import pytest
from markdown_it import MarkdownIt
from PIL import Image

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.errors import OutputError, OutputExistsError
from cogdoc.parsing.page import Page
from cogdoc.results.records import TextBlock
from cogdoc.tasks.picture_folder import PictureFolder

PROSE = "The harbour master counted forty small boats on the quay before noon, and wrote each of them down. "


def photograph() -> bytes:
    coarse = np.random.default_rng(7).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(coarse).resize((400, 300), Image.Resampling.BICUBIC).save(content, "JPEG", quality=85)
    return content.getvalue()


def logo() -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.arange(120 * 60 * 3, dtype=np.uint32).reshape(60, 120, 3).astype(np.uint8)).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="module")
def illustrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pages with a logo on each, a photograph on the first and a drawing on the second."""
    file = pymupdf.open()
    for number in range(3):
        page = file.new_page()
        page.insert_image(pymupdf.Rect(460, 30, 540, 70), stream=logo())
        page.insert_textbox(pymupdf.Rect(60, 90, 540, 200), 5 * PROSE, fontsize=11)
        if number == 0:
            page.insert_image(pymupdf.Rect(150, 220, 450, 445), stream=photograph())
            page.insert_text((180, 465), "Figure 1: Boats [at low tide]", fontsize=9)
        if number == 1:
            page.draw_rect(pymupdf.Rect(150, 220, 450, 420))
            for step in range(6):
                page.draw_circle((200 + 40 * step, 320 - 15 * step), 10, fill=(0.2, 0.4, 0.8))
            page.insert_text((180, 440), "Figure 2: Boats by year", fontsize=9)
        page.insert_textbox(pymupdf.Rect(60, 490, 540, 700), 6 * PROSE, fontsize=11)
    path = tmp_path_factory.mktemp("illustrated") / "on the quay.pdf"
    file.save(path)
    return path


def pictures_in(markdown: Path) -> list[tuple[str, Path]]:
    """The text in place of each picture, and its file."""
    tokens = MarkdownIt("commonmark").parse(markdown.read_text(encoding="utf-8"))
    images = [child for token in tokens for child in token.children or () if child.type == "image"]
    return [(image.content, markdown.parent / unquote(str(image.attrs["src"]))) for image in images]


def below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_pictures_are_files_that_markdown_and_json_name(cogdoc: Any, tmp_path: Path, illustrated: Path) -> None:
    figures = tmp_path / "figures"
    command = ("ocr", illustrated, "--images", figures, "--out", "md,json", "--to")
    result = cogdoc(*command, tmp_path / "text/")
    assert result.code == 0, result.err
    written = below(figures)
    assert sorted(written) == ["on the quay.pdf/page-1-picture-1.jpg", "on the quay.pdf/page-2-picture-1.png"]
    assert written["on the quay.pdf/page-1-picture-1.jpg"] == photograph()
    drawing = Image.open(io.BytesIO(written["on the quay.pdf/page-2-picture-1.png"]))
    assert drawing.width == pytest.approx(300 * 200 / 72, rel=0.05)
    (photo_text, photo), (drawing_text, drawn) = pictures_in(tmp_path / "text/on the quay.pdf.md")
    assert (photo_text, drawing_text) == ("Figure 1: Boats \\[at low tide\\]", "Figure 2: Boats by year")
    assert photo.samefile(figures / "on the quay.pdf/page-1-picture-1.jpg")
    assert drawn.samefile(figures / "on the quay.pdf/page-2-picture-1.png")
    records = json.loads((tmp_path / "text/on the quay.pdf.json").read_text(encoding="utf-8"))["records"]
    named = [block["image"] for record in records for block in record["blocks"] if block.get("image")]
    assert named == sorted(written)
    # The same again gives the same files.
    assert cogdoc(*command, tmp_path / "again/").code == 0
    assert below(figures) == written


def test_files_of_others_are_not_replaced(tmp_path: Path, illustrated: Path) -> None:
    block = TextBlock(kind="picture", box=(150, 220, 450, 445), text="")
    with Sandbox(jobs=1) as sandbox:
        document = open_path(illustrated, sandbox)
        page = Page(document, 1).text()
        folder = PictureFolder(tmp_path)
        (described,) = folder.with_images(document, [block], page)
        file = tmp_path / str(described.image)
        assert file.read_bytes() == photograph()
        assert folder.with_images(document, [block], page) == (described,)
        file.write_bytes(b"somebody's own")
        with pytest.raises(OutputExistsError, match=r"--images: .*exists already"):
            folder.with_images(document, [block], page)
        assert file.read_bytes() == b"somebody's own"
        with pytest.raises(OutputError, match="cannot be written"):
            PictureFolder(file / "below").with_images(document, [block], page)
        PictureFolder(tmp_path, overwrite=True).with_images(document, [block], page)
        assert file.read_bytes() == photograph()


@pytest.mark.slow
def test_without_a_folder_a_comment_marks_the_place_of_a_picture(cogdoc: Any, illustrated: Path) -> None:
    markdown = cogdoc("ocr", illustrated, "--pages", "1").out
    assert "\n<!-- picture -->\n\nFigure 1: Boats \\[at low tide\\]\n" in markdown
    assert markdown.count("picture") == 1


def test_sources_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path)
    sources = [
        Source(Path(name), name, Path(relative))
        for name, relative in (
            ("/a/x.pdf", "x.pdf"),
            ("/b/X.pdf", "X.pdf"),
            ("/a/x.pdf", "x.pdf"),
            ("c/x.pdf", "c/x.pdf"),
        )
    ]
    assert list(folder.named(iter(sources))) == sources
    assert [folder.folder_of(source) for source in sources] == ["x.pdf", "X.pdf-2", "x.pdf", "c/x.pdf"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--out", "text", "--images", "figures"), "names no files of pictures"),
        (("--images", "s3://bucket/figures"), "on this machine only"),
        (("--images", "bill.pdf"), "is not a folder"),
    ],
)
def test_images_that_nothing_would_link_are_refused(
    cogdoc: Any, bill: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = cogdoc("ocr", bill, *(str(bill) if part == "bill.pdf" else part for part in arguments))
    assert (result.code, problem in result.err) == (2, True), result.err
