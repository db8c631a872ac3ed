"""The fitting scripts learn from rows, score held-out documents, and write models that the code can load."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering import proposal_ranking
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.query import page_ranking
from cogdoc.query.fitted_model import load_model, save_model
from training import answer_weights, generalization, page_weights, ranker
from training.extraction import Choice

FAMILIES = ("receipts", "forms", "invoices", "letters", "tables", "reports")
NAMES = ("recall", "below", "later-page")


def choice(family: str, number: int, *, right: int | None) -> Choice:
    """A question with two proposals: the right one is below its label, the wrong ones on a later page."""
    rows = np.full((2, len(NAMES)), 0.9 if right is not None else 0.2, dtype=np.float32)
    rows[:, 1:] = [[float(index == right), float(index != right)] for index in range(2)]
    return Choice(
        question="?",
        document=f"{number}.png",
        family=family,
        source=family,
        kind="value",
        answerable=right is not None,
        made_up=False,
        names=NAMES,
        features=rows,
        texts=("a", "b"),
        keys=("a", "b"),
        gains=np.array([float(index == right) for index in range(2)], dtype=np.float32),
        evidence={"words-printed": 0.9 if right is not None else 0.2},
    )


CHOICES = [
    choice(family, number, right=None if number % 3 == 0 else number % 2) for family in FAMILIES for number in range(9)
]


def text_page(number: int, *texts: str) -> PageText:
    lines = tuple(
        Line(
            tuple(
                Word(word, Box(40.0 * i, 20.0 * row, 40.0 * i + 30, 20.0 * row + 12), 1.0)
                for i, word in enumerate(text.split())
            )
        )
        for row, text in enumerate(texts)
    )
    return PageText(
        number=number, label=str(number), width=600.0, height=800.0, turned=0, origin=TextOrigin.TEXT_LAYER, lines=lines
    )  # fmt: skip


def test_a_data_set_is_judged_by_models_that_were_fitted_to_the_others(tmp_path: Path) -> None:
    outcomes = [outcome for family in FAMILIES for outcome in generalization.leave_out(CHOICES, family)]
    assert all(outcome.score == 1.0 for outcome in outcomes)
    for path, model in answer_weights.fit_models(CHOICES, outcomes).items():
        save_model(model, tmp_path / path.name)
        assert load_model(tmp_path / path.name) == model
        assert model.provenance.set_by_hand == ()


def test_the_ranking_prefers_what_right_proposals_have() -> None:
    model = ranker.fit(CHOICES, proposal_ranking.MODEL.provenance)
    assert model.weights["below"] > 0 > model.weights["later-page"]


def test_a_feature_of_a_single_data_set_has_no_weight() -> None:
    special = replace(CHOICES[1], names=("recall", "below", "malaysian-street"))
    assert "malaysian-street" not in ranker.fit([special, *CHOICES[2:]], proposal_ranking.MODEL.provenance).weights


@pytest.mark.slow
def test_page_weights_put_the_right_page_first() -> None:
    rankings = []
    for document in range(10):
        family = FAMILIES[document % len(FAMILIES)]
        topics = ["goodwill", "inventory", "equity"]
        pages = [
            text_page(n + 1, f"Notes on {topic}", f"Total {topic} in 2019 {document}{n}00")
            for n, topic in enumerate(topics)
        ]
        for n, topic in enumerate(topics):
            rankings += page_weights.ranking(family, f"What was the total {topic} in 2019?", pages, frozenset({n + 1}))
    model = page_weights.fit_model(rankings)
    assert model.provenance.scores[0].score == 1.0
    assert set(model.weights) == set(page_ranking.MODEL.weights)
