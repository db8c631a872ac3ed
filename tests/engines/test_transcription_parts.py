"""From generated text to blocks with boxes: lines, overlapping tiles, tables, agreement with the page text."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_pages import HEIGHT, line_at, lines_below, page_of, reply_lines

from cogdoc.documents.geometry import Box
from cogdoc.engines.vision.agreement import agreement
from cogdoc.engines.vision.generated_lines import GeneratedLine, generated_lines, merge
from cogdoc.engines.vision.markdown_blocks import to_blocks
from cogdoc.engines.vision.tiles import is_dense, plan_tiles
from cogdoc.engines.vision.vision_model import FinishReason, Generation, Token, VisionModelLimits
from cogdoc.parsing.page_text import Block, BlockKind
from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.tasks.describe import describe_blocks

LIMITS = VisionModelLimits(image_size=1344, patch_grid=96, context_tokens=8192, image_tokens=2306)
"""Those of the published CogVLM2 checkpoints."""

SENTENCES = [
    "The tenant shall keep the garden in good order.",
    "Rent is due on the third day of each month.",
    "Keys that were lost are replaced at cost.",
    "没有房东的书面同意不得转租。",
    "Pets need the landlord's written consent.",
    "Heating is billed by what the meters say.",
    "The deposit is three months' rent.",
    "Repairs below 100.00 are the tenant's.",
]


def texts(lines: Iterable[GeneratedLine]) -> list[str]:
    return [line.text for line in lines]


# Generated text, line by line


def test_each_line_has_the_confidence_of_its_own_tokens() -> None:
    pieces = {0.9: ["The", " total", "\n"], 0.5: ["is ", "这", "张", " 12", ".5"]}
    tokens = tuple(Token(text, math.log(probability)) for probability, texts in pieces.items() for text in texts)
    lines = generated_lines(Generation("The total\nis 这张 12.5", tokens, FinishReason.STOP))
    assert texts(lines) == ["The total", "is 这张 12.5"]
    assert [line.confidence for line in lines] == pytest.approx([0.9, 0.5])


# Overlapping tiles


@settings(deadline=None)
@given(cut=st.integers(2, 7), overlap=st.integers(1, 2), cut_line=st.booleans())
def test_overlapping_tiles_give_the_text_once(cut: int, overlap: int, cut_line: bool) -> None:
    before, after = SENTENCES[:cut], SENTENCES[cut - overlap :]
    if cut_line:  # half a line at each edge, read as something else
        before, after = [*before, "Pcts nccd tlie"], ["ot llt iw", *after]
    merged = merge(reply_lines("\n".join(before)), reply_lines("\n".join(after)))
    assert texts(merged) == SENTENCES


def test_lines_read_differently_in_two_tiles_are_still_one() -> None:
    merged = merge(reply_lines("Name: Ada\nAmount 1,250.00 EUR"), reply_lines("Amount 1.250,00 EUR\nDate 4 May"))
    assert texts(merged) == ["Name: Ada", "Amount 1,250.00 EUR", "Date 4 May"]


def test_a_paragraph_generated_as_one_line_continues_in_the_next_tile() -> None:
    before = "We sailed on a Monday and came to the island by night. Nobody was th"
    after = "e to the island by night. Nobody was there but the gulls."
    assert texts(merge(reply_lines(before), reply_lines(after))) == [
        "We sailed on a Monday and came to the island by night. Nobody was there but the gulls."
    ]


def test_tiles_that_share_nothing_are_both_complete() -> None:
    assert texts(merge(reply_lines("one\ntwo"), reply_lines("three\nfour"))) == ["one", "two", "three", "four"]
    assert texts(merge([], reply_lines("a"))) == ["a"]
    assert texts(merge(reply_lines("a"), [])) == ["a"]


# Blocks and their boxes

LETTER = ("Dear Ms Lindqvist, we thank you", "for your order of 4 May and send", "what you asked for.")
PAGE = page_of(
    *lines_below("Invoice", "", *LETTER),
    *lines_below("Item", "Lamp", "Desk", x=50, y=200),
    *lines_below("Price", "12.50", "90.00", x=300, y=200),
)


def test_headings_paragraphs_lists_and_tables_are_what_the_model_generated() -> None:
    reply = reply_lines(
        "# Invoice\n\nDear Ms Lindqvist, we thank you for your order of 4 May and send what you asked for.\n"
        "- a lamp\n- a **desk**\n\n| Item | Price |\n|---|---:|\n| Lamp | 12.50 |\n| Desk |\n***\n```\nThank you\n```"
    )
    blocks = to_blocks(reply, PAGE)
    kinds = [(block.kind.value, block.level, block.lines[0].text) for block in blocks]
    assert kinds == [
        ("heading", 1, "Invoice"),
        ("text", 0, reply[2].text),
        ("list-item", 1, "- a lamp"),
        ("list-item", 1, "- a desk"),
        ("table", 0, "Item Price"),
        ("text", 0, "Thank you"),
    ]
    table = blocks[4].table
    assert table is not None
    assert [[cell.text for cell in row] for row in table.rows] == [["Item", "Price"], ["Lamp", "12.50"], ["Desk", ""]]
    assert "# Invoice" in blocks_to_markdown(describe_blocks(blocks, PAGE))


def test_lines_and_cells_have_the_boxes_of_the_literal_words() -> None:
    blocks = to_blocks(reply_lines("Invoice\n\n| Item | Price |\n|---|---|\n| Lamp | 12.50 |\n| Desk | 90.00 |"), PAGE)
    literal = {word.text: word.box for word in PAGE.words}
    assert blocks[0].box == literal["Invoice"]
    table = blocks[1].table
    assert table is not None
    assert all(cell.box == literal[cell.text] for row in table.rows for cell in row)


def test_a_line_that_runs_several_literal_lines_together_has_the_box_around_them() -> None:
    text = "Dear Ms Lindqvist, we thank you for your order of 4 May and send what you asked for."
    (block,) = to_blocks(reply_lines(text), PAGE)
    literal = PAGE.lines[1:4]
    assert (block.box.y0, block.box.y1) == (literal[0].box.y0, literal[2].box.y1)
    assert [word.box for word in block.lines[0].words] == [word.box for line in literal for word in line.words]


def test_a_part_of_a_literal_line_has_the_box_of_its_words() -> None:
    (block,) = to_blocks(reply_lines("your order of 4 May"), PAGE)
    words = PAGE.lines[2].words[1:6]
    assert block.box == Box(words[0].box.x0, words[0].box.y0, words[-1].box.x1, words[0].box.y1)


def test_misread_words_have_the_boxes_of_the_words_on_the_page() -> None:
    (block,) = to_blocks(reply_lines("for yovr ordcr of 4 May and send"), PAGE)
    assert [word.box for word in block.lines[0].words] == [word.box for word in PAGE.lines[2].words]
    assert {word.confidence for word in block.lines[0].words} == {0.8}


def test_a_misread_line_has_the_box_of_the_line_between_the_same_neighbors() -> None:
    page = page_of(*lines_below("Number 7336", "Date 26 Nov", "Total 84.04"))
    (block,) = to_blocks(reply_lines("Number 7336\nDate 14 Apr\nTotal 84.04"), page)
    assert [line.box.y0 for line in block.lines] == [line.box.y0 for line in page.lines]


def test_equal_lines_keep_their_order() -> None:
    page = page_of(*lines_below("Total", "4.00", "Total", "9.00"))
    (block,) = to_blocks(reply_lines("Total\n4.00\nTotal\n9.00"), page)
    assert [line.box.y0 for line in block.lines] == [line.box.y0 for line in page.lines]


def test_a_line_that_the_page_does_not_have_is_placed_between_its_neighbors() -> None:
    page = page_of(*lines_below("The first line", "", "", "The last line"))
    (block,) = to_blocks(reply_lines("The first line\nScribbled by hand\nThe last line"), page)
    first, scribbled, last = (line.box for line in block.lines)
    assert first.y1 <= scribbled.y0 < scribbled.y1 <= last.y0


def test_an_invented_line_is_not_taken_for_text_to_the_side_of_its_neighbors() -> None:
    page = page_of(line_at("The first line", 50, 50), line_at("The last line", 50, 50 + HEIGHT))
    blocks = to_blocks(reply_lines("The first line\nSomething else\nThe last line"), page)
    described = describe_blocks(blocks, page)
    assert [block.text for block in described] == ["The first line", "Something else", "The last line"]


def test_without_literal_words_lines_share_the_page() -> None:
    (block,) = to_blocks(reply_lines("one\ntwo"), page_of())
    assert [line.box.y0 for line in block.lines] == [0, 400]
    assert describe_blocks([block], page_of())[0].text == "one\ntwo"


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="ab12 #|-*`\n.国", max_size=80))
def test_any_reply_becomes_blocks_that_can_be_described(text: str) -> None:
    reply = reply_lines("\n".join(" ".join(line.split()) for line in text.split("\n")))
    blocks = to_blocks(reply, PAGE)
    blocks_to_markdown(describe_blocks(blocks, PAGE))
    assert all(0 <= block.box.x0 <= block.box.x1 <= PAGE.width for block in blocks)


# Agreement


def test_agreement_is_the_share_of_the_characters_that_were_transcribed() -> None:
    literal = ["Total", "84.04", "......", "Order", "4833"]
    assert agreement(literal, "Order 4833\nTOTAL: 84.04") == 1
    assert agreement(literal, "Total 84.04") == pytest.approx(9 / 18)
    assert agreement(literal, "Dear Sir or Madam") == 0
    assert agreement(literal, "Total 84.04 Order 4838") == pytest.approx(17 / 18)
    assert agreement(["......"], "Total") is None


def test_a_word_counts_as_often_as_it_occurs() -> None:
    assert agreement(["no"] * 4, "no") == 0.25
    assert agreement(["no"], "no " * 50) == 1


def test_chinese_agrees_however_it_is_split() -> None:
    assert agreement(["发票号码", "总金额"], "发票 号码：总金额") == 1


@given(st.integers(0, 2**32))
def test_order_does_not_matter(seed: int) -> None:
    words = " ".join(SENTENCES).split()
    assert agreement(words, " ".join(random.Random(seed).sample(words, len(words)))) == 1


# Tiles


def test_small_print_and_much_text_are_dense() -> None:
    page = page_of(*lines_below(*SENTENCES))
    assert not is_dense(page, LIMITS, tokens=200, max_new_tokens=2048)
    assert is_dense(page, LIMITS, tokens=1500, max_new_tokens=2048)
    assert is_dense(page_of(*lines_below(*SENTENCES), height=2000), LIMITS, tokens=200, max_new_tokens=2048)


def block_at(x0: float, y0: float, x1: float, y1: float) -> Block:
    return Block(BlockKind.TEXT, Box(x0, y0, x1, y1), ())


def test_columns_are_read_one_after_the_other() -> None:
    lines = [line_at("x" * 40, x, y) for x in (50, 320) for y in range(100, 740, 14)]
    blocks = [
        block_at(50, 30, 550, 60),
        *(block_at(x, y, x + 240, y + 300) for x in (50, 320) for y in (100, 420)),
    ]
    tiles = plan_tiles(page_of(*lines), blocks, LIMITS, tokens=3500, max_new_tokens=2048)
    assert [tile.continues for tile in tiles] == [False, False, True, False, True]
    heading, *columns = (tile.box for tile in tiles)
    assert heading.y1 < 100
    assert all(box.x1 < 320 for box in columns[:2])
    assert all(box.x0 > 290 for box in columns[2:])


def test_a_tile_that_is_mostly_a_table_is_read_as_one() -> None:
    lines = [line_at("x" * 40, x, y) for x in (50, 320) for y in range(100, 740, 14)]
    texts = [block_at(50, y, 290, y + 300) for y in (100, 420)]
    tables = [replace(block_at(320, y, 560, y + 300), kind=BlockKind.TABLE) for y in (100, 420)]
    tiles = plan_tiles(page_of(*lines), [*texts, *tables], LIMITS, tokens=3500, max_new_tokens=2048)
    assert {tile.is_table for tile in tiles if tile.box.x0 > 290} == {True}
    assert {tile.is_table for tile in tiles if tile.box.x1 < 320} == {False}


@pytest.mark.slow
@given(tokens=st.integers(0, 20_000), rows=st.integers(1, 120), height=st.floats(700, 5000))
def test_every_line_is_complete_in_some_tile(tokens: int, rows: int, height: float) -> None:
    pitch = (height - 60) / rows
    page = page_of(*(line_at("some words", 50, 20 + pitch * row) for row in range(rows)), height=height)
    tiles = plan_tiles(page, [block_at(50, 20, 400, height - 20)], LIMITS, tokens, max_new_tokens=2048)
    assert 1 <= len(tiles) <= 12
    for line in page.lines:
        assert any(tile.box.y0 <= line.box.y0 and line.box.y1 <= tile.box.y1 for tile in tiles)


@pytest.mark.parametrize(
    "written", ["$$\\frac{a_1}{b} < c$$", "$$\n\\frac{a_1}{b}\n< c\n$$", "\\[ \\frac{a_1}{b} < c \\]"]
)
def test_displayed_formulas_stay_latex(written: str) -> None:
    page = page_of(*lines_below("The share is", "of all boats."))
    blocks = to_blocks(reply_lines(f"The share is\n{written}\nof all boats."), page)
    markdown = blocks_to_markdown(describe_blocks(blocks, page))
    assert markdown == "The share is\n\n$$\n\\frac{a_1}{b} \\lt  c\n$$\n\nof all boats."


def test_prices_are_no_formulas() -> None:
    page = page_of(*lines_below("$$ for boats", "and $5"))
    blocks = to_blocks(reply_lines("$$ for boats\nand $5"), page)
    assert [block.kind for block in blocks] == [BlockKind.TEXT]
