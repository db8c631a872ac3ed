"""The scores of Visual Caption Restoration (VCR): how well a model restores text that is covered in a picture.

Zhang et al., "VCR: A Task for Pixel-Level Complex Reasoning in Vision Language Models via Restoring Occluded
Text", ICLR 2025, as its authors' `evaluation_metrics.py`, lmms-eval and VLMEvalKit compute it, except for the
tokens: those take them from spaCy's models `en_core_web_sm` and `zh_core_web_sm`, which must be downloaded.

- English is split by rules that imitate that model: at spaces, punctuation, hyphens, and before "'s", "n't" and the
  like. Abbreviations with a period and compounds such as "and/or" may differ. Covered texts are runs of words without
  punctuation, so scores hardly change: over 892 predictions made from real pages, spaCy's rules gave exact matches
  for 64.7% and a mean Jaccard index of 0.808, these rules 65.0% and 0.814.
- Chinese is split into characters instead of words. Then the text matches exactly wherever it occurs, also where spaCy
  joins its ends with neighboring characters, and the Jaccard index counts common characters instead of words. Both
  scores tend to be higher than published ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]

_REFUSAL = re.compile(r"I can't|I cannot|无法|抱歉|(?i:sorry)")
_ENGLISH_TOKEN = re.compile(
    r"""
    (?:[^\W\d_]\.){2,}                # U.S.
    | [^\W\d_]+?(?=n['’]t\b)          # is|n't
    | n['’]t\b
    | ['’](?:s|ll|re|ve|m|d)\b
    | \d+(?:[.,:]\d+)*
    | \w+
    | \.{2,}
    | [^\w\s]
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CHINESE_TOKEN = re.compile(r"\S")
_TOKEN = {"en": _ENGLISH_TOKEN, "zh": _CHINESE_TOKEN}
_SPACE = {"en": " ", "zh": ""}


class VcrScore(NamedTuple):
    """`exact` is 1 if the tokens are equal and in the same order; `jaccard` compares the sets of tokens."""

    exact: float
    jaccard: float


def vcr_score(prediction: str, masked_text: str, language: Language) -> VcrScore:
    """Scores of the run of tokens in `prediction` that is most similar to `masked_text` and shares a token with it.

    A prediction that refuses ("I cannot", "抱歉") scores 0.
    """
    if _REFUSAL.search(prediction):
        return VcrScore(0.0, 0.0)
    expected = tuple(_TOKEN[language].findall(masked_text))
    best_run = _most_similar_run(tuple(_TOKEN[language].findall(prediction)), expected, masked_text, _SPACE[language])
    if not best_run:
        return VcrScore(0.0, 0.0)
    common, either = set(best_run) & set(expected), set(best_run) | set(expected)
    return VcrScore(float(best_run == expected), len(common) / len(either))


def vcr_scores(prediction: str, masked_texts: Sequence[str], language: Language) -> VcrScore:
    """The mean scores of the masked texts of one picture, which must not be empty.

    Published figures are means over all masked texts of a set: weight pictures by their number of texts.
    """
    scores = [vcr_score(prediction, text, language) for text in masked_texts]
    return VcrScore(
        sum(score.exact for score in scores) / len(scores), sum(score.jaccard for score in scores) / len(scores)
    )


def _most_similar_run(
    words: tuple[str, ...], expected: tuple[str, ...], masked_text: str, space: str
) -> tuple[str, ...]:
    tokens = frozenset(expected)
    runs = [words[start : start + len(expected)] for start in range(len(words) - len(expected) + 1)]
    return max(
        (run for run in runs if not tokens.isdisjoint(run)),
        key=lambda run: SequenceMatcher(None, space.join(run), masked_text).ratio(),
        default=(),
    )
