"""How far a mean over few cases can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_DRAWS_AT_ONCE = 1 << 18
"""All resamples at once take gigabytes for a hundred thousand cases."""


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
    generator = np.random.default_rng(seed)
    block = max(1, _DRAWS_AT_ONCE // len(data))
    means = [
        data[generator.integers(0, len(data), size=(min(block, resamples - start), len(data)))].mean(axis=1)
        for start in range(0, resamples, block)
    ]
    low, high = np.percentile(np.concatenate(means), [2.5, 97.5])
    return Estimate(float(data.mean()), float(low), float(high), len(data))
