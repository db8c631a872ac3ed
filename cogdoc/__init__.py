"""cogdoc reads documents: answers, text and numbers out of PDFs, scans, screenshots and charts, on your machine.

    import cogdoc

    cogdoc.ask("report.pdf", "What was the total revenue?").answer.text
    [page.text for page in cogdoc.ocr("scan.png")]
    cogdoc.chart("sales.png")[0].chart
    [record.table for record in cogdoc.tables("report.pdf") if record.table]
    cogdoc.extract("invoice.pdf", "invoice no, total:money").value

    report = cogdoc.open("report.pdf")
    report.ask_all(["total revenue?", "net income in 2023?"])

Heavy modules are imported when they are first used, so that importing this package is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cogdoc.api import OpenedDocument, ask, ask_across, ask_all, chart, extract, ocr, open, tables  # noqa: A004
    from cogdoc.errors import CogdocError
    from cogdoc.fields.presets import load_preset
    from cogdoc.results.extraction import Extraction
    from cogdoc.results.field_result import FieldResult
    from cogdoc.results.records import (
        Answer,
        AnswerRecord,
        Chart,
        ChartRecord,
        Evidence,
        ExtractRecord,
        PageRecord,
        TableRecord,
        TextBlock,
    )

_MODULES = {
    "cogdoc.api": (
        "OpenedDocument",
        "ask",
        "ask_across",
        "ask_all",
        "chart",
        "extract",
        "ocr",
        "open",
        "preset",
        "tables",
    ),
    "cogdoc.errors": ("CogdocError",),
    "cogdoc.fields.presets": ("load_preset",),
    "cogdoc.results.extraction": ("Extraction",),
    "cogdoc.results.field_result": ("FieldResult",),
    "cogdoc.results.records": (
        "Answer",
        "AnswerRecord",
        "Chart",
        "ChartRecord",
        "Evidence",
        "ExtractRecord",
        "PageRecord",
        "TableRecord",
        "TextBlock",
    ),
}

__all__ = [
    "Answer",
    "AnswerRecord",
    "Chart",
    "ChartRecord",
    "CogdocError",
    "Evidence",
    "ExtractRecord",
    "Extraction",
    "FieldResult",
    "OpenedDocument",
    "PageRecord",
    "TableRecord",
    "TextBlock",
    "ask",
    "ask_across",
    "ask_all",
    "chart",
    "extract",
    "load_preset",
    "ocr",
    "open",
    "tables",
]


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
