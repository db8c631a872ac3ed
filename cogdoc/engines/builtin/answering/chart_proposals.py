"""Proposes answers from charts: results of the question's tree on their tables, meanings of colors, and counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from cogdoc.engines.builtin.answering.computed_proposals import PERIODS, asks_period, places, proposal_of
from cogdoc.engines.builtin.answering.proposals import Proposal
from cogdoc.engines.builtin.charts.chart_tables import chart_table
from cogdoc.engines.builtin.charts.color_words import ColorWords, color_names, color_words, from_hexadecimal
from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.computed import Computed, Operand
from cogdoc.query.concepts import concepts_in
from cogdoc.query.execution import run
from cogdoc.query.fitted_model import Features
from cogdoc.query.grounding import phrase_of
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.question import Question
from cogdoc.query.question_readings import aggregates, readings
from cogdoc.query.row_sets import all_words
from cogdoc.query.segments import PageView
from cogdoc.query.table import DataCell, DataTable, Quantity
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.tree import (
    Aggregate,
    Aggregation,
    Asks,
    Comparator,
    Compare,
    Extreme,
    Filter,
    Growth,
    ListOf,
    Position,
    Query,
    Ratio,
    Select,
    Verify,
)
from cogdoc.query.typed_values import NUMERIC
from cogdoc.results.records import Chart

MEASURED_TOLERANCE = 0.015
"""Share by which a measured value may differ from the one that a question states."""

WHOLE = 100.0
"""Percent."""

MIN_NAMED = 0.5
"""Share of a name's words that a question contains if it names it."""

NO_QUANTITY = Quantity()

PageCharts = Mapping[int, Sequence[Chart]]
"""The charts of pages by page number."""


def propose_from_charts(matcher: Matcher, pages: Sequence[PageView], charts: PageCharts) -> Iterator[Proposal]:
    """Answers from the charts of these pages."""
    by_number = {page.number: page for page in pages}
    colors = color_words(matcher.question.text)
    shown = [
        (_upright(chart, by_number[number]), number)
        for number, found in charts.items()
        if number in by_number
        for chart in found
        if any(value.value is not None for series in chart.series for value in series.values)
    ]
    tables = [chart_table(chart, number, colors) for chart, number in shown]
    found: list[tuple[Computed, Features]] = []
    for query in _readings(matcher.question, tables):
        results = run(query, tables, matcher.question.kinds[0])
        compared = places(results)
        found += [pair for pair in zip(results, compared, strict=True) if _is_plausible(pair[0])]
    drawings = [_ChartQuestion(matcher, chart, table) for (chart, _), table in zip(shown, tables, strict=True)]
    if asked_colors := [color for drawing in drawings for color in drawing.colors()]:
        found = [(color, {}) for color in asked_colors]  # no value is a color
        drawings = []
    for drawing in drawings:
        own = [*drawing.counts(), *drawing.meanings(colors), *drawing.owners(), *drawing.verdicts()]
        found += [(result, {}) for result in own]
    for result, compared_features in found:
        yield from proposal_of(matcher, by_number, result, pages[0], compared_features)


def _upright(chart: Chart, page: PageView) -> Chart:
    """The chart, without the places of its marks on a turned page: a table needs those on the upright page."""
    text = page.layout.page_text
    if not text.turned and not text.skew and not text.bend:
        return chart
    series = tuple(
        one.model_copy(update={"values": tuple(value.model_copy(update={"box": None}) for value in one.values)})
        for one in chart.series
    )
    return chart.model_copy(update={"series": series})


def _readings(question: Question, tables: Sequence[DataTable]) -> Iterator[Query]:
    """What a question may mean: "how many deaths in 2019" may ask for a printed number instead of counting rows.

    "How much did sales grow in 2019" may ask for the value of 2019 in a chart of growth rates.
    """
    if _counted_marks(question.tree):  # not in the table: see `_ChartQuestion.counts`
        return
    plain = _without_marks(readings(question, tables)[0])
    if isinstance(plain, Extreme | Position) and _asks_value(question):
        plain = replace(plain, asks=Asks.VALUE)
    yield plain
    if isinstance(plain, Select):
        yield from aggregates(plain, question.text)
        yield from _most(plain)
    is_count = isinstance(plain, Aggregate) and plain.function is Aggregation.COUNT
    is_ratio = isinstance(plain, Ratio) and (plain.as_share or any(map(_shows_ratio, tables)))
    if is_count or is_ratio or (isinstance(plain, Growth) and not (plain.start and plain.end)):
        yield _without_marks(question.lookup)


def _most(query: Select) -> Iterator[Extreme]:
    """The highest, for "the main import partner"."""
    words = tokenize(query.words)
    main = [token for token in words if token.norm in load_lexicon().operations["main"]]
    if len(words) > 1 and main and query.where:
        rest = query.words[: main[0].start] + query.words[main[0].end :]
        yield Extreme(replace(query, words=" ".join(rest.split())), highest=True)


def _shows_ratio(table: DataTable) -> bool:
    """Whether a chart says that its values are ratios, so that "the ratio of debt to equity" may be one of them."""
    printed = fold_case(" ".join((table.title, *(text for header in table.columns for text in header))))
    return any(phrase in printed for phrase in load_lexicon().operations["ratio"])


def _asks_value(question: Question) -> bool:
    """Whether a question asks for a value rather than for a name: "the value of the lowest bar".

    "Which has the highest value" says with the same word what is compared.
    """
    if question.kinds[0] in NUMERIC:
        return True
    tree = question.tree
    select = tree.of if isinstance(tree, Extreme) and isinstance(tree.of, Select) else None
    is_compared = select is not None and not select.by and "value" in concepts_in(select.words)
    named = concepts_in(question.lookup.words)
    if select is not None and _words_of(select) <= _marks("marks", "series"):
        named |= concepts_in(question.text) & {"number"}  # "the number of the highest bar"
    return not is_compared and not named.isdisjoint({"value", "number"})


def _words_of(query: Select) -> frozenset[str]:
    return frozenset(token.norm for token in tokenize(all_words(query)))


def _is_plausible(result: Computed) -> bool:
    """Whether a result makes sense for a chart: nobody counts the one bar of 2019, or divides percentages."""
    match result.query:
        case Aggregate(of=Select() as counted, function=Aggregation.COUNT):
            are_periods = all(map(_is_period, (operand.cell for operand in result.operands)))
            is_whole = len(result.operands) == len(result.table.rows)
            return is_whole and (not are_periods or not PERIODS.isdisjoint(concepts_in(counted.words)))
        case Ratio(as_share=True):
            is_share = result.number is not None and result.number <= WHOLE
            return is_share and all((cell.cell.quantity or NO_QUANTITY).unit != "%" for cell in result.operands)
        case _:
            return True


def _is_period(cell: DataCell) -> bool:
    return cell.quantity is not None and cell.quantity.day is not None


def _without_marks(tree: Query) -> Query:
    """The tree without words for the marks of charts, which do not name what is shown: "bar B"."""

    def plain(part: Any) -> Any:
        if type(part) is str:
            for token in reversed(tokenize(part)):
                if token.norm in _marks("marks", "series"):
                    part = part[: token.start] + part[token.end :]
            return part.strip()
        if isinstance(part, tuple):
            return tuple(map(plain, part))
        return _without_marks(part) if isinstance(part, Query) else part

    return replace(tree, **{field.name: plain(getattr(tree, field.name)) for field in fields(tree)})


@cache
def _marks(*lists: str) -> frozenset[str]:
    words = (word for name in lists for word in load_lexicon().words.get(name, frozenset()))
    return frozenset(token.norm for word in words for token in tokenize(word))


def _counted_marks(tree: Query) -> frozenset[str]:
    """The words for marks, colors or series if a question counts nothing else."""
    if not (isinstance(tree, Aggregate) and isinstance(tree.of, Select)) or tree.function is not Aggregation.COUNT:
        return frozenset()
    counted = frozenset(token.norm for token in tokenize(tree.of.words))
    return counted if counted <= _marks("series") or counted <= _marks("marks") else frozenset()


@dataclass(frozen=True, slots=True)
class _ChartQuestion:
    """Questions about the drawing itself, which its table does not answer."""

    matcher: Matcher
    chart: Chart
    table: DataTable

    def counts(self) -> Iterator[Computed]:
        """ "How many bars are shown?", "How many colors are used?"."""
        counted = _counted_marks(self.matcher.question.tree)
        values = [value for series in self.chart.series for value in series.values if value.value is not None]
        if counted and counted <= _marks("series"):
            yield self._result(str(max(len(self.chart.series), len({value.color for value in values}))))
        elif counted:
            yield self._result(str(len(values)))

    def colors(self) -> Iterator[Computed]:
        """ "What is the color of X?"."""
        question = self.matcher.question
        lexicon, text = load_lexicons()[question.language], fold_case(question.text)
        if not any(phrase in text for phrase in lexicon.questions.get("color", ())):
            return
        words: dict[str, str] = {}
        for word, name in (pair for names in lexicon.values.get("colors", ()) for pair in names.items()):
            words.setdefault(name, word)
        if color := self._color_of_found():
            name = color_names(from_hexadecimal(color))[0]
            yield self._result(words.get(name, name).capitalize())
            return
        phrase, (first, *others) = phrase_of(text), self.chart.series
        named = [(series.name, series.color) for series in (first, *others)]
        if not others:
            marks = zip(self.chart.categories, first.values, strict=True)
            named = [(category, value.color or first.color) for category, value in marks]
        match, color = max((phrase.precision(name), color or "") for name, color in named)
        if color and match >= MIN_NAMED:
            name = color_names(from_hexadecimal(color))[0]
            yield self._result(words.get(name, name).capitalize())

    def _color_of_found(self) -> str | None:
        """The color of the bar that a superlative or a stated value finds: "which color has the highest bar"."""
        question = self.matcher.question
        cells: list[DataCell] = []
        tree = _without_marks(question.tree)
        if isinstance(tree, Extreme | Position):
            tree = replace(tree, asks=Asks.VALUE)
            cells = [operand.cell for result in run(tree, [self.table])[:1] for operand in result.operands]
        elif stated := [number.value for number in find_numbers(question.text)]:
            values = (cell for row in self.table.cells for cell in row[1:] if cell is not None)
            cells = [cell for cell in values if _is_value(cell, stated[0])]
        for cell in cells[:1]:
            for row, category in enumerate(self.table.cells):
                for series, other in zip(self.chart.series, category[1:], strict=True):
                    if other is cell:
                        return series.values[row].color or series.color
        return None

    def meanings(self, colors: ColorWords) -> Iterator[Computed]:
        """ "What does the blue bar represent?"."""
        question = self.matcher.question
        if not isinstance(question.tree, Select) or question.kinds[0] in NUMERIC:
            return
        if "value" in concepts_in(question.lookup.words):
            return
        for headers, is_row in ((self.table.columns, False), (self.table.rows, True)):
            for index, header in enumerate(headers):
                if len(header) > 1 and set(header[:-1]) & set(colors.names):
                    cells = [self.table.cells[index][0]] if is_row else [row[index] for row in self.table.cells]
                    yield self._result(header[-1], *cells)

    def owners(self) -> Iterator[Computed]:
        """ "Which country has a share of 21.1%?": the row and the column of the value that is stated."""
        question = self.matcher.question
        if not isinstance(question.tree, Select | Filter | ListOf) or question.kinds[0] in NUMERIC:
            return
        named = {
            token.norm for header in (*self.table.columns, *self.table.rows) for token in tokenize(" ".join(header))
        }
        numbers = [number for number in find_numbers(question.text) if number.text not in named]
        # "12.88 million" is 12.88 on an axis in millions.
        stated = [value for one in numbers for value in {one.value, one.value / one.scale}]
        for row, cells in enumerate(self.table.cells):
            for column, cell in enumerate(cells):
                if column and cell is not None and any(_is_value(cell, value) for value in stated):
                    yield from self._names(row, column, cell)

    def _names(self, row: int, column: int, cell: DataCell) -> Iterator[Computed]:
        """The row or the column of a cell, whichever the question does not name."""
        name = self.table.cells[row][0]
        # "Which religion" is none of the years, if there is another choice.
        is_other = len(self.table.columns) > 2 and name is not None and _is_period(name)
        is_other = is_other and not asks_period(self.matcher.question)
        headers = (
            () if is_other else self.table.rows[row],
            self.table.columns[column] if len(self.table.columns) > 2 else (),
        )
        named = [self.matcher.recall(self.matcher.covering(tokenize(" ".join(header)))) for header in headers]
        for header, own, other in zip(headers, named, reversed(named), strict=True):
            if header and own <= other:
                yield replace(self._result(header[-1], cell), words=0.5 + 0.5 * other)

    def verdicts(self) -> Iterator[Computed]:
        """ "Is there a value of 52 in the blue bars?"."""
        question = self.matcher.question
        stated = [number.value for number in find_numbers(question.text)]
        if not isinstance(question.tree, Verify) or len(stated) != 1:
            return
        named = [
            column
            for column in range(1, len(self.table.columns))
            if self.matcher.covering(tokenize(self.table.column_text(column)))
        ]
        cells = [row[column] for row in self.table.cells for column in named or range(1, len(self.table.columns))]
        equal = [cell for cell in cells if cell is not None and _is_value(cell, stated[0])]
        verdict = bool(equal) is not question.tree.negated
        query = Compare(Select(""), question.tree.statement, Comparator.EQUAL, question.tree.negated)
        yield replace(self._result("Yes" if verdict else "No", *equal), query=query)

    def _result(self, text: str, *cells: DataCell | None) -> Computed:
        operands = tuple(Operand(cell.text, cell) for cell in cells if cell is not None)
        return Computed(
            text=text, quantity=None, query=self.matcher.question.tree, table=self.table, operands=operands,
            formula="", columns=1.0, rows=1.0, words=1.0,
        )  # fmt: skip


def _is_value(cell: DataCell, stated: float) -> bool:
    number = cell.quantity.number if cell.quantity is not None else None
    tolerance = MEASURED_TOLERANCE if cell.measured else 1e-6
    return number is not None and abs(number - stated) <= tolerance * max(abs(stated), 1e-9)
