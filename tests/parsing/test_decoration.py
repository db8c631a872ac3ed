"""Pictures that say nothing are told from those that show something."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cogdoc.documents.geometry import Box
from cogdoc.documents.opening import OpenDocument
from cogdoc.parsing.layout.decoration import mark_decoration
from cogdoc.parsing.page_text import Block, BlockKind, PageText, TextOrigin

NO_FILE = cast(OpenDocument, None)
"""Only PDF files are looked at for logos that repeat."""


def kinds(kind: BlockKind, *box: float, origin: TextOrigin = TextOrigin.TEXT_LAYER) -> list[Any]:
    page = PageText(1, "1", 595, 842, 0, origin, ())
    block = Block(kind, Box(box[0], box[1], box[2], box[3]), ())
    return [marked.kind for marked in mark_decoration([block], NO_FILE, page)]


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((50, 50, 350, 250), BlockKind.PICTURE),
        ((50, 50, 550, 60), BlockKind.DECORATION),  # a rule
        ((50, 50, 75, 75), BlockKind.DECORATION),  # an icon
        ((50, 50, 76, 550), BlockKind.DECORATION),  # a border
        ((50, 50, 110, 110), BlockKind.PICTURE),
    ],
)
def test_lines_and_icons_are_decoration(box: tuple[float, ...], kind: BlockKind) -> None:
    assert kinds(BlockKind.PICTURE, *box) == [kind]


def test_text_pictures_are_those_on_a_page_not_the_page_or_a_part_of_a_scan() -> None:
    assert kinds(BlockKind.TEXT_PICTURE, 50, 50, 350, 250) == [BlockKind.TEXT_PICTURE]
    assert kinds(BlockKind.TEXT_PICTURE, 0, 0, 595, 800) == []
    assert kinds(BlockKind.TEXT_PICTURE, 50, 50, 350, 250, origin=TextOrigin.OCR) == []
