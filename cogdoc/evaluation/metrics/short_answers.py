"""Scores of a short answer."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from enum import StrEnum
from itertools import cycle
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein


class Toolkit(StrEnum):
    """Whose reading of a metric to follow; the values name the repository and the commit."""

    LMMS_EVAL = "EvolvingLMMs-Lab/lmms-eval @ 75571cfe"
    VLMEVALKIT = "open-compass/VLMEvalKit @ e8e78f05"


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


_COMMA_BEFORE_DIGIT = re.compile(r",(?=\d)")
_UNQUOTED_ELEMENT = re.compile(r"(?<!['\w])(\w[^,]*?)(?!['\w])")


def chartqa_split_accuracy(prediction: str, answer: str, question: str) -> float:
    """1 where the prediction agrees with the answer of ChartQA-Split, else 0.

    RobustCQA/ChartQA-Split (d20e38ad), `modified_relaxed_accuracy`: commas in numbers do not count; numbers
    may be off by 5%, but not where the question asks for a year, and nothing is near an answer of 0; lists in
    brackets are compared element by element in any order; of two other texts one has to contain the other.
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
            # As in the original, each side is tried without its ends, whichever of the two is the list.
            return _same_elements(predicted, expected[1:-1]) or _same_elements(predicted[1:-1], expected)


def _is_list(text: str) -> bool:
    return text.startswith("[") and text.endswith("]")


def _same_elements(predicted: str, expected: str) -> bool:
    return sorted(predicted.split(",")) == sorted(expected.split(","))


def chartqapro_accuracy(prediction: str, answer: str, years: Sequence[bool] = (False,)) -> float:
    """The mean score of the elements of the answer, 0 to 1; an element that is missing or too much scores 0.

    Masry et al., "ChartQAPro", ACL Findings 2025, `relaxed_correctness_chartqapro` (4b422c65). Lists are
    written as in Python; only the answer's may lack its quotes. Numbers may be off by 5% and percent signs do
    not count; texts score by `pypi_anls`. `years` tells for each element, or once for all, whether it is a
    year, which has to be the same apart from case.
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
    """The elements of a list in Python's notation, as texts; none where `text` is anything else."""
    try:
        with warnings.catch_warnings():
            # A model's stray backslash is no reason to warn of invalid escapes.
            warnings.simplefilter("ignore")
            parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(element) for element in parsed] if isinstance(parsed, list) else []
