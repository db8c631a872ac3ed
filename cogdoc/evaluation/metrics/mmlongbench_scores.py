"""The typed score of MMLongBench-Doc, without the language model that shortens answers in the original.

Ma et al., "MMLongBench-Doc", NeurIPS 2024; same behaviour as the official scorer (d73f0dc0).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isclose

from rapidfuzz.distance import Levenshtein

from cogdoc.evaluation.metrics.short_answers import ANLS_THRESHOLD, literal_list

_EXACT_FORMS = tuple(
    re.compile(form)
    for form in (
        r".*https://.*",
        r".*\.py|.*ipynb",
        r"page.*",
        r"\d+(-\d+|\s\d+)?",
        r".*(a\.m\.|p\.m\.).*",
        r"\d{4}[-\s]\d{2}([-\s]\d{2})?",
        r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}",
    )
)


def mmlongbench_score(prediction: str, answer: str, answer_type: str) -> float:
    """The score of `prediction`, 0 to 1, by the type of the answer.

    - Int: equal after truncating decimals.
    - Float: within 1%, also if one of the two is in percent.
    - Str and None (the document does not answer the question): ANLS, 0 at 0.5 and below, but an exact match for
      addresses, dates, telephone numbers and the like.
    - List, in Python's notation: the same number of elements, and the lowest score of the sorted pairs.
    """
    match answer_type:
        case "Int":
            return float(_integers_match(prediction, answer))
        case "Float":
            return float(_floats_match(_cleaned(prediction), _cleaned(answer)))
        case "Str" | "None":
            return _strings_score(_cleaned(prediction), _cleaned(answer))
        case "List":
            return _lists_score(_elements(prediction), _elements(answer))
        case _:
            raise ValueError(f"unknown answer type {answer_type!r}")


def mmlongbench_anls(prediction: str, answers: Sequence[str]) -> float:
    """Normalized Levenshtein similarity to the nearest answer, 0 at 0.5 and below; case and spaces count.

    The distance is divided by the length of the longer text in upper case, where "ß" becomes "SS".
    """
    best = max((_similarity(prediction, answer) for answer in answers), default=0.0)
    return best if best > ANLS_THRESHOLD else 0.0


def _similarity(prediction: str, answer: str) -> float:
    length = max(len(prediction.upper()), len(answer.upper()))
    return 1.0 - Levenshtein.distance(prediction, answer) / length if length else 1.0


def _integers_match(prediction: str, answer: str) -> bool:
    try:
        return int(float(prediction)) == int(answer)
    except (ValueError, OverflowError):
        return False


def _floats_match(prediction: str, answer: str) -> bool:
    try:
        predicted, expected = float(prediction), float(answer)
    except ValueError:
        return False
    return any(
        isclose(candidate, predicted, rel_tol=0.01) or _equal_as_printed(predicted, candidate)
        for candidate in (expected / 100, expected, expected * 100)
    )


def _equal_as_printed(left: float, right: float) -> bool:
    """Equal when rounded to the smaller number of decimals, at least two."""
    digits = max(2, min(len(str(value).partition(".")[2]) for value in (left, right)))
    return round(left, digits) == round(right, digits)


def _strings_score(prediction: str, answer: str) -> float:
    if _needs_exact_match(answer):
        return float(prediction == answer)
    return mmlongbench_anls(prediction, [answer])


def _lists_score(predictions: list[str], answers: list[str]) -> float:
    if len(predictions) != len(answers):
        return 0.0
    pairs = list(zip(sorted(map(_cleaned, predictions)), sorted(map(_cleaned, answers)), strict=True))
    first_answer = pairs[0][1]
    if _is_number(first_answer) or _needs_exact_match(first_answer):
        return float(all(predicted == expected for predicted, expected in pairs))
    return min(mmlongbench_anls(predicted, [expected]) for predicted, expected in pairs)


def _elements(text: str) -> list[str]:
    return (literal_list(text) if text.startswith("[") else []) or [text]


def _cleaned(text: str) -> str:
    lowered = text.lower().strip()
    without_parentheses = re.sub(r"\s*\([^)]*\)", "", lowered).strip()
    without_quotes = re.sub(r"^['\"]|['\"]$", "", without_parentheses).strip()
    return without_quotes.lstrip("$").strip().rstrip("%").strip()


def _needs_exact_match(answer: str) -> bool:
    return any(form.fullmatch(answer) for form in _EXACT_FORMS)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
