"""Overlays of PDF files: frames around what was read, on a layer that readers can hide."""

from __future__ import annotations

from pathlib import Path

import pymupdf
import pytest
from searchable_files import check, layer_for, scan, text_of

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.searchable_pdf.overlay import draw_overlay
from cogdoc.documents.searchable_pdf.pdf_update import make_update
from cogdoc.documents.searchable_pdf.pieces import SharedObjects
from cogdoc.results.records import TextBlock, TextLine


def overlaid(path: Path, content: bytes | None = None) -> Path:
    """The file with a red rectangle over its first page; `content` is added to the page first."""
    if content is not None:
        with pymupdf.open(path) as file:
            number = file.get_new_xref()
            file.update_object(number, "<<>>")
            file.update_stream(number, content, new=1)
            contents = file[0].get_contents()
            file.xref_set_key(file[0].xref, "Contents", f"[{' '.join(f'{xref} 0 R' for xref in (*contents, number))}]")
            file.saveIncr()
    layer = layer_for(path).model_copy(update={"overlay": "1 0 0 rg 100 300 50 50 re f"})
    result = path.with_suffix(".over.pdf")
    result.write_bytes(path.read_bytes() + make_update(OpenRequest(path), [layer], SharedObjects()).data)
    check(result)
    return result


@pytest.mark.parametrize("content", [None, b"0.5 0 0 0.5 20 20 cm 0 1 0 rg"], ids=["plain", "changed coordinates"])
def test_an_overlay_lies_over_the_page_and_can_be_hidden(tmp_path: Path, content: bytes | None) -> None:
    path = scan(tmp_path / "scan.pdf")
    result = overlaid(path, content)
    assert text_of(result) == "Invisible ink"
    with pymupdf.open(path) as before, pymupdf.open(result) as after:
        plain = before[0].get_pixmap(dpi=72)
        shown = after[0].get_pixmap(dpi=72)
        assert shown.pixel(125, 75) == (255, 0, 0)
        assert shown.pixel(90, 75) == plain.pixel(90, 75)
        (group,) = after.get_ocgs()
        assert after.get_ocgs()[group]["name"] == "cogdoc overlay"
        after.set_layer(-1, off=[group])
        hidden = after.tobytes()
    with pymupdf.open(stream=hidden) as file:
        assert file[0].get_pixmap(dpi=72).samples == plain.samples


def test_an_overlay_has_every_block_in_reading_order() -> None:
    def block(kind: str, *box: float) -> TextBlock:
        return TextBlock(kind=kind, box=box, text="", lines=(TextLine(text="x", box=box, confidence=1.0),))

    drawn = draw_overlay((600, 800), [block("title", 50, 40, 200, 60), block("(text)", 50, 80, 200, 90)])
    assert "50 740 150 20 re S" in drawn
    assert "50 710 150 10 re S" in drawn
    assert drawn.index("(1) Tj") < drawn.index("(2) Tj") < drawn.index("(title) Tj") < drawn.index("(?text?) Tj")
    assert draw_overlay((600, 800), []) == ""
