"""The store of page texts, which threads that answer questions share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cogdoc.parsing.page_text import PageText, TextOrigin
from cogdoc.parsing.page_text_store import PageTextStore


def test_threads_read_from_it_at_the_same_time() -> None:
    with PageTextStore() as store:
        for number in range(1, 41):
            store.add(PageText(number, "x" * 50 * number, 600.0, 800.0, 0, TextOrigin.TEXT_LAYER, ()))
        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(lambda _: [text.number for text in store], range(60)))
    assert seen == [list(range(1, 41))] * 60
