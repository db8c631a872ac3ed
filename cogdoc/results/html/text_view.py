"""The head of a page's text: its number, how it was read, and what to know about it."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.results.failures import ErrorInfo
from cogdoc.results.flags import Flag
from cogdoc.results.records import PageRecord
from cogdoc.results.wording import Sureness, confidence_in_words, flag_sentences

ORIGINS = {
    "text-layer": "from the text in the file",
    "ocr": "recognized from the picture",
    "mixed": "partly from the file, partly recognized",
}

_OF_MARKDOWN = frozenset({Flag.LINES_OMITTED, Flag.LINES_LOST})


@dataclass(frozen=True, slots=True)
class PageView:
    """A page, and how its text is introduced."""

    key: str
    number: int
    label: str
    sure: Sureness | None
    facts: tuple[str, ...]
    notes: tuple[str, ...]
    error: ErrorInfo | None


def view_page(record: PageRecord, key: str) -> PageView:
    """
    Args:
        key: the id of the element that shows it.
    """
    page, facts = record.page, []
    if record.origin in ORIGINS:
        facts.append(ORIGINS[record.origin])
    if record.legibility is not None:
        facts.append(f"legibility of the scan {round(100 * record.legibility)}%")
    sure = None
    if record.confidence is not None and record.origin != "text-layer" and (record.blocks or record.text):
        sure = confidence_in_words(record.confidence, record.flags)
    return PageView(
        key,
        page.number if page is not None else 1,
        page.label if page is not None else "1",
        sure,
        tuple(facts),
        tuple(flag_sentences(flag for flag in record.flags if flag not in _OF_MARKDOWN)),
        record.error,
    )
