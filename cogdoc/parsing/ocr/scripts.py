"""Find lines in scripts that RapidOCR's bundled model cannot read, such as Cyrillic, Arabic or Thai.

For those it gives look-alike Latin letters with high confidence. A small network looks at the pictures of lines, and
tells their script. `training/scripts` fits it to lines drawn in many fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from cogdoc.documents.pictures import Picture
from cogdoc.parsing.model_sessions import configured
from cogdoc.parsing.ocr.ocr_engine import MIN_SCORE
from cogdoc.parsing.ocr.ocr_lines import OcrLine
from cogdoc.parsing.ocr.vietnamese import NAME, is_vietnamese

HEIGHT = 32
WINDOW = 160
"""Pixels of the parts of a line that the network sees."""

MAX_WINDOWS = 4
"""Parts of a long line that are looked at."""

CLASSES = (
    "read",
    "cyrillic",
    "greek",
    "arabic",
    "hebrew",
    "devanagari",
    "bengali",
    "tamil",
    "telugu",
    "thai",
    "hangul",
    "georgian",
    "armenian",
)
"""The network's classes; the first one is everything that RapidOCR reads, and what is no text."""

Probabilities = npt.NDArray[np.float32]

MAX_LINES = 24
"""Lines of a page that are looked at, evenly spread."""

MIN_PROBABILITY = 0.9
"""The probability from which a line counts as unreadable by itself."""

MIN_SHARE = 0.08
"""The share of a page's text, by area, in such lines from which the page has an unread script."""

MIN_MEAN = 0.6
MIN_MEAN_OF_FEW = 0.8
"""The mean probability of a page's lines from which its script is unread; the second is for one or two lines."""

MIN_AGREEMENT = 0.45
"""The share of the likeliest script among unreadable lines."""

CONFIDENCE = 0.1
"""The confidence of lines in a script that cannot be read, so that nothing of them is given as a sure answer."""


def mark_unread_scripts(
    picture: Picture, lines: Sequence[OcrLine], faint: Sequence[OcrLine]
) -> tuple[list[OcrLine], tuple[str, ...]]:
    """`lines` with low confidence where they are in a script that cannot be read, and the names of those scripts.

    Pages with such lines lose those that are badly read.

    Args:
        faint: lines that were recognized too badly to be kept, which tell the script as well.
    """
    if is_vietnamese(lines):
        return [_doubted(line) if _has_script(line) else line for line in lines], (NAME,)
    seen = [line for line in (*lines, *faint) if _has_script(line)]
    chosen = [seen[index] for index in np.linspace(0, len(seen) - 1, min(MAX_LINES, len(seen))).astype(int)]
    if not chosen:
        return list(lines), ()
    probabilities = script_probabilities([_crop(picture, line) for line in chosen])
    unread = 1 - probabilities[:, 0]
    areas = np.array([line.width * line.height for line in chosen])
    sure = unread > MIN_PROBABILITY
    has_part = sure.sum() >= 3 and areas[sure].sum() > MIN_SHARE * areas.sum()
    mean = float(np.average(unread, weights=areas))
    if not has_part and mean < (MIN_MEAN if len(chosen) > 2 else MIN_MEAN_OF_FEW):
        return list(lines), ()
    weights = (probabilities[:, 1:] * areas[:, None])[unread > 0.5].sum(axis=0)
    scripts = tuple(CLASSES[1 + int(index)] for index in np.argsort(-weights) if weights[index] > 0.3 * weights.sum())
    if not scripts or weights.max() < MIN_AGREEMENT * weights.sum():
        return list(lines), ()  # lines that look like all scripts are badly printed, not in another one
    if len(seen) > len(chosen):
        own = [line for line in lines if _has_script(line)]
        unread = 1 - script_probabilities([_crop(picture, line) for line in own])[:, 0]
        chosen = own
    unreadable = {id(line) for line, probability in zip(chosen, unread, strict=True) if probability > 0.5}
    # On a page in a script that is not read, a badly read line says nothing.
    kept = (line for line in lines if line.confidence >= MIN_SCORE)
    return [_doubted(line) if id(line) in unreadable else line for line in kept], scripts


def _has_script(line: OcrLine) -> bool:
    """Whether a line has letters or a sign that may replace some; numbers are the same in most scripts."""
    is_number = line.text != "" and all(char.isdigit() or char in " .,:;/%-+()" for char in line.text)
    # If only a number was recognized in a wide line, the line has more than that.
    return line.width > line.height and not (is_number and line.width < line.height * len(line.text))


def _doubted(line: OcrLine) -> OcrLine:
    words = tuple(replace(word, confidence=min(word.confidence, CONFIDENCE)) for word in line.words)
    return replace(line, confidence=min(line.confidence, CONFIDENCE), words=words, ctc=None)  # it is not corrected


def _crop(picture: Picture, line: OcrLine) -> Picture:
    """The picture of a line, level even if the line slopes."""
    width, height = max(2, round(line.width)), max(2, round(line.height))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(line.quad.astype(np.float32), corners)
    return np.asarray(cv2.warpPerspective(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def script_probabilities(crops: Sequence[Picture]) -> Probabilities:
    """The probability of each class for pictures of a line each: (lines, classes)."""
    parts = [line_windows(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)) for crop in crops]
    (logits,) = _network().run(None, {"windows": np.concatenate(parts)})
    results = np.empty((len(crops), len(CLASSES)), np.float32)
    start = 0
    for index, part in enumerate(parts):
        mean = logits[start : start + len(part)].mean(axis=0)
        exponentials = np.exp(mean - mean.max())
        results[index] = exponentials / exponentials.sum()
        start += len(part)
    return results


def line_windows(gray: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Parts of a line's picture as the network takes them: (parts, 1, HEIGHT, WINDOW), dark ink as 1, paper as 0."""
    height, width = gray.shape
    scaled = max(1, round(width * HEIGHT / height))
    how = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_LINEAR
    line = cv2.resize(gray, (scaled, HEIGHT), interpolation=how).astype(np.float32)
    paper = float(np.median(line))
    line = np.abs(line - paper)
    line = line / max(30.0, float(np.percentile(line, 98)))
    if scaled < WINDOW:
        line = np.pad(line, ((0, 0), (0, WINDOW - scaled)))
    count = min(MAX_WINDOWS, -(-line.shape[1] // WINDOW))
    starts = np.linspace(0, line.shape[1] - WINDOW, count).astype(int)
    return np.stack([line[None, :, start : start + WINDOW] for start in starts]).clip(0, 1.5)


@cache
def _network() -> Any:
    import onnxruntime

    options = configured(onnxruntime.SessionOptions())
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    weights = files("cogdoc.parsing.ocr").joinpath("scripts.onnx").read_bytes()
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
