"""Pages and replies written by hand for tests: literal lines with boxes, and lines as a model generates them."""

from __future__ import annotations

from cogdoc.documents.geometry import Box
from cogdoc.engines.vision.generated_lines import GeneratedLine
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word

LETTER = 6.0
HEIGHT = 10.0
PITCH = 14.0


def line_at(text: str, x: float, y: float) -> Line:
    words, start = [], x
    for word in text.split():
        words.append(Word(word, Box(start, y, start + LETTER * len(word), y + HEIGHT), 1.0))
        start += LETTER * (len(word) + 1)
    return Line(tuple(words))


def page_of(*lines: Line, width: float = 600, height: float = 800) -> PageText:
    return PageText(1, "1", width, height, 0, TextOrigin.TEXT_LAYER, lines)


def lines_below(*texts: str, x: float = 50, y: float = 50) -> list[Line]:
    """Each line one pitch below the one before; an empty text leaves a blank line."""
    return [line_at(text, x, y + PITCH * index) for index, text in enumerate(texts) if text]


def reply_lines(text: str, confidence: float = 0.8) -> list[GeneratedLine]:
    return [GeneratedLine(line, confidence) for line in text.split("\n")]
