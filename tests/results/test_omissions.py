"""What Markdown omits or loses of a page's blocks is flagged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.results.markdown.omissions import omission_flags
from cogdoc.results.records import TableCell, TableResult, TextBlock, TextLine

KINDS = ("title", "heading", "text", "list-item", "picture", "formula", "caption", "footnote")
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=40)


def block(kind: str, *texts: str) -> TextBlock:
    lines = tuple(
        TextLine(text=text, box=(50, 50 + 20 * row, 50 + 5 * len(text), 60 + 20 * row), confidence=1)
        for row, text in enumerate(texts)
    )
    return TextBlock(kind=kind, box=(50, 50, 300, 300), text="\n".join(texts), lines=lines)


def table(rows: list[list[str]]) -> TextBlock:
    cells = tuple(tuple(TableCell(text=text, box=(0, 0, 1, 1)) for text in row) for row in rows)
    text = "\n".join("\t".join(row) for row in rows)
    return TextBlock(kind="table", box=(0, 0, 1, 1), text=text, table=TableResult(rows=cells))


BLOCKS = st.builds(lambda kind, texts: block(kind, *texts), st.sampled_from(KINDS), st.lists(TEXTS, min_size=1))
TABLES = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), min_size=1, max_size=4).map(table)
)


def flags(blocks: list[TextBlock], markdown: str | None = None) -> list[str]:
    return list(omission_flags(blocks, blocks_to_markdown(blocks) if markdown is None else markdown))


@given(st.lists(BLOCKS | TABLES, max_size=6))
def test_markdown_has_all_letters_and_digits_of_blocks(blocks: list[TextBlock]) -> None:
    assert flags(blocks) == []


@pytest.mark.parametrize("kind", ["header", "footer"])
def test_running_header_that_markdown_omits_is_flagged(kind: str) -> None:
    assert flags([block("text", "One."), block(kind, "Annual report")]) == ["lines-omitted"]


def test_line_that_markdown_lacks_is_flagged() -> None:
    assert flags([block("text", "One."), block("text", "Two.")], "One.") == ["lines-lost"]
