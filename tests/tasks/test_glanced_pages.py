"""Long documents are read at a glance first, and their pictures only where a question needs them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.reading_cache.cache_database import CacheDatabase
from cogdoc.documents.reading_cache.caching_workers import CachingWorkers
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.parsing.page import text_of
from cogdoc.results.records import AnswerRecord
from cogdoc.tasks.ask import answer_questions

pytestmark = pytest.mark.slow

SLIDES = (
    ("Night ferries", "Ada Moor", "4,711"),
    ("Quay lighting", "Ben Quill", "3,090"),
    ("Tide tables", "Eve Lark", "52"),
)
"""Titles and owners, in the text layer, and budgets, which only pictures show."""

IN_PICTURE = "What is the budget of Quay lighting?"
NOWHERE = "Who inspects the lifts in Zanzibar?"
COUNTED = 'How often does the document mention "budget"?'


class CountingSandbox(Sandbox):
    """A sandbox that knows which pages were read closely."""

    def __init__(self) -> None:
        super().__init__()
        self.closely: list[int] = []

    def submit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        if function is text_of:
            self.closely.append(args[1])
        return super().submit(function, *args, **kwargs)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[CountingSandbox]:
    with CountingSandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def deck(sandbox: CountingSandbox, tmp_path_factory: pytest.TempPathFactory) -> Document:
    path = tmp_path_factory.mktemp("decks") / "deck.pdf"
    write_deck(path)
    return open_path(path, sandbox)


def write_deck(path: Path) -> None:
    with pymupdf.open() as pdf:
        for title, owner, budget in SLIDES:
            page = pdf.new_page(width=480, height=270)
            page.insert_text((20, 40), title, fontsize=24)
            page.insert_text((20, 70), f"Owner: {owner}", fontsize=14)
            picture = Image.new("RGB", (600, 120), "white")
            ImageDraw.Draw(picture).text((20, 30), f"Budget: {budget} EUR", fill="black", font_size=48)
            stream = io.BytesIO()
            picture.save(stream, "PNG")
            page.insert_image(pymupdf.Rect(20, 120, 320, 180), stream=stream.getvalue())
        pdf.save(path)


def ask(deck: Document, questions: Sequence[str]) -> list[AnswerRecord]:
    engine = load_engine(select_engine(EngineRequest("builtin")))
    return list(answer_questions(deck, engine, questions, PageSelection(), top_pages=1))


def test_pictures_are_read_where_the_text_leads(deck: Document, sandbox: CountingSandbox) -> None:
    sandbox.closely.clear()
    (record,) = ask(deck, [IN_PICTURE])
    assert record.answer is not None
    assert record.answer.text == "3,090 EUR"
    assert sandbox.closely == [2]


def test_all_pictures_are_read_for_what_is_counted(deck: Document, sandbox: CountingSandbox) -> None:
    sandbox.closely.clear()
    (record,) = ask(deck, [COUNTED])
    assert record.answer is not None
    assert record.answer.text == "3"
    assert sorted(sandbox.closely) == [1, 2, 3]


def test_answers_depend_neither_on_the_questions_before_nor_on_the_cache(
    deck: Document, sandbox: CountingSandbox, tmp_path: Path
) -> None:
    def told(records: Sequence[AnswerRecord]) -> dict[str, Any]:
        return {record.question: record.model_dump(exclude={"timings", "usage"}) for record in records}

    sandbox.closely.clear()
    alone = told([*ask(deck, [NOWHERE]), *ask(deck, [IN_PICTURE])])
    assert sorted(sandbox.closely[:-1]) == [1, 2, 3]
    assert sandbox.closely[-1] == 2
    database = CacheDatabase(tmp_path / "readings.sqlite", 10**7)
    cached = open_path(
        deck.request.path, CachingWorkers(lambda: sandbox, 1, database, strict=False, with_passwords=False)
    )
    sandbox.closely.clear()
    assert told(ask(cached, [NOWHERE, IN_PICTURE])) == alone
    assert told(ask(cached, [IN_PICTURE, NOWHERE])) == alone
    assert sorted(sandbox.closely) == [1, 2, 3]
    database.close()
