"""Makes PDFs of one page from a raw content stream, as producers write them."""

from __future__ import annotations

from pathlib import Path

import pymupdf

FONTS = {"F0": "Helvetica", "F1": "Helvetica-Bold", "F2": "Times-Roman", "F3": "Times-Italic", "F4": "Courier"}


def save_raw_page(path: Path, content: str, rotation: int = 0) -> Path:
    """Write a page of 595 by 842 points that paints `content`; it can use the standard fonts F0 to F4."""
    with pymupdf.open() as file:
        page = file.new_page()
        fonts = ""
        for name, base in FONTS.items():
            xref = file.get_new_xref()
            file.update_object(xref, f"<</Type/Font/Subtype/Type1/BaseFont/{base}/Encoding/WinAnsiEncoding>>")
            fonts += f"/{name} {xref} 0 R"
        file.xref_set_key(page.xref, "Resources", f"<</Font<<{fonts}>>>>")
        stream = file.get_new_xref()
        file.update_object(stream, "<<>>")
        file.update_stream(stream, content.encode("cp1252"))
        file.xref_set_key(page.xref, "Contents", f"{stream} 0 R")
        page.set_rotation(rotation)
        file.save(path)
    return path


def show(operations: str, x: float = 72, y: float = 700, font: str = "F0", size: float = 12) -> str:
    """Text operators in a text object that starts at a place, in points from the lower left corner."""
    return f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm {operations} ET\n"
