"""Fit the weights that rank the pages of a document for a question, and judge them on data sets left out.

    python -m training.page_weights DATA CACHE

DATA is the folder of the evaluation data, CACHE a folder that keeps the text of its documents. The questions are
those of the open data sets and the project's own samples that name the page of their answer. The model is a
conditional logit over a document's pages; its prior is a Gaussian around weights set by hand. Each data set is judged
by weights fitted to the others. The weights go, with their provenance, to the file that `cogdoc.query.page_ranking`
reads.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cogdoc.parsing.page_text import PageText
from cogdoc.query.document_places import names_pages
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, Provenance, save_model
from cogdoc.query.page_features import PageFeatures, query_of, read_page_facts
from cogdoc.query.page_ranking import MODEL_PATH
from cogdoc.query.question_parser import parse_question
from training.documents import SAMPLES, read_texts
from training.fitting import Vector, minimize, parse_arguments, set_by_hand, today
from training.questions import FAMILIES, SAMPLE_FAMILY

PRIOR: dict[str, float] = {
    "bm25": 8.0, "coverage": 2.0, "near": 4.0, "pairs": 2.0, "heading": 2.0, "label": 4.0, "valued-label": 2.0,
    "reference": 3.0, "codes": 1.0, "section": 0.5, "numbers": 0.5, "statement": 1.5,
    "asked-statement": 3.0, "contents": -3.0, "no-kind": -1.0, "early": 0.3, "whole-document": 2.0,
}  # fmt: skip
PRIOR_PRECISION = 1.0
"""1 / variance of the Gaussian prior: a deviation of 1 costs half of it, in nats."""

TOTAL = 75.0
"""The weight of the questions against the prior, whatever their number; a data set counts with the square root of its
questions."""

FILES = ("core/qa_multipage.jsonl", "dev2/qa_multipage.jsonl", "more/ntsb_reports/annotations.jsonl")

STEPS = 300


@dataclass(frozen=True, slots=True)
class Ranking:
    """One question with the pages of its document."""

    family: str
    """The data set that the document is from, as in `training.questions`."""
    features: Vector
    """(pages, features)."""
    right: NDArray[np.bool_]
    """(pages,): which pages contain the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    document: Path
    family: str
    question: str
    pages: frozenset[int]
    """Those that contain the answer."""


def read_questions(data: Path) -> Iterator[Asked]:
    """The questions that say which pages contain their answer."""
    for path in (data / name for name in FILES):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            pages = frozenset(row.get("evidence_pages") or row.get("pages_containing_answer_string") or ())
            if pages:
                name = row.get("dataset", path.parent.name)
                yield Asked(path.parent / row["file"], FAMILIES.get(name, name), row["question"], pages)
    for facts in json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8")):
        if facts["password"] is None:
            for asked in facts.get("questions", ()):
                if asked["answers"] and asked.get("page"):
                    document = SAMPLES / facts["file"]
                    yield Asked(document, SAMPLE_FAMILY, asked["question"], frozenset({asked["page"]}))


def rankings(data: Path, cache: Path) -> Iterator[Ranking]:
    """Every question with the features of its document's pages."""
    for asked in read_questions(data):
        yield from ranking(asked.family, asked.question, read_texts(asked.document, cache), asked.pages)


def ranking(family: str, question: str, pages: Sequence[PageText], right: frozenset[int]) -> Iterator[Ranking]:
    """The features of the pages of one question; nothing where it names a page or the document has only one."""
    query = query_of(parse_question(question))
    if names_pages(query.question) or len(pages) < 2:
        return
    facts = [read_page_facts(query, page) for page in pages]
    page_features = PageFeatures(query, facts)
    rows = [page_features.of(page) for page in facts]
    if unknown := rows[0].keys() - PRIOR.keys():
        raise ValueError(f"features without a prior: {sorted(unknown)}")
    matrix = np.array([[row[name] for name in PRIOR] for row in rows])
    yield Ranking(family, matrix, np.array([page.number in right for page in facts]))


def fit(rankings: Sequence[Ranking]) -> Vector:
    """Maximize the likelihood of the right pages, starting from the prior."""
    prior = np.array(list(PRIOR.values()))
    counts = Counter(one.family for one in rankings)
    unit = TOTAL / sum(math.sqrt(count) for count in counts.values())

    def gradient(weights: Vector) -> Vector:
        total: Vector = PRIOR_PRECISION * (weights - prior)
        for one in rankings:
            scores = one.features @ weights
            odds = np.exp(scores - scores.max())
            odds /= odds.sum()
            right = odds * one.right
            target = right / right.sum()
            total += unit / math.sqrt(counts[one.family]) * (one.features.T @ (odds - target))
        return total

    return minimize(gradient, prior, STEPS)


def first_right_ranks(rankings: Sequence[Ranking], weights: Vector) -> list[int]:
    """The rank of the first right page, from 1, of each question."""
    orders = [np.argsort(-(one.features @ weights), kind="stable") for one in rankings]
    return [int(np.argmax(one.right[order])) + 1 for one, order in zip(rankings, orders, strict=True)]


def leave_out(rankings: Sequence[Ranking]) -> tuple[HeldOutScore, ...]:
    """Print how often a right page comes first for the questions of each data set, by weights fitted to the others."""
    scores = []
    for family in sorted({one.family for one in rankings}):
        tested = [one for one in rankings if one.family == family]
        by_hand = first_right_ranks(tested, np.array(list(PRIOR.values())))
        ranks = first_right_ranks(tested, fit([one for one in rankings if one.family != family]))
        for title, listed in (("by hand", by_hand), ("fitted", ranks)):
            first, five = (float(np.mean([rank <= most for rank in listed])) for most in (1, 5))
            print(f"{family:20} {title:8} {len(listed):4} questions, page first {first:.3f}, among five {five:.3f}")
        first = float(np.mean([rank == 1 for rank in ranks]))
        scores.append(HeldOutScore(f"{family}, {len(ranks)} questions", "a right page first", round(first, 3)))
    return tuple(scores)


def fit_model(rankings: Sequence[Ranking]) -> FittedModel:
    """The model fitted to all of `rankings`, with its scores on data sets left out."""
    scores = leave_out(rankings)
    weights = {name: round(float(weight), 2) for name, weight in zip(PRIOR, fit(rankings), strict=True)}
    provenance = Provenance(
        script="training.page_weights",
        date=today(),
        datasets=tuple(sorted({one.family for one in rankings})),
        validation="leave one data set out: each is scored by weights fitted to the others",
        scores=scores,
        set_by_hand=set_by_hand(PRIOR, weights),
        notes="The prior is a Gaussian around weights set by hand, which those listed under set_by_hand still have.",
    )
    return FittedModel("page-ranking", provenance, 0.0, weights)


def main() -> None:
    arguments = parse_arguments("Fit the weights that rank pages for a question.", MODEL_PATH)
    save_model(fit_model(list(rankings(arguments.data, arguments.cache))), arguments.to)


if __name__ == "__main__":
    main()
