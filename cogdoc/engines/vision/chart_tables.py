"""A chart read by CogVLM2 as a table, validated, and compared with the labels that the page literally has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.cogvlm2.decoding import GREEDY
from cogdoc.engines.builtin.charts.chart_labels import Label, labels_of
from cogdoc.engines.cogvlm2.vision_model import Looker, View
from cogdoc.engines.vision.generated_lines import GeneratedLine, generated_lines
from cogdoc.engines.vision.instructions import Task, instruction
from cogdoc.engines.vision.markdown_tables import Row, cells_of, delimited_rows, is_row, is_rule, plain
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.transcription import AGAIN
from cogdoc.parsing.numbers import Number, parse_number
from cogdoc.parsing.page_text import PageText
from cogdoc.results.records import Chart, ChartKind, ChartSeries, ChartValue

NO_VALUE = frozenset({"", "-", "–", "—", "n/a", "na", "none", "null", "?"})
"""What stands in a cell for which the chart shows nothing."""

_ABOUT = re.compile(r"^(?:[~≈∼]|ca?\.|about|approx\.?|约)\s*", re.IGNORECASE)
_TITLE_MARK = re.compile(r"^(?:#+\s*|\*\*)?(?:(?:chart )?title|caption|标题)\s*[::]\s*", re.IGNORECASE)
_YEAR = re.compile(r"(?:1[89]|20|21)\d\d")
_FENCE = re.compile(r"\s*(?:```|~~~).*")

# In the order in which they are looked for; "stacked" and "horizontal" stand before "bar" as words do.
_KINDS = (
    (re.compile(r"\bstacked (?:bar|column)|堆积(?:柱|条)", re.IGNORECASE), ChartKind.STACKED_BAR),
    (re.compile(r"\bhorizontal bar|水平条", re.IGNORECASE), ChartKind.HORIZONTAL_BAR),
    (re.compile(r"\bpie (?:chart|graph)|饼图|饼状图", re.IGNORECASE), ChartKind.PIE),
    (re.compile(r"\bline (?:chart|graph|plot)|折线图", re.IGNORECASE), ChartKind.LINE),
    (re.compile(r"\b(?:bar|column) (?:chart|graph)|柱状图|柱形图|条形图", re.IGNORECASE), ChartKind.BAR),
)


@dataclass(frozen=True, slots=True)
class ChartTable:
    """What a reply says: rows of equal length, whose first column names the categories."""

    title: str | None
    header: Row
    rows: tuple[Row, ...]
    values: tuple[tuple[Number | None, ...], ...]
    """Row by row, without the first column."""
    confidences: tuple[float, ...]
    """Of each row."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """A table's cells before they are looked at."""

    start: int
    """The line that it begins with."""
    header: Row
    rows: tuple[Row, ...]
    places: tuple[int, ...]
    """The line of each row."""


def read_chart(view: View, words: PageText, looker: Looker) -> Chart | None:
    """The table behind the chart that a view shows; None where the model gives no sound one in two attempts.

    Raises:
        TimeLimitError, TooLargeError, ResourceError: as `Looker.ask`.
    """
    asked = instruction(Task.CHART, words.text)
    for sampling in (GREEDY, AGAIN):
        said = looker.ask(view, asked, sampling, RepetitionGuard())
        if said.stopped or said.cut_off:
            continue
        if chart := to_chart(generated_lines(said, looker.reader.tokenizer), words):
            return chart
    return None


def to_chart(reply: Sequence[GeneratedLine], words: PageText) -> Chart | None:
    """The chart that a reply describes, its values compared with the numbers printed on the page."""
    table = parse_chart(reply)
    if table is None:
        return None
    return _chart(table, _kind("\n".join(line.text for line in reply), words), words)


def parse_chart(lines: Sequence[GeneratedLine]) -> ChartTable | None:
    """The table in a reply, with whatever text around it; None where it has none, or one that cannot be right.

    It is right if all rows have the same number of cells, and all values are numbers or left out, not all of them.
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
        confidences=tuple(lines[place].confidence for place in grid.places),
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
    places = tuple(place for place in range(*best) if not is_rule(texts[place]))
    if len(places) < 2:
        return None
    header, *rows = (cells_of(texts[place]) for place in places)
    return _Grid(best[0], header, tuple(rows), places[1:])


def _delimited_grid(texts: Sequence[str]) -> _Grid | None:
    """Values parted by commas and the like, which need not have a header."""
    found = delimited_rows(texts)
    if found is None:
        return None
    start, rows = found
    places = tuple(range(start, start + len(rows)))
    if any(_value(cell) is None or _YEAR.fullmatch(cell) for cell in rows[0][1:]):
        return _Grid(start, rows[0], tuple(rows[1:]), places[1:])
    return _Grid(start, ("",) * len(rows[0]), tuple(rows), places)


def _value(cell: str) -> Number | None:
    return parse_number(_ABOUT.sub("", cell))


def _title(before: Sequence[str]) -> str | None:
    """The line above the table, or one before it that is not just a phrase such as "Here is the table:"."""
    for text in reversed(before):
        title = plain(plain(_TITLE_MARK.sub("", text)).strip("# "))
        if title and not title.endswith((":", "：")):
            return title
    return None


def _kind(reply: str, words: PageText) -> ChartKind:
    """What the reply or the page calls the chart; the table itself does not tell."""
    for text in (reply, words.text):
        for pattern, kind in _KINDS:
            if pattern.search(text):
                return kind
    return ChartKind.UNKNOWN


def _chart(table: ChartTable, kind: ChartKind, words: PageText) -> Chart:
    printed = [label for label in labels_of(words.lines) if label.number is not None]
    doubt = 0.5 if printed else 1.0
    columns = [
        tuple(_checked_values(column, table.confidences, printed, doubt, words))
        for column in zip(*table.values, strict=True)
    ]
    numbers = [number for row in table.values for number in row if number is not None]
    confidences = [value.confidence for values in columns for value in values]
    across = "horizontal" in kind
    return Chart(
        kind=kind,
        title=table.title,
        x_title=None if across else table.header[0] or None,
        y_title=table.header[0] or None if across else None,
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
    doubt: float,
    words: PageText,
) -> Iterator[ChartValue]:
    """Values with the labels that say them, which are taken out of `printed`: each speaks for one value.

    A value that a label says is half as doubtful as the model was of it, and one that no label says is as sure as
    the model was, times `doubt`. What is printed at an axis counts as a label too: it cannot be told apart.
    """
    for number, confidence in zip(numbers, confidences, strict=True):
        if number is None:
            yield ChartValue(value=None, confidence=confidence)
            continue
        label = next((label for label in printed if _says(label, number)), None)
        if label is None:
            yield ChartValue(value=number.value, confidence=confidence * doubt)
            continue
        printed.remove(label)
        x0, y0, x1, y1 = words.displayed(label.box)
        yield ChartValue(value=number.value, text=label.text, confidence=(1 + confidence) / 2, box=(x0, y0, x1, y1))


def _says(label: Label, number: Number) -> bool:
    """The same value, or the same figures where only one of them has its scale word: "3.2bn" in a column of "bn"."""
    said = label.number
    assert said is not None
    same_figures = said.value / said.scale == number.value / number.scale and 1.0 in (said.scale, number.scale)
    return said.value == number.value or same_figures


def _unit(numbers: Sequence[Number]) -> str | None:
    if all(number.percent for number in numbers):
        return "%"
    currencies = {number.currency for number in numbers}
    return currencies.pop() if len(currencies) == 1 else None
