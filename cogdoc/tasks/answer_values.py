"""The value of an answer, with the unit and the scale of the table cells that it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.page_tables import page_tables
from cogdoc.errors import CogdocError
from cogdoc.parsing.page import Page
from cogdoc.query.grid_tables import NO_NOTE, unit_note
from cogdoc.query.printed_values import Style, ValueContext, read_value, style_of
from cogdoc.query.question_parser import parse_question
from cogdoc.query.segments import view_page
from cogdoc.query.typed_values import ValueKind
from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import Answer, Chart
from cogdoc.tasks.cell_values import cells_in_context

NO_VALUES = frozenset(
    {
        *(ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.IDENTIFIER),
        *(ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE, ValueKind.ADDRESS, ValueKind.YES_OR_NO),
    }
)
"""Types of answers that are no values, even if they consist of digits."""

UNSCALED = frozenset({"count", "streak", "ratio"})
"""Operations whose results have neither the unit nor the scale of their operands, unless the text says so."""


def with_value(answer: Answer, pages: Sequence[Page]) -> Answer:
    """The answer with its value, if it is a number, amount, percentage, date or duration."""
    if not _has_value(answer):
        return answer
    style = page_style(pages)
    places = () if _is_unscaled(answer) else _places(answer)
    return _in_context(answer, context_at(places, pages, style))


def page_style(pages: Iterable[Page]) -> Style:
    """How pages print their values."""
    return style_of(line.text for page in pages for line in page.text().lines)


def context_at(places: Iterable[tuple[int, BoxTuple]], pages: Sequence[Page], style: Style) -> ValueContext:
    """What is known about a value that is printed at some of the places, page numbers with boxes as displayed."""
    by_number = {page.number: page for page in pages}
    contexts = (_context_at(by_number.get(page), box, style) for page, box in places)
    return next((found for found in contexts if found is not None), ValueContext(style))


def with_chart_value(answer: Answer, charts: Sequence[Chart]) -> Answer:
    """The same for an answer from charts."""
    if not _has_value(answer):
        return answer
    units = {chart.unit for chart in charts}
    unit, scale = NO_NOTE if len(units) != 1 or _is_unscaled(answer) else unit_note(f"({units.pop() or ''})")
    return _in_context(answer, ValueContext(unit=unit, scale=scale))


def _has_value(answer: Answer) -> bool:
    text = answer.text
    return (
        text is not None and read_value(text) is not None and parse_question(answer.question).kinds[0] not in NO_VALUES
    )


def _in_context(answer: Answer, context: ValueContext) -> Answer:
    return answer.model_copy(update={"value": read_value(answer.text or "", context)})


def _is_unscaled(answer: Answer) -> bool:
    return not UNSCALED.isdisjoint(_operations(answer.query))


def _operations(query: object) -> frozenset[str]:
    """The names of the operations of a query and of those in it."""
    if not isinstance(query, Mapping):
        return frozenset()
    named = {str(value) for key, value in query.items() if key in ("operation", "function")}
    return frozenset(named.union(*map(_operations, query.values())))


def _places(answer: Answer) -> Iterator[tuple[int, BoxTuple]]:
    for operand in answer.operands:
        if operand.box is not None:
            yield operand.page, operand.box
    for evidence in answer.evidence:
        yield evidence.page, evidence.box


def _context_at(page: Page | None, place: BoxTuple, style: Style) -> ValueContext | None:
    """What the headers of a table say about a place on a page as displayed; None if it is in no table."""
    if page is None:
        return None
    try:
        layout = page.layout()
    except CogdocError:
        return None
    x, y = Box(*place).center
    cells = cells_in_context(page_tables(view_page(layout, rank=0)), style)
    return next((context for box, _, context in cells if page.text().displayed(box).contains_point(x, y)), None)
