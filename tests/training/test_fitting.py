"""The fitting scripts learn from rows, score held-out documents, and write models that the code can load."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering import confidence, proposal_ranking
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.query import page_ranking
from cogdoc.query.fitted_model import load_model, save_model
from training import answer_weights, page_weights
from training import confidence as confidence_weights
from training.answer_weights import PRIOR, Choice

NAMES = list(PRIOR)


def proposals(document: int, *, right: int) -> Choice:
    """A question with two proposals: the right one is below its label, the wrong one far from it."""
    rows = np.zeros((2, len(NAMES)))
    rows[:, NAMES.index("bias")] = 1.0
    for name in ("recall", "precision", "both", "fit"):
        rows[:, NAMES.index(name)] = 0.9
    rows[right, NAMES.index("below")] = 1.0
    rows[1 - right, NAMES.index("later-page")] = 1.0
    gains = np.array([float(index == right) for index in range(2)])
    return Choice("sroie", Path(f"{document}.png"), ("a", "b"), rows, gains)


CHOICES = [proposals(document, right=document % 2) for document in range(10)]


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


def test_answer_weights_move_towards_what_right_proposals_have(tmp_path: Path) -> None:
    model = answer_weights.fit_model(CHOICES)
    assert model.weights["below"] > PRIOR["below"]
    assert model.weights["later-page"] < PRIOR["later-page"]
    assert model.provenance.scores[0].score == 1.0
    assert set(model.weights) == set(proposal_ranking.MODEL.weights)
    assert "names-missing" in model.provenance.set_by_hand
    save_model(model, tmp_path / "model.json")
    assert load_model(tmp_path / "model.json") == model


@pytest.mark.slow
def test_page_weights_put_the_right_page_first() -> None:
    rankings = []
    for document in range(10):
        topics = ["goodwill", "inventory", "equity"]
        pages = [
            text_page(n + 1, f"Notes on {topic}", f"Total {topic} in 2019 {document}{n}00")
            for n, topic in enumerate(topics)
        ]
        for n, topic in enumerate(topics):
            rankings += page_weights.ranking(
                "asked", Path(f"{document}.pdf"), f"What was the total {topic} in 2019?", pages, {n + 1}
            )
    model = page_weights.fit_model(rankings)
    assert model.provenance.scores[0].score == 1.0
    assert set(model.weights) == set(page_ranking.MODEL.weights)


def test_confidence_is_fitted_on_held_out_answers() -> None:
    model = confidence_weights.fit_model(CHOICES)
    assert set(model.weights) == set(confidence.MODEL.weights)
    assert model.weight("log-odds") > 0
    assert model.weight("on-chart") == confidence.MODEL.weight("on-chart")
