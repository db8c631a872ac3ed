"""The fonts of invisible text: composite fonts (PDF 2.0, 9.7) whose codes are characters, and whose glyphs are blank.

The font program takes less than a kilobyte and serves every script. It is embedded, since PDF/A asks for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from cogdoc.documents.searchable_pdf.layer_content import FULL_WIDTH, is_full_width

FONT_PROGRAM = Path(__file__).with_name("glyphless.ttf")

HALF_GLYPH, FULL_GLYPH = 1, 2
"""Of the font program: 500 and 1000 units wide."""

MAX_ENTRIES = 100
"""Entries that one section of a CMap may have."""

_CMAP = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Cogdoc-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{sections}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""

DESCRIPTOR = (
    "<</Type/FontDescriptor/FontName/Glyphless/Flags 4/FontBBox[0 0 1000 1000]/ItalicAngle 0/Ascent 1000/Descent -1"
    "/CapHeight 1000/StemV 80/FontFile2 {program} 0 R>>"
)
CID_FONT = (
    "<</Type/Font/Subtype/CIDFontType2/BaseFont/Glyphless/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)"
    "/Supplement 0>>/FontDescriptor {descriptor} 0 R/CIDToGIDMap {glyphs} 0 R/DW {width}{widths}>>"
)
FONT_OBJECT = (
    "<</Type/Font/Subtype/Type0/BaseFont/Glyphless/Encoding/Identity-H/DescendantFonts[{cid_font} 0 R]"
    "/ToUnicode {unicode} 0 R>>"
)

LABEL_FONT_OBJECT = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
"""The font of an overlay's labels, which every viewer has."""

OVERLAY_NAME = "cogdoc overlay"
"""What viewers call it in their list of layers."""

WIDTHS = f"/W[{' '.join(f'{start} {end} 1000' for start, end in FULL_WIDTH)}]"


@cache
def glyph_map() -> bytes:
    """The glyph of each code up to U+FFFF."""
    glyphs = (FULL_GLYPH if is_full_width(code) else HALF_GLYPH for code in range(0x10000))
    return b"".join(glyph.to_bytes(2) for glyph in glyphs)


def wide_glyph_map(chars: str) -> bytes:
    """The glyph of each code of the characters beyond U+FFFF."""
    return FULL_GLYPH.to_bytes(2) * (len(chars) + 1)


@cache
def unicode_map() -> bytes:
    """A CMap by which each code is its own character; a range may not cross from one leading byte to the next."""
    rows = (range(max(1, start), min(start + 0x100, 0xFFFE)) for start in range(0, 0x10000, 0x100))
    ranges = (f"<{row[0]:04X}> <{row[-1]:04X}> <{row[0]:04X}>" for row in rows if not 0xD800 <= row[0] <= 0xDFFF)
    return _cmap("bfrange", ranges)


def wide_unicode_map(chars: str) -> bytes:
    """A CMap for the characters beyond U+FFFF, whose codes count from 1."""
    return _cmap(
        "bfchar", (f"<{code:04X}> <{char.encode('utf-16-be').hex().upper()}>" for code, char in enumerate(chars, 1))
    )


def _cmap(section: str, entries: Iterable[str]) -> bytes:
    return _CMAP.format(sections="\n".join(_sections(section, list(entries)))).encode()


def _sections(section: str, entries: Sequence[str]) -> Iterator[str]:
    for start in range(0, len(entries), MAX_ENTRIES):
        part = entries[start : start + MAX_ENTRIES]
        yield "\n".join((f"{len(part)} begin{section}", *part, f"end{section}"))
