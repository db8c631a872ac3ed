"""Which pictures of pages a record is shown with."""

from __future__ import annotations

from cogdoc.results.certainty import Certainty
from cogdoc.results.html.field_view import field_areas
from cogdoc.results.html.marks import places_of
from cogdoc.results.page_picture import PageArea
from cogdoc.results.records import Answer, AnswerRecord, AnyRecord, ChartRecord, ExtractRecord, PageRecord

PLACES = ("found", "operand")
PLACES_TO_CHECK = (*PLACES, "other")


def needs_checking(answer: Answer) -> bool:
    """Whether other possible answers are worth a look: there is none, or it is doubtful."""
    return not answer.found or answer.certainty is Certainty.UNSURE


def areas_of(record: AnyRecord) -> tuple[PageArea, ...]:
    """The pictures that a record is shown with."""
    if record.error is not None:
        return ()
    if isinstance(record, AnswerRecord):
        answer = record.answer
        if answer is None:
            return ()
        kinds = PLACES_TO_CHECK if needs_checking(answer) else PLACES
        pages = (place.page for place in places_of(answer, "") if place.box is not None and place.kind in kinds)
        return tuple(map(PageArea, dict.fromkeys(pages)))
    if isinstance(record, ExtractRecord):
        return tuple(dict.fromkeys(field_areas(record.fields)))
    if isinstance(record, ChartRecord):
        if record.page is None or record.chart is None:
            return ()
        return (PageArea(record.page.number, record.chart.box),)
    if isinstance(record, PageRecord) and record.page is not None:
        return (PageArea(record.page.number),)
    return ()
