"""The worth of a page's text: the share of words found, and the error rate in characters."""

from __future__ import annotations

from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.metrics import character_error_rate, word_recall
from cogdoc.evaluation.metrics.normalize import comparable, without_latex, without_markdown
from cogdoc.evaluation.outcomes import Scored


def score_text(case: Case, text: str) -> Scored:
    """Word recall as the score, and CER, both after bringing text and truth into one form.

    Without case where the truth is in capitals whatever the page shows, without the marks of Markdown and LaTeX
    where the truth has them, Chinese without spaces.
    """
    prediction, reference = _prepared(case, text), _prepared(case, case.truth["text"])
    return Scored(
        word_recall(prediction, reference),
        {"CER": character_error_rate(prediction, reference)},
        prediction=prediction,
        expected=reference,
    )


def _prepared(case: Case, text: str) -> str:
    if case.truth.get("latex"):
        text = without_latex(text)
    if case.truth.get("markdown"):
        text = without_markdown(text)
    return comparable(text, fold_case=case.truth.get("capitals", False), drop_spaces=case.language == "zh")
