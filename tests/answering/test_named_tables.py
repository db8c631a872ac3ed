"""A question that names a table or figure by its number is answered from there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from placed_pages import line, page, page_of, table

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.answer import answer_question
from cogdoc.parsing.page_text import Block, BlockKind, Cell, Line, PageLayout, Table
from cogdoc.query.page_ranking import rank_pages

FIRST = ("Mill|Output|Waste", "Aldrup|410|35", "Bersk|380|41")
SECOND = ("Mill|Output|Waste", "Aldrup|520|22", "Bersk|610|28")


def two_tables(*, below: bool) -> PageLayout:
    """Two tables with the same rows and columns, with their captions above or below them."""
    upper, lower = table(*FIRST), _moved(table(*SECOND), 150.0)
    names = [line("Table 1: Mills in 2021", 40.0, 110.0 if below else 22.0),
             line("Table 2: Mills in 2022", 40.0, 260.0 if below else 172.0)]  # fmt: skip
    captions = [Block(BlockKind.CAPTION, each.box, (each,)) for each in names]
    blocks = [upper.blocks[0], captions[0], lower.blocks[0], captions[1]]
    ordered = blocks if below else [blocks[1], blocks[0], blocks[3], blocks[2]]
    return page_of([each for block in ordered for each in block.lines], ordered)


def _moved(layout: PageLayout, by: float) -> PageLayout:
    """The same table further down the page."""
    (block,) = layout.blocks
    assert block.table is not None
    lines = tuple(
        Line(tuple(replace(word, box=word.box.shifted(0.0, by)) for word in each.words)) for each in block.lines
    )
    rows = tuple(
        tuple(Cell(cell.text, cell.box.shifted(0.0, by) if cell.box is not None else None) for cell in row)
        for row in block.table.rows
    )
    box: Box = block.box.shifted(0.0, by)
    return page_of(lines, [Block(BlockKind.TABLE, box, lines, table=Table(box, rows))])


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("In Table 1, what is the output of Bersk?", "380"),
        ("In Table 2, what is the output of Bersk?", "610"),
        ("Which mill has the most waste in Table 2?", "Bersk"),
        ("According to Table 1, which mill has the highest output?", "Aldrup"),
    ],
)
def test_values_are_those_of_the_named_table(question: str, answer: str, *, below: bool) -> None:
    assert answer_question(question, [two_tables(below=below)]).text == answer


def test_a_table_that_no_page_has_restricts_nothing() -> None:
    assert answer_question("In Table 9, what is the waste of Aldrup?", [table(*FIRST)]).text == "35"


def test_the_page_with_the_caption_comes_first() -> None:
    about = "The output of mills fell, and as Table 4 shows, the output of mills in the north fell most."
    texts = [page(about, about, number=1), page("Table 4: Losses", "Aldrup|30", number=2), page(about, number=3)]
    ranked = rank_pages("Which mills lost output in Table 4?", [each.page_text for each in texts])
    assert ranked[0].number == 2
