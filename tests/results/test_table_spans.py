"""A cell without a box is covered by the cell to its left or above whose box extends over it."""

from __future__ import annotations

from cogdoc.results.record_model import BoxTuple
from cogdoc.results.records import TableCell, TableResult
from cogdoc.results.tables.spans import Span, spans_of


def table(*rows: tuple[tuple[str, BoxTuple | None], ...]) -> TableResult:
    return TableResult(rows=tuple(tuple(TableCell(text=text, box=box) for text, box in row) for row in rows))


TWO_STUBS = table(
    (("Name", (0, 0, 10, 20)), ("Unit", (10, 0, 20, 20)), ("Value", (20, 0, 40, 10)), ("", None)),
    (("", None), ("", None), ("low", (20, 10, 30, 20)), ("high", (30, 10, 40, 20))),
    (("a", (0, 20, 10, 30)), ("m", (10, 20, 20, 30)), ("1", (20, 20, 30, 30)), ("2", (30, 20, 40, 30))),
)


def test_neighbouring_cells_can_each_span_rows() -> None:
    assert spans_of(TWO_STUBS)[0] == [Span(0, 0, 1, 2), Span(0, 1, 1, 2), Span(0, 2, 2, 1)]
    assert spans_of(TWO_STUBS)[1] == [Span(1, 2), Span(1, 3)]


def test_cell_beside_a_covered_slot_does_not_span_it() -> None:
    spans = spans_of(
        table(
            (("1401", (0, 0, 10, 10)), ("2013", (10, 0, 20, 10)), ("both", (20, 0, 30, 20))),
            (("1410", (0, 10, 10, 20)), ("2014", (10, 10, 20, 20)), ("", None)),
        )
    )
    assert spans == [[Span(0, 0), Span(0, 1), Span(0, 2, 1, 2)], [Span(1, 0), Span(1, 1)]]


def test_cell_can_span_rows_and_columns() -> None:
    spans = spans_of(
        table(
            (("big", (0, 0, 20, 20)), ("", None), ("a", (20, 0, 30, 10))),
            (("", None), ("", None), ("b", (20, 10, 30, 20))),
            (("1", (0, 20, 10, 30)), ("2", (10, 20, 20, 30)), ("3", (20, 20, 30, 30))),
        )
    )
    assert spans[:2] == [[Span(0, 0, 2, 2), Span(0, 2)], [Span(1, 2)]]


def test_sideways_table_has_the_same_spans() -> None:
    sideways = TableResult(
        rows=tuple(
            tuple(
                TableCell(text=cell.text, box=cell.box and (cell.box[1], -cell.box[2], cell.box[3], -cell.box[0]))
                for cell in row
            )
            for row in TWO_STUBS.rows
        )
    )
    assert spans_of(sideways) == spans_of(TWO_STUBS)


def test_cells_without_boxes_span_nothing() -> None:
    spans = spans_of(table((("a", None), ("", None)), (("", None), ("b", None))))
    assert spans == [[Span(0, 0), Span(0, 1)], [Span(1, 0), Span(1, 1)]]


def test_column_in_which_no_narrow_cell_begins_is_covered() -> None:
    spans = spans_of(
        table(
            (("a", (0, 0, 30, 10)), ("", None), ("", None), ("b", (30, 0, 40, 10))),
            (("c", (0, 10, 10, 20)), ("d", (10, 10, 20, 20)), ("e", (20, 10, 40, 20)), ("", None)),
        )
    )
    assert spans == [[Span(0, 0, 3), Span(0, 3)], [Span(1, 0), Span(1, 1), Span(1, 2, 2)]]


def test_a_table_without_rows_or_columns_has_no_cells() -> None:
    assert spans_of(table()) == []
    assert spans_of(table((), ())) == [[], []]
