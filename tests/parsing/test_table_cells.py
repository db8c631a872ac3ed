"""Cells built from a grid of straight lines contain whole phrases; some span several columns or rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Table, Word
from cogdoc.parsing.tables.table_building import build_table

HEIGHT = 10.0
LETTER = 5.0
SPACE = 3.0
Texts = Sequence[tuple[str, float, float]]
"""Phrases with the left edge and the top of their first word, in points."""


def words_of(texts: Texts) -> list[Word]:
    words = []
    for text, left, top in texts:
        x = left
        for part in text.split():
            words.append(Word(part, Box(x, top, x + LETTER * len(part), top + HEIGHT), 1.0))
            x += LETTER * len(part) + SPACE
    return words


def table_of(texts: Texts, column_lines: Sequence[float], row_lines: Sequence[float]) -> Table:
    box = Box(column_lines[0], row_lines[0], column_lines[-1], row_lines[-1])
    table = build_table(box, (tuple(column_lines), tuple(row_lines)), words_of(texts))
    assert table is not None
    return table


def rows(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def covered(table: Table) -> list[tuple[int, int]]:
    """Row and column of the cells that another one covers."""
    return [(r, c) for r, row in enumerate(table.rows) for c, cell in enumerate(row) if cell.box is None]


def test_cells_contain_the_words_inside_their_lines() -> None:
    texts = [("Item", 0, 0), ("Price", 100, 0), ("Blue tea", 0, 20), ("3.10", 100, 20)]
    table = table_of(texts, [0, 90, 200], [0, 15, 35])
    assert rows(table) == [["Item", "Price"], ["Blue tea", "3.10"]]
    assert covered(table) == []


def test_column_line_that_crosses_all_phrases_is_dropped() -> None:
    texts = [(f"{number} years", 0, 20.0 * number) for number in range(4)]
    texts += [(f"{number},000", 100, 20.0 * number) for number in range(4)]
    table = table_of(texts, [0, 7, 90, 200], [0, 15, 35, 55, 75])
    assert rows(table) == [[f"{number} years", f"{number},000"] for number in range(4)]


def test_title_printed_over_two_columns_spans_both() -> None:
    texts = [("Country", 0, 0), ("Share of all", 110, 0), ("1996", 100, 20), ("1993", 160, 20)]
    texts += [("Austria", 0, 40), ("59", 105, 40), ("54", 165, 40)]
    table = table_of(texts, [0, 90, 140, 200], [0, 15, 35, 55])
    assert rows(table) == [["Country", "Share of all", ""], ["", "1996", "1993"], ["Austria", "59", "54"]]
    assert covered(table) == [(0, 2), (1, 0)]
    title, stub = table.rows[0][1], table.rows[0][0]
    assert title.box == Box(90, 0, 200, 15)
    assert stub.box == Box(0, 0, 90, 35)


def test_title_centered_over_its_group_spans_the_group() -> None:
    texts = [("Male", 118, 0), ("Female", 233, 0), ("Rate", 0, 20)]
    texts += [("%", 105, 20), ("CI", 150, 20), ("%", 220, 20), ("CI", 270, 20)]
    texts += [("Found", 0, 40), ("39", 102, 40), ("47", 150, 40), ("37", 217, 40), ("44", 270, 40)]
    table = table_of(texts, [0, 90, 140, 200, 255, 300], [0, 15, 35, 55])
    assert rows(table)[0] == ["Rate", "Male", "", "Female", ""]
    assert covered(table) == [(0, 2), (0, 4), (1, 0)]


def test_groups_below_a_title_over_the_whole_table_do_not_include_the_first_column() -> None:
    texts = [("In thousands of pupils", 95, 0), ("Public", 130, 20), ("Private", 228, 20), ("Year", 0, 40)]
    for index, left in enumerate((100, 150, 205, 255)):
        texts += [(("low", "high")[index % 2], left, 40), (f"{index}5.4", left, 60)]
    table = table_of([*texts, ("1996", 0, 60)], [0, 90, 140, 195, 245, 300], [0, 15, 35, 55, 75])
    assert rows(table)[:2] == [["In thousands of pupils", "", "", "", ""], ["Year", "Public", "", "Private", ""]]


def test_titles_aligned_with_the_left_edge_of_their_groups_span_them() -> None:
    texts = [("Agencies", 100, 0), ("Persons", 250, 0)]
    for index, left in enumerate((100, 170, 250, 320)):
        texts += [(f"Month {index}", left, 20), (f"{index}.38", left, 40)]
    table = table_of([*texts, ("Manual", 0, 40)], [0, 90, 160, 240, 310, 390], [0, 15, 35, 55])
    assert rows(table)[0] == ["", "Agencies", "", "Persons", ""]
    assert covered(table) == [(0, 2), (0, 4), (1, 0)]


def test_group_title_in_one_grid_row_with_column_titles_gets_a_row_of_its_own() -> None:
    texts = [("Cycle", 0, 5), ("Percent saved", 100, 0), ("Speed", 100, 15), ("Idle", 150, 15)]
    texts += [("2012", 0, 40), ("5.9", 100, 40), ("9.5", 150, 40)]
    table = table_of(texts, [0, 90, 140, 200], [0, 30, 55])
    assert rows(table) == [["Cycle", "Percent saved", ""], ["", "Speed", "Idle"], ["2012", "5.9", "9.5"]]


def test_titles_centered_over_groups_in_one_grid_row_with_column_titles_span_the_groups() -> None:
    texts = [("Male", 128, 0), ("Female", 237, 0), ("Rate", 0, 6)]
    texts += [("%", 100, 12), ("95% CI", 150, 12), ("%", 215, 12), ("95% CI", 260, 12)]
    texts += [("Found", 0, 40), ("39", 98, 40), ("31 to 47", 146, 40), ("37", 213, 40), ("30 to 44", 256, 40)]
    table = table_of(texts, [0, 90, 117, 200, 232, 300], [0, 30, 55])
    assert rows(table)[:2] == [["Rate", "Male", "", "Female", ""], ["", "%", "95% CI", "%", "95% CI"]]
    assert covered(table) == [(0, 2), (0, 4), (1, 0)]


AMOUNTS = [("Revenue", "1,234", "1,100"), ("Cost of sales", "(987)", "(900)"), ("Net income", "247", "200")]


@pytest.mark.parametrize("sign", ["$", "€", "US$", "EUR"])
def test_column_of_currency_signs_belongs_to_the_numbers_behind_it(sign: str) -> None:
    texts = [("2023", 130, 0), ("2022", 210, 0)]
    for row, (name, one, two) in enumerate(AMOUNTS, start=1):
        texts += [(name, 0, 20 * row), (one, 155 - 5 * len(one), 20 * row), (two, 235 - 5 * len(two), 20 * row)]
        if row != 2:
            texts += [(sign, 100, 20 * row), (sign, 180, 20 * row)]
    table = table_of(texts, [0, 95, 118, 160, 178, 198, 240], [0, 15, 35, 55, 75])
    assert rows(table) == [
        ["", "2023", "2022"],
        ["Revenue", f"{sign} 1,234", f"{sign} 1,100"],
        ["Cost of sales", "(987)", "(900)"],
        ["Net income", f"{sign} 247", f"{sign} 200"],
    ]


@pytest.mark.parametrize(("unit", "other"), [("mm", "kg"), ("%", "%"), ("m²", "°C")])
def test_column_of_units_without_a_title_belongs_to_the_numbers_before_it(unit: str, other: str) -> None:
    texts = [("Part", 0, 0), ("Length", 100, 0), ("Mass", 200, 0)]
    for row, (name, one, two) in enumerate(AMOUNTS, start=1):
        texts += [(name, 0, 20 * row), (one, 128 - 5 * len(one), 20 * row), (unit, 140, 20 * row)]
        texts += [(two, 228 - 5 * len(two), 20 * row), (other, 240, 20 * row)]
    table = table_of(texts, [0, 90, 134, 180, 234, 260], [0, 15, 35, 55, 75])
    assert rows(table)[:2] == [["Part", "Length", "Mass"], ["Revenue", f"1,234 {unit}", f"1,100 {other}"]]


def test_column_of_units_with_a_title_stays() -> None:
    texts = [("Part", 0, 0), ("Length", 100, 0), ("Unit", 140, 0)]
    for row, (name, one, _) in enumerate(AMOUNTS, start=1):
        texts += [(name, 0, 20 * row), (one, 128 - 5 * len(one), 20 * row), ("mm", 140, 20 * row)]
    table = table_of(texts, [0, 90, 134, 180], [0, 15, 35, 55, 75])
    assert rows(table)[:2] == [["Part", "Length", "Unit"], ["Revenue", "1,234", "mm"]]


def test_titles_of_two_lines_in_one_grid_row_are_one_title() -> None:
    texts = [
        ("Unit", 103, 0),
        ("price", 100, 12),
        ("Tax", 153, 0),
        ("paid", 150, 12),
        ("Item", 0, 12),
        ("Sum", 202, 12),
    ]
    texts += [("Tea", 0, 40), ("3.10", 100, 40), ("0.31", 150, 40), ("3.41", 200, 40)]
    table = table_of(texts, [0, 90, 140, 190, 240], [0, 30, 55])
    assert rows(table)[0] == ["Item", "Unit price", "Tax paid", "Sum"]


def test_row_that_continues_in_lower_case_is_joined_to_the_row_above() -> None:
    texts = [("Question", 0, 0), ("Answers", 200, 0), ("Number of members", 0, 20), ("21", 200, 20)]
    texts += [("in the analysis", 0, 40), ("Number of companies", 0, 60), ("11", 200, 60)]
    table = table_of(texts, [0, 190, 260], [0, 15, 35, 55, 75])
    assert rows(table)[1:] == [["Number of members in the analysis", "21"], ["Number of companies", "11"]]


def test_table_in_lower_case_keeps_its_rows() -> None:
    names = ["apples", "pears", "plums", "grapes"]
    texts = [(name, 0, 20.0 * row) for row, name in enumerate(names)]
    texts += [(f"{row}", 100, 20.0 * row) for row in range(4)]
    table = table_of(texts, [0, 90, 200], [0, 15, 35, 55, 75])
    assert rows(table) == [[name, f"{row}"] for row, name in enumerate(names)]


def test_checklist_in_lower_case_keeps_its_rows() -> None:
    names = ["tells a story", "is about sport", "repeats words", "has rhymes"]
    texts = [("Which poem", 0, 0.0), ("A", 100, 0.0), ("B", 130, 0.0)]
    texts += [(name, 0, 14.0 * row) for row, name in enumerate(names, start=1)]
    table = table_of(texts, [0, 90, 120, 150], [-2, 12, 26, 40, 54, 68])
    assert rows(table) == [["Which poem", "A", "B"], *([name, "", ""] for name in names)]


def test_column_titles_that_continue_in_the_next_row_are_joined() -> None:
    texts = [("Group", 0, 7), ("Margin", 100, 0), ("Margin", 160, 0), ("Number", 220, 7)]
    texts += [("of error", 100, 12), ("of error", 160, 12)]
    texts += [("All", 0, 40), ("0.3", 100, 40), ("0.4", 160, 40), ("894", 220, 40)]
    table = table_of(texts, [0, 90, 150, 210, 280], [0, 11, 30, 55])
    assert rows(table) == [["Group", "Margin of error", "Margin of error", "Number"], ["All", "0.3", "0.4", "894"]]


def test_two_numbers_in_one_grid_row_become_two_rows_with_a_spanning_remark() -> None:
    texts = [("Bird", 0, 0), ("Date", 60, 0), ("Status", 150, 0)]
    texts += [("380", 0, 20), ("412", 0, 34), ("2012", 60, 20), ("2013", 60, 34)]
    texts += [("Had been captive", 150, 18), ("for one year", 150, 28), ("only then free", 150, 38)]
    table = table_of(texts, [0, 50, 140, 250], [0, 15, 50])
    remark = "Had been captive for one year only then free"
    assert rows(table) == [["Bird", "Date", "Status"], ["380", "2012", remark], ["412", "2013", ""]]
    assert covered(table) == [(2, 2)]


def test_leader_dots_do_not_join_a_label_to_its_number() -> None:
    texts = [("Ages", 0, 0), ("Share", 100, 0), ("All . . . . . . . . . . .", 0, 20), ("18.6", 100, 20)]
    table = table_of(texts, [0, 85, 150], [0, 15, 35])
    assert rows(table)[1] == ["All . . . . . . . . . . .", "18.6"]


def test_words_in_a_single_column_are_not_a_table() -> None:
    words = words_of([("One line of text", 0, 0), ("and another one", 0, 20)])
    assert build_table(Box(0, 0, 100, 35), ((0, 40, 100), (0, 15, 35)), words) is None


random_texts = st.lists(
    st.tuples(
        st.sampled_from(["a", "B", "12", "3.5", "–", "...", "Total of", "goes on", "2005"]),
        st.floats(0, 190),
        st.floats(0, 190),
    ),
    min_size=1,
    max_size=30,
)
random_lines = st.lists(st.floats(1, 199), max_size=5).map(lambda inner: tuple(sorted({0.0, *inner, 200.0})))


@example([("a", 0, 0), ("a", 10, 6), ("a", 17, 0), ("a", 20, 6)], (0, 19, 200), (0, 200))
@example([("a", 0, 0), ("Total of", 1, 1), ("a", 1, 1), ("Total of", 1, 6)], (0, 5, 23, 200), (0, 6, 200))
@given(random_texts, random_lines, random_lines)
def test_each_word_is_in_one_cell_and_rows_are_equally_long(
    texts: Texts, column_lines: tuple[float, ...], row_lines: tuple[float, ...]
) -> None:
    words = words_of(texts)
    table = build_table(Box(0, 0, 200, 200), (column_lines, row_lines), words)
    if table is None:
        return
    in_cells = Counter(part for row in table.rows for cell in row for part in cell.text.split())
    assert in_cells == Counter(word.text for word in words)
    assert len({len(row) for row in table.rows}) == 1
    assert all(cell.box is not None or not cell.text for row in table.rows for cell in row)


def test_titles_of_three_lines_are_one_row() -> None:
    texts = [("Sector", 0, 0), ("Change", 100, 0), ("Share of", 200, 0), ("from last", 100, 11), ("total", 200, 11)]
    texts += [("year", 100, 22), ("revenue", 200, 22)]
    texts += [(text, 100.0 * column, 40) for column, text in enumerate(("Fishing", "4.1", "15.5"))]
    texts += [(text, 100.0 * column, 60) for column, text in enumerate(("Cargo", "2.0", "84.5"))]
    found = rows(table_of(texts, [0, 90, 190, 300], [0, 21, 36, 55, 75]))
    assert found[0] == ["Sector", "Change from last year", "Share of total revenue"]


def test_titles_that_a_narrow_gap_fused_are_cut_above_their_values() -> None:
    texts = [("Gender", 0, 0), ("Very healthy", 100, 0), ("Quite healthy", 163.5, 0), ("Unhealthy", 260, 0)]
    texts += [("Male", 0, 20), ("36", 120, 20), ("102", 190, 20), ("16", 280, 20)]
    texts += [("Female", 0, 40), ("33", 120, 40), ("270", 190, 40), ("32", 280, 40)]
    found = rows(table_of(texts, [0, 90, 162, 250, 330], [0, 15, 35, 55]))
    assert found[0] == ["Gender", "Very healthy", "Quite healthy", "Unhealthy"]


def test_name_that_ends_with_a_comma_goes_on_in_the_next_row() -> None:
    texts = [("Years", 0, 0), ("1990", 200, 0), ("1992", 300, 0), ("Budget for coffee,", 0, 20), ("0.32", 200, 20)]
    texts += [("0.27", 300, 20), ("Tea and herbs", 0, 40)]
    found = rows(table_of(texts, [0, 190, 290, 350], [0, 15, 35, 55]))
    assert found == [["Years", "1990", "1992"], ["Budget for coffee, Tea and herbs", "0.32", "0.27"]]


def test_values_close_below_titles_are_no_titles() -> None:
    texts = [("Summary", 0, 0), ("Number:", 0, 12), ("42183017", 200, 12), ("Date:", 0, 24), ("August 3", 200, 24)]
    texts += [(text, x, 50.0 + 20 * row) for row in range(4) for text, x in [("Charges", 0.0), ("4.11", 200.0)]]
    found = rows(table_of(texts, [0, 190, 290], [0, 11, 23, 35, 65, 85, 105, 125]))
    assert found[:3] == [["Summary", ""], ["Number:", "42183017"], ["Date:", "August 3"]]


def grouped(sizes: list[int], names: list[str]) -> Texts:
    """Rows of a port and a number, and names beside the middle of each group of rows."""
    texts: list[tuple[str, float, float]] = [("Region", 0, 0), ("Port", 100, 0), ("Boats", 200, 0)]
    row = 0
    for size, name in zip(sizes, names, strict=True):
        texts += [(f"Port {row + index}", 100, 20.0 * (row + index + 1)) for index in range(size)]
        texts += [(str(50 + row + index), 200, 20.0 * (row + index + 1)) for index in range(size)]
        texts.append((name, 0, 20.0 * (row + (size + 1) / 2)))
        row += size
    return texts


@pytest.mark.parametrize("sizes", [[2, 2, 2], [3, 3, 3], [2, 3, 4], [1, 4, 2]])
def test_name_beside_the_middle_of_rows_spans_them(sizes: list[int]) -> None:
    names, count = ["North", "South", "East"], sum(sizes)
    row_lines = [0.0, *(15.0 + 20 * row for row in range(count + 1))]
    table = table_of(grouped(sizes, names), [0, 90, 190, 260], row_lines)
    starts = [1 + sum(sizes[:index]) for index in range(3)]
    assert [row[0] for row in rows(table)] == [
        "Region",
        *(names[starts.index(row)] if row in starts else "" for row in range(1, count + 1)),
    ]
    assert [row[1:] for row in rows(table)[1:]] == [[f"Port {row}", str(50 + row)] for row in range(count)]
    assert covered(table) == [(row, 0) for row in range(1, count + 1) if row not in starts]


def test_section_title_among_names_beside_the_middle_of_rows_is_kept() -> None:
    texts = [*grouped([2, 2, 2], ["North", "South", "East"]), ("All ports of the year and their boats", 0, 140)]
    found = rows(table_of(texts, [0, 90, 190, 260], [0.0, *(15.0 + 20 * row for row in range(8))]))
    assert any("All ports of the year and their boats" in cell for row in found for cell in row)


def test_names_of_single_rows_do_not_span_others() -> None:
    texts = [(text, 100.0 * column, 0) for column, text in enumerate(("Item", "2024", "2023"))]
    for row, name in enumerate(("Rye", "", "Oats", "", "Wheat"), start=1):
        texts += [(name, 0, 20.0 * row)] if name else []
        texts += [(str(40 + row), 100, 20.0 * row), (str(70 + row), 200, 20.0 * row)]
    table = table_of(texts, [0, 90, 190, 260], [0, *(15.0 + 20 * row for row in range(6))])
    assert [row[0] for row in rows(table)] == ["Item", "Rye", "", "Oats", "", "Wheat"]
    assert covered(table) == []


def test_numbers_of_one_column_below_each_other_are_rows() -> None:
    texts = [("Port", 0, 0), ("Boats", 100, 0), ("North", 0, 30), ("71", 100, 20), ("64", 100, 40)]
    texts += [("South", 0, 70), ("12", 100, 60), ("31", 100, 80)]
    for row_lines in ([0, 15, 55, 95], [0, 15, 35, 55, 75, 95]):
        found = rows(table_of(texts, [0, 90, 160], row_lines))
        assert found == [["Port", "Boats"], ["North", "71"], ["", "64"], ["South", "12"], ["", "31"]]
