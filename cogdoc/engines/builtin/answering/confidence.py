"""Calibrates the confidence of an answer: the share of right answers among those with the same ranking probability.

The ranking's own probabilities are too high at the top and too low in the middle. A logistic curve over their
log-odds corrects them (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from cogdoc.parsing.page_text import TextOrigin
from cogdoc.query.fitted_model import load_model
from cogdoc.query.segments import PageView

MODEL_PATH = Path(__file__).parent / "weights" / "confidence.json"
MODEL = load_model(MODEL_PATH)
"""Fitted by `training.confidence`."""

MAX_CHART_SEGMENTS = 80
"""A scan with more segments is a page with tables rather than a chart."""

MIN_CHART_NUMBERS = 0.45
"""Share of a chart's segments that are numbers; of a receipt's segments a quarter are, of a form's a seventh."""

MIN_PROBABILITY = 1e-4
"""Probabilities are clipped to at least this distance from 0 and 1, so that their log-odds are finite."""

_NUMBER = re.compile(r"\W*\d[\d.,]*\s?%?[KMB]?\W*")


def calibrate(probability: float, *, quoted: bool, on_chart: bool) -> float:
    """The share of right answers, 0 to 1, among those that the ranking gives this probability.

    Args:
        quoted: whether the question puts the label in quotation marks.
        on_chart: whether the answer is on a chart.
    """
    log_odds = (
        MODEL.bias
        + MODEL.weight("log-odds") * ranking_log_odds(probability)
        + MODEL.weight("quoted") * quoted
        + MODEL.weight("on-chart") * on_chart
    )
    return 1 / (1 + math.exp(-log_odds))


def ranking_log_odds(probability: float) -> float:
    """The feature `log-odds` of the model."""
    bounded = min(1 - MIN_PROBABILITY, max(MIN_PROBABILITY, probability))
    return math.log(bounded / (1 - bounded))


def looks_like_chart(page: PageView) -> bool:
    """Whether a page is a picture with few words and many numbers among them."""
    segments = page.segments
    if page.layout.page_text.origin is not TextOrigin.OCR or not 0 < len(segments) <= MAX_CHART_SEGMENTS:
        return False
    numbers = sum(_NUMBER.fullmatch(segment.text) is not None for segment in segments)
    return numbers >= MIN_CHART_NUMBERS * len(segments)
