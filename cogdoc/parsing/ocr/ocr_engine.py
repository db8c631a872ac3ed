"""Run RapidOCR on the CPU, in the sandbox.

Its wheel contains the models (one for Chinese, English, Japanese and more), so nothing is downloaded. Its orientation
classifier is switched off: it rotates some long lines by 180 degrees, and so garbles clean pages.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.model_sessions import configured
from cogdoc.parsing.ocr.ctc import BLANK, CtcOutput, decode_greedy
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad, shifted

MAX_SIDE = 4096
"""Pixels of the longest side of a picture for the engine; `bands` cuts larger pictures."""


MIN_SCORE = 0.5
"""Lines that are recognized with a lower score are no text."""

DOTLESS = "ı"
"""The letter of Turkish and Azerbaijani that the network takes for an i where print is small."""

MIN_SIDE = 368
"""Pixels of the shortest side of a picture for text detection, which enlarges smaller ones to twice as many. Paper is
added to smaller pictures: detection misses text that is much enlarged, and a thin strip would take gigabytes."""


class _TextWithOutput(str):
    """A line's text with the network's output, which RapidOCR's own result types cannot carry."""

    ctc: CtcOutput | None = None


class _Decoder:
    """RapidOCR's decoder, which also keeps the probabilities of Latin characters with the decoded text."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._names: list[str] = list(decoder.character)
        latin = [index for index, name in enumerate(self._names) if name == " " or _is_latin(name)]
        self._classes = np.array([BLANK, *latin])
        self._columns = {self._names[index]: column for column, index in enumerate(latin, start=1)}

    def __call__(self, predictions: npt.NDArray[np.float32], *options: Any, **shapes: Any) -> tuple[list[Any], Any]:
        lines, words = self._decoder(predictions, *options, **shapes)
        # Narrow lines are padded to the width of the widest one: this share of the steps belongs to the line.
        used_shares = np.asarray(shapes["wh_ratio_list"]) / shapes["max_wh_ratio"]
        results: list[tuple[str, float]] = []
        for (text, score), steps, share in zip(lines, predictions, used_shares, strict=True):
            carrier = _TextWithOutput(text)
            if any(map(_is_latin, text)):
                used = steps[: math.ceil(share * len(steps))]
                carrier.ctc = CtcOutput(decode_greedy(used, self._names), used[:, self._classes], self._columns)
            results.append((carrier, score))
        return results, words


def _is_latin(char: str) -> bool:
    return len(char) == 1 and ("!" <= char <= "ÿ" or char == DOTLESS)


@cache
def _engine() -> Any:
    import logging

    from rapidocr import RapidOCR
    from rapidocr.inference_engine.onnxruntime.main import OrtInferSession

    make_options = OrtInferSession._init_sess_opts
    OrtInferSession._init_sess_opts = staticmethod(lambda settings: configured(make_options(settings)))
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Global.max_side_len": MAX_SIDE,
            "Global.text_score": 0.0,
            "Rec.rec_batch_num": 1,
        }
    )
    recognizer = engine._load_rec_model()
    recognizer.postprocess_op = _Decoder(recognizer.postprocess_op)
    engine.build_final_output = _with_unread_quads(engine, engine.build_final_output)
    return engine


def _with_unread_quads(engine: Any, build: Any) -> Any:
    """RapidOCR's last step, which leaves out detected lines in which nothing was recognized; keep their quads."""

    def build_and_keep(
        picture: Any, detected: Any, classified: Any, recognized: Any, crops: Any, scaling: Mapping[str, Any]
    ) -> Any:
        from rapidocr.utils.process_img import map_boxes_to_original

        texts, boxes = recognized.txts, detected.boxes
        unread = [] if texts is None or boxes is None else [i for i, text in enumerate(texts) if not text.strip()]
        engine.unread_quads = (
            map_boxes_to_original(np.asarray(boxes, np.float32)[unread], scaling, *picture.shape[:2]) if unread else ()
        )
        return build(picture, detected, classified, recognized, crops, scaling)

    return build_and_keep


def recognize(picture: Picture, min_score: float = MIN_SCORE) -> list[OcrLine]:
    """The lines of text in `picture` (height, width, 3), in the engine's order: top to bottom, left to right."""
    padded, left, top = _with_margins(picture)
    return [shifted(line, -left, -top) for line in _recognize(padded) if line.confidence >= min_score]


def _with_margins(picture: Picture) -> tuple[Picture, int, int]:
    """`picture` with enough paper around it, and the widths of the margins at its left and at its top."""
    missing_y, missing_x = (max(0, MIN_SIDE - side) for side in picture.shape[:2])
    if not missing_x and not missing_y:
        return picture, 0, 0
    edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    left, top = missing_x // 2, missing_y // 2
    padded = np.empty((picture.shape[0] + missing_y, picture.shape[1] + missing_x, 3), np.uint8)
    padded[:] = np.median(edges, axis=0)
    padded[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return padded, left, top


def _recognize(picture: Picture) -> list[OcrLine]:
    result = _engine()(
        np.ascontiguousarray(picture[:, :, ::-1]),  # the engine expects OpenCV's channel order
        use_det=True,
        use_cls=False,
        use_rec=True,
        return_word_box=True,
        return_single_char_box=False,
    )
    # Lines in which nothing is recognized have no text and no score; they may be in another script.
    lines = [OcrLine("", np.asarray(quad, np.float64), 0.0, ()) for quad in _engine().unread_quads]
    if result.txts is None or result.boxes is None:
        return lines
    for text, quad, score, words in zip(result.txts, result.boxes, result.scores, result.word_results, strict=True):
        if _is_tall(quad) and (upward := _read_upward(picture, quad)) and upward[1] > score:
            lines.append(OcrLine(upward[0], np.asarray(quad, np.float64), upward[1], ()))
            continue
        cleaned = _clean(text)
        if not cleaned:
            continue
        ocr_words = tuple(
            OcrWord(cleaned_word, np.asarray(word_quad, np.float64), float(word_score))
            for word, word_score, word_quad in words
            if (cleaned_word := _clean(word))
        )
        ctc = text.ctc if text.ctc and len(text.ctc.characters) == len(cleaned) else None
        lines.append(OcrLine(cleaned, np.asarray(quad, np.float64), float(score), ocr_words, ctc))
    return lines


def _is_tall(quad: Quad) -> bool:
    low, high = np.min(quad, axis=0), np.max(quad, axis=0)
    return bool(high[1] - low[1] > 2 * (high[0] - low[0]))


def _read_upward(picture: Picture, quad: Quad) -> tuple[str, float] | None:
    """Read text that runs from bottom to top, such as titles of vertical axes; the engine reads it as downward."""
    (left, top), (right, bottom) = np.min(quad, axis=0).astype(int), np.ceil(np.max(quad, axis=0)).astype(int)
    crop = picture[max(0, top) : bottom, max(0, left) : right]
    if not crop.size:
        return None
    ((text, score),) = recognize_lines([np.rot90(crop, -1)])
    return (text, score) if text else None


def median_line_height(picture: Picture) -> float:
    """The median height in pixels of the detected lines, without reading them; 0 if there are none."""
    padded, _, _ = _with_margins(picture)
    result = _engine()(np.ascontiguousarray(padded[:, :, ::-1]), use_det=True, use_cls=False, use_rec=False)
    if result.boxes is None or not len(result.boxes):
        return 0.0
    sides = np.linalg.norm(np.diff(np.asarray(result.boxes)[:, [0, 1, 2]], axis=1), axis=2)
    return float(np.median(sides.min(axis=1)))


def recognize_lines(crops: Sequence[Picture]) -> list[tuple[str, float]]:
    """Text and score of pictures of a single line each; no text detection is run."""
    results: list[tuple[str, float]] = []
    for crop in crops:
        result = _engine()(
            np.ascontiguousarray(crop[:, :, ::-1]),
            use_det=False,
            use_cls=False,
            use_rec=True,
            return_word_box=False,
        )
        texts, scores = result.txts or ("",), result.scores or (0.0,)
        results.append((_clean(texts[0]), float(scores[0])))
    return results


def _clean(text: str) -> str:
    """`text` without control characters, and with full-width ASCII as plain ASCII, except Chinese punctuation."""
    plain = "".join(
        chr(ord(c) - 0xFEE0) if "！" <= c <= "～" and c not in "，：；！？（）～" else c
        for c in text
        if unicodedata.category(c) not in ("Cc", "Cs", "Cn")
    )
    return plain.replace("\u3000", " ").strip()
