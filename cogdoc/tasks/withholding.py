"""Turns answers below a least confidence into refusals."""

from __future__ import annotations

from cogdoc.results.records import Answer, Candidate


def withhold(answer: Answer, min_confidence: float) -> Answer:
    """The answer, or a refusal that names it as `withheld` if its confidence is below `min_confidence`, 0 to 1.

    An answer without a confidence is withheld too, unless `min_confidence` is 0.
    """
    if answer.text is None or (answer.confidence or 0.0) >= min_confidence:
        return answer
    evidence = answer.evidence[0] if answer.evidence else None
    return Answer(
        question=answer.question,
        text=None,
        p_answerable=answer.p_answerable,
        withheld=Candidate(text=answer.text, confidence=answer.confidence, evidence=evidence),
        alternatives=answer.alternatives,
        flags=answer.flags,
    )
