"""Scores of a short answer against the accepted answers: ANLS, relaxed accuracy, and their variants.

All are pure functions of strings with results from 0 to 1. Where published implementations disagree, the docstring
names the one that is followed.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from enum import StrEnum
from itertools import cycle
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

ANLS_THRESHOLD = 0.5
RELAXED_TOLERANCE = 0.05
_COMMA_BEFORE_DIGIT = re.compile(r",(?=\d)")
_UNQUOTED_ELEMENT = re.compile(r"(?<!['\w])(\w[^,]*?)(?!['\w])")
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


class Toolkit(StrEnum):
    """The two evaluation toolkits whose scores are published most, which disagree about some metrics.

    The values name the repository and the commit.
    """

    LMMS_EVAL = "EvolvingLMMs-Lab/lmms-eval @ 75571cfe"
    VLMEVALKIT = "open-compass/VLMEvalKit @ e8e78f05"


class Quantity(NamedTuple):
    """A number as printed, and the scale that a word or a percent sign after it names, if any."""

    value: float
    scale: float | None


def anls(prediction: str, answers: Sequence[str], threshold: float = ANLS_THRESHOLD) -> float:
    """ANLS: normalized Levenshtein similarity to the nearest answer, 0 below `threshold`.

    Biten et al., "Scene Text Visual Question Answering", ICCV 2019, as lmms-eval (75571cfe) and VLMEvalKit
    (e8e78f05) compute it: strings are compared in lower case with runs of white space as one space, the
    distance is divided by the length of the longer raw string, and a similarity of exactly `threshold` counts.
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

    Unlike `anls` it divides by the length of the longer normalized string, and a similarity of exactly one half
    gives 0.
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
    """1 if a number is within `tolerance` of an answer, or a text equals one apart from case; else 0.

    Masry et al., "ChartQA", ACL Findings 2022, section 5.1, as pix2struct and the toolkits compute it: "42%"
    is 0.42, "1,234" is not a number, and an answer of 0 is compared as text. VLMEvalKit first strips white space from
    the prediction, lmms-eval does not.
    """
    predicted = prediction.strip() if toolkit is Toolkit.VLMEVALKIT else prediction
    return float(any(_relaxed_match(predicted, answer, tolerance) for answer in answers))


def _relaxed_match(prediction: str, answer: str, tolerance: float) -> bool:
    predicted, expected = plain_float(prediction), plain_float(answer)
    if predicted is not None and expected:
        return abs(predicted - expected) / abs(expected) <= tolerance
    return prediction.lower() == answer.lower()


def plain_float(text: str) -> float | None:
    """`text` as a number in Python's notation, divided by 100 if a percent sign follows; None if it is not one."""
    try:
        return float(text.rstrip("%")) / 100.0 if text.endswith("%") else float(text)
    except ValueError:
        return None


def quantity(text: str) -> Quantity | None:
    """The number that `text` consists of, or None if it contains anything else.

    Commas separate thousands, a currency may precede or follow, and parentheses around an amount mean minus as in
    financial statements: "$3,393 million", "(1,204)", "12.5%", "1.2亿元".
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
    """ANLS, except that an answer that is a number must be given exactly: 1 for the same number, else 0.

    Edit distance would give most of the credit for a number with a wrong digit. If both numbers name a scale, their
    products count ("3.393 billion" is "3,393 million", but "3.393 million" is not "3.393 billion"); otherwise the
    printed values do ("3,393" is "3,393 million").
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


def chartqa_split_accuracy(prediction: str, answer: str, question: str) -> float:
    """Relaxed accuracy as ChartQA-Split modifies it: 1 if the prediction agrees with the answer, else 0.

    RobustCQA/ChartQA-Split (d20e38ad), `modified_relaxed_accuracy`: commas in numbers are ignored; numbers may differ
    by 5% unless the question asks for a year, and no number is near an answer of 0; lists in brackets are compared
    element by element in any order; of two other texts one must contain the other.
    """
    predicted, expected = (_COMMA_BEFORE_DIGIT.sub("", text) for text in (prediction, answer))
    predicted_number, expected_number = plain_float(predicted), plain_float(expected)
    if predicted_number is not None and expected_number is not None and "year" not in question.lower():
        return float(_near(predicted_number, expected_number))
    return float(_texts_agree(predicted.replace(" ", ""), expected.replace(" ", "")))


def _near(predicted: float, expected: float) -> bool:
    return expected != 0 and abs(predicted - expected) / abs(expected) <= RELAXED_TOLERANCE


def _texts_agree(predicted: str, expected: str) -> bool:
    match _is_list(predicted), _is_list(expected):
        case True, True:
            return _same_elements(predicted[1:-1], expected[1:-1])
        case False, False:
            contained = expected.lower() in predicted.lower()
            return contained or (bool(predicted) and predicted.lower() in expected.lower())
        case _:
            # As in the original, the brackets are removed from either side, whichever of the two is the list.
            return _same_elements(predicted, expected[1:-1]) or _same_elements(predicted[1:-1], expected)


def _is_list(text: str) -> bool:
    return text.startswith("[") and text.endswith("]")


def _same_elements(predicted: str, expected: str) -> bool:
    return sorted(predicted.split(",")) == sorted(expected.split(","))


def chartqapro_accuracy(prediction: str, answer: str, years: Sequence[bool] = (False,)) -> float:
    """Relaxed accuracy as ChartQAPro modifies it: the mean score of the elements of the answer, 0 to 1.

    Masry et al., "ChartQAPro", ACL Findings 2025, `relaxed_correctness_chartqapro` (4b422c65). Missing and surplus
    elements score 0. Lists are in Python's notation; the elements of the answer may lack quotes. Numbers may differ by
    5% and percent signs are ignored; texts score by `pypi_anls`. `years` says for each element, or once for all,
    whether it is a year, which must be equal apart from case.
    """
    expected = _elements(_with_quotes(answer)) or [answer]
    predicted = _elements(prediction) or [prediction]
    scores = (
        float(left.strip().lower() == right.strip().lower()) if is_year else _element_score(left, right)
        for left, right, is_year in zip(predicted, expected, cycle(years))
    )
    return sum(scores) / max(len(predicted), len(expected))


def _with_quotes(answer: str) -> str:
    if not _is_list(answer.strip()):
        return answer
    quoted = _UNQUOTED_ELEMENT.sub(r"'\1'", answer.strip())
    return quoted if _elements(quoted) else answer


def _elements(text: str) -> list[str]:
    return [element.strip(" '") for element in literal_list(text)]


def _element_score(prediction: str, answer: str) -> float:
    predicted, expected = (text.strip().strip("%").strip() for text in (prediction, answer))
    predicted_number, expected_number = plain_float(predicted), plain_float(expected)
    if predicted_number is None or expected_number is None:
        return pypi_anls(predicted, [expected])
    return float(predicted_number == expected_number or _near(predicted_number, expected_number))


def literal_list(text: str) -> list[str]:
    """The elements of a list in Python's notation, as texts; empty if `text` is anything else."""
    try:
        with warnings.catch_warnings():
            # Python warns about a stray backslash in a model's reply, because it is an invalid escape.
            warnings.simplefilter("ignore")
            parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(element) for element in parsed] if isinstance(parsed, list) else []
