"""A run as one HTML page: its figures, how far confidence can be trusted, and what went wrong, with pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined

from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.scoring import METRIC_NAMES
from cogdoc.evaluation.summary import Summary

MAX_FAILURES = 500
"""Shown on the page; the outcomes beside it hold all."""

MAX_CHARACTERS = 1000
"""Of a prediction or a truth: a page's text would drown the page."""


def write_report(summary: Summary, outcomes: Sequence[Outcome], stream: TextIO) -> None:
    """Write the page; pictures are linked to where the outcomes say they are."""
    environment = Environment(
        loader=PackageLoader("cogdoc.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    failures = sorted(
        (one for one in outcomes if one.error is not None or (one.score is not None and one.score < 1.0)),
        key=_worst_first,
    )
    page = environment.get_template("report.html.jinja").stream(
        summary=summary,
        measures=list(dict.fromkeys(measure for group in summary.groups for measure in group.measures)),
        failures=failures[:MAX_FAILURES],
        failure_count=len(failures),
        ungraded=sum(one.score is None and one.error is None for one in outcomes),
        metric_names=METRIC_NAMES,
        shown=_shown,
    )
    for piece in page:
        stream.write(piece)


def _worst_first(outcome: Outcome) -> tuple[float, float]:
    """By score, and among equals what the engine was surest of."""
    return outcome.score or 0.0, -(outcome.confidence or 0.0)


def _shown(value: Any) -> str:
    """A prediction or a truth as text of bearable length."""
    if value is None:
        return "– (not found)"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = " | ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"
