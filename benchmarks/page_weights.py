"""Fit the weights of `cogdoc.query.page_ranking`, and cross-validate them by document.

    python -m benchmarks.page_weights DATA CACHE

DATA is the folder of the evaluation data, CACHE one for the words of its documents. The questions are those of the
open sets and the project's own samples that name the page of their answer, and two kinds that are made from any
document: a line's label asks for its own page ("What was the goodwill in 2019?"), and so do half of a sentence's
words. The model is a conditional logit over a document's pages (see `answer_weights`), its prior a Gaussian around
weights set by hand.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.answer_weights import SAMPLES, SEED, read_all_words
from cogdoc.parsing.page_text import PageText
from cogdoc.query.page_features import PageFeatures, count_page, query_of
from cogdoc.query.question_analysis import analyze, broadened
from cogdoc.query.terms import split_tokens
from cogdoc.query.vocabulary import STOP_WORDS

PRIOR: dict[str, float] = {
    "bm25": 8.0, "coverage": 2.0, "near": 4.0, "pairs": 2.0, "heading": 2.0, "label": 4.0, "valued-label": 2.0,
    "reference": 3.0, "numbers": 0.5, "words": -0.5, "statement": 1.5, "asked-statement": 3.0, "contents": -3.0,
    "no-kind": -1.0, "early": 0.3, "whole-document": 2.0,
}  # fmt: skip
STIFFNESS = 1.0
"""Of the prior: how much a squared deviation of 1 costs, in nats, twice."""

SHARES = {"asked": 60.0, "asked of few": 15.0, "label": 50.0, "sentence": 40.0}
"""What each kind of question weighs as a whole, whatever the number of its rows."""

FEW_PAGES = 8
"""Of shorter documents nearly all pages are looked at, whatever their order."""

MIN_PAGES = 4
MADE = {"label": 24, "sentence": 12}
"""Questions of each kind made from one document, at most."""

LABEL_QUESTIONS = (
    "What is the {}?",
    "How much was {} in {}?",
    "What was the company's {} for {} (in millions)?",
    "According to the consolidated statements, what was the {} in {}?",
)
STEPS = 300
FOLDS = 5

Vector = NDArray[np.float64]
_VALUE = re.compile(r"[$€£(]{0,2}\d[\d.,]*[)%]{0,2}$")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Ranking:
    """One question with the pages of its document."""

    kind: str
    document: Path
    features: Vector
    """(pages, measures)."""
    right: NDArray[np.bool_]
    """Which pages hold the answer."""


def read_questions(data: Path) -> Iterator[tuple[Path, str, set[int]]]:
    """Document, question, and pages of its answer."""
    for path in (data / "core/qa_multipage.jsonl", data / "more/ntsb_reports/annotations.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            pages = set(row.get("evidence_pages") or row.get("pages_containing_answer_string") or ())
            if pages:
                yield path.parent / row["file"], row["question"], pages
    for facts in json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8")):
        if facts["password"] is None:
            for asked in facts.get("questions", ()):
                if asked["answers"] and asked.get("page"):
                    yield SAMPLES / facts["file"], asked["question"], {asked["page"]}


def made_questions(pages: Sequence[PageText], chance: random.Random) -> Iterator[tuple[str, str, set[int]]]:
    """Kind, question and pages: labels that a number follows, and sentences of which half the words remain."""
    labels: dict[str, set[int]] = defaultdict(set)
    sentences: dict[str, set[int]] = defaultdict(set)
    for page in pages:
        texts = [line.text for line in page.lines]
        for text, following in zip(texts, [*texts[1:], ""], strict=True):
            words = text.split()
            named = [word for word in words if not _VALUE.match(word) and word not in "$—"]
            valued = len(named) < len(words) or (following.strip("$ ") and _VALUE.match(following.strip("$ ")))
            if valued and 2 <= len(named) <= 8 and " ".join(named).isascii() and named[0][0].isupper():
                labels[" ".join(named).lower()].add(page.number)
            content = [token.norm for token in split_tokens(text) if token.norm not in STOP_WORDS]
            if len(content) >= 8:
                kept = sorted(chance.sample(range(len(content)), len(content) // 2))
                sentences["What is said of " + " ".join(content[place] for place in kept) + "?"].add(page.number)
    years = {page.number: _YEAR.findall(page.text) for page in pages}
    few = [(label, numbers) for label, numbers in labels.items() if len(numbers) <= 3]
    for label, numbers in chance.sample(few, min(MADE["label"], len(few))):
        said = years[min(numbers)] or ["the year"]
        yield "label", chance.choice(LABEL_QUESTIONS).format(label, chance.choice(said)), numbers
    for question, numbers in chance.sample(list(sentences.items()), min(MADE["sentence"], len(sentences))):
        yield "sentence", question, numbers


def rankings(data: Path, kept: Path) -> Iterator[Ranking]:
    """Every question with the measures of its document's pages."""
    asked = list(read_questions(data))
    for document, question, numbers in asked:
        pages = read_all_words(document, kept)
        kind = "asked of few" if len(pages) < FEW_PAGES else "asked"
        yield from _ranking(kind, document, question, pages, numbers)
    chance = random.Random(SEED)
    others = sorted((data / "more/tables_icdar2013/pdf").glob("*.pdf"))
    for document in [*dict.fromkeys(document for document, _, _ in asked), *others]:
        pages = read_all_words(document, kept)
        if len(pages) >= MIN_PAGES:
            for kind, question, numbers in made_questions(pages, chance):
                yield from _ranking(kind, document, question, pages, numbers)


def _ranking(kind: str, document: Path, question: str, pages: Sequence[PageText], right: set[int]) -> Iterator[Ranking]:
    query = query_of(analyze(broadened(question)))
    if query.question.pages or len(pages) < 2:
        return
    counted = [count_page(query, page) for page in pages]
    measures = PageFeatures(query, counted)
    measured = [measures.of(page) for page in counted]
    features = np.array([[one[name] for name in PRIOR] for one in measured])
    yield Ranking(kind, document, features, np.array([page.number in right for page in counted]))


def fit(training: Sequence[Ranking]) -> Vector:
    """Maximize the likelihood of the right pages with Adam (Kingma and Ba, 2015) from the prior."""
    prior = np.array(list(PRIOR.values()))
    counts = Counter(one.kind for one in training)
    weights, mean, variance = prior.copy(), np.zeros_like(prior), np.zeros_like(prior)
    for step in range(1, STEPS + 1):
        gradient = STIFFNESS * (weights - prior)
        for one in training:
            scores = one.features @ weights
            odds = np.exp(scores - scores.max())
            odds /= odds.sum()
            right = odds * one.right
            target = right / right.sum()
            gradient += SHARES[one.kind] / counts[one.kind] * (one.features.T @ (odds - target))
        mean = 0.9 * mean + 0.1 * gradient
        variance = 0.999 * variance + 0.001 * gradient**2
        rate = 0.1 * (1 - 0.9 * step / STEPS)
        weights -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(variance / (1 - 0.999**step)) + 1e-8)
    return weights


def places(tested: Sequence[Ranking], weights: Vector) -> dict[str, list[int]]:
    """The place of the first right page, from 1, by kind of question."""
    found: dict[str, list[int]] = defaultdict(list)
    for one in tested:
        order = np.argsort(-(one.features @ weights), kind="stable")
        found[one.kind].append(int(np.argmax(one.right[order])) + 1)
    return found


def main(data: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    collected = list(rankings(data, kept))
    documents = sorted({one.document for one in collected})
    random.Random(SEED).shuffle(documents)
    by_hand: dict[str, list[int]] = defaultdict(list)
    fitted: dict[str, list[int]] = defaultdict(list)
    for fold in range(FOLDS):
        held_out = set(documents[fold::FOLDS])
        tested = [one for one in collected if one.document in held_out]
        weights = fit([one for one in collected if one.document not in held_out])
        for table, values in ((by_hand, np.array(list(PRIOR.values()))), (fitted, weights)):
            for kind, found in places(tested, values).items():
                table[kind] += found
    for title, table in (("by hand", by_hand), ("fitted", fitted)):
        for kind, found in sorted(table.items()):
            first, three = (np.mean([place <= most for place in found]) for most in (1, 3))
            print(f"{title:8} {kind:12} {len(found):4} questions, page first {first:.3f}, among three {three:.3f}")
    for name, weight in zip(PRIOR, fit(collected), strict=True):
        print(f'    "{name}": {weight:.2f},')


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
