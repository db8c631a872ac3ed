"""Scores of a short answer against the answers that count as right.

All of them are pure functions of strings and give a number from 0 to 1. Where published implementations
disagree, the docstring names the one that is followed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from cogdoc.evaluation.metrics.toolkits import Toolkit

ANLS_THRESHOLD = 0.5
RELAXED_TOLERANCE = 0.05


def anls(prediction: str, answers: Sequence[str], threshold: float = ANLS_THRESHOLD) -> float:
    """Normalized Levenshtein similarity to the nearest answer, 0 below `threshold`.

    Biten et al., "Scene Text Visual Question Answering", ICCV 2019, as lmms-eval (75571cfe) and VLMEvalKit
    (e8e78f05) compute it: strings are compared in lower case with runs of white space as one space, the
    distance is divided by the length of the longer raw string, and a similarity of exactly `threshold` is
    kept.
    """
    best = max((_similarity(prediction, answer) for answer in answers), default=0.0)
    return best if best >= threshold else 0.0


def _similarity(prediction: str, answer: str) -> float:
    length = max(len(prediction), len(answer))
    if not length:
        return 1.0
    return 1.0 - Levenshtein.distance(_folded(prediction), _folded(answer)) / length


def pypi_anls(prediction: str, answers: Sequence[str]) -> float:
    """ANLS as the package `anls` on PyPI (0.0.2) computes it, which ChartQAPro uses.

    Unlike `anls` it divides by the length of the longer string as compared, and gives 0 for a similarity of
    exactly one half.
    """
    best = max(
        (Levenshtein.normalized_similarity(_folded(prediction), _folded(answer)) for answer in answers), default=0.0
    )
    return best if best > ANLS_THRESHOLD else 0.0


def _folded(text: str) -> str:
    return " ".join(text.lower().split())


def relaxed_accuracy(
    prediction: str,
    answers: Sequence[str],
    tolerance: float = RELAXED_TOLERANCE,
    toolkit: Toolkit = Toolkit.VLMEVALKIT,
) -> float:
    """1 where a number lies within `tolerance` of an answer, or a text equals one apart from case; else 0.

    Masry et al., "ChartQA", ACL Findings 2022, section 5.1, as pix2struct and the toolkits compute it: "42%"
    is 0.42, "1,234" is no number, and an answer of 0 is compared as text. VLMEvalKit strips the prediction of
    white space before, lmms-eval does not.
    """
    predicted = prediction.strip() if toolkit is Toolkit.VLMEVALKIT else prediction
    return float(any(_relaxed_match(predicted, answer, tolerance) for answer in answers))


def _relaxed_match(prediction: str, answer: str, tolerance: float) -> bool:
    predicted, expected = plain_float(prediction), plain_float(answer)
    if predicted is not None and expected:
        return abs(predicted - expected) / abs(expected) <= tolerance
    return prediction.lower() == answer.lower()


def plain_float(text: str) -> float | None:
    """The number that `text` is in Python's notation, a hundredth of it before a percent sign, or None."""
    try:
        return float(text.rstrip("%")) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        return None


class Quantity(NamedTuple):
    """A number as printed, and the factor that a word or a percent sign behind it names, if any."""

    value: float
    scale: float | None


_SCALES = {
    "%": 0.01,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "millions": 1e6,
    "m": 1e6,
    "mn": 1e6,
    "billion": 1e9,
    "billions": 1e9,
    "b": 1e9,
    "bn": 1e9,
    "万": 1e4,
    "亿": 1e8,
    "万元": 1e4,
    "亿元": 1e8,
}
_QUANTITY = re.compile(
    r"""
    (?P<open>\()? \s*
    (?P<sign>[-+\u2212])? \s*
    (?:US\$|USD|EUR|GBP|RMB|[$€£¥￥])? \s*
    (?P<inner_sign>[-+\u2212])?
    (?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+) \s*
    (?P<close>\))? \s*
    (?P<unit>%|[a-z]+|万元?|亿元?|元)? \s*
    (?P<late_close>\))? \.?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NEUTRAL_UNITS = {"", "dollars", "dollar", "usd", "eur", "gbp", "rmb", "元"}


def quantity(text: str) -> Quantity | None:
    """The number that `text` consists of, or None where it says anything else as well.

    Thousands are parted by commas, a currency may stand in front or behind, and parentheses around an amount
    mean minus as in financial statements: "$3,393 million", "(1,204)", "12.5%", "1.2亿元".
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or bool(match["open"]) != bool(match["close"] or match["late_close"]):
        return None
    unit = (match["unit"] or "").lower()
    scale = _SCALES.get(unit)
    if scale is None and unit not in _NEUTRAL_UNITS:
        return None
    value = float(match["number"].replace(",", ""))
    minus = bool(match["open"]) or (match["sign"] or match["inner_sign"] or "+") != "+"
    return Quantity(-value if minus else value, scale)


def anls_or_number(prediction: str, answers: Sequence[str]) -> float:
    """ANLS, but where an answer is a number the number decides: 1 where it is the same one, else 0.

    Edit distance gives a wrong digit most of the credit, so it is not asked about numbers. Two numbers are
    the same where their values are and neither names another scale than the other ("3,393" is "3,393
    million", but "3.393 million" is not "3.393 billion"); scales that differ are multiplied out ("3.393
    billion" is "3,393 million").
    """
    return max((_anls_or_number(prediction, answer) for answer in answers), default=0.0)


def _anls_or_number(prediction: str, answer: str) -> float:
    expected = quantity(answer)
    if expected is None:
        return anls(prediction, [answer])
    predicted = quantity(prediction)
    if predicted is None:
        return 0.0
    if predicted.scale is None or expected.scale is None:
        return float(_same(predicted.value, expected.value))
    return float(_same(predicted.value * predicted.scale, expected.value * expected.scale))


def _same(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-9 * max(abs(left), abs(right))
