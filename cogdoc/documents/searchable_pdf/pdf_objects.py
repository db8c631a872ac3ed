"""Writes the objects of a new PDF file (PDF 2.0, 7.3 and 7.5): numbers, streams, and the table of where they are."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cogdoc.documents.searchable_pdf import fonts

CATALOG, PAGES, DESCRIPTOR, FONT_NUMBER, OVERLAY, FIRST_OF_PAGES = 1, 2, 4, 8, 9, 10
"""Object numbers: those of the first page come after the ones that all pages share."""

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@dataclass(slots=True)
class PdfObjects:
    """Objects that follow one another, numbered from `first`."""

    first: int
    data: bytearray = field(default_factory=bytearray)
    starts: list[int] = field(default_factory=list)
    """Where each object begins in `data`."""

    def add(self, source: str) -> int:
        """Add an object; returns its number."""
        return self._add(source.encode("ascii"))

    def add_stream(self, entries: str, data: bytes) -> int:
        """Add a stream whose data is encoded as its entries say."""
        return self._add(f"<<{entries}/Length {len(data)}>>\nstream\n".encode("ascii") + data + b"\nendstream")

    def add_deflated(self, data: bytes, entries: str = "") -> int:
        return self.add_stream(f"{entries}/Filter/FlateDecode", zlib.compress(data, 9))

    def _add(self, source: bytes) -> int:
        number = self.first + len(self.starts)
        self.starts.append(len(self.data))
        self.data += b"%d 0 obj\n%b\nendobj\n" % (number, source)
        return number


def file_end(offsets: Sequence[int], position: int, root: int, identity: bytes) -> bytes:
    """What ends a file: the offset of every object, from number 1 on, and where they are listed.

    Args:
        position: the file's length so far.
        identity: 16 bytes that tell the file from others.
    """
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count, name = len(offsets) + 1, identity.hex().upper().encode()
    table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, rows)
    return b"%btrailer\n<</Size %d/Root %d 0 R/ID[<%b><%b>]>>\nstartxref\n%d\n%%%%EOF\n" % (
        table,
        count,
        root,
        name,
        name,
        position,
    )


def file_beginning(pages: Sequence[int], *, has_overlays: bool) -> PdfObjects:
    """The objects that all pages share: the catalog, the page tree, the font of the characters up to U+FFFF, and the
    optional content group of overlays.
    """
    objects = PdfObjects(CATALOG)
    group = f"{OVERLAY} 0 R"
    shown = f"/OCProperties<</OCGs[{group}]/D<</ON[{group}]/Order[{group}]>>>>" if has_overlays else ""
    objects.add(f"<</Type/Catalog/Pages {PAGES} 0 R{shown}>>")
    kids = " ".join(f"{page} 0 R" for page in pages)
    objects.add(f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>")
    program = fonts.FONT_PROGRAM.read_bytes()
    number = objects.add_deflated(program, f"/Length1 {len(program)}")
    objects.add(fonts.DESCRIPTOR.format(program=number))
    add_font(objects, DESCRIPTOR, fonts.glyph_map(), fonts.unicode_map(), fonts.WIDTHS, 500)
    objects.add(f"<</Type/OCG/Name({fonts.OVERLAY_NAME})>>")
    return objects


def add_font(objects: PdfObjects, descriptor: int, glyphs: bytes, unicode: bytes, widths: str, width: int) -> int:
    """Add a font; returns its object number.

    Args:
        descriptor: the number of the font descriptor.
        glyphs: the glyph of each code.
        unicode: the CMap that gives the characters of the codes.
        widths: the entry for codes whose width is not `width`.
    """
    glyph_map = objects.add_deflated(glyphs)
    cid_font = objects.add(fonts.CID_FONT.format(descriptor=descriptor, glyphs=glyph_map, width=width, widths=widths))
    return objects.add(fonts.FONT_OBJECT.format(cid_font=cid_font, unicode=objects.add_deflated(unicode)))
