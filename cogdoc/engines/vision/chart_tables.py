"""Reads a chart with a vision model as a table, validates it, and compares it with the labels in the page text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.engines.vision.generated_lines import GeneratedLine, generated_lines
from cogdoc.engines.vision.instructions import Instructions, Task
from cogdoc.engines.vision.markdown_tables import Row, cells_of, delimited_rows, is_row, is_rule, plain
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.vision_model import FinishReason, PageImage, VisionModel
from cogdoc.parsing.numbers import Number, parse_number
from cogdoc.parsing.page_text import PageText
from cogdoc.parsing.picture_labels import Label, labels_of
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue

NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "?"})
"""Content of a cell for which the chart shows no value."""

_APPROXIMATELY = re.compile(r"^(?:[~≈∼]|ca?\.|about|approx\.?|约)\s*", re.IGNORECASE)
_TITLE_PREFIX = re.compile(r"^(?:#+\s*|\*\*)?(?:(?:chart )?title|caption|标题)\s*[:：]\s*", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[89]|20|21)\d\d")
_FENCE = re.compile(r"\s*(?:```|~~~).*")

# In the order in which they are searched for: "stacked bar" and "horizontal bar" before "bar".
_KINDS = (
    (re.compile(r"\bstacked (?:bar|column)|堆积(?:柱|条)", re.IGNORECASE), ChartKind.STACKED_BAR),
    (re.compile(r"\bhorizontal bar|水平条", re.IGNORECASE), ChartKind.HORIZONTAL_BAR),
    (re.compile(r"\bpie (?:chart|graph)|饼图|饼状图", re.IGNORECASE), ChartKind.PIE),
    (re.compile(r"\bline (?:chart|graph|plot)|折线图", re.IGNORECASE), ChartKind.LINE),
    (re.compile(r"\b(?:bar|column) (?:chart|graph)|柱状图|柱形图|条形图", re.IGNORECASE), ChartKind.BAR),
)


@dataclass(frozen=True, slots=True)
class ChartTable:
    """The table in a reply: rows of equal length, whose first column names the categories."""

    title: str | None
    header: Row
    rows: tuple[Row, ...]
    values: tuple[tuple[Number | None, ...], ...]
    """Row by row, without the first column."""
    confidences: tuple[float, ...]
    """One for each row."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """A table's cells before they are validated."""

    start: int
    """Index of its first line."""
    header: Row
    rows: tuple[Row, ...]
    line_indices: tuple[int, ...]
    """One for each row."""


def read_chart(
    image: PageImage,
    page_text: PageText,
    model: VisionModel,
    time_limit: float,
    instructions: Instructions = Instructions(),  # noqa: B008  immutable
) -> Chart | None:
    """The data of the chart in an image; None if the model generates no valid table in two attempts.

    Raises:
        TimeLimitError, TooLargeError, ResourceError: see `VisionModel.generate`.
    """
    request = instructions.for_page(Task.CHART, page_text.text)
    for sampling in (instructions.sampling, instructions.retry_sampling):
        generation = model.generate([image], request.prompt, request.options(time_limit, sampling, RepetitionGuard()))
        if generation.finish_reason is not FinishReason.STOP:
            continue
        if chart := to_chart(generated_lines(generation), page_text):
            return chart
    return None


def to_chart(reply: Sequence[GeneratedLine], page_text: PageText) -> Chart | None:
    """The chart that a reply describes, its values compared with the numbers printed on the page."""
    table = parse_chart(reply)
    if table is None:
        return None
    return _chart(table, _kind("\n".join(line.text for line in reply), page_text), page_text)


def parse_chart(lines: Sequence[GeneratedLine]) -> ChartTable | None:
    """The table in a reply, which may have text around it; None if there is no valid one.

    A table is valid if all rows have the same number of cells, each value is a number or left out, and at least one is
    a number.
    """
    lines = [line for line in lines if line.text and not _FENCE.fullmatch(line.text)]
    texts = [line.text for line in lines]
    grid = _markdown_grid(texts) or _delimited_grid(texts)
    if grid is None or len(grid.header) < 2 or any(len(row) != len(grid.header) for row in grid.rows):
        return None
    values = tuple(tuple(_value(cell) for cell in row[1:]) for row in grid.rows)
    cells = [cell for row in grid.rows for cell in row[1:]]
    numbers = [number for row in values for number in row]
    no_numbers = {cell.casefold() for cell, number in zip(cells, numbers, strict=True) if number is None}
    if no_numbers - NO_VALUE or not any(numbers):
        return None
    return ChartTable(
        title=_title(texts[: grid.start]),
        header=grid.header,
        rows=grid.rows,
        values=values,
        confidences=tuple(lines[index].confidence for index in grid.line_indices),
    )


def _markdown_grid(texts: Sequence[str]) -> _Grid | None:
    """The longest run of lines with bars."""
    best = (0, 0)
    start = 0
    while start < len(texts):
        end = start
        while end < len(texts) and (is_row(texts[end]) or is_rule(texts[end])):
            end += 1
        if end - start > best[1] - best[0]:
            best = start, end
        start = end + 1
    indices = tuple(index for index in range(*best) if not is_rule(texts[index]))
    if len(indices) < 2:
        return None
    header, *rows = (cells_of(texts[index]) for index in indices)
    return _Grid(best[0], header, tuple(rows), indices[1:])


def _delimited_grid(texts: Sequence[str]) -> _Grid | None:
    """The longest run of comma-separated values or similar, with or without a header."""
    run = delimited_rows(texts)
    if run is None:
        return None
    start, rows = run
    indices = tuple(range(start, start + len(rows)))
    if any(_value(cell) is None or _YEAR.fullmatch(cell) for cell in rows[0][1:]):
        return _Grid(start, rows[0], tuple(rows[1:]), indices[1:])
    return _Grid(start, ("",) * len(rows[0]), tuple(rows), indices)


def _value(cell: str) -> Number | None:
    return parse_number(_APPROXIMATELY.sub("", cell))


def _title(before: Sequence[str]) -> str | None:
    """The nearest line above the table that is not a phrase such as "Here is the table:"."""
    for text in reversed(before):
        title = plain(plain(_TITLE_PREFIX.sub("", text)).strip("# "))
        if title and not title.endswith((":", "：")):
            return title
    return None


def _kind(reply: str, page_text: PageText) -> ChartKind:
    """The kind of chart that the reply or the page names; it does not follow from the table."""
    for text in (reply, page_text.text):
        for pattern, kind in _KINDS:
            if pattern.search(text):
                return kind
    return ChartKind.UNKNOWN


def _chart(table: ChartTable, kind: ChartKind, page_text: PageText) -> Chart:
    printed = [label for label in labels_of(page_text.lines) if label.number is not None]
    unconfirmed_factor = 0.5 if printed else 1.0
    columns = [
        tuple(_checked_values(column, table.confidences, printed, unconfirmed_factor, page_text))
        for column in zip(*table.values, strict=True)
    ]
    numbers = [number for row in table.values for number in row if number is not None]
    confidences = [value.confidence for values in columns for value in values]
    horizontal = "horizontal" in kind
    return Chart(
        kind=kind,
        title=table.title,
        x_title=None if horizontal else table.header[0] or None,
        y_title=table.header[0] or None if horizontal else None,
        unit=_unit(numbers),
        categories=tuple(row[0] for row in table.rows),
        series=tuple(
            ChartSeries(name=name, values=values) for name, values in zip(table.header[1:], columns, strict=True)
        ),
        measured=False,
        confidence=sum(confidences) / len(confidences),
    )


def _checked_values(
    numbers: Sequence[Number | None],
    confidences: Sequence[float],
    printed: list[Label],
    unconfirmed_factor: float,
    page_text: PageText,
) -> Iterator[ChartValue]:
    """Values with the labels that confirm them, which are removed from `printed`: a label confirms one value.

    A label halves the distance of the model's confidence from 1; without one, the confidence is multiplied by
    `unconfirmed_factor`. The numbers at an axis count as labels too, since they look the same.
    """
    for number, confidence in zip(numbers, confidences, strict=True):
        if number is None:
            yield ChartValue(value=None, confidence=confidence)
            continue
        label = next((label for label in printed if _has_value(label, number)), None)
        if label is None:
            yield ChartValue(value=number.value, confidence=confidence * unconfirmed_factor)
            continue
        printed.remove(label)
        x0, y0, x1, y1 = page_text.displayed(label.box)
        yield ChartValue(value=number.value, text=label.text, confidence=(1 + confidence) / 2, box=(x0, y0, x1, y1))


def _has_value(label: Label, number: Number) -> bool:
    """Whether the values agree, even if only one of them has a scale word: "3.2bn" in a column of "bn"."""
    printed = label.number
    assert printed is not None
    if printed.value == number.value:
        return True
    return printed.value / printed.scale == number.value / number.scale and 1.0 in (printed.scale, number.scale)


def _unit(numbers: Sequence[Number]) -> str | None:
    if all(number.percent for number in numbers):
        return "%"
    currencies = {number.currency for number in numbers}
    return currencies.pop() if len(currencies) == 1 else None
