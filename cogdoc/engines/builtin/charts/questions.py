"""Answers questions about a chart from its table: look-ups, extremes, counts, arithmetic, comparisons, colours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cogdoc.engines.builtin.charts.colors import color_names, from_hexadecimal, named_colors
from cogdoc.engines.builtin.charts.comparisons import judged
from cogdoc.engines.builtin.charts.matching import Cell, Subject, cells_of, subject_of, tokens
from cogdoc.engines.builtin.charts.operations import (
    Operation,
    asks_less,
    computed,
    counted_of,
    extremes_of,
    formatted,
    gap_extreme_of,
    operation_of,
    ranked,
    threshold_of,
)
from cogdoc.engines.builtin.charts.types import ColoredValue
from cogdoc.results.types import Answer, Chart, Evidence
from cogdoc.words.numbers import find_numbers
from cogdoc.words.types import Line

_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)\b|是否|吗[?？]?$|是不是", re.I
)
_VALUES = (
    r"percent\w*|shares?|numbers?|amounts?|proportions?|values?|totals?|rates?|difference|sum|ratio|average|median|"
    r"figure|level|count|quantity|revenues?|sales|price|cost|gdp|population|income|points?|size|bar|score|index"
)
_ASKS_VALUE = re.compile(
    rf"\bhow (?:many|much)\b|\bwhich is the \w+ (?:{_VALUES})\b|\bwhat (?:{_VALUES})\b|"
    rf"\bwhat(?:'s| is| was| are| were)?\s+(?:the\s+|an?\s+)?(?!name\b|year\b|country\b)"
    rf"(?:[\w-]+\s+){{0,2}}?(?:{_VALUES})\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\bwhich\b|^\W*(?:who|whose|when|where)\b|\b(?:in|from|at|for|to|on) what\b|"
    rf"^\W*what (?!(?:is|was|are|were|'s|did|does|do|has|had|{_VALUES})\b)\w+|"
    r"\bwhat(?:'s| is| was| are| were) (?:\w+['’]s? )?(?:the |\w+['’]s )?"
    r"(?:name|year|country|month|(?:\w+ )?(?:(?:most|least) \w+|leading|major|main|top|dominant|largest|biggest))\b|"
    r"哪|谁|什么时候|何时",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}?(?:year|month|quarter|date|day|period|decade|season|years|months)\b|\bwhen\b|"
    r"\bthe year\b(?! \d)|哪一?[年月天]|何时",
    re.IGNORECASE,
)
_ASKS_SERIES = re.compile(r"\b(?:line|curve|series|legend)\b", re.IGNORECASE)
_COLOR_ASKED = re.compile(r"\b(?:what|which)(?:'s| is| are)?(?: the)? colou?r\b|\bcolou?r of\b|什么颜色", re.IGNORECASE)
_REPRESENTS = re.compile(
    r"\brepresent|\bindicat|\bdenote|\bstands? for|\bshown (?:in|by)|\bshows?\b|\bdepict|\bmean\b|代表|表示", re.I
)
_POSITION = re.compile(
    r"\b(?P<first>first|left\s?-?most|lefmost|earliest|topmost|upmost)\b|\b(?P<last>last|right\s?-?most|latest|bottommost|recent)\b",
    re.I,
)
_FEW = {"two": 2, "three": 3, "four": 4, "five": 5, "2": 2, "3": 3, "4": 4, "5": 5}
_RANGE = re.compile(r"\b(?:from|between)\b.*\b(?:to|and|until|through)\b|\bthrough\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:FY\s?)?(?:1[5-9]|20)\d\d|\d\d/\d\d|'?\d\d")

_CERTAIN, _COMPUTED, _LIKELY, _GUESS = 0.9, 0.75, 0.55, 0.3


def answer_chart_question(chart: Chart, question: str, lines: Sequence[Line] = ()) -> Answer | None:
    """The answer to `question` from the chart's table, None where the question is not about it.

    `lines` are the words around the chart. Evidence boxes are those of the marks, in the chart's coordinates;
    their page is given as 1 and is for the caller to set. The confidence falls where names were only hinted at
    or where values were measured.
    """
    if not cells_of(chart):
        return None
    subject = subject_of(chart, _without_bound(question))
    firm = subject if subject.certain else subject_of(chart, _without_bound(question), hints=False)
    for attempt in (_color, _yes_or_no, _count, _arithmetic, _choice, _extreme, _position, _inverse, _look_up):
        found = attempt(chart, question, firm if attempt in (_count, _extreme, _inverse) else subject)
        if found is not None:
            text, confidence, cells = found
            return _answer(chart, question, text, confidence if subject.certain else 0.75 * confidence, cells)
    del lines
    return None


_Found = tuple[str, float, Sequence[Cell]]


def _answer(chart: Chart, question: str, text: str, confidence: float, cells: Iterable[Cell]) -> Answer:
    used = list(cells)
    sure = min((cell.printed.confidence for cell in used), default=1.0)
    evidence = tuple(
        Evidence(page=1, label="1", box=cell.printed.box, text=_row_text(chart, cell))
        for cell in used[:8]
        if cell.printed.box is not None
    )
    return Answer(question=question, text=text, confidence=round(confidence * sure, 3), evidence=evidence)


def _asks_name(question: str) -> bool:
    """Whether a name (a year, a country, a series) is asked for, rather than a number."""
    if re.search(r"\brepresents?\b|\bstands? for\b", question, re.IGNORECASE):
        return True
    return _ASKS_NAME.search(question) is not None and _ASKS_VALUE.search(question) is None


def _row_text(chart: Chart, cell: Cell) -> str:
    parts = (chart.series[cell.series].name, chart.categories[cell.category], _printed(cell))
    return " | ".join(part for part in parts if part)


def _printed(cell: Cell) -> str:
    """The value as printed, without the percent sign, currency and grouping that a number is compared without."""
    number = find_numbers(cell.printed.text or "")
    decimals = number[0].decimals if len(number) == 1 else 0
    if len(number) == 1 and number[0].scale != 1.0 and cell.printed.text:
        return cell.printed.text
    return formatted(cell.value, max(decimals, _decimals([cell])))


def _decimals(cells: Iterable[Cell]) -> int:
    """Decimals that the values themselves carry, four at most."""
    return max((len(f"{cell.value:.4f}".rstrip("0").split(".")[1]) for cell in cells), default=0)


def _without_bound(question: str) -> str:
    """The question without a number that values are compared with, so that it is not taken for a name."""
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


def _color(chart: Chart, question: str, subject: Subject) -> _Found | None:
    """ "What does the blue bar represent?" and "What is the color of X?"."""
    if _COLOR_ASKED.search(question) and not named_colors(question, _all_colors(chart)):
        cell = next(iter(subject.cells), None)
        if cell is None or not (subject.series or subject.categories):
            return None
        color = chart.series[cell.series].color
        if isinstance(cell.printed, ColoredValue) and len(chart.series) == 1:
            color = cell.printed.color
        return (color_names(from_hexadecimal(color))[0].capitalize(), _COMPUTED, [cell]) if color else None
    numeric = re.search(r"\b(?:value|how many|how much|percent\w*|average|sum|number)\b", question, re.I)
    if not subject.by_color or numeric or _YES_NO.search(question) or extremes_of(question):
        return None
    if not _REPRESENTS.search(question) and "color" not in question.lower():
        return None
    cell = subject.cells[0] if subject.cells else None
    if cell is None:
        return None
    name = chart.series[cell.series].name if len(chart.series) > 1 else chart.categories[cell.category]
    return (name, _CERTAIN, [cell]) if name else None


def _all_colors(chart: Chart) -> list[tuple[int, int, int]]:
    own = [series.color for series in chart.series]
    own += [cell.printed.color for cell in cells_of(chart) if isinstance(cell.printed, ColoredValue)]
    return [from_hexadecimal(color) for color in sorted({color for color in own if color})]


def _yes_or_no(chart: Chart, question: str, subject: Subject) -> _Found | None:
    if not _YES_NO.search(question):
        return None
    if " or " in question.lower() and len(subject.categories) + len(subject.series) >= 2:
        return None
    verdict = judged(chart, question, subject)
    chinese = re.search(r"[\u4e00-\u9fff]", question) is not None
    yes, no = ("是", "否") if chinese else ("Yes", "No")
    if verdict is None:
        return yes, _GUESS, []
    return (yes if verdict else no), _COMPUTED, list(subject.cells[:8])


def _count(chart: Chart, question: str, subject: Subject) -> _Found | None:
    what = counted_of(question)
    bound = threshold_of(question)
    asks_number = re.search(r"\bhow many\b|多少|几", question, re.IGNORECASE)
    if bound is not None and asks_number and (what or len(subject.cells) > 1):
        above, limit = bound
        kept = [cell for cell in subject.cells if (cell.value > limit if above else cell.value < limit)]
        return str(len(kept)), _COMPUTED if what else _LIKELY, kept
    if what is None or operation_of(question) is Operation.DIFFERENCE:
        return None
    if what.startswith(("color", "colour", "line", "legend", "series", "variable")):
        own = {cell.printed.color for cell in subject.cells if isinstance(cell.printed, ColoredValue)}
        return str(max(len(chart.series), len(own))), _COMPUTED, []
    if what.startswith(("bar", "value", "point", "dot", "data", "segment")):
        return str(len(subject.cells)), _COMPUTED, []
    if not subject.categories and not subject.series:
        if chart.kind == "line" and not what.startswith(("year", "month", "quarter")):
            return str(len(chart.series)), _LIKELY, []
        return str(len(chart.categories)), _LIKELY, []
    return None


def _arithmetic(chart: Chart, question: str, subject: Subject) -> _Found | None:
    operation = operation_of(question)
    if operation is None and re.search(r"\baverage\b", question, re.IGNORECASE) and len(subject.categories) > 1:
        operation = Operation.AVERAGE
    if operation is None:
        return None
    if operation is Operation.DIFFERENCE and (found := _widest_gap(chart, question, subject)) is not None:
        return found
    cells = operands(chart, question, subject, operation)
    value = computed(operation, [cell.value for cell in cells])
    if value is None:
        return None
    decimals = 2 if operation in (Operation.AVERAGE, Operation.RATIO, Operation.MEDIAN) else _decimals(cells)
    return formatted(value, decimals), _COMPUTED, cells


def operands(chart: Chart, question: str, subject: Subject, operation: Operation) -> list[Cell]:
    """The cells that an operation is to be done on, in the order in which the question names them."""
    few = _few(chart, question, subject)
    if few:
        return few
    found = [
        cell
        for high, rank in extremes_of(question)
        if (cell := ranked(subject.cells, high=high, rank=rank)) is not None
    ]
    if len(found) >= 2:
        return found
    cells = list(subject.cells)
    if len(subject.categories) >= 2 and operation is not Operation.DIFFERENCE and _RANGE.search(question):
        cells = _range(chart, subject, cells)
    if operation in (Operation.DIFFERENCE, Operation.RATIO):
        return _pair(chart, subject, cells)
    return cells


def _pair(chart: Chart, subject: Subject, cells: list[Cell]) -> list[Cell]:
    """Two cells to compare, in the question's order."""
    if len(subject.categories) >= 2:
        one = subject.series[0] if subject.series else 0
        chosen = [c for i in subject.categories[:2] for c in cells if c.category == i and c.series == one]
        return chosen if len(chosen) == 2 else cells
    if len(subject.series) >= 2 or len(chart.series) == 2:
        order = subject.series[:2] if len(subject.series) >= 2 else (0, 1)
        place = subject.categories[0] if subject.categories else None
        chosen = [c for i in order for c in cells if c.series == i and place in (None, c.category)]
        return chosen if len(chosen) == 2 else cells
    if len(cells) > 2:
        highest, lowest = ranked(cells, high=True, rank=1), ranked(cells, high=False, rank=1)
        return [cell for cell in (highest, lowest) if cell is not None]
    return cells


def _range(chart: Chart, subject: Subject, cells: list[Cell]) -> list[Cell]:
    first, last = min(subject.categories), max(subject.categories)
    return [
        cell
        for cell in cells_of(chart)
        if first <= cell.category <= last and (not subject.series or cell.series in subject.series)
    ] or cells


def _few(chart: Chart, question: str, subject: Subject) -> list[Cell]:
    """ "The last two bars", "the two smallest segments"."""
    number = rf"(?P<n>{'|'.join(_FEW)})"
    match = re.search(rf"\b(?P<what>first|last|top|bottom|\w+est|left ?most|right ?most) {number}\b", question, re.I)
    match = match or re.search(
        rf"\b{number} (?P<what>first|last|top|bottom|\w+est|left ?most|right ?most)\b", question, re.I
    )
    if match is None:
        return []
    count, what = _FEW[match["n"].lower()], match["what"].lower()
    if what.endswith("est") or what in ("top", "bottom"):
        high = what == "top" or any(high for high, _ in extremes_of(what))
        return sorted(subject.cells, key=lambda cell: cell.value, reverse=high)[:count]
    ordered = sorted(subject.cells, key=lambda cell: (cell.series, cell.category))
    del chart
    return ordered[:count] if what.startswith(("first", "left")) else ordered[-count:]


def _widest_gap(chart: Chart, question: str, subject: Subject) -> _Found | None:
    """The category where two series lie farthest apart or closest together, or how far."""
    highest = gap_extreme_of(question)
    names = subject.series if len(subject.series) >= 2 else tuple(range(len(chart.series)))
    if len(names) != 2 or highest is None or subject.categories:
        return None
    by_place = {(cell.series, cell.category): cell for cell in cells_of(chart)}
    pairs = [
        (by_place[names[0], c], by_place[names[1], c])
        for c in range(len(chart.categories))
        if (names[0], c) in by_place and (names[1], c) in by_place
    ]
    if not pairs:
        return None
    ordered = sorted(pairs, key=lambda pair: abs(pair[0].value - pair[1].value), reverse=highest)
    one, other = ordered[0]
    if _asks_name(question):
        return chart.categories[one.category], _COMPUTED, [one, other]
    return formatted(abs(one.value - other.value), _decimals([one, other])), _COMPUTED, [one, other]


def _choice(chart: Chart, question: str, subject: Subject) -> _Found | None:
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
            return (chart.series[best].name if of_series else chart.categories[best]), _COMPUTED, []
    return None


def _extreme(chart: Chart, question: str, subject: Subject) -> _Found | None:
    extremes = extremes_of(question)
    if not extremes or not subject.cells:
        return None
    high, rank = extremes[0]
    if len(subject.cells) == 1 and subject.categories and not subject.by_color:
        return None
    cells = list(subject.cells)
    if len(subject.categories) >= 2 and _RANGE.search(question):
        cells = _range(chart, subject, cells)
    cell = ranked(cells, high=high, rank=rank)
    if cell is None:
        return None
    if not _asks_name(question):
        return _printed(cell), _COMPUTED, [cell]
    name = _name_of(chart, question, subject, cell, high=high)
    return (name, _COMPUTED, [cell]) if name else None


def _name_of(chart: Chart, question: str, subject: Subject, cell: Cell, *, high: bool) -> str:
    """The name of a cell along the dimension that the question asks for."""
    years = _has_years(chart)
    if len(chart.series) == 1:
        return chart.categories[cell.category]
    if _ASKS_TIME.search(question):
        of_series = not years and all(_YEAR.match(series.name) for series in chart.series)
        return chart.series[cell.series].name if of_series else chart.categories[cell.category]
    if len(subject.categories) == 1 or (_ASKS_SERIES.search(question) and not subject.series):
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


def _position(chart: Chart, question: str, subject: Subject) -> _Found | None:
    match = _POSITION.search(question)
    if match is None or subject.categories or not subject.cells:
        return None
    ordered = sorted(subject.cells, key=lambda cell: cell.category)
    cell = ordered[0] if match["first"] else ordered[-1]
    if _asks_name(question):
        return chart.categories[cell.category], _LIKELY, [cell]
    return _printed(cell), _LIKELY, [cell]


def _inverse(chart: Chart, question: str, subject: Subject) -> _Found | None:
    """The name that goes with a value which the question states."""
    if not _asks_name(question):
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
            return name, _COMPUTED, [cell]
    return None


def _other_name(chart: Chart, question: str, subject: Subject, cell: Cell) -> str:
    """Of a cell's series and category the one that the question does not state itself."""
    series, category = chart.series[cell.series].name, chart.categories[cell.category]
    if len(chart.series) == 1 or _ASKS_TIME.search(question) or cell.series in subject.series:
        return category
    return series if cell.category in subject.categories or _has_years(chart) else category


def _has_years(chart: Chart) -> bool:
    """Whether the categories are years or other dates."""
    return sum(_YEAR.match(name) is not None for name in chart.categories) > 0.6 * len(chart.categories)


def _is_value(cell: Cell, stated: float) -> bool:
    tolerance = 1e-6 if cell.printed.text else 0.015
    return abs(cell.value - stated) <= tolerance * max(1e-9, abs(stated))


def _look_up(chart: Chart, question: str, subject: Subject) -> _Found | None:
    """The value at the series and category that the question names; the latest or largest one failing these."""
    cells = list(subject.cells)
    if not cells:
        return None
    if _asks_name(question):
        return _named_thing(chart, question, subject)
    if len(cells) == 1:
        return _printed(cells[0]), _CERTAIN, cells
    if subject.categories:
        last = subject.categories[-1]
        here = [cell for cell in cells if cell.category == last]
        cell = _likeliest(chart, question, here or cells)
        return _printed(cell), _LIKELY, [cell]
    years = _has_years(chart)
    if years:
        latest = _latest(chart)
        here = [cell for cell in cells if cell.category == latest] or cells
        cell = _likeliest(chart, question, here)
        return _printed(cell), _GUESS, [cell]
    largest = max(cells, key=lambda cell: cell.value)
    return _printed(largest), _GUESS, [largest]


def _likeliest(chart: Chart, question: str, cells: Sequence[Cell]) -> Cell:
    """Of several series' values the one whose name shares most with the question, else the first."""
    words = set(tokens(question))
    return max(cells, key=lambda cell: len(words & set(tokens(chart.series[cell.series].name))))


def _latest(chart: Chart) -> int:
    def year(index: int) -> float:
        numbers = find_numbers(chart.categories[index])
        return numbers[-1].value if numbers else -1.0

    return max(range(len(chart.categories)), key=year)


def _named_thing(chart: Chart, question: str, subject: Subject) -> _Found | None:
    """A "which" question without a superlative: most likely it means the largest one."""
    if subject.by_color and subject.cells:
        cell = subject.cells[0]
        name = chart.series[cell.series].name if len(chart.series) > 1 else chart.categories[cell.category]
        return (name, _LIKELY, [cell]) if name else None
    high = not asks_less(question)
    largest = ranked(subject.cells, high=high, rank=1)
    if largest is None:
        return None
    name = _name_of(chart, question, subject, largest, high=high)
    return (name, _GUESS, [largest]) if name else None
