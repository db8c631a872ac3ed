"""Searches a document for one field at a time: in what the file itself says, in its tables, and on its pages."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.page_tables import page_tables
from cogdoc.engines.protocol import Engine, FieldCandidate
from cogdoc.errors import InputError, TimeLimitError
from cogdoc.fields.field import NUMERIC, Field, FieldType, Leaf
from cogdoc.parsing.page import Page
from cogdoc.query.column_matching import wording_match
from cogdoc.query.printed_values import Style, ValueContext
from cogdoc.query.segments import view_page
from cogdoc.query.table import DataTable, TableOrigin
from cogdoc.results.field_result import FieldResult, HowFound, Missing, OtherReading
from cogdoc.results.flags import Flag
from cogdoc.results.record_model import BoxTuple
from cogdoc.tasks.answer_values import context_at, page_style
from cogdoc.tasks.extraction.conversion import Converted, convert
from cogdoc.tasks.extraction.known_values import Known, KnownMatch, match_known
from cogdoc.tasks.extraction.line_items import TableReading, read_lines
from cogdoc.tasks.searched_pages import SearchedPages

LOW_CONFIDENCE = 0.5
"""Values below it are flagged: they are more often wrong than right."""

SURE_CONFIDENCE = 0.8
"""A text of another type is the field's from here on; the reason is that nothing is found otherwise."""

MIN_CONFIDENCE = 0.05
"""A candidate below it is no value, even if it is the only one of the type."""

MIN_TITLE_MATCH = 0.5
"""How well the title of a list has to match a field."""

PLAIN_STYLE = Style(decimal_comma=False, day_first=True)
"""How data for programs is written."""

_SEPARATORS = re.compile(r"\s*[,;，、；\n]\s*")


@dataclass
class FieldSearch:
    """The search for the fields of one document. Thread-safe."""

    engine: Engine
    pages: SearchedPages
    known: Known
    page_count: int
    top_pages: int
    _seen: dict[int, Page] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def searched(self) -> list[Page]:
        """The pages that some field was searched on, in their order."""
        return [self._seen[number] for number in sorted(self._seen)]

    def find(self, leaf: Leaf) -> FieldResult:
        """The value of a field, or why there is none."""
        pages = self._best_pages(leaf.field)
        style = page_style(pages)
        match leaf.field.type:
            case FieldType.TABLE:
                result = self._find_table(leaf.field, pages, style)
            case FieldType.LIST:
                result = self._find_list(leaf.field, pages, style)
            case _:
                result = self._find_value(leaf.field, pages, style)
        return result.model_copy(update={"name": leaf.name})

    def _best_pages(self, wanted: Field) -> list[Page]:
        words = [*wanted.wordings, *(wording for column in wanted.fields for wording in column.wordings[:1])]
        pages = self.pages.get(self.pages.rank(" ".join(words), self.top_pages))
        with self._lock:
            self._seen.update((page.number, page) for page in pages)
        return pages

    def _find_value(self, wanted: Field, pages: Sequence[Page], style: Style) -> FieldResult:
        known = self._known_value(wanted, style)
        if known is not None and known.page is not None:
            return known  # where a page shows it
        printed = self._printed_value(wanted, pages, style)
        return printed if known is None else compared(known, printed)

    def _printed_value(self, wanted: Field, pages: Sequence[Page], style: Style) -> FieldResult:
        candidates = self.engine.find_field(wanted, pages, self.page_count)
        first: FieldResult | None = None
        for index, candidate in enumerate(candidates):
            if index and _below(candidate.confidence, MIN_CONFIDENCE):
                break
            converted = convert(wanted, candidate.text, self._context(candidate, pages, style))
            result = _result(wanted, candidate, converted)
            if result.found:
                return result
            if not _below(candidate.confidence, SURE_CONFIDENCE):
                first = first or result
        return first or missing(wanted)

    def _context(self, candidate: FieldCandidate, pages: Sequence[Page], style: Style) -> ValueContext:
        evidence = candidate.evidence
        return context_at([(evidence.page, evidence.box)] if evidence is not None else (), pages, style)

    def _known_value(self, wanted: Field, style: Style) -> FieldResult | None:
        """What the file itself says; None if it says nothing about the field."""
        for match in match_known(wanted, self.known.values):
            is_xml = match.value.how is HowFound.EMBEDDED_XML
            context = ValueContext(PLAIN_STYLE, match.value.currency) if is_xml else ValueContext(style)
            result = _known_result(wanted, match, convert(wanted, match.value.text, context))
            if result.found:
                return result
        return None

    def _find_table(self, wanted: Field, pages: Sequence[Page], style: Style) -> FieldResult:
        reading = read_lines(wanted, list(self._tables(pages)))
        printed = missing(wanted) if reading is None else _table_result(wanted, reading, pages, style)
        stated = read_lines(wanted, self.known.tables)
        if stated is None:
            return printed
        known = _table_result(wanted, stated, (), PLAIN_STYLE, HowFound.EMBEDDED_XML)
        return compared_tables(known, printed) if known.found else printed

    def _find_list(self, wanted: Field, pages: Sequence[Page], style: Style) -> FieldResult:
        assert wanted.item is not None
        item = replace(wanted.item, labels=wanted.labels, name=wanted.name)
        texts = list(self._listed(item, pages))
        if not texts:
            single = self._printed_value(Field(wanted.name, labels=wanted.labels), pages, style)
            if single.text is None:
                return missing(wanted)
            parts = [part for part in _SEPARATORS.split(single.text) if part]
            texts = [(part, single.page, single.box) for part in parts]
        items: list[FieldResult] = []
        for text, page, box in texts:
            places = [(page, box)] if page is not None and box is not None else []
            converted = convert(item, text, context_at(places, pages, style))
            if converted.reason is None:
                items.append(
                    FieldResult(
                        name=str(len(items)),
                        type=item.type.value,
                        text=text,
                        value=converted.value,
                        typed=converted.typed,
                        confidence=LOW_CONFIDENCE,
                        how=HowFound.LABEL,
                        page=page,
                        box=box,
                    )
                )
        if not items:
            return missing(wanted, Missing.WRONG_TYPE, f"{texts[0][0]!r} is not of the type {item.type}")
        return FieldResult(
            name=wanted.name,
            type=wanted.type.value,
            value=[one.value for one in items],
            confidence=LOW_CONFIDENCE,
            how=HowFound.LABEL,
            page=items[0].page,
            box=items[0].box,
            items=tuple(items),
        )

    def _listed(self, item: Field, pages: Sequence[Page]) -> Iterator[tuple[str, int | None, BoxTuple | None]]:
        """The items of the list, or the cells of the column, that has the name of the field."""
        best: tuple[float, DataTable, int] | None = None
        for table in self._tables(pages):
            is_list = table.origin is TableOrigin.LIST
            headers = (
                [(0, table.title)] if is_list else list(enumerate(map(table.column_text, range(len(table.columns)))))
            )
            for column, header in headers:
                score = max((wording_match(wording, header) for wording in item.wordings), default=0.0)
                if score >= MIN_TITLE_MATCH and (best is None or score > best[0]):
                    best = score, table, column
        if best is None:
            return
        by_number = {page.number: page for page in pages}
        for row in best[1].cells:
            cell = row[best[2]]
            if cell is not None:
                yield cell.text, cell.page, displayed(cell.box, by_number.get(cell.page))

    def _tables(self, pages: Sequence[Page]) -> Iterator[DataTable]:
        for page in sorted(pages, key=lambda page: page.number):
            try:
                layout = page.layout()
            except (InputError, TimeLimitError):
                continue  # the others may have it
            yield from page_tables(view_page(layout))


def displayed(box: Box | None, page: Page | None) -> BoxTuple | None:
    """A box of the upright page on the page as displayed."""
    if box is None or page is None:
        return None
    x0, y0, x1, y1 = page.text().displayed(box)
    return x0, y0, x1, y1


def _below(confidence: float | None, limit: float) -> bool:
    return confidence is not None and confidence < limit


def missing(
    wanted: Field, reason: Missing = Missing.NOT_FOUND, message: str = "the document does not print it"
) -> FieldResult:
    return FieldResult(name=wanted.name, type=wanted.type.value, reason=reason, message=message)


def _result(wanted: Field, candidate: FieldCandidate, converted: Converted) -> FieldResult:
    evidence = candidate.evidence
    is_doubtful = converted.reason is None and _below(candidate.confidence, LOW_CONFIDENCE)
    return FieldResult(
        name=wanted.name,
        type=wanted.type.value,
        text=candidate.text,
        value=converted.value,
        typed=converted.typed,
        confidence=candidate.confidence if converted.reason is None else None,
        how=candidate.how,
        page=evidence.page if evidence is not None else None,
        label=evidence.label if evidence is not None else None,
        box=evidence.box if evidence is not None else None,
        reason=converted.reason,
        message=converted.message,
        flags=(*candidate.flags, *((Flag.LOW_CONFIDENCE.value,) if is_doubtful else ())),
    )


def _known_result(wanted: Field, match: KnownMatch, converted: Converted) -> FieldResult:
    known = match.value
    result = FieldResult(
        name=wanted.name,
        type=wanted.type.value,
        text=known.text,
        value=converted.value,
        typed=converted.typed,
        confidence=match.score if converted.reason is None else None,
        how=known.how,
        page=known.page,
        box=known.box,
        reason=converted.reason,
        message=converted.message,
    )
    if known.shown is None:
        return result
    shown = OtherReading(how=HowFound.LABEL, text=known.shown, page=known.page, box=known.box, agrees=False)
    return result.model_copy(update={"others": (shown,), "flags": (Flag.SOURCES_DISAGREE.value,)})


def compared(first: FieldResult, second: FieldResult) -> FieldResult:
    """The first result, with what the second source says; flagged if they disagree."""
    if second.how is None or second.text is None or not second.found:
        return first
    if _below(second.confidence, LOW_CONFIDENCE):
        return first
    agrees = _same(first, second)
    other = OtherReading(
        how=second.how, text=second.text, value=second.value, page=second.page, box=second.box, agrees=agrees
    )
    place = {"page": second.page, "label": second.label, "box": second.box} if agrees and first.box is None else {}
    flags = first.flags if agrees else (*first.flags, Flag.SOURCES_DISAGREE.value)
    return first.model_copy(update={"others": (*first.others, other), "flags": flags, **place})


def _same(first: FieldResult, second: FieldResult) -> bool:
    if isinstance(first.value, str) and isinstance(second.value, str):
        letters = ["".join(filter(str.isalnum, value)).casefold() for value in (first.value, second.value)]
        return letters[0] == letters[1]
    return first.value == second.value


def compared_tables(known: FieldResult, printed: FieldResult) -> FieldResult:
    """The rows that the file states, with how many the pages print; flagged if these are others."""
    if not printed.found or not isinstance(known.value, list) or not isinstance(printed.value, list):
        return known
    agrees = len(known.value) == len(printed.value)
    other = OtherReading(
        how=HowFound.TABLE,
        text=f"{len(printed.value)} rows",
        value=printed.value,
        page=printed.page,
        box=printed.box,
        agrees=agrees,
    )
    flags = known.flags if agrees else (*known.flags, Flag.SOURCES_DISAGREE.value)
    place = {"page": printed.page, "box": printed.box}
    return known.model_copy(update={"others": (other,), "flags": flags, **place})


def _table_result(
    wanted: Field, reading: TableReading, pages: Sequence[Page], style: Style, how: HowFound = HowFound.TABLE
) -> FieldResult:
    by_number = {page.number: page for page in pages}
    rows: list[tuple[FieldResult, ...]] = []
    for cells in reading.rows:
        row: list[FieldResult] = []
        for column, cell in zip(reading.columns, cells, strict=True):
            if cell is None:
                row.append(missing(column, message="the cell is empty"))
                continue
            quantity = cell.quantity
            context = ValueContext(style, quantity.unit, quantity.scale) if quantity else ValueContext(style)
            converted = convert(column, cell.text, context)
            row.append(
                FieldResult(
                    name=column.name,
                    type=column.type.value,
                    text=cell.text,
                    value=converted.value,
                    typed=converted.typed,
                    confidence=min(reading.score, cell.confidence),
                    how=how,
                    page=cell.page or None,
                    box=displayed(cell.box, by_number.get(cell.page)),
                    reason=converted.reason,
                    message=converted.message,
                )
            )
        rows.append(tuple(row))
    lacking = [column.name for column in reading.lacking]
    complete = [row for row in rows if _is_complete(row, reading)]
    remarks = [f"no column for {', '.join(lacking)}"] if lacking else []
    if left_out := len(rows) - len(complete):
        remarks.append(f"{left_out} row{'s' if left_out > 1 else ''} left out, without a number or a required value")
    if not complete:
        return missing(wanted, Missing.INVALID, "; ".join(remarks))
    return FieldResult(
        name=wanted.name,
        type=wanted.type.value,
        value=[{cell.name: cell.value for cell in row} for row in complete],
        confidence=reading.score,
        how=how,
        page=reading.page or None,
        box=displayed(reading.box, by_number.get(reading.page)),
        message="; ".join(remarks) or None,
        flags=(Flag.LOW_CONFIDENCE.value,) if reading.score < LOW_CONFIDENCE else (),
        rows=tuple(complete),
    )


def _is_complete(row: Sequence[FieldResult], reading: TableReading) -> bool:
    """Whether a row has all values that must not be null, and a number if numbers are asked for."""
    needed = {column.name for column in reading.columns if not column.nullable}
    numeric = {column.name for column in reading.columns if column.type in NUMERIC} - {
        column.name for column in reading.lacking
    }
    has_number = not numeric or any(cell.found for cell in row if cell.name in numeric)
    return has_number and all(cell.found for cell in row if cell.name in needed)
