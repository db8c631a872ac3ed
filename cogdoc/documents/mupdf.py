"""Imports PyMuPDF without its layout models, and silences its messages.

`import pymupdf` also imports its layout models and onnxruntime (0.6 s and about 90 MB), which most pages do not need.
This module keeps them out; `cogdoc.parsing.layout.block_detection` imports them when a page's layout is needed.
"""

from __future__ import annotations

import io
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

__all__ = ["pymupdf"]
