"""Tell badly recognized lines that are text from the marks, drawings and ornaments that detection takes for some.

A faint line of a form is kept with its low confidence, so that readers see where text is that they should check.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from cogdoc.parsing.ocr.ocr_engine import MIN_SCORE
from cogdoc.parsing.ocr.ocr_lines import OcrLine

MIN_LETTERS = 4
"""Letters and digits of a faint line; what has fewer is mostly a mark that resembles them."""

MIN_VARIETY = 0.3
"""Share of its letters and digits that differ: a row of stars is read as few characters, many times."""

MIN_FAINT_SCORE = 0.25
"""Guesses of lower scores are worth nothing."""

MIN_HEIGHT, MAX_HEIGHT = 0.6, 1.7
"""The height of a faint line, in those of the clear lines of its page."""


def part_faint_lines(lines: Sequence[OcrLine]) -> tuple[list[OcrLine], list[OcrLine]]:
    """The lines of a page that are text, and those that are recognized too badly to be kept."""
    clear = [line for line in lines if line.confidence >= MIN_SCORE]
    typical = statistics.median(line.height for line in clear) if clear else 0.0
    kept = [line for line in lines if line.confidence >= MIN_SCORE or _is_text(line, typical)]
    taken = set(map(id, kept))
    return kept, [line for line in lines if id(line) not in taken]


def _is_text(line: OcrLine, typical: float) -> bool:
    letters = [char.casefold() for char in line.text if char.isalnum()]
    return (
        line.confidence >= MIN_FAINT_SCORE
        and len(letters) >= MIN_LETTERS
        and len(set(letters)) > MIN_VARIETY * len(letters)
        and MIN_HEIGHT * typical <= line.height <= MAX_HEIGHT * typical
    )
