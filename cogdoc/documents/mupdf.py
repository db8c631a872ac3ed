"""PyMuPDF without what it loads unasked, and without its voice.

`import pymupdf` pulls in its layout models and onnxruntime (0.6 s and about 90 MB) although most pages need
neither. They are kept out here; `cogdoc.parsing.layout.page_layout` imports them when a page's layout is asked for.
"""

from __future__ import annotations

import os
import sys

_UNASKED = ("pymupdf.layout", "pymupdf4llm")

if "pymupdf" not in sys.modules:
    for _name in _UNASKED:
        sys.modules[_name] = None  # type: ignore[assignment]
    try:
        import pymupdf
    finally:
        for _name in _UNASKED:
            del sys.modules[_name]
else:
    import pymupdf

pymupdf.set_messages(path=os.devnull)
pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)

__all__ = ["pymupdf"]
