"""Answers questions about a chart from its table: look-ups, extremes, counts, arithmetic, comparisons, colors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cogdoc.engines.builtin.charts.arithmetic import arithmetic, range_between
from cogdoc.engines.builtin.charts.colors import color_names, from_hexadecimal, named_colors
from cogdoc.engines.builtin.charts.comparisons import is_statement_true
from cogdoc.engines.builtin.charts.intents import (
    asks_color,
    asks_meaning,
    asks_name,
    asks_series,
    asks_time,
    has_years,
    is_year,
    is_yes_or_no,
    names_range,
    position_of,
    uses_chart_terms,
)
from cogdoc.engines.builtin.charts.matching import (
    CERTAIN,
    COMPUTED,
    GUESS,
    HINT_FACTOR,
    LIKELY,
    Cell,
    ChartAnswer,
    Subject,
    cells_of,
    content_words,
    subject_of,
    tokens,
)
from cogdoc.engines.builtin.charts.operations import (
    Operation,
    asks_less,
    counted_of,
    extremes_of,
    operation_of,
    ranked_cell,
    threshold_of,
    value_text,
)
from cogdoc.parsing.numbers import find_numbers
from cogdoc.parsing.page_text import Line
from cogdoc.results.records import Answer, Chart, Evidence
from cogdoc.text import has_han


def answer_chart_question(chart: Chart, question: str, lines: Sequence[Line] = ()) -> Answer | None:
    """The answer to `question` from the chart's table; None if the question is not about the chart.

    `lines` are the words on and around the chart. A question that shares no word with them is answered only if it
    uses the terms of charts ("the highest", "how many bars"). Evidence boxes are those of the marks, in the chart's
    coordinates; their page is 1, which the caller replaces. The confidence is lower if the question only hints at
    a name, or if values were measured.
    """
    if not cells_of(chart):
        return None
    subject = subject_of(chart, _without_bound(question))
    named = subject if subject.certain else subject_of(chart, _without_bound(question), hints=False)
    for attempt in (_color, _yes_or_no, _count, arithmetic, _choice, _extreme, _position, _inverse, _look_up):
        result = attempt(chart, question, named if attempt in (_count, _extreme, _inverse) else subject)
        if result is not None:
            text, confidence, cells = result
            if confidence <= GUESS and not _is_related(chart, question, lines):
                return None
            return _answer(chart, question, text, confidence if subject.certain else HINT_FACTOR * confidence, cells)
    return None


def _is_related(chart: Chart, question: str, lines: Iterable[Line]) -> bool:
    """Whether a question shares a word with the chart or its surroundings, or uses the terms of charts."""
    titles = [text for text in (chart.title, chart.x_title, chart.y_title) if text]
    names = [*chart.categories, *(series.name for series in chart.series)]
    known = {word for text in (*titles, *names, *(line.text for line in lines)) for word in content_words(text)}
    return bool(known & set(content_words(question))) or uses_chart_terms(question)


def _answer(chart: Chart, question: str, text: str, confidence: float, cells: Iterable[Cell]) -> Answer:
    used = list(cells)
    value_confidence = min((cell.printed.confidence for cell in used), default=1.0)
    evidence = tuple(
        Evidence(page=1, label="1", box=cell.printed.box, text=_row_text(chart, cell))
        for cell in used[:8]
        if cell.printed.box is not None
    )
    return Answer(question=question, text=text, confidence=round(confidence * value_confidence, 3), evidence=evidence)


def _row_text(chart: Chart, cell: Cell) -> str:
    parts = (chart.series[cell.series].name, chart.categories[cell.category], value_text(cell))
    return " | ".join(part for part in parts if part)


def _without_bound(question: str) -> str:
    """The question without the number that values are compared with, which could be mistaken for a name."""
    bound = threshold_of(question)
    if bound is None:
        return question
    return next(
        (
            question[: number.start] + " " + question[number.end :]
            for number in find_numbers(question)
            if number.value == bound[1]
        ),
        question,
    )


def _color(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """ "What does the blue bar represent?" and "What is the color of X?"."""
    if asks_color(question) and not named_colors(question, _all_colors(chart)):
        cell = next(iter(subject.cells), None)
        if cell is None or not (subject.series or subject.categories):
            return None
        color = chart.series[cell.series].color
        if cell.printed.color and len(chart.series) == 1:
            color = cell.printed.color
        return ChartAnswer(color_names(from_hexadecimal(color))[0].capitalize(), COMPUTED, [cell]) if color else None
    numeric = re.search(r"\b(?:value|how many|how much|percent\w*|average|sum|number)\b", question, re.I)
    if not subject.by_color or numeric or is_yes_or_no(question) or extremes_of(question):
        return None
    if not asks_meaning(question) and "color" not in question.lower():
        return None
    cell = subject.cells[0] if subject.cells else None
    if cell is None:
        return None
    name = chart.series[cell.series].name if len(chart.series) > 1 else chart.categories[cell.category]
    return ChartAnswer(name, CERTAIN, [cell]) if name else None


def _all_colors(chart: Chart) -> list[tuple[int, int, int]]:
    colors = [series.color for series in chart.series]
    colors += [cell.printed.color for cell in cells_of(chart) if cell.printed.color]
    return [from_hexadecimal(color) for color in sorted({color for color in colors if color})]


def _yes_or_no(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    if not is_yes_or_no(question):
        return None
    if " or " in question.lower() and len(subject.categories) + len(subject.series) >= 2:
        return None
    verdict = is_statement_true(chart, question, subject)
    yes, no = ("是", "否") if has_han(question) else ("Yes", "No")
    if verdict is None:
        return ChartAnswer(yes, GUESS, [])
    return ChartAnswer((yes if verdict else no), COMPUTED, list(subject.cells[:8]))


def _count(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    what = counted_of(question)
    bound = threshold_of(question)
    asks_number = re.search(r"\bhow many\b|多少|几", question, re.IGNORECASE)
    if bound is not None and asks_number and (what or len(subject.cells) > 1):
        above, limit = bound
        counted = [cell for cell in subject.cells if (cell.value > limit if above else cell.value < limit)]
        return ChartAnswer(str(len(counted)), COMPUTED if what else LIKELY, counted)
    if what is None or operation_of(question) is Operation.DIFFERENCE:
        return None
    if what.startswith(("color", "colour", "line", "legend", "series", "variable")):
        mark_colors = {cell.printed.color for cell in subject.cells if cell.printed.color}
        return ChartAnswer(str(max(len(chart.series), len(mark_colors))), COMPUTED, [])
    if what.startswith(("bar", "value", "point", "dot", "data", "segment")):
        return ChartAnswer(str(len(subject.cells)), COMPUTED, [])
    if not subject.categories and not subject.series:
        if chart.kind == "line" and not what.startswith(("year", "month", "quarter")):
            return ChartAnswer(str(len(chart.series)), LIKELY, [])
        return ChartAnswer(str(len(chart.categories)), LIKELY, [])
    return None


def _choice(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """ "Which is higher, A or B?"."""
    if " or " not in question.lower() and "还是" not in question:
        return None
    high = not asks_less(question)
    for names, of_series in ((subject.series, True), (subject.categories, False)):
        if len(names) < 2:
            continue
        means = {i: [c.value for c in subject.cells if (c.series if of_series else c.category) == i] for i in names}
        known = {i: sum(values) / len(values) for i, values in means.items() if values}
        if len(known) >= 2:
            best = (max if high else min)(known, key=lambda i: known[i])
            return ChartAnswer((chart.series[best].name if of_series else chart.categories[best]), COMPUTED, [])
    return None


def _extreme(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    extremes = extremes_of(question)
    if not extremes or not subject.cells:
        return None
    high, rank = extremes[0]
    if len(subject.cells) == 1 and subject.categories and not subject.by_color:
        return None
    cells = list(subject.cells)
    if len(subject.categories) >= 2 and names_range(question):
        cells = range_between(chart, subject, cells)
    cell = ranked_cell(cells, high=high, rank=rank)
    if cell is None:
        return None
    if not asks_name(question):
        return ChartAnswer(value_text(cell), COMPUTED, [cell])
    name = _name_of(chart, question, subject, cell, high=high)
    return ChartAnswer(name, COMPUTED, [cell]) if name else None


def _name_of(chart: Chart, question: str, subject: Subject, cell: Cell, *, high: bool) -> str:
    """The name of a cell along the dimension that the question asks for."""
    years = has_years(chart)
    if len(chart.series) == 1:
        return chart.categories[cell.category]
    if asks_time(question):
        of_series = not years and all(is_year(series.name) for series in chart.series)
        return chart.series[cell.series].name if of_series else chart.categories[cell.category]
    if len(subject.categories) == 1 or (asks_series(question) and not subject.series):
        return chart.series[cell.series].name
    if years and not subject.series:
        means = {}
        for i, series in enumerate(chart.series):
            values = [value.value for value in series.values if value.value is not None]
            if values and series.name:
                means[i] = sum(values) / len(values)
        if means:
            return chart.series[(max if high else min)(means, key=lambda i: means[i])].name
    return chart.categories[cell.category]


def _position(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    first = position_of(question)
    if first is None or subject.categories or not subject.cells:
        return None
    ordered = sorted(subject.cells, key=lambda cell: cell.category)
    cell = ordered[0] if first else ordered[-1]
    if asks_name(question):
        return ChartAnswer(chart.categories[cell.category], LIKELY, [cell])
    return ChartAnswer(value_text(cell), LIKELY, [cell])


def _inverse(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """The name of the cell with a value that the question states."""
    if not asks_name(question):
        return None
    named = {token for i in subject.categories for token in tokens(chart.categories[i])}
    for number in find_numbers(question):
        if number.text in named:
            continue
        matching = [cell for cell in cells_of(chart) if _is_value(cell, number.value)]
        inside = [cell for cell in matching if cell in subject.cells] or matching
        if not inside:
            continue
        cell = inside[0]
        name = _other_name(chart, question, subject, cell)
        if name:
            return ChartAnswer(name, COMPUTED, [cell])
    return None


def _other_name(chart: Chart, question: str, subject: Subject, cell: Cell) -> str:
    """The name of a cell's series or category, whichever the question does not state."""
    series, category = chart.series[cell.series].name, chart.categories[cell.category]
    if len(chart.series) == 1 or asks_time(question) or cell.series in subject.series:
        return category
    return series if cell.category in subject.categories or has_years(chart) else category


def _is_value(cell: Cell, stated: float) -> bool:
    tolerance = 1e-6 if cell.printed.text else 0.015
    return abs(cell.value - stated) <= tolerance * max(1e-9, abs(stated))


def _look_up(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """The value of the series and category that the question names; without names the latest or largest value."""
    cells = list(subject.cells)
    if not cells:
        return None
    if asks_name(question):
        return _name_without_superlative(chart, question, subject)
    if len(cells) == 1:
        return ChartAnswer(value_text(cells[0]), CERTAIN, cells)
    if subject.categories:
        last = subject.categories[-1]
        here = [cell for cell in cells if cell.category == last]
        cell = _likeliest(chart, question, here or cells)
        return ChartAnswer(value_text(cell), LIKELY, [cell])
    years = has_years(chart)
    if years:
        latest = _latest(chart)
        here = [cell for cell in cells if cell.category == latest] or cells
        cell = _likeliest(chart, question, here)
        return ChartAnswer(value_text(cell), GUESS, [cell])
    largest = max(cells, key=lambda cell: cell.value)
    return ChartAnswer(value_text(largest), GUESS, [largest])


def _likeliest(chart: Chart, question: str, cells: Sequence[Cell]) -> Cell:
    """The value of the series whose name shares the most words with the question; the first one of equals."""
    words = set(tokens(question))
    return max(cells, key=lambda cell: len(words & set(tokens(chart.series[cell.series].name))))


def _latest(chart: Chart) -> int:
    def year(index: int) -> float:
        numbers = find_numbers(chart.categories[index])
        return numbers[-1].value if numbers else -1.0

    return max(range(len(chart.categories)), key=year)


def _name_without_superlative(chart: Chart, question: str, subject: Subject) -> ChartAnswer | None:
    """The answer to a "which" question without a superlative: most likely it means the largest value."""
    if subject.by_color and subject.cells:
        cell = subject.cells[0]
        name = chart.series[cell.series].name if len(chart.series) > 1 else chart.categories[cell.category]
        return ChartAnswer(name, LIKELY, [cell]) if name else None
    high = not asks_less(question)
    largest = ranked_cell(subject.cells, high=high, rank=1)
    if largest is None:
        return None
    name = _name_of(chart, question, subject, largest, high=high)
    return ChartAnswer(name, GUESS, [largest]) if name else None
