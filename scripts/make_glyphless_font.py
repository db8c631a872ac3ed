"""Draws the font of the invisible text in searchable PDF files; needs fontTools.

Its glyphs paint nothing, but have the extent of a letter: programs that extract text take the boxes of characters from
a font's outlines. Run it as `python scripts/make_glyphless_font.py`; the same font comes out each time.
"""

from __future__ import annotations

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

FILE = Path(__file__).parents[1] / "cogdoc/documents/searchable_pdf/glyphless.ttf"
GLYPHS = {".notdef": 500, "half": 500, "full": 1000}


def outline(width: int) -> object:
    """A path to the opposite corner and back, which encloses nothing."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((width, 1000))
    pen.lineTo((0, 0))
    pen.closePath()
    return pen.glyph()


builder = FontBuilder(1000, isTTF=True)
builder.setupGlyphOrder(list(GLYPHS))
builder.setupCharacterMap({0x20: "half", 0x3000: "full"})
builder.setupGlyf({name: outline(width) for name, width in GLYPHS.items()})
builder.setupHorizontalMetrics({name: (width, 0) for name, width in GLYPHS.items()})
builder.setupHorizontalHeader(ascent=1000, descent=-1)
builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular", "psName": "Glyphless"})
builder.setupOS2(sTypoAscender=1000, sTypoDescender=-1, usWinAscent=1000, usWinDescent=1, fsType=0)
builder.setupPost(keepGlyphNames=False)
builder.font["head"].created = builder.font["head"].modified = 0
builder.font.recalcTimestamp = False
builder.save(FILE)
