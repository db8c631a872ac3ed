"""Scores of tables, and tests of pages."""

from __future__ import annotations

import pytest

from cogdoc.evaluation.metrics import adjacency_f1, passes, teds
from cogdoc.evaluation.metrics.table_markup import find_tables, parse_html

QUARTERS = "| | Q1 | Q2 |\n|---|---|---|\n| Sales | 10 | 20 |\n| Costs | 7 | 8 \\| 9 |\n"
SPANNING = (
    "<table><thead><tr><th rowspan=2>Region<th colspan=2>2023</tr><tr><th>H1<th>H2</tr></thead>"
    "<tbody><tr><td>North<td>1<td>2</tr></tbody></table>"
)


def test_a_pipe_table_is_read_cell_by_cell() -> None:
    (table,) = find_tables(f"text\n\n{QUARTERS}\nmore | text on one line\n")
    assert table.texts() == [["", "Q1", "Q2"], ["Sales", "10", "20"], ["Costs", "7", "8 | 9"]]


def test_spanning_cells_fill_their_slots_and_show_their_text_once() -> None:
    (table,) = find_tables(SPANNING)
    assert table.texts() == [["Region", "2023", ""], ["", "H1", "H2"], ["North", "1", "2"]]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ({"cell": "20", "left": "10", "up": "Q2"}, True),
        ({"cell": "20", "left_heading": "Sales", "top_heading": "Q2"}, True),
        ({"cell": "20", "down": "7"}, False),
        ({"cell": "20", "top_heading": "Q1"}, False),
        ({"cell": "30"}, False),
    ],
)
def test_a_cell_is_identified_by_its_neighbors(test: dict[str, str], expected: bool) -> None:
    assert passes({"type": "table", **test}, QUARTERS) is expected


def test_a_heading_above_several_columns_belongs_to_each() -> None:
    for cell in ("1", "2"):
        assert passes({"type": "table", "cell": cell, "top_heading": "2023"}, SPANNING)
    assert not passes({"type": "table", "cell": "North", "top_heading": "2023"}, SPANNING)


def test_an_empty_page_contains_no_text() -> None:
    assert not passes({"type": "present", "text": "two words"}, "\n")
    assert passes({"type": "absent", "text": "two words"}, "\n")
    assert not passes({"type": "baseline"}, "\n")


def test_order_allows_max_diffs_differences() -> None:
    page = "# Intro\n\nthe secnd part\n\nthe third part"
    test = {"type": "order", "before": "the second part", "after": "the third part"}
    assert not passes(test, page)
    assert passes({**test, "max_diffs": 2}, page)


def test_an_unknown_type_of_test_is_an_error() -> None:
    with pytest.raises(ValueError, match="smell"):
        passes({"type": "smell"}, "x")


def test_end_tags_of_cells_and_rows_may_be_missing() -> None:
    table = parse_html("<table><tr><td>a<td>b<tr><td>c</table>after").elements[0]
    assert [[cell.text for cell in row.elements] for row in table.elements] == [["a", "b"], ["c"]]


def test_teds_charges_text_by_edit_distance_and_structure_fully() -> None:
    answer = "<table><tr><td>ab</td><td>cd</td></tr></table>"
    assert teds(answer, answer) == 1
    assert teds("<table><tr><td>ab</td><td>cx</td></tr></table>", answer) == pytest.approx(1 - 0.5 / 3)
    assert teds("<table><tr><td>ab</td></tr></table>", answer) == pytest.approx(1 - 1 / 3)
    assert teds("<table><tr><td>ab</td><td>cx</td></tr></table>", answer, structure_only=True) == 1
    assert teds("<p>ab cd</p>", answer) == 0


def test_teds_can_ignore_tags() -> None:
    answer = "<table><tr><td>ab</td></tr></table>"
    bold = "<table><tr><td><b>ab</b></td></tr></table>"
    assert teds(bold, answer) < 1
    assert teds(bold, answer, ignored_tags=frozenset({"b"})) == 1


def test_adjacency_ignores_empty_columns_but_not_swapped_cells() -> None:
    answer = [["", "Q1", "Q2"], ["Sales", "10", "20"]]
    assert adjacency_f1([["", "", "Q1", "Q2"], ["Sales", "", "10", "20"]], answer) == 1
    assert adjacency_f1([["", "Q1", "Q2"], ["Sales", "20", "10"]], answer) < 0.5
    assert adjacency_f1([], answer) == 0
