"""What the page shows of a record, beside the record itself: marks on pictures, and where they lead."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import Answer, Candidate, ChartRecord, PageRecord


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on a page, and the element that it belongs to."""

    key: str
    """Elements with the same key are lit together."""
    box: BoxTuple
    kind: str
    """found, operand, other, area, cell or value: how it is drawn."""
    name: str
    """What it is, for those who do not see it."""
    target: str | None = None
    """The id of the element that it leads to."""
    label: str | None = None
    """What is written beside it."""
    shift: int = 0
    """How many others at the same place are labelled before it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a page that an answer comes from."""

    key: str
    page: int
    label: str
    box: BoxTuple | None
    text: str
    kind: str


def candidates_of(answer: Answer) -> list[Candidate]:
    """The answers that were considered instead, first the one that was withheld."""
    withheld = [answer.withheld] if answer.withheld is not None else []
    return [*withheld, *(other for other in answer.alternatives if other not in withheld)]


def places_of(answer: Answer, key: str) -> list[Place]:
    """All places that an answer names: where it is printed, what it is computed from, and other possible answers.

    Args:
        key: the beginning of the places' keys.
    """
    places = [
        Place(f"{key}-e{index}", found.page, found.label, found.box, found.text, "found")
        for index, found in enumerate(answer.evidence)
    ]
    keys = {(place.page, place.box): place.key for place in places}
    labels = {place.page: place.label for place in places}
    for index, operand in enumerate(answer.operands):
        name = keys.setdefault((operand.page, operand.box), f"{key}-o{index}")
        label = labels.get(operand.page, str(operand.page))
        places.append(Place(name, operand.page, label, operand.box, f"{operand.label}: {operand.text}", "operand"))
    for index, other in enumerate(candidates_of(answer)):
        found = other.evidence
        if found is not None:
            name = keys.setdefault((found.page, found.box), f"{key}-a{index}")
            places.append(Place(name, found.page, found.label, found.box, other.text, "other"))
    return places


def chart_marks(record: ChartRecord, key: str) -> list[Mark]:
    """The marks of a chart's values on its picture."""
    marks: list[Mark] = []
    if record.chart is None:
        return marks
    for column, series in enumerate(record.chart.series):
        for row, value in enumerate(series.values):
            if value.box is not None:
                name = ", ".join(filter(None, (series.name, record.chart.categories[row])))
                marks.append(Mark(f"{key}-{row}-{column}", value.box, "value", name, f"{key}-{row}-{column}"))
    return marks


def block_marks(record: PageRecord, key: str) -> list[Mark]:
    """The boxes of a page's blocks, and of the cells of its tables."""
    marks: list[Mark] = []
    for index, block in enumerate(record.blocks):
        name = f"{key}-{index}"
        marks.append(Mark(name, block.box, "area", block.kind, name))
        if block.table is None:
            continue
        for row, cells in enumerate(block.table.rows):
            for column, cell in enumerate(cells):
                if cell.box is not None and cell.text:
                    marks.append(Mark(f"{name}-{row}-{column}", cell.box, "cell", cell.text, name))
    return marks
