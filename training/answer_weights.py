"""Fit the weights that rank proposals of an answer, and cross-validate them by document.

    python -m training.answer_weights DATA CACHE

DATA is the folder of the evaluation data, CACHE a folder that keeps the text and layouts of its documents. The
questions are those of the open data sets that are not about charts, those of the project's own samples, and
questions put to documents that do not answer them, which teach the model to say "not found". The script prints
the accuracy of the prior and of the fitted weights on documents that they were not fitted on, and writes the
weights fitted on all documents, with their provenance, to the file that
`cogdoc.engines.builtin.answering.proposal_ranking` reads.

The model is a conditional logit with the choice "not found" (see `proposal_ranking`). Its prior is a Gaussian
around weights set by hand, so that features which the data hardly exercises keep a sensible weight.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cogdoc.engines.builtin.answering.answer import propose, should_answer
from cogdoc.engines.builtin.answering.proposal_ranking import MODEL_PATH, proposal_features, text_key
from cogdoc.evaluation.answer_scoring import prediction_score
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.evaluation.metrics.short_answers import ANLS_THRESHOLD
from cogdoc.parsing.page_text import PageLayout
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, Provenance, save_model
from cogdoc.query.page_ranking import rank_pages
from cogdoc.query.question_analysis import analyze
from cogdoc.query.terms import stem
from cogdoc.query.vocabulary import DOCUMENT_WORDS, WEAK_WORDS
from training.documents import SAMPLES, read_cached_layout, read_texts
from training.fitting import SEED, Vector, folds, minimize, parse_arguments, set_by_hand, today

PRIOR: dict[str, float] = {
    "bias": -5.0, "recall": 2.5, "precision": 1.0, "both": 2.0, "fit": 2.0, "near": 1.5, "marked": 0.5,
    "prior": 7.5, "repeats": -2.5, "loose": -0.7, "lead": -1.5, "other-case": -1.0, "lines": 0.3, "exact": 0.7,
    "wide-gap": -1.0, "cut-near": -0.5, "context": 2.0, "taller": 0.5, "latest": 1.5, "small-print-right": -2.0,
    "small-print-below": 1.0, "asked-column": 1.5, "best-row": 1.0, "best-column": 1.0, "column-named": 0.5,
    "first-column": -0.3, "aligned": -0.3, "looks-like-label": -2.0, "label-words": -1.5, "long": -1.0,
    "unsure": -1.0, "other-period": -1.5, "later-page": -0.5, "unreadable": -2.5, "second-kind": -0.7,
    "quoted-typed": -0.5, "quoted-text": 0.5, "heads-columns-right": -1.0, "heads-columns-below": 1.0,
    "inline": 0.4, "right": 0.3, "below": -0.4, "left": -0.5, "cell": 0.3, "sentence": -0.8, "lookup": 0.3,
    "names-missing": -5.0, "words-missing": -2.0, "replaced": -5.0,
    "not-total": -6.0, "not-issuer": -2.0, "not-address": -2.0, "not-date": -2.0, "not-title": -2.0,
    "not-sender": -2.0, "not-recipient": -2.0, "not-page-number": -2.0,
}  # fmt: skip
"""Set by hand."""

UNUSED = ("field", "heads-columns-inline", "heads-columns-left", "small-print-inline", "small-print-left")
"""Features that get the weight 0: a proposal of these kinds is described by its other features."""

PRIOR_PRECISION = 2.0
"""1 / variance of the Gaussian prior: a deviation of 1 costs half of it, in nats."""

SHARES = {
    "sroie": 1.0, "funsd": 1.0, "ntsb_reports": 0.8, "foreign": 0.8, "samples": 1.0, "zh_doc_qa": 0.5,
    "docvqa_mini": 0.5, "mmlongbench_doc": 0.3, "invoices_invoice2data": 0.2, "unanswerable": 0.3,
    "sibling": 0.5,
}  # fmt: skip
"""The share of each kind of question in the loss, whatever the number of its rows."""

UNANSWERABLE = ("foreign", "sibling", "unanswerable")
TOTAL_WEIGHT = 300.0
TOP_PAGES = 5
SIBLINGS = 2
SAME_QUESTIONS = ("sroie", "ntsb_reports")
"""Data sets that ask the same questions of every document."""

LONG_DOCUMENTS = ("mmlongbench_doc", "financebench", "sec_10q")
FOREIGN = 3
"""Questions about other kinds of documents put to every document."""

STEPS = 200
FOLDS = 4


@dataclass(frozen=True, slots=True)
class Choice:
    """One question with its proposals."""

    dataset: str
    document: Path
    keys: tuple[str, ...]
    """By proposal; proposals with the same key say the same."""
    features: NDArray[np.float64]
    """(proposals, features), the bias first."""
    gains: Vector
    """(proposals,): the score that each would earn as the answer."""


def read_questions(data: Path) -> Iterator[tuple[str, Path, Case]]:
    """Data set, document and case of every question that is not about a chart."""
    files = [("qa", data / "core/qa.jsonl"), ("multipage", data / "core/qa_multipage.jsonl")]
    files += [("qa", data / f"more/{name}/annotations.jsonl") for name in ("sroie", "funsd")]
    files += [("multipage", data / "more/ntsb_reports/annotations.jsonl"), ("multipage", SAMPLES / "questions.jsonl")]
    for form, path in files:
        for case in find_dataset(form).reads(path):
            assert isinstance(case.document, Path)
            kind = "samples" if path.parent == SAMPLES else case.group
            if "chart" not in case.group:
                yield "unanswerable" if case.truth.get("unanswerable") else kind, case.document, case


def best_pages(document: Path, question: str, cache: Path) -> list[PageLayout]:
    """The most promising pages of a document."""
    ranked = rank_pages(question, read_texts(document, cache))
    return [read_cached_layout(document, page.number, cache) for page in ranked[:TOP_PAGES]]


def choices(data: Path, cache: Path) -> Iterator[Choice]:
    """Every question with its proposals, then questions that the document does not answer."""
    questions = list(read_questions(data))
    for dataset, document, case in questions:
        pages = best_pages(document, case.question, cache)
        gain = (lambda _text: 0.0) if dataset == "unanswerable" else partial(_gain, case)
        yield _choice(dataset, document, case.question, pages, gain)
    generator = random.Random(SEED)
    yield from _siblings(questions, cache, generator)
    datasets = {document: dataset for dataset, document, _ in questions if dataset != "unanswerable"}
    for document, own_dataset in datasets.items():
        others = [case for dataset, _, case in questions if dataset not in (own_dataset, "sroie", "unanswerable")]
        for case in generator.sample(others, min(FOREIGN, len(others))):
            pages = best_pages(document, case.question, cache)
            if _is_about_other_pages(case.question, pages):
                yield _choice("foreign", document, case.question, pages, lambda _text: 0.0)


def _gain(case: Case, text: str) -> float:
    return prediction_score(case, text) or 0.0


def _siblings(questions: Sequence[tuple[str, Path, Case]], cache: Path, generator: random.Random) -> Iterator[Choice]:
    """Questions put to other documents of the same kind, which do not contain what they ask about."""
    by_kind: dict[str, dict[Path, list[str]]] = defaultdict(lambda: defaultdict(list))
    for dataset, document, case in questions:
        if dataset not in (*SAME_QUESTIONS, "unanswerable", "samples"):
            by_kind["long" if dataset in LONG_DOCUMENTS else dataset][document].append(case.question)
    for asked in by_kind.values():
        for document in asked:
            others = [question for other in asked if other.name != document.name for question in asked[other]]
            text = " ".join(page.text for page in read_texts(document, cache)).lower()
            unanswered = [question for question in dict.fromkeys(others) if _is_unrelated(question, text)]
            for question in generator.sample(unanswered, min(SIBLINGS, len(unanswered))):
                yield _choice("sibling", document, question, best_pages(document, question, cache), lambda _text: 0.0)


def _is_unrelated(question: str, text: str) -> bool:
    """Whether `text`, in lower case, contains at most a third of the words that a question is about."""
    words = {term.norm for term in analyze(question).terms} - WEAK_WORDS - DOCUMENT_WORDS
    content = [word for word in words if len(word) > 1 and not word[0].isdigit()]
    return bool(content) and 3 * sum(stem(word) in text for word in content) <= len(content)


def _is_about_other_pages(question: str, pages: Sequence[PageLayout]) -> bool:
    """Whether these pages cannot happen to answer a question: it asks for no date and quotes no label on them."""
    if re.search(r'date|title|"(?:to|from)"', question, re.IGNORECASE):
        return False
    quoted = re.search("[\"']([^\"']+)[\"']", question)
    text = " ".join(page.page_text.text for page in pages).lower()
    return quoted is None or fuzz.partial_ratio(quoted[1].lower(), text) <= 80


def _choice(
    dataset: str, document: Path, question: str, pages: Sequence[PageLayout], gain: Callable[[str], float]
) -> Choice:
    matcher, proposals = propose(question, pages)
    matrix = np.zeros((len(proposals), len(PRIOR)))
    for index, proposal in enumerate(proposals):
        features = {"bias": 1.0, **proposal_features(matcher, proposal)}
        if unknown := features.keys() - PRIOR.keys() - set(UNUSED):
            raise ValueError(f"features without a prior: {sorted(unknown)}")
        matrix[index] = [features.get(name, 0.0) for name in PRIOR]
    gains = np.array([gain(proposal.text) for proposal in proposals])
    keys = tuple(text_key(proposal.text) for proposal in proposals)
    return Choice(dataset, document, keys, matrix, np.where(gains >= ANLS_THRESHOLD, gains, 0.0))


def probabilities(choice: Choice, weights: Vector) -> tuple[NDArray[np.intp], Vector]:
    """The indices of the best proposal of each key, and their probabilities; "not found" has the rest."""
    scores = np.clip(choice.features @ weights, -30, 30)
    best: dict[str, int] = {}
    for index, key in enumerate(choice.keys):
        if key and (key not in best or scores[index] > scores[best[key]]):
            best[key] = index
    picked = np.array(sorted(best.values()), dtype=np.intp)
    odds = np.exp(scores[picked])
    return picked, odds / (1 + odds.sum())


def fit(choices: Sequence[Choice]) -> Vector:
    """Maximize the logarithm of the expected score, starting from the prior."""
    prior = np.array(list(PRIOR.values()))
    counts = Counter(choice.dataset for choice in choices)

    def gradient(weights: Vector) -> Vector:
        total: Vector = PRIOR_PRECISION * (weights - prior)
        for choice in choices:
            picked, chosen = probabilities(choice, weights)
            right = chosen * choice.gains[picked]
            target = right / right.sum() if right.any() else np.zeros_like(chosen)
            share = TOTAL_WEIGHT * SHARES.get(choice.dataset, 0.05) / counts[choice.dataset]
            if not right.any() and choice.dataset not in UNANSWERABLE:
                share /= 2
            total += share * (choice.features[picked].T @ (chosen - target))
        return total

    return minimize(gradient, prior, STEPS)


def accuracy(choices: Iterable[Choice], weights: Vector) -> dict[str, list[float]]:
    """The score of each question's answer or refusal, by data set."""
    scores: dict[str, list[float]] = defaultdict(list)
    for choice in choices:
        picked, chosen = probabilities(choice, weights)
        if chosen.size and should_answer(chosen.max(), 1 - chosen.sum()):
            scores[choice.dataset].append(float(choice.gains[picked[chosen.argmax()]]))
        else:
            scores[choice.dataset].append(float(choice.dataset in UNANSWERABLE))
    return scores


def cross_validate(choices: Sequence[Choice]) -> tuple[HeldOutScore, ...]:
    """Print the accuracy on held-out documents of the prior and of fitted weights; the latter is returned."""
    by_hand: dict[str, list[float]] = defaultdict(list)
    fitted: dict[str, list[float]] = defaultdict(list)
    for held_out in folds((choice.document for choice in choices), FOLDS):
        tested = [choice for choice in choices if choice.document in held_out]
        weights = fit([choice for choice in choices if choice.document not in held_out])
        for table, values in ((by_hand, np.array(list(PRIOR.values()))), (fitted, weights)):
            for dataset, scores in accuracy(tested, values).items():
                table[dataset] += scores
    for dataset, scores in sorted(fitted.items()):
        print(f"{dataset:25} {len(scores):4} by hand {np.mean(by_hand[dataset]):.3f} fitted {np.mean(scores):.3f}")
    return tuple(
        HeldOutScore(f"{dataset}, {len(scores)} questions", "accuracy", round(float(np.mean(scores)), 3))
        for dataset, scores in sorted(fitted.items())
    )


def fit_model(choices: Sequence[Choice]) -> FittedModel:
    """The model fitted on all of `choices`, with the scores of its cross-validation."""
    scores = cross_validate(choices)
    bias, *fitted = (round(float(weight), 2) for weight in fit(choices))
    weights = dict(zip(list(PRIOR)[1:], fitted, strict=True)) | dict.fromkeys(UNUSED, 0.0)
    provenance = Provenance(
        script="training.answer_weights",
        date=today(),
        datasets=tuple(sorted({choice.dataset for choice in choices})),
        validation=f"{FOLDS}-fold cross-validation by document; the score of the answer, or of the refusal",
        scores=scores,
        set_by_hand=set_by_hand(PRIOR, weights),
        notes="The prior is a Gaussian around weights set by hand, which those listed under set_by_hand still have.",
    )
    return FittedModel("proposal-ranking", provenance, bias, dict(sorted(weights.items())))


def main() -> None:
    arguments = parse_arguments("Fit the weights that rank proposals of an answer.", MODEL_PATH)
    save_model(fit_model(list(choices(arguments.data, arguments.cache))), arguments.to)


if __name__ == "__main__":
    main()
