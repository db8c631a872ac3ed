"""The layout has tables with cells, headings, headers and footers in reading order, and loses no words."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cogdoc.parsing.page_text import Block, BlockKind, PageLayout
from cogdoc.text import has_han


def bare(text: str) -> str:
    return "".join(text.split())


def spaced(text: str) -> str:
    return " ".join(text.split())


def text_of(block: Block) -> str:
    return spaced(" ".join(line.text for line in block.lines))


def rows_of(block: Block) -> list[list[str]]:
    assert block.table is not None
    return [[cell.text for cell in row] for row in block.table.rows]


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1, 2])
def test_tables_of_the_report_have_exactly_their_cells(read_sample: Any, facts: dict[str, Any], index: int) -> None:
    known = facts["report.pdf"]["tables"][index]
    tables = [block for block in read_sample("report.pdf", known["page"]).blocks if block.kind is BlockKind.TABLE]
    assert len(tables) == 1
    header, *expected = [[spaced(cell) for cell in row] for row in (known["header"], *known["rows"])]
    read = rows_of(tables[0])
    # The title of a group may be above those of its columns, and titles beside it span both rows.
    assert len(read) - len(expected) in (1, 2)
    titles = read[: -len(expected)]
    assert read[-len(expected) :] == expected
    assert [next(filter(None, column), "") for column in zip(*reversed(titles), strict=True)] == header


def test_title_over_the_middle_of_a_group_spans_its_columns(read_sample: Any) -> None:
    (block,) = (block for block in read_sample("report.pdf", 7).blocks if block.kind is BlockKind.TABLE)
    assert block.table is not None
    top = block.table.rows[0]
    assert [cell.text for cell in top] == ["€ thousand", "Revenue", "", "", "Operating profit", "Employees"]
    assert top[2].box is None
    assert top[3].box is None


def test_rows_of_a_table_are_equally_long_and_contain_its_words(read_sample: Any) -> None:
    (block,) = (block for block in read_sample("report.pdf", 5).blocks if block.kind is BlockKind.TABLE)
    assert block.table is not None
    assert len({len(row) for row in block.table.rows}) == 1
    words = Counter(word.text for line in block.lines for word in line.words)
    assert words == Counter(word for row in rows_of(block) for cell in row for word in cell.split())


@pytest.mark.slow
def test_table_of_a_scanned_receipt_keeps_item_quantity_and_amount_together(
    read_sample: Any, facts: dict[str, Any]
) -> None:
    rows = [
        [bare(cell) for cell in row]
        for block in read_sample("receipt.jpg").blocks
        if block.kind is BlockKind.TABLE
        for row in rows_of(block)
    ]
    known = [[bare(cell) for cell in row] for row in facts["receipt.jpg"]["tables"][0]["rows"]]
    assert [row for row in known if row not in rows] == []


@pytest.mark.parametrize("number", range(1, 9))
def test_each_word_of_the_report_is_in_one_block(read_sample: Any, number: int) -> None:
    layout: PageLayout = read_sample("report.pdf", number)
    in_blocks = Counter(word for block in layout.blocks for line in block.lines for word in line.words)
    assert in_blocks == Counter(layout.page_text.words)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report.pdf", "receipt.jpg", "letter.pdf", "invoice-zh.png"])
def test_reading_order_is_as_known(read_sample: Any, facts: dict[str, Any], name: str) -> None:
    pages = range(1, facts[name]["pages"] + 1)
    text = "".join(bare(text_of(block)) for number in pages for block in read_sample(name, number).blocks)
    assert facts[name]["reading_order"]
    for first, second in facts[name]["reading_order"]:
        assert 0 <= text.find(bare(first)) < text.rfind(bare(second)), (first, second)


@pytest.mark.parametrize(
    ("number", "title"),
    [(3, "Letter to shareholders"), (5, "Consolidated income statement"), (6, "Consolidated balance sheet")],
)
def test_headings_are_recognized(read_sample: Any, number: int, title: str) -> None:
    kinds = {
        text_of(block): block.kind
        for block in read_sample("report.pdf", number).blocks
        if block.kind in (BlockKind.TITLE, BlockKind.HEADING)
    }
    assert title in kinds


@pytest.mark.slow
def test_salutations_are_no_headings(read_sample: Any) -> None:
    kinds = {text_of(block): block.kind for block in read_sample("letter.pdf").blocks}
    assert kinds["Dear Ms Thornbury,"] is kinds["Yours sincerely,"] is BlockKind.TEXT


@pytest.mark.parametrize("number", [5, 6, 8])
def test_running_header_and_page_number_are_marked(read_sample: Any, facts: dict[str, Any], number: int) -> None:
    blocks = read_sample("report.pdf", number).blocks
    headers = [text_of(block) for block in blocks if block.kind is BlockKind.HEADER]
    footers = [text_of(block) for block in blocks if block.kind is BlockKind.FOOTER]
    assert any("Tarnholm Instruments plc" in header for header in headers)
    assert facts["report.pdf"]["labels"][number - 1] in footers


def test_footnotes_follow_the_text_that_they_explain(read_sample: Any) -> None:
    blocks = read_sample("report.pdf", 8).blocks
    notes = [index for index, block in enumerate(blocks) if text_of(block).startswith(("¹", "²", "³"))]
    bodies = [index for index, block in enumerate(blocks) if "Pension obligations" in text_of(block)]
    assert notes
    assert max(bodies) < min(notes)


@pytest.mark.slow
def test_chinese_invoice_is_read_with_its_table(read_sample: Any, facts: dict[str, Any]) -> None:
    layout = read_sample("invoice-zh.png")
    text = bare(layout.page_text.text)
    known = facts["invoice-zh.png"]
    assert [entry for entry in known["text"] if bare(entry) not in text] == []
    rows = [
        [bare(cell) for cell in row]
        for block in layout.blocks
        if block.kind is BlockKind.TABLE
        for row in rows_of(block)
    ]
    assert [bare(cell) for cell in known["tables"][0]["rows"][0]] in rows


@pytest.mark.slow
def test_runs_of_chinese_characters_are_single_words(read_sample: Any) -> None:
    words = [word.text for word in read_sample("invoice-zh.png").page_text.words]
    assert any("青岚市云杉水务有限公司" in word for word in words)
    assert sum(len(word) == 1 and has_han(word) for word in words) < 0.2 * len(words)


def test_blank_page_has_no_blocks(read_sample: Any) -> None:
    assert read_sample("blank.png").blocks == ()
