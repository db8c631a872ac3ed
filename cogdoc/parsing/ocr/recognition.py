"""Read a picture's text with RapidOCR on the CPU. Runs in the sandbox.

Its wheel carries the models (Chinese, English, Japanese and more in one), so nothing is downloaded. Its
orientation classifier is off: it turns long lines by 180 degrees and so garbles clean pages.
"""

from __future__ import annotations

import math
import os
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cogdoc.documents.geometry import Box
from cogdoc.documents.pictures import Picture
from cogdoc.parsing.ocr.line_likelihood import BLANK, LineOdds, decide
from cogdoc.parsing.page_text import Line, Word

Quad = npt.NDArray[np.float64]
"""The corners of a slanted rectangle, clockwise from its top left: (4, 2), in pixels."""

MAX_SIDE = 4096
"""Pixels of the longest side that the engine is given; more is the tiling's business."""


@dataclass(frozen=True, slots=True)
class OcrWord:
    text: str
    quad: Quad
    confidence: float


@dataclass(frozen=True, slots=True)
class OcrLine:
    """One line as the engine found it, with its words where it could tell them apart."""

    text: str
    quad: Quad
    confidence: float
    words: tuple[OcrWord, ...]
    odds: LineOdds | None = None
    """What else the line may say; None for lines without Latin letters and such as were read in another way."""

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
        """Degrees clockwise by which the line falls."""
        across = (self.quad[1] - self.quad[0]) + (self.quad[2] - self.quad[3])
        return math.degrees(math.atan2(across[1], across[0]))


class _SeenText(str):
    """A line's text that carries the recognizer's odds through the engine, which has no place for them."""

    odds: LineOdds | None = None


class _Decoder:
    """The engine's own decoder, which keeps the odds of Latin characters beside the text it decides for."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._names: list[str] = list(decoder.character)
        kept = [number for number, name in enumerate(self._names) if name == " " or _is_latin(name)]
        self._kept = np.array([BLANK, *kept])
        self._columns = {self._names[number]: column for column, number in enumerate(kept, start=1)}

    def __call__(self, predictions: npt.NDArray[np.float32], *options: Any, **shapes: Any) -> tuple[list[Any], Any]:
        lines, words = self._decoder(predictions, *options, **shapes)
        used = np.asarray(shapes["wh_ratio_list"]) / shapes["max_wh_ratio"]
        seen: list[tuple[str, float]] = []
        for (text, score), steps, share in zip(lines, predictions, used, strict=True):
            carrier = _SeenText(text)
            if any(map(_is_latin, text)):
                filled = steps[: math.ceil(share * len(steps))]
                carrier.odds = LineOdds(decide(filled, self._names), filled[:, self._kept], self._columns)
            seen.append((carrier, score))
        return seen, words


def _is_latin(character: str) -> bool:
    return len(character) == 1 and "!" <= character <= "ÿ"


@cache
def _engine() -> Any:
    import logging

    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Global.max_side_len": MAX_SIDE,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": int(os.environ.get("COGDOC_WORKER_THREADS", "0")) or -1,
        }
    )
    recognizer = engine._load_rec_model()
    recognizer.postprocess_op = _Decoder(recognizer.postprocess_op)
    return engine


def recognize(picture: Picture) -> list[OcrLine]:
    """All lines of text in `picture` (height, width, 3), in the engine's order: top to bottom, left to right."""
    found = _engine()(
        np.ascontiguousarray(picture[:, :, ::-1]),  # the engine expects OpenCV's channel order
        use_det=True,
        use_cls=False,
        use_rec=True,
        return_word_box=True,
        return_single_char_box=False,
    )
    if found.txts is None or found.boxes is None:
        return []
    lines: list[OcrLine] = []
    for text, quad, score, words in zip(found.txts, found.boxes, found.scores, found.word_results, strict=True):
        if _is_tall(quad) and (upward := _read_upward(picture, quad)) and upward[1] > score:
            lines.append(OcrLine(upward[0], np.asarray(quad, np.float64), upward[1], ()))
            continue
        cleaned = clean_text(text)
        if not cleaned:
            continue
        pieces = tuple(
            OcrWord(cleaned_word, np.asarray(word_quad, np.float64), float(word_score))
            for word, word_score, word_quad in words
            if (cleaned_word := clean_text(word))
        )
        odds = text.odds if text.odds and len(text.odds.characters) == len(cleaned) else None
        lines.append(OcrLine(cleaned, np.asarray(quad, np.float64), float(score), pieces, odds))
    return lines


def _is_tall(quad: Quad) -> bool:
    low, high = np.min(quad, axis=0), np.max(quad, axis=0)
    return bool(high[1] - low[1] > 2 * (high[0] - low[0]))


def _read_upward(picture: Picture, quad: Quad) -> tuple[str, float] | None:
    """Text that runs from bottom to top, as the titles of vertical axes do; the engine takes all for downward."""
    (left, top), (right, bottom) = np.min(quad, axis=0).astype(int), np.ceil(np.max(quad, axis=0)).astype(int)
    crop = picture[max(0, top) : bottom, max(0, left) : right]
    if not crop.size:
        return None
    ((text, score),) = recognize_lines([np.rot90(crop, -1)])
    return (text, score) if text else None


def line_height(picture: Picture) -> float:
    """Median height in pixels of the lines that the engine sees, without reading them; 0 where it sees none."""
    found = _engine()(np.ascontiguousarray(picture[:, :, ::-1]), use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None or not len(found.boxes):
        return 0.0
    sides = np.linalg.norm(np.diff(np.asarray(found.boxes)[:, [0, 1, 2]], axis=1), axis=2)
    return float(np.median(sides.min(axis=1)))


def recognize_lines(crops: Sequence[Picture]) -> list[tuple[str, float]]:
    """Text and score of pictures that hold a single line each; no search for lines is made."""
    results: list[tuple[str, float]] = []
    for crop in crops:
        found = _engine()(
            np.ascontiguousarray(crop[:, :, ::-1]),
            use_det=False,
            use_cls=False,
            use_rec=True,
            return_word_box=False,
        )
        texts, scores = found.txts or ("",), found.scores or (0.0,)
        results.append((clean_text(texts[0]), float(scores[0])))
    return results


def clean_text(text: str) -> str:
    """`text` without control characters and with full-width ASCII made plain, as people type it."""
    plain = "".join(
        chr(ord(c) - 0xFEE0) if "！" <= c <= "～" and c not in "，：；！？（）～" else c
        for c in text
        if unicodedata.category(c) not in ("Cc", "Cs", "Cn")
    )
    return plain.replace("\u3000", " ").strip()


def page_skew(lines: Sequence[OcrLine]) -> float:
    """Degrees clockwise by which the lines of a page fall: the median slope of the long ones, 0 with too few."""
    slopes = [line.slope for line in lines if line.width > 6 * line.height and abs(line.slope) < 20]
    if len(slopes) < 3:
        return 0.0
    return statistics.median(slopes)


def to_line(found: OcrLine) -> Line:
    """The line with axis-parallel boxes, in the same pixels."""
    words = _split_words(found)
    return Line(tuple(Word(word.text, _upright_box(word.quad), word.confidence) for word in words))


def _split_words(found: OcrLine) -> tuple[OcrWord, ...]:
    """The line's words those that touch joined.

    The engine gives each Chinese character a box of its own; here a word ends at white space.
    """
    if not found.words:
        return (OcrWord(found.text, found.quad, found.confidence),)
    parts = found.text.split()
    joined: list[OcrWord] = []
    pieces = list(found.words)
    for part in parts:
        taken: list[OcrWord] = []
        length = 0
        while pieces and length < len(part):
            taken.append(pieces.pop(0))
            length += len(taken[-1].text.replace(" ", ""))
        if not taken:
            break
        quad = np.stack([taken[0].quad[0], taken[-1].quad[1], taken[-1].quad[2], taken[0].quad[3]])
        joined.append(OcrWord(part, quad, min(piece.confidence for piece in taken)))
    if "".join(word.text for word in joined) != "".join(parts):
        return (OcrWord(found.text, found.quad, found.confidence),)
    return tuple(joined)


def _upright_box(quad: Quad) -> Box:
    """The box of the same size about the quad's center, which for a slanted quad is tighter than its bounds."""
    if abs(quad[1][0] - quad[0][0]) < abs(quad[1][1] - quad[0][1]):  # vertical writing
        low, high = quad.min(axis=0), quad.max(axis=0)
        return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    (x, y) = quad.mean(axis=0)
    width = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    return Box(float(x) - width / 2, float(y) - height / 2, float(x) + width / 2, float(y) + height / 2)
