"""How far a mean over few cases can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Estimate(NamedTuple):
    """A mean, and the interval that covers 95% of the means of resampled cases."""

    mean: float
    low: float
    high: float
    cases: int


def bootstrap_mean(values: Sequence[float], resamples: int = 2000, seed: int = 0) -> Estimate:
    """The percentile bootstrap (Efron 1979) of the mean of `values`, of which there must be at least one.

    The same values give the same interval: the generator is seeded.
    """
    data = np.asarray(values, dtype=np.float64)  # (cases,)
    draws = np.random.default_rng(seed).integers(0, len(data), size=(resamples, len(data)))
    low, high = np.percentile(data[draws].mean(axis=1), [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))
