"""The pages of evaluation documents, read once and kept in a cache folder, since reading them takes minutes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import TypeVar

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import open_document
from cogdoc.engines.builtin.chart_pages import read_page_charts
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.parsing.reading import read_layout, read_page_text
from cogdoc.results.records import Chart

SAMPLES = Path(__file__).parents[1] / "samples"
KEPT_PAGES = 64
"""How many layouts stay in memory."""

Read = TypeVar("Read")


@lru_cache(KEPT_PAGES)
def read_texts(document: Path, folder: Path) -> list[PageText]:
    """The text of every page; `folder` is the cache."""

    def read() -> list[PageText]:
        request = OpenRequest(document)
        numbers = range(1, open_document(request).page_count + 1)
        return [read_page_text(request, number) for number in numbers]

    return _cached(folder / f"{_digest(document)}-words.pickle", read)


@lru_cache(KEPT_PAGES)
def read_cached_layout(document: Path, number: int, folder: Path) -> PageLayout:
    """The layout of one page, 1-based; `folder` is the cache."""

    def read() -> PageLayout:
        return read_layout(OpenRequest(document), number, read_texts(document, folder)[number - 1])

    return _cached(folder / f"{_digest(document)}-layout-{number}.pickle", read)


@lru_cache(KEPT_PAGES)
def read_cached_charts(document: Path, number: int, folder: Path) -> tuple[Chart, ...]:
    """The charts of one page, 1-based; `folder` is the cache."""

    def read() -> tuple[Chart, ...]:
        return read_page_charts(OpenRequest(document), read_cached_layout(document, number, folder))

    return _cached(folder / f"{_digest(document)}-charts-{number}.pickle", read)


def _cached(path: Path, read: Callable[[], Read]) -> Read:
    if not path.exists():
        path.write_bytes(pickle.dumps(read()))
    cached: Read = pickle.loads(path.read_bytes())
    return cached


@cache
def _digest(document: Path) -> str:
    return hashlib.sha256(document.read_bytes()).hexdigest()[:16]
