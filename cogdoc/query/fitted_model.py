"""Linear models with weights fitted to data, in JSON files that record where the numbers come from.

The scripts in `training/` write such files; the code that scores proposals, pages and answers reads them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

Features = Mapping[str, float]
"""The features of one thing to be scored, by name."""

MAX_LOG_ODDS = 20.0


@dataclass(frozen=True, slots=True)
class HeldOutScore:
    """The score of a model on data that it was not fitted to."""

    data: str
    """What was scored: a data set, or a kind of question."""
    metric: str
    score: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where weights come from."""

    script: str
    """The module that fits them: `python -m SCRIPT`."""
    date: str
    """The day they were fitted, as YYYY-MM-DD."""
    datasets: tuple[str, ...]
    validation: str
    """How the scores were computed."""
    scores: tuple[HeldOutScore, ...]
    set_by_hand: tuple[str, ...]
    """Features whose weight the data does not determine: it is a prior, set by hand."""
    notes: str


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A linear model: a bias and one weight for each feature."""

    name: str
    provenance: Provenance
    bias: float
    weights: Mapping[str, float]

    def score(self, features: Features) -> float:
        """The bias plus the weighted sum of `features`.

        Features that are left out count as 0, and those without a weight do not count.
        """
        weights = self.weights
        return self.bias + sum(weights[name] * value for name, value in features.items() if name in weights)

    def probability(self, features: Features) -> float:
        """The logistic function of the score."""
        return 1 / (1 + math.exp(-max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, self.score(features)))))


def load_model(path: Path) -> FittedModel:
    """Read a model that `save_model` wrote.

    Raises:
        OSError: the file cannot be read.
        KeyError, TypeError, ValueError: it does not contain a model.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))
    provenance = stored["provenance"]
    return FittedModel(
        name=stored["name"],
        provenance=Provenance(
            **{
                **provenance,
                "datasets": tuple(provenance["datasets"]),
                "scores": tuple(HeldOutScore(**score) for score in provenance["scores"]),
                "set_by_hand": tuple(provenance["set_by_hand"]),
            }
        ),
        bias=float(stored["bias"]),
        weights={name: float(weight) for name, weight in stored["weights"].items()},
    )


def save_model(model: FittedModel, path: Path) -> None:
    """Write a model as JSON, for `load_model`."""
    path.write_text(json.dumps(asdict(model), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
