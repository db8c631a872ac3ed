"""Markdown displays a document's text literally: none of it becomes markup, and tables keep their shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from paragraph_lines import join_lines

from cogdoc.results.markdown.blocks import (
    blocks_to_markdown,
    chart_to_markdown,
    table_to_markdown,
)
from cogdoc.results.markdown.pictures import markdown_comment
from cogdoc.results.records import (
    Chart,
    ChartKind,
    ChartSeries,
    ChartValue,
    TableCell,
    TableResult,
    TextBlock,
    TextLine,
)

MARKUP = st.text(st.sampled_from("\\`*_{}[]()<>#+-.,!|~=&:;\"'$^/@ aZ09é中"), min_size=1, max_size=30)
WIDE = 500.0


def rendered(markdown: str) -> list[Any]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(markdown)


def displayed_text(tokens: list[Any]) -> str:
    """The displayed text, with single spaces."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            for child in token.children:
                assert child.type in ("text", "text_special", "softbreak", "hardbreak"), (child.type, child.content)
                parts.append(" " if child.type.endswith("break") else child.content)
            parts.append(" ")
    return " ".join("".join(parts).split())


def block(kind: str, *lines: str, level: int = 0, width: float = WIDE) -> TextBlock:
    text_lines = tuple(
        TextLine(text=text, box=(0, 20.0 * index, width, 20.0 * index + 12), confidence=1)
        for index, text in enumerate(lines)
    )
    return TextBlock(kind=kind, box=(0, 0, WIDE, 500), text="\n".join(lines), level=level, lines=text_lines)


def spaced(text: str) -> str:
    return " ".join(text.split())


@given(st.lists(MARKUP, min_size=1, max_size=4))
@example(["1. no list"])
@example(["# no heading #"])
@example(["a", "---"])
@example(["a", "="])
@example(["&amp; &#35;"])
@example(["~~struck~~ <b>bold</b> [link](x) ![image](y) `code`"])
@example(["    indented"])
@example(["a|b", "-|-"])
def test_markup_characters_in_text_are_displayed_literally(lines: list[str]) -> None:
    assume(any(char not in " .·…_" for line in lines for char in line))  # rules made of dots are left out
    ragged = block("text", *lines, width=100)
    tokens = rendered(blocks_to_markdown([ragged]))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}
    assert displayed_text(tokens) == spaced(" ".join(lines))


@given(MARKUP, st.sampled_from(["title", "heading"]), st.integers(0, 6))
@example("C #", "heading", 2)
@example("#", "heading", 2)
def test_markup_characters_in_headings_are_displayed_literally(text: str, kind: str, level: int) -> None:
    tokens = rendered(blocks_to_markdown([block(kind, text, level=level)]))
    assert [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]
    assert tokens[0].tag == f"h{level or (1 if kind == 'title' else 2)}"
    assert displayed_text(tokens) == spaced(text)


cells = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(MARKUP, st.just("")), min_size=width, max_size=width), min_size=1, max_size=5
    )
)


@given(cells)
def test_tables_keep_their_columns_and_cells(rows: list[list[str]]) -> None:
    tokens = rendered(table_to_markdown(rows))
    assert tokens[0].type == "table_open"
    shown: list[list[str]] = []
    for index, token in enumerate(tokens):
        if token.type == "tr_open":
            shown.append([])
        if token.type in ("th_open", "td_open"):
            shown[-1].append(displayed_text([tokens[index + 1]]))
    assert shown == [[spaced(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("kind", ["header", "footer"])
def test_running_headers_and_footers_are_left_out(kind: str) -> None:
    blocks = [block("text", "One."), block(kind, "Annual report"), block("text", "Two.")]
    assert blocks_to_markdown(blocks) == "One.\n\nTwo."
    assert blocks_to_markdown([blocks[1]]) == ""


def column(left: float, top: float, *lines: str) -> TextBlock:
    text_lines = tuple(
        TextLine(text=text, box=(left, top + 20 * index, left + 200, top + 20 * index + 12), confidence=1)
        for index, text in enumerate(lines)
    )
    bottom = top + 20 * len(lines)
    return TextBlock(kind="text", box=(left, top, left + 200, bottom), text="\n".join(lines), lines=text_lines)


def test_paragraph_continues_in_the_next_column_after_a_margin_note() -> None:
    blocks = [
        column(0, 300, "The master counted", "forty small"),
        column(0, 400, "Correspondence to the harbour"),
        column(250, 50, "boats on the quay."),
    ]
    assert blocks_to_markdown(blocks) == "The master counted forty small boats on the quay.\n\n" + (
        "Correspondence to the harbour"
    )


def test_paragraph_continues_after_a_footer() -> None:
    blocks = [column(0, 0, "The master", "counted small"), block("footer", "7"), column(0, 90, "boats.")]
    assert blocks_to_markdown(blocks) == "The master counted small boats."


@pytest.mark.parametrize("second", ["Boats on the quay.", "12 boats"])
def test_new_paragraph_in_the_next_column_stays_separate(second: str) -> None:
    blocks = [column(0, 0, "The master", "counted small"), column(250, 0, second)]
    assert len(blocks_to_markdown(blocks).split("\n\n")) == 2


def test_complete_sentence_is_not_continued() -> None:
    blocks = [column(0, 0, "The master", "counted all."), column(250, 0, "boats on the quay")]
    assert len(blocks_to_markdown(blocks).split("\n\n")) == 2


@pytest.mark.parametrize("dots", ["........", "_" * 40, ". . . . . ."])
def test_rules_made_of_dots_are_left_out(dots: str) -> None:
    assert blocks_to_markdown([block("text", dots)]) == ""


def test_doubled_single_quotes_become_double_quotes() -> None:
    assert blocks_to_markdown([block("text", "a ‘‘small’’ ‘boat’")]) == "a “small” ‘boat’"


def cell(text: str, *box: float) -> TableCell:
    return TableCell(text=text, box=(box[0], box[1], box[2], box[3]) if box else None)


def test_title_over_several_columns_is_repeated_over_each() -> None:
    rows = (
        (cell("", 0, 0, 50, 20), cell("Year ended", 50, 0, 150, 10), cell("")),
        (cell(""), cell("2024", 50, 10, 100, 20), cell("2025", 100, 10, 150, 20)),
        (cell("Cost", 0, 20, 50, 30), cell("1", 50, 20, 100, 30), cell("2", 100, 20, 150, 30)),
    )
    table_block = TextBlock(kind="table", box=(0, 0, 150, 30), text="", table=TableResult(rows=rows))
    assert blocks_to_markdown([table_block]) == (
        "|  | Year ended | Year ended |\n|---|---|---|\n|  | 2024 | 2025 |\n| Cost | 1 | 2 |"
    )


def test_title_over_the_whole_table_is_not_repeated() -> None:
    rows = (
        (cell("Name", 0, 0, 50, 10), cell("Count", 50, 0, 100, 10)),
        (cell("Boats", 0, 10, 100, 20), cell("")),
        (cell("Red", 0, 20, 50, 30), cell("2", 50, 20, 100, 30)),
    )
    table_block = TextBlock(kind="table", box=(0, 0, 100, 30), text="", table=TableResult(rows=rows))
    assert "| Boats |  |" in blocks_to_markdown([table_block])


def test_fields_above_column_titles_are_not_repeated() -> None:
    rows = (
        (cell("Buyer: Ana Reyes", 0, 0, 100, 10), cell(""), cell("Seller: Hull & Co", 100, 0, 200, 10), cell("")),
        tuple(cell(text, 50 * n, 10, 50 * n + 50, 20) for n, text in enumerate(("Item", "Unit", "Price", "Amount"))),
        tuple(cell(text, 50 * n, 20, 50 * n + 50, 30) for n, text in enumerate(("Rope", "m", "2", "8"))),
    )
    table_block = TextBlock(kind="table", box=(0, 0, 200, 30), text="", table=TableResult(rows=rows, header_rows=2))
    assert "| Buyer: Ana Reyes |  | Seller: Hull & Co |  |" in blocks_to_markdown([table_block])


def test_boxes_of_a_form_over_several_columns_are_not_repeated() -> None:
    rows = (
        (cell("Name Ana Reyes", 0, 0, 100, 10), cell(""), cell("Room 4", 100, 0, 150, 10)),
        (cell("Phone 4473", 0, 10, 50, 20), cell("Purpose survey", 50, 10, 150, 20), cell("")),
    )
    table_block = TextBlock(kind="table", box=(0, 0, 150, 20), text="", table=TableResult(rows=rows, header_rows=0))
    assert blocks_to_markdown([table_block]) == (
        "| Name Ana Reyes |  | Room 4 |\n|---|---|---|\n| Phone 4473 | Purpose survey |  |"
    )


@given(st.text(st.sampled_from("-><! ax"), max_size=12))
def test_no_text_ends_a_comment_early(text: str) -> None:
    comment = markdown_comment(text)
    assert comment.index("-->") == len(comment) - 3
    assert [token.type for token in rendered(comment)] == ["html_block"]


def test_blank_lines_separate_blocks_and_empty_blocks_are_left_out() -> None:
    blocks = [block("heading", "One"), TextBlock(kind="picture", box=(0, 0, 1, 1), text=""), block("text", "Two")]
    assert blocks_to_markdown(blocks) == "## One\n\nTwo"


def test_full_lines_are_joined_and_short_lines_break() -> None:
    assert blocks_to_markdown([block("text", "a full line", "and its end")]) == "a full line and its end"
    assert blocks_to_markdown([block("text", "1 High Street", "Elmsworth", width=90)]) == "1 High Street  \nElmsworth"


def test_joining_lines_restores_split_words_and_chinese_text() -> None:
    assert join_lines(["a hyphen-", "ated word"]) == "a hyphenated word"
    assert join_lines(["Stratford-", "Upon"]) == "Stratford-Upon"
    assert join_lines(["超声波", "水表"]) == "超声波水表"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("• Apples", "- Apples"), ("3. Pears", "3. Pears"), ("(4) Plums", "4. Plums"), ("* *x*", "- \\*x\\*")],
)
def test_list_items_have_one_mark(text: str, expected: str) -> None:
    assert blocks_to_markdown([block("list-item", text)]) == expected


def test_table_blocks_become_markdown_tables() -> None:
    table = TableResult(rows=((TableCell(text="a"), TableCell(text="b")), (TableCell(text="1\n2"), TableCell(text=""))))
    table_block = TextBlock(kind="table", box=(0, 0, 1, 1), text="", table=table)
    assert blocks_to_markdown([table_block]) == "| a | b |\n|---|---|\n| 1 2 |  |"


def test_charts_become_tables_with_a_note_on_their_values() -> None:
    values = (ChartValue(value=1.5, confidence=1), ChartValue(value=2, text="2 %", confidence=1))
    chart = Chart(
        kind=ChartKind.HORIZONTAL_BAR,
        title="Sales # 1",
        y_title="Year",
        unit="%",
        categories=("2023", "2024"),
        series=(ChartSeries(name="A|B", values=values),),
        measured=True,
        confidence=0.5,
    )
    markdown = chart_to_markdown(chart)
    assert "| Year | A\\|B |\n|---|---|\n| 2023 | 1.5 |\n| 2024 | 2 % |" in markdown
    assert "measured against the axis" in markdown
    assert markdown.splitlines()[0] == "## Sales # 1"


def test_checkboxes_and_radio_buttons_are_those_of_task_lists() -> None:
    assert blocks_to_markdown([block("text", "☒ Newsletter wanted", width=40)]) == "[x] Newsletter wanted"
    cells = ("◉ Regular", "◯ Student", "☐ Paid", "[x]")
    assert table_to_markdown([cells]).splitlines()[0] == r"| (x) Regular | ( ) Student | [ ] Paid | \[x\] |"
