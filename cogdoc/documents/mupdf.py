"""Imports PyMuPDF without its layout models, and silences its messages.

`import pymupdf` also imports its layout models and onnxruntime (0.6 s and about 90 MB), which most pages do not need.
This module keeps them out; `cogdoc.parsing.layout.block_detection` imports them when a page's layout is needed.
"""

from __future__ import annotations

import io
import re
import sys

_HEAVY_MODULES = ("pymupdf.layout", "pymupdf4llm")

if "pymupdf" not in sys.modules:
    for _name in _HEAVY_MODULES:
        sys.modules[_name] = None  # type: ignore[assignment]
    try:
        import pymupdf
    finally:
        for _name in _HEAVY_MODULES:
            del sys.modules[_name]
else:
    import pymupdf


class _Silence(io.TextIOBase):
    """Accepts text and discards it. The null device cannot serve: a worker process opens nothing for writing."""

    def write(self, text: str) -> int:
        return len(text)


pymupdf.set_messages(stream=_Silence())
pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

ERRORS = (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError)
"""What MuPDF and PyMuPDF raise for damaged files."""

_REASONS = (
    (r"page tree|page count|number of pages|/?Kids", "its list of pages is broken"),
    (r"object out of range|cannot find object|object is not|not an object|no such object", "a part of it is missing"),
    (r"xref|trailer|startxref|repair", "its table of contents is broken"),
    (r"zlib|inflate|deflate|lzw|stream|compress|filter|EOF|end of file|truncated", "its compressed data is broken"),
    (r"too many|too deep|limit|recursion|nest|cycl|circular", "it is nested without end, or far too large"),
    (r"font|glyph|encoding|cmap", "a font of it is broken"),
    (r"image|jpeg|jpx|jbig|pixmap|colorspace", "a picture of it is broken"),
    (r"xml|html|css|parse|syntax|format|unknown|expected|invalid", "its content breaks the rules of its format"),
)  # fmt: skip
"""What words of MuPDF's messages mean to a user; the first that matches counts."""


LOST_DATA = "read error; treating as end of file"
"""MuPDF's warning where it reads no further in compressed data, and goes on with what it has."""


def reason(error: Exception) -> str:
    """Why MuPDF could not read a file or a page, as a clause; its own words follow in brackets."""
    message = re.sub(r"^(code=\d+:?\s*)?", "", " ".join(str(error).split()))[:120]
    if not message:
        return "its content cannot be read"
    clause = next((text for words, text in _REASONS if re.search(words, message, re.I)), "its content cannot be read")
    return f"{clause} (MuPDF: {message})"


def forget_warnings() -> None:
    """Forget what MuPDF has said so far; see `lost_data`."""
    pymupdf.TOOLS.reset_mupdf_warnings()


def lost_data() -> bool:
    """Whether MuPDF gave up on compressed data since `forget_warnings`: of a page's content, or of a picture."""
    return LOST_DATA in pymupdf.TOOLS.mupdf_warnings()


__all__ = ["ERRORS", "forget_warnings", "lost_data", "pymupdf", "reason"]
