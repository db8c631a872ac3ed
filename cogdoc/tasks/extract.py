"""`extract`: finds the values of fields in a document, each with where and how it was found, or why it is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import JsonValue

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.engines.usage_meter import UsageMeter
from cogdoc.errors import CogdocError, DamagedError
from cogdoc.fields.field import FieldList, Leaf, leaves
from cogdoc.parsing.page_text_store import PageTextStore
from cogdoc.results.failures import UnreadPage
from cogdoc.results.field_result import FieldResult, Missing
from cogdoc.results.flags import Flag
from cogdoc.results.records import ExtractRecord
from cogdoc.results.usage import with_cache_hits
from cogdoc.tasks.describe import Stopwatch, describe_error, describe_source
from cogdoc.tasks.extraction.shared_places import without_shared_places
from cogdoc.tasks.lookahead import map_side_by_side
from cogdoc.tasks.searched_pages import FLAGS_OF_PAGES, SearchedPages, read_texts
from cogdoc.tasks.task import Item

TOP_PAGES = 5
"""How many pages of a long document are searched for one field."""

WHOLE = "fields"
"""The only item: a document's fields are one record."""


@dataclass(frozen=True, slots=True)
class ExtractTask:
    """Finds the values of fields on the selected pages. Implements `cogdoc.tasks.task.Task`; there is one item."""

    name: ClassVar[str] = "extract"
    questions: ClassVar[tuple[str, ...]] = ()

    wanted: FieldList
    selection: PageSelection
    top_pages: int = TOP_PAGES

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "pages": (*self.selection.ranges, *self.selection.labels),
            "wanted": self.wanted.settings,
            "top_pages": self.top_pages,
        }

    def items(self, document: Document) -> Sequence[Item]:
        document.select(self.selection)
        return (WHOLE,)

    def run(self, document: Document, engine: Engine, items: Sequence[Item]) -> Iterator[tuple[ExtractRecord]]:
        for _ in items:
            yield (extract_fields(document, engine, self.wanted, self.selection, self.top_pages),)


def extract_fields(
    document: Document,
    engine: Engine,
    wanted: FieldList,
    selection: PageSelection,
    top_pages: int = TOP_PAGES,
) -> ExtractRecord:
    """The values of the fields; a field without one has the reason.

    Raises:
        UsageError: `selection` has a page that does not exist.
    """
    from cogdoc.tasks.extraction.all_fields import AllFields, find_all_fields
    from cogdoc.tasks.extraction.field_search import FieldSearch
    from cogdoc.tasks.extraction.known_values import known_values

    selected = document.select(selection)
    stopwatch, meter = Stopwatch(), UsageMeter()
    failures: dict[int, CogdocError] = dict(selected.left_out)
    with PageTextStore() as store:
        cache_hits = 0
        with stopwatch.measure("read"):
            for page in read_texts(document, selected.numbers, failures):
                store.add(page.text())
                cache_hits += page.cache_hits
        pages = SearchedPages(document, store, engine.at_a_time, cache_hits)
        if not len(store):
            reason = list(failures.values())[-1] if failures else DamagedError("none of its pages can be read")
            return _failed(document, engine, stopwatch, reason)
        search = FieldSearch(engine, pages, known_values(document, store), selected.count, top_pages)
        try:
            with stopwatch.measure("answer"), meter.measure():
                found = list(map_side_by_side(search.find, leaves(wanted.fields), engine.at_a_time))
        except CogdocError as error:
            return _failed(document, engine, stopwatch, error)
        everything = AllFields()
        if wanted.finds_all:
            with stopwatch.measure("fields"):
                everything = find_all_fields(document, list(store))
        searched = search.searched
        usage = with_cache_hits(meter.total, pages.take_cache_hits(searched))
        texts = store if wanted.finds_all else (page.text() for page in searched)
        page_flags = {flag for text in texts for flag in text.flags}
    if failures:
        found = [_with_unread_pages(result) for result in found]
    found = without_shared_places(found, wanted.apart)
    values = nested(leaves(wanted.fields), found) | {one.name: one.value for one in everything.results}
    flags = [*everything.flags, *(flag.value for flag in FLAGS_OF_PAGES if flag.value in page_flags)]
    return ExtractRecord(
        source=describe_source(document),
        engine=engine.info,
        values=values,
        fields=(*found, *everything.results),
        finds_all=wanted.finds_all,
        problems=validate(wanted, values),
        unread_pages=tuple(UnreadPage(page=page, message=error.message) for page, error in sorted(failures.items())),
        flags=(*((Flag.PAGES_FAILED.value,) if failures else ()), *flags),
        timings=dict(stopwatch.seconds),
        usage=usage,
    )


def nested(asked: Sequence[Leaf], found: Sequence[FieldResult]) -> dict[str, JsonValue]:
    """The values by the names of their fields, those of a group in an object of their own."""
    values: dict[str, JsonValue] = {}
    for leaf, result in zip(asked, found, strict=True):
        place = values
        for group in leaf.path[:-1]:
            inner = place.setdefault(group, {})
            assert isinstance(inner, dict)
            place = inner
        place[leaf.path[-1]] = result.value
    return values


def validate(wanted: FieldList, values: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """Why the values do not satisfy the schema of the list."""
    from itertools import islice

    from cogdoc.fields.validation import MAX_PROBLEMS, problems, without_missing

    return tuple(islice(problems(wanted.schema, without_missing(wanted.fields, values)), MAX_PROBLEMS))


def _with_unread_pages(result: FieldResult) -> FieldResult:
    if result.reason is not Missing.NOT_FOUND:
        return result
    message = "not on the pages that can be read"
    return result.model_copy(update={"reason": Missing.PAGE_UNREAD, "message": message})


def _failed(document: Document, engine: Engine, stopwatch: Stopwatch, error: CogdocError) -> ExtractRecord:
    return ExtractRecord(
        source=describe_source(document),
        engine=engine.info,
        timings=dict(stopwatch.seconds),
        error=describe_error(error),
    )
