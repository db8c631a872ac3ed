"""What a searchable PDF adds to a page: its invisible text."""

from __future__ import annotations

from pydantic import Field

from cogdoc.results.record_model import Model


class TextLayer(Model):
    """The text that OCR read on one page, drawn where it was read."""

    number: int = Field(ge=1, description="of the page, 1-based")
    width: float = Field(description="points of the page as displayed")
    height: float = Field(description="points of the page as displayed")
    content: str = Field(description="operators of a PDF content stream; the origin is the page's lower left corner")
    overlay: str = Field(default="", description="operators that draw over the page, in the same coordinates")
    wide: str = Field(default="", description="the characters beyond U+FFFF, in the order of their codes, from 1")
