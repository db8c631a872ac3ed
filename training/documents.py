"""The pages of evaluation documents, read once and kept in a cache folder, since reading them takes minutes."""

from __future__ import annotations

import hashlib
import pickle
from functools import cache
from pathlib import Path

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import open_document
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.parsing.reading import read_layout, read_page_text

SAMPLES = Path(__file__).parents[1] / "samples"


@cache
def read_texts(document: Path, folder: Path) -> list[PageText]:
    """The text of every page; `folder` is the cache."""
    path = folder / f"{_digest(document)}-words.pickle"
    if not path.exists():
        request = OpenRequest(document)
        numbers = range(1, open_document(request).page_count + 1)
        path.write_bytes(pickle.dumps([read_page_text(request, number) for number in numbers]))
    texts: list[PageText] = pickle.loads(path.read_bytes())
    return texts


@cache
def read_cached_layout(document: Path, number: int, folder: Path) -> PageLayout:
    """The layout of one page, 1-based; `folder` is the cache."""
    path = folder / f"{_digest(document)}-layout-{number}.pickle"
    if not path.exists():
        text = read_texts(document, folder)[number - 1]
        path.write_bytes(pickle.dumps(read_layout(OpenRequest(document), number, text)))
    layout: PageLayout = pickle.loads(path.read_bytes())
    return layout


def _digest(document: Path) -> str:
    return hashlib.sha256(document.read_bytes()).hexdigest()[:16]
