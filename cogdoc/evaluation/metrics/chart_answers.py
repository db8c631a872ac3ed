"""Relaxed accuracy as two successors of ChartQA changed it; `relaxed_accuracy` is ChartQA's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import cycle

from cogdoc.evaluation.metrics.answers import RELAXED_TOLERANCE, plain_float, pypi_anls
from cogdoc.evaluation.metrics.literals import literal_list

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
