"""What the fitting scripts share: the optimizer, folds by document, and the command line."""

from __future__ import annotations

import random
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cogdoc.query.fitted_model import HeldOutScore, Provenance

SEED = 1

Vector = NDArray[np.float64]
Document = TypeVar("Document", Path, str)


def minimize(gradient: Callable[[Vector], Vector], start: Vector, steps: int) -> Vector:
    """Adam (Kingma and Ba, 2015) with a step size that falls from 0.1 to 0.01."""
    weights, mean, variance = start.copy(), np.zeros_like(start), np.zeros_like(start)
    for step in range(1, steps + 1):
        slope = gradient(weights)
        mean = 0.9 * mean + 0.1 * slope
        variance = 0.999 * variance + 0.001 * slope**2
        rate = 0.1 * (1 - 0.9 * step / steps)
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(variance / (1 - 0.999**step)) + 1e-8)
    return weights


def folds(documents: Iterable[Document], count: int) -> list[set[Document]]:
    """The documents in `count` groups, each to be held out once."""
    ordered = sorted(set(documents))
    random.Random(SEED).shuffle(ordered)
    return [set(ordered[fold::count]) for fold in range(count)]


def set_by_hand(prior: dict[str, float], weights: dict[str, float]) -> tuple[str, ...]:
    """The features whose weight, rounded to two decimals, is still the prior."""
    return tuple(name for name, weight in weights.items() if name in prior and abs(weight - prior[name]) < 0.005)


def provenance_of(
    script: str, datasets: tuple[str, ...], validation: str, scores: tuple[HeldOutScore, ...]
) -> Provenance:
    """Of weights that are fitted today, all of them to data."""
    return Provenance(script, today(), datasets, validation, scores, set_by_hand=(), notes="")


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def parse_folders(description: str) -> Namespace:
    """The folders `data` and `cache`; the latter is made."""
    arguments = _parser(description).parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    return arguments


def parse_arguments(description: str, output: Path) -> Namespace:
    """The folders `data` and `cache`, which is made, and the file `to`."""
    parser = _parser(description)
    parser.add_argument(
        "--to", type=Path, default=output, help="the file to write (default: the one that cogdoc ships)"
    )
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    return arguments


def _parser(description: str) -> ArgumentParser:
    parser = ArgumentParser(description=description)
    parser.add_argument("data", type=Path, help="folder of the evaluation data")
    parser.add_argument("cache", type=Path, help="folder that keeps what was read from the documents")
    return parser
