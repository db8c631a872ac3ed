"""Fitted weights say where they come from, and code and data files agree on every feature."""

from __future__ import annotations

from pathlib import Path

import pytest
from placed_pages import page, paragraph, table

from cogdoc.engines.builtin.answering import confidence, proposal_ranking
from cogdoc.engines.builtin.answering.answer import answer_question, collect
from cogdoc.parsing.page_text import PageLayout
from cogdoc.query import page_ranking
from cogdoc.query.fitted_model import FittedModel, load_model, save_model
from cogdoc.query.page_features import PageFeatures, query_of, read_page_facts
from cogdoc.query.question_parser import parse_question

MODELS = (proposal_ranking.MODEL, page_ranking.MODEL, confidence.RIGHT, confidence.ANSWERABLE, confidence.CALIBRATION)

LETTER = page(
    "HARBOUR TOOLS LTD",
    "12 Mill Road, Leeds 43000",
    "From:|Ann Weir",
    "To:|Bob Hale",
    "Date: 14/02/2019|Total: 34.98",
    "7 items|in 3 boxes",
    "Company name:|North Sea",
    "|Trading House",
    "Title:|A Survey of Harbours",
    "Page 4",
)
STATEMENT = table("|2021|2022", "Revenue|4,510|5,204", "Net income|612|788")
CUP = table("Game|Stadium|Attendance", "1|Redland Field|30,511", "2|Harbour Park|29,698")
PROSE = paragraph("The bridge was designed by Maria Lindqvist and opened in 1934 after years of work.")
WORDS = {"sure": (0.85, 1.0), "likely": (0.6, 0.85), "unsure": (0.0, 0.5)}
"""What share of the answers that are called so is right, at least and at most."""

QUESTIONS = (
    "What is the date?",
    "What is the total amount?",
    "What is the title?",
    "What is the address of the shop?",
    "Which company issued this?",
    "What is the company name?",
    "Which stadium had the highest attendance?",
    "Who is the sender?",
    "Who is the recipient?",
    "What is the page number?",
    "How many items are there?",
    'What is the value for "Total"?',
    'What is the value for "From"?',
    "Which year had the highest revenue?",
    "What was the revenue in 2021?",
    "What is the name of who designed the bridge?",
    "What color is the bridge?",
)


def test_words_for_confidences_mean_what_they_say_on_data_that_was_left_out() -> None:
    shares = {
        score.metric.rpartition(" ")[2]: score.score
        for score in confidence.CALIBRATION.provenance.scores
        if "called" in score.metric
    }
    assert set(shares) == set(WORDS)
    assert all(WORDS[word][0] <= share <= WORDS[word][1] for word, share in shares.items())


def test_a_confidence_is_never_above_the_probability_of_an_answer() -> None:
    for question in ("What is the total amount?", "What is the date?", "Who is the sender?"):
        answer = answer_question(question, [LETTER])
        assert answer.p_answerable is not None
        assert (answer.confidence or 0.0) <= answer.p_answerable


def emitted(question: str, layout: PageLayout) -> set[str]:
    return {name for features in collect(question, [layout]).features for name in features}


def test_weights_of_the_proposal_ranking_belong_to_features_that_pages_have() -> None:
    names = set[str]().union(
        *(emitted(question, layout) for question in QUESTIONS for layout in (LETTER, STATEMENT, CUP, PROSE))
    )
    assert {"recall", "precision", "fit"} <= names & set(proposal_ranking.MODEL.weights)


def test_every_weight_of_the_page_ranking_belongs_to_a_feature_and_every_feature_has_a_weight() -> None:
    query = query_of(parse_question("What was the revenue in 2021?"))
    facts = read_page_facts(query, STATEMENT.page_text)
    assert set(PageFeatures(query, [facts]).of(facts)) == set(page_ranking.MODEL.weights)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_a_model_names_script_date_data_and_held_out_scores(model: FittedModel) -> None:
    provenance = model.provenance
    assert (Path(__file__).parents[2] / f"{provenance.script.replace('.', '/')}.py").is_file()
    assert len(provenance.date) == len("2026-01-31")
    assert provenance.datasets
    assert provenance.scores
    assert set(provenance.set_by_hand) <= set(model.weights)


def test_a_feature_without_a_weight_does_not_count() -> None:
    model = page_ranking.MODEL
    assert model.score({"tpyo": 1.0}) == model.bias


def test_a_saved_model_comes_back_equal(tmp_path: Path) -> None:
    for model in MODELS:
        save_model(model, tmp_path / "model.json")
        assert load_model(tmp_path / "model.json") == model
