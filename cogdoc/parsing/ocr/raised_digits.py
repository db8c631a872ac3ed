"""Tell raised digits from the words before them: recognition reads "1,204" with the note 1 as 1,2041."""

from __future__ import annotations

import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.parsing.ocr.ink import InkComponent
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord
from cogdoc.parsing.superscripts import is_note, superscript

MAX_SLOPE = 3.0
"""Degrees by which a line slopes at most; on a steeper one the last digit is higher or lower than the first."""

SMALLEST, LARGEST = 0.3, 0.8
"""Heights of a raised digit, by those of the digits on the line."""

MIN_FOOT = 0.25
"""Heights of the digits on the line by which the foot of a raised one is above theirs."""

MIN_HEAD = 0.05
"""By this its head is above theirs; in fonts with old-style figures, low ones have their heads at the same height."""


RECOGNIZED = "¹²³"
"""Raised digits that recognition gives as such."""

Floats = npt.NDArray[np.float64]


def set_digits_apart(lines: Sequence[OcrLine], components: Sequence[InkComponent]) -> list[OcrLine]:
    """`lines` with raised digits as such, behind a number as words of their own."""
    boxes = np.array([part.box for part in components], np.float64).reshape(-1, 4)
    boxes = boxes[np.argsort(boxes[:, 0])]
    return [_set_apart(line, boxes) for line in lines]


def _set_apart(line: OcrLine, boxes: Floats) -> OcrLine:
    if abs(line.slope) > MAX_SLOPE or line.text.split() != [word.text for word in line.words]:
        return line
    words = [part for word in line.words for part in _parts(word, boxes)]
    if words == list(line.words):
        return line
    return replace(line, text=" ".join(word.text for word in words), words=tuple(words), ctc=None)


def _parts(word: OcrWord, boxes: Floats) -> tuple[OcrWord, ...]:
    base, last = word.text[:-1], word.text[-1:]
    if not base or not base[-1].isalnum():
        return (word,)
    if last in RECOGNIZED:
        digit = str(unicodedata.digit(last))
        (left, _), (right, _) = word.quad.min(axis=0), word.quad.max(axis=0)
        return _divided(word, base, last, right - (right - left) / len(word.text)) if is_note(base, digit) else (word,)
    letters = _letters(word, boxes) if last in "123456789" else []
    if not 1 < len(letters) <= len(word.text) + 1 or not _is_raised(letters):
        return (word,)
    if is_note(base, last):
        return _divided(word, base, superscript(last), (letters[-2].x1 + letters[-1].x0) / 2)
    return (replace(word, text=base + superscript(last)),)


def _letters(word: OcrWord, boxes: Floats) -> list[Box]:
    """The ink within a word, left to right, without dots and accents."""
    (left, top), (right, bottom) = word.quad.min(axis=0), word.quad.max(axis=0)
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside = boxes[(left <= x) & (x <= right) & (top <= y) & (y <= bottom)]
    tall = inside[:, 3] - inside[:, 1]
    least = SMALLEST * tall.max() if len(tall) else 0.0
    return [Box(*map(float, box)) for box in inside[tall >= least]]


def _is_raised(letters: Sequence[Box]) -> bool:
    """Whether the last letter is smaller and higher than those before it."""
    *others, last = letters
    head, foot = statistics.median(box.y0 for box in others), statistics.median(box.y1 for box in others)
    height = foot - head
    return (
        SMALLEST * height <= last.height <= LARGEST * height
        and last.y1 <= foot - MIN_FOOT * height
        and last.y0 <= head - max(1.0, MIN_HEAD * height)
    )


def _divided(word: OcrWord, base: str, raised: str, edge: float) -> tuple[OcrWord, OcrWord]:
    left, right = word.quad.copy(), word.quad.copy()
    left[[1, 2], 0] = np.minimum(left[[1, 2], 0], edge)
    right[[0, 3], 0] = np.maximum(right[[0, 3], 0], edge)
    return replace(word, text=base, quad=left), replace(word, text=raised, quad=right)
