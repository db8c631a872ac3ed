"""The scores of OCRBench and OCRBench v2, which search for the answer inside the prediction."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from cogdoc.evaluation.metrics.short_answers import Toolkit

_FULL_WIDTH_TO_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_SHORT_ANSWER_WORDS = 4
_SHORT_CHINESE_ANSWER_PARTS = 3
_THRESHOLD = 0.5


def ocrbench_contains(
    prediction: str, answers: Sequence[str], formula: bool = False, toolkit: Toolkit = Toolkit.LMMS_EVAL
) -> float:
    """1 if the prediction contains an answer, else 0.

    Liu et al., "OCRBench", Science China 2024. Case and line breaks are ignored, in lmms-eval also the width of
    letters ("Ａ" is "a"). In a `formula` spaces are ignored and case counts.
    """
    if formula:
        return float(any(_without_spaces(answer) in _without_spaces(prediction) for answer in answers))
    width = _FULL_WIDTH_TO_ASCII if toolkit is Toolkit.LMMS_EVAL else {}
    predicted = _folded(prediction.translate(width))
    return float(any(_folded(answer.translate(width)) in predicted for answer in answers))


def ocrbench_v2_score(prediction: str, answers: Sequence[str]) -> float:
    """1 if the prediction contains an answer of up to four words; for longer answers ANLS, 0 below 0.5.

    Fu et al., "OCRBench v2", NeurIPS 2025, `vqa_evaluation`. Case and line breaks are ignored.
    """
    predicted = _folded(prediction)
    return max(
        (_score(predicted, answer, len(answer.split()) <= _SHORT_ANSWER_WORDS) for answer in map(_folded, answers)),
        default=0.0,
    )


def ocrbench_v2_chinese_score(prediction: str, answers: Sequence[str]) -> float:
    """The same for Chinese, `cn_vqa_evaluation`: spaces are ignored; short is up to three comma-separated parts."""
    predicted = _without_spaces(_folded(prediction))
    expected = [_without_spaces(_folded(answer)) for answer in answers]
    return max(
        (_score(predicted, answer, answer.count(",") < _SHORT_CHINESE_ANSWER_PARTS) for answer in expected),
        default=0.0,
    )


def ocrbench_v2_count_score(prediction: str, answers: Sequence[str]) -> float:
    """1 minus the relative error of the first integer in the prediction, 0 if that is not above 0.5.

    `counting_evaluation` with `eval_method="regression"`.

    Raises:
        ValueError: an answer is not an integer.
    """
    number = re.search(r"\d+", prediction)
    counted = int(number[0]) if number else 0
    nearness = (_nearness(counted, int(answer)) for answer in answers)
    return max((score for score in nearness if score > _THRESHOLD), default=0.0)


def _score(predicted: str, answer: str, is_short: bool) -> float:
    if is_short:
        return float(answer in predicted)
    similarity = Levenshtein.normalized_similarity(predicted, answer)
    return similarity if similarity >= _THRESHOLD else 0.0


def _nearness(counted: int, expected: int) -> float:
    return 1.0 - abs(counted - expected) / expected if counted and expected else 0.0


def _folded(text: str) -> str:
    return text.lower().strip().replace("\n", " ")


def _without_spaces(text: str) -> str:
    return text.strip().replace("\n", "").replace(" ", "")
