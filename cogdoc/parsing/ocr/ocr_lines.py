"""Lines and words as the OCR engine finds them, as quadrilaterals in pixels, and their conversion to page lines."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.parsing.ocr.ctc import CtcOutput
from cogdoc.parsing.page_text import Line, Word

Quad = npt.NDArray[np.float64]
"""The corners of a slanted rectangle, clockwise from its top left: (4, 2), in pixels."""


MOST_SURE = 0.99999
"""The confidence that no word exceeds: only words of a text layer have 1."""


@dataclass(frozen=True, slots=True)
class OcrWord:
    text: str
    quad: Quad
    confidence: float


@dataclass(frozen=True, slots=True)
class OcrLine:
    """One line of text, with its words if the engine gives them."""

    text: str
    quad: Quad
    confidence: float
    words: tuple[OcrWord, ...]
    ctc: CtcOutput | None = None
    """The recognition network's output; None for lines without Latin letters, and for lines that were re-read."""

    @property
    def height(self) -> float:
        """Pixels between the upper and the lower edge."""
        return float(np.linalg.norm(self.quad[3] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[1])) / 2

    @property
    def width(self) -> float:
        """Pixels between the left and the right edge."""
        return float(np.linalg.norm(self.quad[1] - self.quad[0]) + np.linalg.norm(self.quad[2] - self.quad[3])) / 2

    @property
    def slope(self) -> float:
        """Degrees clockwise by which the line slopes down."""
        across = (self.quad[1] - self.quad[0]) + (self.quad[2] - self.quad[3])
        return math.degrees(math.atan2(across[1], across[0]))


def page_skew(lines: Sequence[OcrLine]) -> float:
    """Degrees clockwise by which a page's lines slope: the median of the long lines, 0 if there are fewer than 3."""
    slopes = [line.slope for line in lines if line.width > 6 * line.height and abs(line.slope) < 20]
    if len(slopes) < 3:
        return 0.0
    return statistics.median(slopes)


def shifted(line: OcrLine, right: float, down: float) -> OcrLine:
    """`line` moved by that many pixels."""
    offset = np.array([right, down])
    words = tuple(OcrWord(word.text, word.quad + offset, word.confidence) for word in line.words)
    return replace(line, quad=line.quad + offset, words=words)


def to_line(ocr_line: OcrLine) -> Line:
    """The line with axis-parallel boxes, in the same pixels."""
    words = _merge_words(ocr_line)
    return Line(
        tuple(Word(word.text, _axis_parallel_box(word.quad), min(word.confidence, MOST_SURE)) for word in words)
    )


def _merge_words(ocr_line: OcrLine) -> tuple[OcrWord, ...]:
    """The line's words as white space separates them: the engine gives each Chinese character as its own word."""
    whole_line = (OcrWord(ocr_line.text, ocr_line.quad, ocr_line.confidence),)
    if not ocr_line.words:
        return whole_line
    texts = ocr_line.text.split()
    merged: list[OcrWord] = []
    pieces = list(ocr_line.words)
    for text in texts:
        taken: list[OcrWord] = []
        length = 0
        while pieces and length < len(text):
            taken.append(pieces.pop(0))
            length += len(taken[-1].text.replace(" ", ""))
        if not taken:
            break
        quad = np.stack([taken[0].quad[0], taken[-1].quad[1], taken[-1].quad[2], taken[0].quad[3]])
        merged.append(OcrWord(text, quad, min(piece.confidence for piece in taken)))
    if "".join(word.text for word in merged) != "".join(texts):
        return whole_line
    return tuple(merged)


def _axis_parallel_box(quad: Quad) -> Box:
    """The box of the quad's size about its center, which for a slanted quad is tighter than its bounding box."""
    if abs(quad[1][0] - quad[0][0]) < abs(quad[1][1] - quad[0][1]):  # vertical writing
        low, high = quad.min(axis=0), quad.max(axis=0)
        return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    (x, y) = quad.mean(axis=0)
    width = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return Box(float(x) - width / 2, float(y) - height / 2, float(x) + width / 2, float(y) + height / 2)
