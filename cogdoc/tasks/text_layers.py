"""The text layers of searchable PDF files: the words of a page that OCR read, in reading order, in their places."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.documents.geometry import Box
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.documents.searchable_pdf.overlay import draw_overlay
from cogdoc.engines.protocol import Transcription
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.results.records import TextBlock
from cogdoc.results.text_layer import TextLayer

OWN_HEIGHT = 0.7
"""Share of its line's height below which a word keeps its own height; others share a baseline with their neighbors."""


@dataclass(frozen=True, slots=True)
class TextLayers:
    """Makes the text layers of pages."""

    overlays: bool = False
    """Whether they also draw what was found over the page."""

    def make(self, transcription: Transcription, blocks: Sequence[TextBlock], page: PageText) -> TextLayer | None:
        """What a page gets; None if its own text layer has everything, or there is nothing.

        Args:
            blocks: the blocks of the transcription as results have them.
        """
        lines: Iterator[tuple[PlacedWord, ...]] = iter(())
        if page.origin in (TextOrigin.OCR, TextOrigin.MIXED):
            lines = (tuple(_place_line(words, page)) for words in _lines(transcription, page))
        layer = draw_layer(page.number, page.displayed_size, lines)
        if self.overlays:
            layer = layer.model_copy(update={"overlay": draw_overlay(page.displayed_size, blocks)})
        return layer if layer.content or layer.overlay else None


def _lines(transcription: Transcription, page: PageText) -> Iterator[Sequence[Word]]:
    lines: Sequence[Line] = [line for block in transcription.blocks for line in block.lines]
    if page.origin is TextOrigin.MIXED:
        # What a model generated does not tell which of it the page has as text already.
        literal = page.lines if transcription.agreement is not None or not lines else lines
        yield from (words for line in literal if (words := [word for word in line.words if word.confidence < 1]))
    else:
        yield from (line.words for line in lines or page.lines)


def _place_line(words: Sequence[Word], page: PageText) -> Iterator[PlacedWord]:
    line = Line(tuple(words)).level_box
    for word in words:
        own = word.level_box
        top, bottom = (own.y0, own.y1) if own.height < OWN_HEIGHT * line.height else (line.y0, line.y1)
        yield _place(word, Box(own.x0, top, own.x1, bottom), page)


def _place(word: Word, box: Box, page: PageText) -> PlacedWord:
    """A word in a level box, on the page as displayed."""
    left, right, above = (
        page.displayed_point(word.page_point(x, y)) for x, y in ((box.x0, box.y1), (box.x1, box.y1), (box.x0, box.y0))
    )
    baseline = right[0] - left[0], right[1] - left[1]
    return PlacedWord(word.text, left, baseline, math.dist(left, above))
