"""Writes a run as one HTML page: its scores, the calibration of confidence, and the failures with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined

from cogdoc.evaluation.outcomes import Outcome, abridged
from cogdoc.evaluation.scoring import METRIC_NAMES
from cogdoc.evaluation.summary import Summary
from cogdoc.results.usage import describe_usage, reproducible_usage
from cogdoc.results.usage_counts import Usage

MAX_FAILURES = 500
"""Most failures shown on the page; `outcomes.jsonl` has all."""


def write_report(summary: Summary, outcomes: Sequence[Outcome], stream: TextIO) -> None:
    """Write the page to `stream`; pictures are linked by the relative paths in the outcomes."""
    environment = Environment(
        loader=PackageLoader("cogdoc.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    failures = sorted(
        (
            outcome
            for outcome in outcomes
            if outcome.error is not None or (outcome.score is not None and outcome.score < 1.0)
        ),
        key=_worst_first,
    )
    page = environment.get_template("report.html.jinja").stream(
        summary=summary,
        measures=list(dict.fromkeys(measure for group in summary.groups for measure in group.measures)),
        failures=failures[:MAX_FAILURES],
        failure_count=len(failures),
        ungraded=sum(outcome.score is None and outcome.error is None for outcome in outcomes),
        metric_names=METRIC_NAMES,
        took=describe_usage,
        tokens=_tokens,
        shown=lambda value: "– (not found)" if value is None else abridged(value),
    )
    for piece in page:
        stream.write(piece)


def _tokens(outcome: Outcome) -> str | None:
    """What a vision model generated for a case, without what differs from run to run."""
    usage = None if outcome.usage is None else reproducible_usage(Usage.model_validate(outcome.usage))
    return None if usage is None else describe_usage(usage)


def _worst_first(outcome: Outcome) -> tuple[float, float]:
    """Sort key: the lowest score first, and among equal scores the highest confidence."""
    return outcome.score or 0.0, -(outcome.confidence or 0.0)
