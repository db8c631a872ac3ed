"""Fit the weights of `cogdoc.engines.builtin.answering.candidate_ranking`, and cross-validate them by document.

    python -m benchmarks.answer_weights DATA CACHE

DATA is the folder of the evaluation data, CACHE one for the words and layouts of its documents (reading them
takes minutes). The questions are those of the open sets that are not about charts, those of the project's own
samples, and questions put to the wrong kind of document, which teach to say "not found". Prints the accuracy of
the prior and of the fitted weights on documents that they were not fitted on, and the weights fitted on all.

The model is a conditional logit with the choice "not found" (see `ranking`). Its prior is a Gaussian around
weights set by hand, so that measures which the data rarely exercise keep a sensible weight.
"""

from __future__ import annotations

import hashlib
import pickle
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from cogdoc.documents.document import OpenRequest
from cogdoc.documents.opening import open_document
from cogdoc.engines.builtin.answering.answer import propose, should_answer
from cogdoc.engines.builtin.answering.candidate_ranking import measures, same_text
from cogdoc.evaluation.answer_scoring import prediction_score
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.evaluation.metrics.short_answers import ANLS_THRESHOLD
from cogdoc.parsing.page_text import PageLayout, PageText
from cogdoc.parsing.reading import read_layout, read_page_text
from cogdoc.query.page_ranking import rank_pages
from cogdoc.query.question_analysis import analyze
from cogdoc.query.terms import stem
from cogdoc.query.vocabulary import DOCUMENT_WORDS, WEAK_WORDS

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
STIFFNESS = 2.0
"""Of the prior: how much a squared deviation of 1 costs, in nats, twice."""

SHARES = {
    "sroie": 1.0, "funsd": 1.0, "ntsb_reports": 0.8, "foreign": 0.8, "samples": 1.0, "zh_doc_qa": 0.5,
    "docvqa_mini": 0.5, "mmlongbench_doc": 0.3, "invoices_invoice2data": 0.2, "unanswerable": 0.3,
    "sibling": 0.5,
}  # fmt: skip
"""What each kind of question weighs as a whole, whatever the number of its rows."""

UNANSWERABLE = ("foreign", "sibling", "unanswerable")
TOTAL_WEIGHT = 300.0
TOP_PAGES = 5
SIBLINGS = 2
SAME_FIELDS = ("sroie", "ntsb_reports")
"""Kinds whose documents are all asked the same."""

LONG = ("mmlongbench_doc", "financebench", "sec_10q")
FOREIGN = 3
"""Questions to other kinds of documents put to every document, to learn to say "not found"."""

SEED = 1
SAMPLES = Path(__file__).parents[1] / "samples"
STEPS = 200
FOLDS = 4

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """One question with what may answer it."""

    dataset: str
    document: Path
    keys: tuple[str, ...]
    """Proposals of one key say the same."""
    features: NDArray[np.float64]
    """(proposals, measures), the bias first."""
    gains: Vector
    """The score that each proposal would earn."""


def read_questions(data: Path) -> Iterator[tuple[str, Path, Case]]:
    """Dataset, document and case of every question that is not about a chart."""
    files = [("qa", data / "core/qa.jsonl"), ("multipage", data / "core/qa_multipage.jsonl")]
    files += [("qa", data / f"more/{name}/annotations.jsonl") for name in ("sroie", "funsd")]
    files += [("multipage", data / "more/ntsb_reports/annotations.jsonl"), ("multipage", SAMPLES / "questions.jsonl")]
    for form, path in files:
        for case in find_dataset(form).reads(path):
            assert isinstance(case.document, Path)
            kind = "samples" if path.parent == SAMPLES else case.group
            if "chart" not in case.group:
                yield "unanswerable" if case.truth.get("unanswerable") else kind, case.document, case


@cache
def read_all_words(document: Path, kept: Path) -> list[PageText]:
    """The words of all pages, read once and kept on disk."""
    path = kept / f"{_digest(document)}-words.pickle"
    if not path.exists():
        request = OpenRequest(document)
        numbers = range(1, open_document(request).page_count + 1)
        path.write_bytes(pickle.dumps([read_page_text(request, number) for number in numbers]))
    words: list[PageText] = pickle.loads(path.read_bytes())
    return words


@cache
def read_page(document: Path, number: int, kept: Path) -> PageLayout:
    """The layout of one page, read once and kept on disk."""
    path = kept / f"{_digest(document)}-layout-{number}.pickle"
    if not path.exists():
        words = read_all_words(document, kept)[number - 1]
        path.write_bytes(pickle.dumps(read_layout(OpenRequest(document), number, words)))
    layout: PageLayout = pickle.loads(path.read_bytes())
    return layout


def _digest(document: Path) -> str:
    return hashlib.sha256(document.read_bytes()).hexdigest()[:16]


def best_pages(document: Path, question: str, kept: Path) -> list[PageLayout]:
    """The pages most worth looking at."""
    ranked = rank_pages(question, read_all_words(document, kept))
    return [read_page(document, page.number, kept) for page in ranked[:TOP_PAGES]]


def choices(data: Path, kept: Path) -> Iterator[Choice]:
    """Every question with its proposals, then those that its document cannot answer."""
    questions = list(read_questions(data))
    for dataset, document, case in questions:
        pages = best_pages(document, case.question, kept)
        gain = (lambda _text: 0.0) if dataset == "unanswerable" else partial(_gain, case)
        yield _choice(dataset, document, case.question, pages, gain)
    chance = random.Random(SEED)
    yield from _siblings(questions, kept, chance)
    of_kind = {document: dataset for dataset, document, _ in questions if dataset != "unanswerable"}
    for document, kind in of_kind.items():
        others = [case for dataset, _, case in questions if dataset not in (kind, "sroie", "unanswerable")]
        for case in chance.sample(others, FOREIGN):
            pages = best_pages(document, case.question, kept)
            if _names_nothing_here(case.question, pages):
                yield _choice("foreign", document, case.question, pages, lambda _text: 0.0)


def _gain(case: Case, text: str) -> float:
    return prediction_score(case, text) or 0.0


def _siblings(questions: Sequence[tuple[str, Path, Case]], kept: Path, chance: random.Random) -> Iterator[Choice]:
    """Questions put to documents of the same kind as their own which do not say what they are about."""
    kinds: dict[str, dict[Path, list[str]]] = defaultdict(lambda: defaultdict(list))
    for dataset, document, case in questions:
        if dataset not in (*SAME_FIELDS, "unanswerable", "samples"):
            kinds["long" if dataset in LONG else dataset][document].append(case.question)
    for asked in kinds.values():
        for document in asked:
            others = [question for other in asked if other.name != document.name for question in asked[other]]
            said = " ".join(page.text for page in read_all_words(document, kept)).lower()
            strange = [question for question in dict.fromkeys(others) if _is_strange(question, said)]
            for question in chance.sample(strange, min(SIBLINGS, len(strange))):
                yield _choice("sibling", document, question, best_pages(document, question, kept), lambda _text: 0.0)


def _is_strange(question: str, said: str) -> bool:
    """Whether at most a third of the words that a question is about stand in a text in lower case."""
    words = {term.norm for term in analyze(question).terms} - WEAK_WORDS - DOCUMENT_WORDS
    telling = [word for word in words if len(word) > 1 and not word[0].isdigit()]
    return bool(telling) and 3 * sum(stem(word) in said for word in telling) <= len(telling)


def _names_nothing_here(question: str, pages: Sequence[PageLayout]) -> bool:
    """Whether a question is not by chance about these pages too: a date, or a label that stands on them."""
    if re.search(r'date|title|"(?:to|from)"', question, re.IGNORECASE):
        return False
    quoted = re.search("[\"']([^\"']+)[\"']", question)
    said = " ".join(page.page_text.text for page in pages).lower()
    return quoted is None or fuzz.partial_ratio(quoted[1].lower(), said) <= 80


def _choice(
    dataset: str, document: Path, question: str, pages: Sequence[PageLayout], gain: Callable[[str], float]
) -> Choice:
    matcher, proposals = propose(question, pages)
    features = np.zeros((len(proposals), len(PRIOR)))
    for place, proposal in enumerate(proposals):
        measured = {"bias": 1.0, **measures(matcher, proposal)}
        features[place] = [measured.get(name, 0.0) for name in PRIOR]
    gains = np.array([gain(proposal.text) for proposal in proposals])
    keys = tuple(same_text(proposal.text) for proposal in proposals)
    return Choice(dataset, document, keys, features, np.where(gains >= ANLS_THRESHOLD, gains, 0.0))


def chances(choice: Choice, weights: Vector) -> tuple[NDArray[np.intp], Vector]:
    """The best proposal of each key, and the probability of each; what they lack to 1 is "not found"."""
    scores = np.clip(choice.features @ weights, -30, 30)
    best: dict[str, int] = {}
    for place, key in enumerate(choice.keys):
        if key and (key not in best or scores[place] > scores[best[key]]):
            best[key] = place
    picked = np.array(sorted(best.values()), dtype=np.intp)
    odds = np.exp(scores[picked])
    return picked, odds / (1 + odds.sum())


def fit(training: Sequence[Choice]) -> Vector:
    """Maximize the expected score's logarithm with Adam (Kingma and Ba, 2015) from the prior."""
    prior = np.array(list(PRIOR.values()))
    counts = Counter(choice.dataset for choice in training)
    weights, mean, variance = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for step in range(1, STEPS + 1):
        gradient = STIFFNESS * (weights - prior)
        for choice in training:
            picked, odds = chances(choice, weights)
            right = odds * choice.gains[picked]
            target = right / right.sum() if right.any() else np.zeros_like(odds)
            share = TOTAL_WEIGHT * SHARES.get(choice.dataset, 0.05) / counts[choice.dataset]
            if not right.any() and choice.dataset not in UNANSWERABLE:
                share /= 2
            gradient += share * (choice.features[picked].T @ (odds - target))
        mean = 0.9 * mean + 0.1 * gradient
        variance = 0.999 * variance + 0.001 * gradient**2
        rate = 0.1 * (1 - 0.9 * step / STEPS)
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(variance / (1 - 0.999**step)) + 1e-8)
    return weights


def accuracy(tested: Iterable[Choice], weights: Vector) -> dict[str, list[float]]:
    """The score of each question's answer, or of its refusal, by dataset."""
    scores: dict[str, list[float]] = defaultdict(list)
    for choice in tested:
        picked, odds = chances(choice, weights)
        if odds.size and should_answer(odds.max(), 1 - odds.sum()):
            scores[choice.dataset].append(float(choice.gains[picked[odds.argmax()]]))
        else:
            scores[choice.dataset].append(float(choice.dataset in UNANSWERABLE))
    return scores


def main(data: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    collected = list(choices(data, kept))
    documents = sorted({choice.document for choice in collected})
    random.Random(SEED).shuffle(documents)
    by_hand: dict[str, list[float]] = defaultdict(list)
    fitted: dict[str, list[float]] = defaultdict(list)
    for fold in range(FOLDS):
        held_out = set(documents[fold::FOLDS])
        tested = [choice for choice in collected if choice.document in held_out]
        weights = fit([choice for choice in collected if choice.document not in held_out])
        for table, values in ((by_hand, np.array(list(PRIOR.values()))), (fitted, weights)):
            for dataset, scores in accuracy(tested, values).items():
                table[dataset] += scores
    for dataset, scores in sorted(fitted.items()):
        print(f"{dataset:25} {len(scores):4} by hand {np.mean(by_hand[dataset]):.3f} fitted {np.mean(scores):.3f}")
    bias, *fitted_weights = fit(collected)
    print(f"BIAS = {bias:.2f}")
    for name, weight in sorted(zip(list(PRIOR)[1:], fitted_weights, strict=True)):
        if abs(weight) >= 0.05:
            print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
