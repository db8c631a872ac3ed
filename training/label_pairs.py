"""Fit what tells a label with its value from other texts, and judge it on data sets left out.

    python -m training.label_pairs DATA CACHE

DATA is the folder of the evaluation data, CACHE a folder that keeps the text and layout of its pages. FUNSD and the
NTSB reports list labels with their values, though not all of a page: what they do not list counts little against a
candidate when the weights are fitted, but fully as an error when pairs are judged, so that the printed F1 is a lower
bound.
Made-up forms in many languages have all of theirs. The model is a logistic regression; its weights go, with their
provenance, to the file that `cogdoc.query.label_pairs` reads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz

from cogdoc.query.fitted_model import FittedModel, HeldOutScore, save_model
from cogdoc.query.label_pairs import MODEL_PATH, select
from cogdoc.query.pair_candidates import PairCandidate, pair_candidates
from cogdoc.query.segments import view_page
from cogdoc.text import comparison_key
from training.documents import read_cached_layout, read_texts
from training.fitting import Vector, minimize, parse_arguments, provenance_of
from training.form_pages import form_pages

SAME = 85.0
"""Similarity in percent of texts that OCR may have misread."""

UNLISTED = 0.3
"""Weight of a candidate that shares neither label nor value with a listed pair, where not all are listed."""

DECAY = 0.3
STEPS = 400
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)

Pair = tuple[str, tuple[str, ...]]
"""A label, and the wordings of its value that count as right."""


@dataclass(frozen=True, slots=True)
class Page:
    """The candidates of a page, and the pairs that it has."""

    dataset: str
    candidates: tuple[PairCandidate, ...]
    pairs: tuple[Pair, ...]
    is_complete: bool
    """Whether all pairs of the page are listed."""

    def target(self, candidate: PairCandidate) -> tuple[float, float]:
        """1 for a pair and 0 for none, and how much it counts."""
        label_hit = value_hit = False
        for label, values in self.pairs:
            is_label = same(label, candidate.label_text)
            is_value = any(same(value, candidate.value_text) for value in values)
            if is_label and is_value:
                return 1.0, 1.0
            label_hit, value_hit = label_hit or is_label, value_hit or is_value
        return 0.0, 1.0 if self.is_complete or label_hit or value_hit else UNLISTED


@dataclass(slots=True)
class Counts:
    """How many pairs were found."""

    right: int = 0
    found: int = 0
    listed: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, self.found + self.listed)


def same(left: str, right: str) -> bool:
    keys = [comparison_key(text).strip(":. ") for text in (left, right)]
    return bool(keys[0]) and fuzz.ratio(*keys) >= SAME


def read_pages(data: Path, cache: Path) -> list[Page]:
    """The pages of all data sets."""
    pages = [
        Page("made-up forms", tuple(pair_candidates(view_page(layout))), pairs, is_complete=True)
        for layout, pairs in form_pages()
    ]
    for dataset, folder in (("funsd", data / "more/funsd"), ("ntsb_reports", data / "more/ntsb_reports")):
        rows = [json.loads(line) for line in (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines()]
        for name in sorted({row["file"] for row in rows}):
            listed = [row for row in rows if row["file"] == name]
            for number in range(1, len(read_texts(folder / name, cache)) + 1):
                pairs = tuple(
                    (row.get("key") or row["field"], tuple(row["answers"]))
                    for row in listed
                    if number in row.get("evidence_pages", [1])
                )
                if pairs:
                    layout = read_cached_layout(folder / name, number, cache)
                    candidates = tuple(pair_candidates(view_page(layout)))
                    pages.append(Page(dataset, candidates, pairs, is_complete=False))
    return pages


def fit(pages: Sequence[Page]) -> FittedModel:
    """The weights that tell the pairs of these pages from other candidates; each data set counts the same."""
    names = sorted({name for page in pages for candidate in page.candidates for name in candidate.features})
    position = {name: index + 1 for index, name in enumerate(names)}
    rows, targets, counts = [], [], []
    datasets = {page.dataset: 0.0 for page in pages}
    marked = [(page, candidate, *page.target(candidate)) for page in pages for candidate in page.candidates]
    for page, _, _, count in marked:
        datasets[page.dataset] += count
    for page, candidate, target, count in marked:
        row = np.zeros(len(names) + 1)
        row[0] = 1.0
        for name, value in candidate.features.items():
            row[position[name]] = value
        rows.append(row)
        targets.append(target)
        counts.append(count * 1000 / datasets[page.dataset])
    table, wanted, weight = np.array(rows), np.array(targets), np.array(counts)

    def gradient(weights: Vector) -> Vector:
        errors = (1 / (1 + np.exp(-table @ weights)) - wanted) * weight
        decay = DECAY * weights
        decay[0] = 0.0
        slope: Vector = table.T @ errors + decay
        return slope

    weights = minimize(gradient, np.zeros(len(names) + 1), STEPS)
    fitted = {name: round(float(weights[position[name]]), 3) for name in names}
    validation = "leave one data set out: each is scored by weights and a threshold fitted to the others"
    provenance = provenance_of("training.label_pairs", tuple(sorted(datasets)), validation, ())
    return FittedModel("label-pairs", provenance, round(float(weights[0]), 3), fitted)


def judge(model: FittedModel, pages: Sequence[Page], threshold: float) -> Counts:
    """How many of the pairs are found."""
    counts = Counts()
    for page in pages:
        scored = [(model.probability(candidate.features), candidate) for candidate in page.candidates]
        found = [candidate for _, candidate in select(scored, threshold)]
        counts.found += len(found)
        counts.listed += len(page.pairs)
        counts.right += sum(
            any(
                same(label, candidate.label_text) and any(same(value, candidate.value_text) for value in values)
                for candidate in found
            )
            for label, values in page.pairs
        )
    return counts


def best_threshold(model: FittedModel, pages: Sequence[Page]) -> float:
    """The threshold with the best mean F1 of the data sets."""
    datasets = sorted({page.dataset for page in pages})

    def score(threshold: float) -> float:
        return sum(
            judge(model, [page for page in pages if page.dataset == dataset], threshold).f1 for dataset in datasets
        )

    return max(THRESHOLDS, key=score)


def main() -> None:
    arguments = parse_arguments(__doc__ or "", MODEL_PATH)
    pages = read_pages(arguments.data, arguments.cache)
    scores: list[HeldOutScore] = []
    for dataset in sorted({page.dataset for page in pages}):
        others = [page for page in pages if page.dataset != dataset]
        left_out = [page for page in pages if page.dataset == dataset]
        model = fit(others)
        counts = judge(model, left_out, best_threshold(model, others))
        reachable = sum(
            any(
                same(label, candidate.label_text) and any(same(value, candidate.value_text) for value in values)
                for candidate in page.candidates
            )
            for page in left_out
            for label, values in page.pairs
        )
        print(
            f"{dataset}: F1 {counts.f1:.3f}, {counts.right} of {counts.listed} pairs, {counts.found} given, "
            f"{reachable} among the candidates"
        )
        metric = "F1 of pairs" if left_out[0].is_complete else "F1 of pairs; pairs that are not listed count as wrong"
        scores.append(HeldOutScore(f"{dataset}, {counts.listed} pairs", metric, round(counts.f1, 3)))
    model = fit(pages)
    print(f"threshold {best_threshold(model, pages)}")
    provenance = provenance_of(
        model.provenance.script, model.provenance.datasets, model.provenance.validation, tuple(scores)
    )
    save_model(FittedModel(model.name, provenance, model.bias, model.weights), arguments.to)


if __name__ == "__main__":
    main()
