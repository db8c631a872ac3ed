"""Scores answers: by the case's metric, with the best score among the candidates, and whether the page is right."""

from __future__ import annotations

from collections.abc import Mapping

from cogdoc.evaluation.cases import NOT_ANSWERABLE, Case
from cogdoc.evaluation.metrics import (
    VcrScore,
    anls,
    anls_or_number,
    chosen_option,
    inferred_option,
    mmlongbench_score,
    ocrbench_contains,
    open_answer_score,
    relaxed_accuracy,
    vcr_scores,
    vqa_accuracy,
)
from cogdoc.evaluation.outcomes import Scored
from cogdoc.results.records import Answer

PAGES_CHECKED = 3
"""Pages that a person who checks an answer is assumed to open."""


def score_answer(case: Case, answer: Answer) -> Scored:
    """The score of an answer, its secondary scores, and its confidence if it is not a refusal.

    `best candidate` is the best score among the answer and its alternatives, `refused` whether no answer was given.
    If the truth names evidence pages, `page first` and `page in three` say whether one of them was ranked that high.
    """
    candidates = [answer.text, *(alternative.text for alternative in answer.alternatives)]
    score = prediction_score(case, answer.text)
    measures = {"refused": float(not answer.found)}
    if case.truth.get("unanswerable"):
        measures = {"refused rightly": float(not answer.found)}
    elif score is not None:
        measures["best candidate"] = max(prediction_score(case, text) or 0.0 for text in candidates)
    if (pages := set(case.truth.get("evidence_pages") or ())) and not case.truth.get("unanswerable"):
        ranked = pages_by_rank(answer)
        measures["page first"] = float(bool(ranked) and ranked[0] in pages)
        measures["page in three"] = float(not pages.isdisjoint(ranked[:PAGES_CHECKED]))
    if case.metric == "vcr":
        measures["Jaccard"] = _restored(case, answer.text or "").jaccard
    return Scored(
        score,
        measures,
        prediction=answer.text,
        expected=_expected(case),
        confidence=answer.confidence,
    )


def prediction_score(case: Case, prediction: str | None) -> float | None:
    """The score of one text by the case's metric; None if it is graded elsewhere. A prediction of None is a refusal."""
    truth = case.truth
    match case.metric:
        case "graded-elsewhere":
            return None
        case "mmlongbench":
            text = NOT_ANSWERABLE if prediction is None else prediction
            return mmlongbench_score(text, truth["answer"], truth["answer_type"])
        case _ if prediction is None:
            return float(bool(truth.get("unanswerable")))
        case "vqa":
            return vqa_accuracy(prediction, truth["answers"])
        case "anls":
            return anls(prediction, truth["answers"])
        case "anls-or-number":
            return anls_or_number(prediction, truth["answers"])
        case "relaxed":
            return relaxed_accuracy(prediction, truth["answers"])
        case "ocrbench" | "ocrbench-formula":
            return ocrbench_contains(prediction, truth["answers"], formula=case.metric == "ocrbench-formula")
        case "choice":
            chosen = chosen_option(prediction, truth["options"]) or _option_in_full(prediction, truth["options"])
            return float(chosen == truth["answer"])
        case "inferred-choice":
            chosen = inferred_option(prediction, truth["options"]) or _option_in_full(prediction, truth["options"])
            return float(chosen == truth["answer"])
        case "open":
            return open_answer_score(prediction, truth["answers"])
        case "vcr":
            return _restored(case, prediction).exact
    raise ValueError(f"unknown metric {case.metric!r}")


def pages_by_rank(answer: Answer) -> list[int]:
    """The distinct pages of the answer and of its alternatives, best first."""
    alternatives = (alternative.evidence for alternative in answer.alternatives)
    ranked = [*answer.evidence[:1], *(evidence for evidence in alternatives if evidence is not None)]
    return list(dict.fromkeys(evidence.page for evidence in ranked))


def _option_in_full(prediction: str, options: Mapping[str, str]) -> str | None:
    """The only option whose text equals the reply.

    The reference implementations miss it if another option is part of it, such as "5" of "15", and then draw a random
    option or ask a language model.
    """
    reply = prediction.strip().rstrip(".").casefold()
    letters = [letter for letter, option in options.items() if option.strip().rstrip(".").casefold() == reply]
    return letters[0] if len(letters) == 1 else None


def _restored(case: Case, prediction: str) -> VcrScore:
    return vcr_scores(prediction, case.truth["masked"], "zh" if case.language == "zh" else "en")


def _expected(case: Case) -> object:
    if case.truth.get("unanswerable"):
        return None
    return next((case.truth[name] for name in ("answers", "answer", "masked") if name in case.truth), None)
