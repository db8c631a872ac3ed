"""The summary of a run: mean scores with intervals by group, published scores, and the calibration of confidence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field

from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.reliability import (
    Judged,
    bootstrap_mean,
    expected_calibration_error,
    precision_threshold,
    reliability,
)
from cogdoc.evaluation.scoring import COUNTED_APART, METRIC_NAMES
from cogdoc.results.records import EngineInfo
from cogdoc.results.usage import describe_memory, describe_usage, reproducible_usage, total_usage
from cogdoc.results.usage_counts import Usage

SUMMARY_VERSION = "cogdoc-eval/1"


class SummaryPart(BaseModel):
    """Base of the models of a summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(SummaryPart):
    """A mean over units, and the interval that covers 95% of the means of resampled units."""

    mean: float
    low: float
    high: float
    units: int


class Group(SummaryPart):
    """The scores of some of the cases."""

    name: str
    cases: int
    failed: int
    metrics: tuple[str, ...] = Field(description="the metrics that its scores come from")
    score: Figure | None = None
    measures: dict[str, Figure] = Field(default_factory=dict)


class ReliabilityBin(SummaryPart):
    low: float
    high: float
    answers: int
    confidence: float
    score: float


class Calibration(SummaryPart):
    """How well confidence and score agree over the answers that were given."""

    name: str
    answers: int
    expected_calibration_error: float
    threshold: float | None = Field(default=None, description="the lowest confidence that reaches a mean score of 0.9")
    coverage: float | None = Field(default=None, description="the share of answers from the threshold on")
    bins: tuple[ReliabilityBin, ...]


class Summary(SummaryPart):
    """The results of a run, as written to `summary.json`."""

    schema_version: str = Field(default=SUMMARY_VERSION, alias="schema")
    dataset: str
    title: str = Field(description="the dataset's name in full")
    path: str
    engine: EngineInfo
    groups: tuple[Group, ...]
    calibration: tuple[Calibration, ...]
    usage: Usage | None = Field(
        default=None,
        description="what a vision model's work took for all cases; null without one. Files have only the counts of "
        "tokens: the rest differs from run to run, and is in outcomes.jsonl for each case",
    )
    published: dict[str, float] = Field(description="scores of CogVLM2 as published, 0 to 1, by model")


@dataclass(frozen=True, slots=True)
class RunFacts:
    """The dataset and engine of a run."""

    dataset: str
    title: str
    path: str
    engine: EngineInfo
    published: Mapping[str, float]
    published_by_group: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def summarize(facts: RunFacts, outcomes: Sequence[Outcome]) -> Summary:
    """Summarize all outcomes, and those of each group and each language if there are several.

    Outcomes of metrics that are counted apart are in their groups only, unless there are no others.
    """
    groups = [*_grouped((outcome.group, outcome) for outcome in outcomes)]
    counted = [outcome for outcome in outcomes if outcome.metric not in COUNTED_APART] or list(outcomes)
    languages = _grouped((f"all {outcome.language}", outcome) for outcome in counted)
    groups = groups if len(groups) > 1 else []
    named_groups = [*groups, *(languages if len(languages) > 1 else []), ("all", counted)]
    judged = [(name, _judged(group)) for name, group in (*groups, ("all", counted))]
    return Summary(
        schema=SUMMARY_VERSION,
        dataset=facts.dataset,
        title=facts.title,
        path=facts.path,
        engine=facts.engine,
        groups=tuple(_group(name, group) for name, group in named_groups),
        calibration=tuple(_calibration(name, answers) for name, answers in judged if answers),
        usage=total_usage(_usages(outcomes)),
        published=dict(facts.published) | _published_of({outcome.group for outcome in outcomes}, facts),
    )


def reproducible(summary: Summary, outcomes: Iterable[Outcome]) -> Summary:
    """A summary with only that of its usage which follows from the replies."""
    return summary.model_copy(update={"usage": total_usage(map(reproducible_usage, _usages(outcomes)))})


def _usages(outcomes: Iterable[Outcome]) -> list[Usage]:
    """The usage of each reading."""
    usages = {outcome.reading: outcome.usage for outcome in outcomes}
    return [Usage.model_validate(usage) for usage in usages.values() if usage is not None]


def _published_of(groups: Collection[str], facts: RunFacts) -> dict[str, float]:
    return {
        f"{model}, {group}": score
        for group, scores in facts.published_by_group.items()
        if group in groups
        for model, score in scores.items()
    }


def _grouped(named: Iterable[tuple[str, Outcome]]) -> list[tuple[str, list[Outcome]]]:
    groups: dict[str, list[Outcome]] = {}
    for name, outcome in named:
        groups.setdefault(name, []).append(outcome)
    return sorted(groups.items())


def _group(name: str, outcomes: Sequence[Outcome]) -> Group:
    units: dict[str, list[float]] = {}
    for outcome in outcomes:
        if outcome.score is not None:
            units.setdefault(outcome.unit, []).append(outcome.score)
    measures = dict.fromkeys(measure for outcome in outcomes for measure in outcome.measures)
    return Group(
        name=name,
        cases=len(outcomes),
        failed=sum(outcome.error is not None for outcome in outcomes),
        metrics=tuple(dict.fromkeys(METRIC_NAMES[outcome.metric] for outcome in outcomes)),
        score=_figure([min(scores) for scores in units.values()]) if units else None,
        measures={
            measure: _figure([outcome.measures[measure] for outcome in outcomes if measure in outcome.measures])
            for measure in measures
        },
    )


def _figure(values: Sequence[float]) -> Figure:
    estimate = bootstrap_mean(values)
    return Figure(mean=estimate.mean, low=estimate.low, high=estimate.high, units=estimate.cases)


def _judged(outcomes: Iterable[Outcome]) -> list[Judged]:
    return [
        Judged(outcome.confidence, outcome.score)
        for outcome in outcomes
        if outcome.confidence is not None and outcome.score is not None
    ]


def _calibration(name: str, answers: Sequence[Judged]) -> Calibration:
    threshold = precision_threshold(answers)
    return Calibration(
        name=name,
        answers=len(answers),
        expected_calibration_error=expected_calibration_error(answers),
        threshold=threshold.confidence if threshold else None,
        coverage=threshold.coverage if threshold else None,
        bins=tuple(ReliabilityBin(**bin_._asdict()) for bin_ in reliability(answers)),
    )


def as_markdown(summary: Summary) -> str:
    """The summary as Markdown tables."""
    measures = list(dict.fromkeys(measure for group in summary.groups for measure in group.measures))
    header = [summary.dataset, "metric", "cases", "failed", "score", *measures]
    rows = [
        [
            group.name,
            ", ".join(filter(None, group.metrics)) or "–",
            str(group.cases),
            str(group.failed),
            figure_cell(group.score),
            *(figure_cell(group.measures.get(measure)) for measure in measures),
        ]
        for group in summary.groups
    ]
    rows += [
        [f"{model}, published", "", "", "", f"{score:.3f}", *("" for _ in measures)]
        for model, score in summary.published.items()
    ]
    tables = [pipe_table([header, *rows])]
    if summary.calibration:
        rows = [
            [
                calibration.name,
                str(calibration.answers),
                f"{calibration.expected_calibration_error:.3f}",
                "not reached" if calibration.threshold is None else f"{calibration.threshold:.2f}",
                "–" if calibration.coverage is None else f"{calibration.coverage:.2f}",
            ]
            for calibration in summary.calibration
        ]
        header = ["confidence", "answers", "calibration error", "90% right from", "share of answers"]
        tables.append(pipe_table([header, *rows]))
    if summary.usage is not None:
        memory = describe_memory(summary.usage.peak_memory)
        tables.append(describe_usage(summary.usage) + (f", at most {memory} at a time" if memory else ""))
    return "\n\n".join(tables)


def figure_cell(figure: Figure | None) -> str:
    return "–" if figure is None else f"{figure.mean:.3f} ({figure.low:.3f}–{figure.high:.3f})"


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """A pipe table that also reads well on a terminal: underscores in names of groups are not escaped."""
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])
