"""Run Tesseract on the CPU, in the sandbox: an optional engine for scripts that RapidOCR does not read."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from cogdoc.documents.pictures import Picture
from cogdoc.documents.tesseract import Tesseract
from cogdoc.errors import MissingError
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad

MAX_MILLISECONDS = 120_000
"""For one picture; what is recognized until then is kept."""


@lru_cache(maxsize=1)
def _api(tesseract: Tesseract) -> Any:
    import tesserocr

    try:
        api = tesserocr.PyTessBaseAPI(path=tesseract.folder, lang=tesseract.language, psm=tesserocr.PSM.AUTO)
    except RuntimeError:
        raise MissingError(
            f"Tesseract cannot load {tesseract.language} from {tesseract.folder}", "reinstall its language data"
        ) from None
    # tesserocr has messages written to /dev/null, which a confined process cannot open, and Tesseract then crashes.
    # This sends them to the standard error stream, which goes nowhere.
    api.SetVariable("debug_file", "")
    return api


def recognize(picture: Picture, tesseract: Tesseract) -> list[OcrLine]:
    """All lines of text in `picture` (height, width, 3), in Tesseract's reading order."""
    import tesserocr

    api, word_level = _api(tesseract), tesserocr.RIL.WORD
    height, width = picture.shape[:2]
    api.SetImageBytes(np.ascontiguousarray(picture).tobytes(), width, height, 3, 3 * width)
    lines: list[list[OcrWord]] = []
    try:
        api.Recognize(MAX_MILLISECONDS)
        iterator = api.GetIterator()
        for word in tesserocr.iterate_level(iterator, word_level) if iterator else ():
            text = "".join((word.GetUTF8Text(word_level) or "").split())
            if not text:
                continue
            if word.IsAtBeginningOf(tesserocr.RIL.TEXTLINE) or not lines:
                lines.append([])
            box = word.BoundingBox(word_level)
            lines[-1].append(OcrWord(text, _quad(*box), min(1.0, max(0.0, word.Confidence(word_level) / 100))))
    finally:
        api.Clear()
    return [_line(words) for words in lines if words]


def _line(words: list[OcrWord]) -> OcrLine:
    corners = np.concatenate([word.quad for word in words])
    characters = sum(len(word.text) for word in words)
    confidence = sum(word.confidence * len(word.text) for word in words) / characters
    quad = _quad(*corners.min(axis=0), *corners.max(axis=0))
    return OcrLine(" ".join(word.text for word in words), quad, confidence, tuple(words))


def _quad(left: float, top: float, right: float, bottom: float) -> Quad:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)
