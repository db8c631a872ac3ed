"""The chance that an answer is right, from the odds that the ranking gives it.

The ranking's own probabilities are too sure of themselves at the top and too modest in the middle. They are put
right by a logistic curve over their log-odds (Platt, "Probabilistic outputs for support vector machines", 1999).
"""

from __future__ import annotations

import math
import re

from cogdoc.parsing.page_text import TextOrigin
from cogdoc.query.segments import PageView

INTERCEPT = 1.13
SLOPE = 0.68
QUOTED = -1.30
"""For a label in quotation marks: on a form full of labels, the value beside the right one is often another's."""
"""These three are fitted by `benchmarks/confidence.py`."""

ON_CHART = -2.40
"""On a picture of a chart, whose words alone do not say which value belongs to which name: where no chart was read
from it, a quarter of such answers to ChartQA's questions are right."""

CHART_SEGMENTS = 80
"""A scan of more segments is a page with tables rather than a chart."""

LONE_NUMBERS = 0.45
"""Share of a chart's segments that are numbers; receipts have a quarter, forms a seventh."""

LEAST = 1e-4
"""Log-odds are taken of chances that lie this far from 0 and 1."""

_NUMBER = re.compile(r"\W*\d[\d.,]*\s?%?[KMB]?\W*")


def calibrated(chance: float, *, quoted: bool, on_chart: bool) -> float:
    """The share of answers that are right among those which the ranking gives this probability, 0 to 1."""
    kept = min(1 - LEAST, max(LEAST, chance))
    odds = INTERCEPT + SLOPE * math.log(kept / (1 - kept)) + QUOTED * quoted + ON_CHART * on_chart
    return 1 / (1 + math.exp(-odds))


def looks_like_chart(page: PageView) -> bool:
    """Whether a page is a picture whose few words are numbers for the most part."""
    segments = page.segments
    if page.layout.page_text.origin is not TextOrigin.OCR or not 0 < len(segments) <= CHART_SEGMENTS:
        return False
    numbers = sum(_NUMBER.fullmatch(segment.text) is not None for segment in segments)
    return numbers >= LONE_NUMBERS * len(segments)
