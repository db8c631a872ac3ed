"""Scores of recognized text against what a page says: error rates, and the share of words found."""

from __future__ import annotations

import re
from collections import Counter

import jiwer
from rapidfuzz.distance import Levenshtein

from cogdoc.text import HAN

_WORD = re.compile(rf"[{HAN}]|\d+(?:[.,]\d+)*|[^\W\d_{HAN}]+")


def character_error_rate(prediction: str, reference: str) -> float:
    """Edit distance in characters over the length of the reference; above 1 where much was made up.

    As jiwer computes it: both are stripped at the ends and otherwise taken as they are; with an empty
    reference every character of the prediction counts as one error.
    """
    return float(jiwer.cer(reference, prediction))


def word_error_rate(prediction: str, reference: str) -> float:
    """Edit distance in words over the number of words in the reference; above 1 where much was made up.

    As jiwer computes it by default: words are parted by a space or by several white space characters, while
    a single line break or tab stays inside a word. Normalize the texts first where that matters.
    """
    return float(jiwer.wer(reference, prediction))


def normalized_edit_distance(prediction: str, reference: str) -> float:
    """Edit distance over the length of the longer text, 0 to 1, as OmniDocBench (CVPR 2025) reports it.

    Two empty texts give 0: they are equal, though the formula divides by zero.
    """
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
