"""Lists keep their numbers and nesting, footnotes their references, and formulas say that they are formulas."""

from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.results.markdown.omissions import omission_flags
from cogdoc.results.records import TextBlock, TextLine

Placed = tuple[float, float, str]
"""Left and top of a line in points, and its text."""


def block(kind: str, *lines: Placed, height: float = 10) -> TextBlock:
    text_lines = tuple(
        TextLine(text=text, box=(x, y, x + 5 * len(text), y + height), confidence=1) for x, y, text in lines
    )
    boxes = [line.box for line in text_lines]
    outline = (min(b[0] for b in boxes), boxes[0][1], max(b[2] for b in boxes), max(b[3] for b in boxes))
    return TextBlock(kind=kind, box=outline, text="\n".join(text for _, _, text in lines), lines=text_lines)


def list_blocks(*lines: Placed) -> list[TextBlock]:
    return [block("list-item", line) for line in lines]


def nesting(markdown: str) -> Any:
    """The list as nested pairs of what a viewer displays: its number or "-", and its text with what is nested in it."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    stack: list[list[Any]] = [[]]
    for index, token in enumerate(tokens):
        if token.type == "list_item_open":
            stack[-1].append([token.info or "-", tokens[index + 2].content, []])
            stack.append(stack[-1][-1][2])
        elif token.type == "list_item_close":
            stack.pop()
    return stack[0]


def test_items_are_nested_by_their_indentation() -> None:
    blocks = list_blocks(
        (50, 0, "1. Boats"), (70, 15, "• small"), (70, 30, "• large"), (90, 45, "a) with sails"), (50, 60, "2. Crew")
    )
    assert nesting(blocks_to_markdown(blocks)) == [
        ["1", "Boats", [["-", "small", []], ["-", "large", [["-", "a) with sails", []]]]]],
        ["2", "Crew", []],
    ]


def test_items_keep_their_own_numbers() -> None:
    blocks = list_blocks((50, 0, "3. Pears"), (50, 15, "4. Plums"), (50, 30, "7. Figs"), (50, 45, "8. Quinces"))
    tokens = MarkdownIt("commonmark").parse(blocks_to_markdown(blocks))
    assert [token.attrs.get("start") for token in tokens if token.type == "ordered_list_open"] == [3, 7]
    assert [token.info for token in tokens if token.type == "list_item_open"] == ["3", "4", "7", "8"]


def test_one_block_may_have_several_items_of_several_lines() -> None:
    item = block(
        "list-item", (50, 0, "9."), (70, 0, "A long item that"), (70, 15, "goes on"), (50, 30, "10."), (70, 30, "Short")
    )
    assert blocks_to_markdown([item]) == "9. A long item that goes on\n10. Short"


def test_a_number_within_an_item_begins_no_item() -> None:
    item = block("list-item", (50, 0, "• Built in the year"), (60, 15, "2010. It floats"), (60, 30, "3.5 metres high."))
    assert blocks_to_markdown([item]) == "- Built in the year 2010. It floats 3.5 metres high."
    assert blocks_to_markdown(list_blocks((50, 0, "3.5 metres"))) == "- 3.5 metres"


def test_items_of_nested_series_are_found_in_blocks_of_any_cut() -> None:
    lines: list[Placed] = [
        (50, 0, "1) Duties of a pilot"),
        (70, 15, "a) to wait for the tide"),
        (90, 30, "i) with two boats"),
        (90, 45, "ii) with three"),
        (70, 60, "b) to write the names"),
        (50, 75, "2) Duties of a clerk"),
    ]
    expected = [
        ["1", "Duties of a pilot", [
            ["-", "a) to wait for the tide", [["-", "i) with two boats", []], ["-", "ii) with three", []]]],
            ["-", "b) to write the names", []],
        ]],
        ["2", "Duties of a clerk", []],
    ]  # fmt: skip
    assert nesting(blocks_to_markdown([block("list-item", *lines)])) == expected
    assert nesting(blocks_to_markdown([block("list-item", *lines[:2]), block("text", *lines[2:])])) == expected
    mixed = [block("list-item", *lines[:2]), block("text", *lines[2:5]), block("list-item", lines[5])]
    assert nesting(blocks_to_markdown(mixed)) == expected


@pytest.mark.parametrize("second", ["i. e. at noon", "c) is not the next", "A wait for the tide", "(see the harbour)"])
def test_a_line_that_continues_no_series_is_a_part_of_its_item(second: str) -> None:
    item = block("list-item", (50, 0, "a) to wait for the tide,"), (65, 15, second))
    assert blocks_to_markdown([item]) == f"- a) to wait for the tide, {second}"


def test_the_rest_of_an_item_has_no_bullet() -> None:
    rest = block("list-item", (60, 0, "and the end of an item from the page before."))
    assert blocks_to_markdown([rest]) == "and the end of an item from the page before."
    first, second = list_blocks((50, 0, "• An item that"), (60, 400, "goes on in the next column"))
    assert blocks_to_markdown([first, second]) == "- An item that goes on in the next column"


def test_a_list_is_one_list_and_other_blocks_end_it() -> None:
    blocks = [
        *list_blocks((50, 0, "• One"), (50, 15, "• Two")),
        block("text", (50, 30, "Prose.")),
        *list_blocks((50, 45, "• Three")),
    ]
    assert blocks_to_markdown(blocks) == "- One\n- Two\n\nProse.\n\n- Three"


@pytest.mark.parametrize("kind", ["footnote", "text"])
def test_footnotes_are_referred_to(kind: str) -> None:
    blocks = [
        block("text", (50, 0, "The harbour¹ has 1,204 ² boats on 10² m² of water.³")),
        block(kind, (50, 700, "1 Of the town,"), (50, 710, "not the island."), (50, 720, "2 As counted."), height=7),
    ]
    markdown = blocks_to_markdown(blocks, page=4)
    assert markdown == (
        "The harbour[^4-1] has 1,204[^4-2] boats on 10² m² of water.³\n\n"
        "[^4-1]: Of the town, not the island.\n\n[^4-2]: As counted."
    )
    assert list(omission_flags(blocks, markdown)) == []


def test_labels_of_notes_differ_from_page_to_page() -> None:
    blocks = [block("text", (50, 0, "A harbour¹")), block("footnote", (50, 700, "1 Of the town."))]
    assert len({blocks_to_markdown(blocks, page).split("[^")[1].split("]")[0] for page in (1, 2, 11)}) == 3


@pytest.mark.parametrize(
    "blocks",
    [
        [block("text", (50, 0, "No note here")), block("footnote", (50, 700, "1 Of the town."))],
        [block("text", (50, 0, "A harbour¹")), block("footnote", (50, 700, "2 Of the town."))],
        [block("text", (50, 0, "A harbour¹")), block("text", (50, 700, "1 boat is as large as the text"))],
        [block("text", (50, 0, "An area of 5 m²")), block("footnote", (50, 700, "2 Of the town."))],
    ],
)
def test_numbers_without_both_ends_stay_as_printed(blocks: list[TextBlock]) -> None:
    markdown = blocks_to_markdown(blocks)
    assert "[^" not in markdown
    assert markdown == "\n\n".join(part.text for part in blocks)


def test_affiliations_in_one_paragraph_are_no_notes() -> None:
    authors = block("text", (50, 0, "Ada Lowe¹, Ben Ames², Cy Hale³"))
    places = block("text", (50, 30, "1 Harbour School, 2 Quay Institute, 3 Lowmere University"), height=7)
    assert "[^" not in blocks_to_markdown([authors, places])


def test_formulas_are_marked_and_readable() -> None:
    assert blocks_to_markdown([block("formula", (50, 0, "E = mc²"))]) == "<!-- formula -->\n\nE = mc²"


def test_formulas_that_a_model_gave_as_latex_stay_latex() -> None:
    markdown = blocks_to_markdown([block("formula", (50, 0, r"$$\sum_{i=1}^n x_i^2 < 5$$"))])
    assert markdown == "$$\n\\sum_{i=1}^n x_i^2 \\lt  5\n$$"


@pytest.mark.parametrize("hostile", ["$$<script>alert(1)</script>$$", "$$[x](javascript:alert(1))$$", "$$a`b$$"])
def test_nothing_in_latex_is_other_markup(hostile: str) -> None:
    tokens = MarkdownIt("commonmark").parse(blocks_to_markdown([block("formula", (50, 0, hostile))]))
    inline = [child.type for token in tokens for child in token.children or ()]
    assert not {"html_inline", "html_block", "link_open", "code_inline"} & {*inline}


def test_checkboxes_of_chinese_forms_are_those_of_task_lists() -> None:
    assert blocks_to_markdown([block("text", (50, 0, "☑是 ☐否"))]) == "[x] 是 [ ] 否"
