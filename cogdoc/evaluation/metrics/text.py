"""Scores of recognized text against what a page says: error rates, and the share of words found."""

from __future__ import annotations

import re
from collections import Counter

from rapidfuzz.distance import Levenshtein

_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|\d+(?:[.,]\d+)*|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+")


def character_error_rate(prediction: str, reference: str) -> float:
    """Edit distance in characters over the length of the reference; above 1 where much was made up.

    Both are stripped at the ends and otherwise taken as they are, as jiwer (4.0.0) does; with an empty
    reference every character of the prediction counts as one error.
    """
    predicted, expected = prediction.strip(), reference.strip()
    return Levenshtein.distance(predicted, expected) / max(1, len(expected))


def word_error_rate(prediction: str, reference: str) -> float:
    """Edit distance in words over the number of words in the reference; above 1 where much was made up.

    Words are parted as jiwer (4.0.0) does by default: by a space or by several white space characters, while
    a single line break or tab stays inside a word. Normalize the texts first where that matters.
    """
    predicted, expected = _jiwer_words(prediction), _jiwer_words(reference)
    return Levenshtein.distance(predicted, expected) / max(1, len(expected))


def _jiwer_words(text: str) -> list[str]:
    return [word for word in re.sub(r"\s{2,}", " ", text.strip()).split(" ") if word]


def normalized_edit_distance(prediction: str, reference: str) -> float:
    """Edit distance over the length of the longer text, 0 to 1, as OmniDocBench (CVPR 2025) reports it."""
    return Levenshtein.normalized_distance(prediction, reference)


def word_recall(prediction: str, reference: str) -> float:
    """Share of the reference's words that the prediction has too, wherever; each occurrence counts once.

    A word is a run of letters, a number with its separators, or one Chinese character, so that neither
    punctuation nor spaces around it matter, but words run together are lost. For Chinese this is the recall
    of characters. A reference without words gives 1.
    """
    expected = Counter(words(reference))
    if not expected:
        return 1.0
    return (expected & Counter(words(prediction))).total() / expected.total()


def words(text: str) -> list[str]:
    """The words of `text` as `word_recall` counts them."""
    return _WORD.findall(text)
