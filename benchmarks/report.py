"""Measurements as Markdown tables: a mean with its 95% interval in each cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.cases import Outcome
from cogdoc.evaluation.metrics import bootstrap_mean

Group = tuple[str, list[Outcome]]

_FORMS = {"seconds": ".1f"}
"""How measures are printed that are not shares."""


def by_measure(outcomes: Sequence[Outcome], measures: Sequence[str]) -> str:
    """A row for each dataset, each language and for all, a column for each measure."""
    rows = []
    for name, group in [*_groups(outcomes), *_languages(outcomes), ("all", list(outcomes))]:
        failed = sum(outcome.error is not None for outcome in group)
        rows.append([name, str(len(group)), str(failed), *(_cell(group, measure) for measure in measures)])
    return markdown_table(["dataset", "n", "failed", *measures], rows)


def by_system(outcomes: Sequence[Outcome], measure: str, systems: Sequence[str]) -> str:
    """A row for each dataset and each language, a column for each system, for one measure."""
    rows = []
    for name, group in [*_groups(outcomes), *_languages(outcomes)]:
        cells = [_cell([one for one in group if one.system == system], measure) for system in systems]
        rows.append([name, str(len({outcome.case for outcome in group})), *cells])
    return markdown_table([measure, "n", *systems], rows)


def against_first(outcomes: Sequence[Outcome], measure: str, systems: Sequence[str]) -> str:
    """The mean difference of the first system to each other on the same cases, by language."""
    first, *others = systems
    rows = []
    for name, group in _languages(outcomes):
        scores = {(one.system, one.case): one.scores[measure] for one in group}
        cases = [case for system, case in scores if system == first]
        cells = []
        for other in others:
            shared = [scores[first, case] - scores[other, case] for case in cases if (other, case) in scores]
            cells.append(_interval(shared, "+.3f"))
        rows.append([name, *cells])
    return markdown_table([f"{measure}: {first} minus", *others], rows)


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """A line for each row that failed."""
    return [f"{one.system}: {one.case}: {one.error}" for one in outcomes if one.error is not None]


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table: the first column to the left, the others to the right."""
    rule = ["---", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])


def _groups(outcomes: Sequence[Outcome]) -> list[Group]:
    return _grouped((f"{one.dataset} ({one.language})", one) for one in outcomes)


def _languages(outcomes: Sequence[Outcome]) -> list[Group]:
    return _grouped((f"all {one.language}", one) for one in outcomes)


def _grouped(named: Iterable[tuple[str, Outcome]]) -> list[Group]:
    groups: dict[str, list[Outcome]] = {}
    for name, outcome in named:
        groups.setdefault(name, []).append(outcome)
    return sorted(groups.items())


def _cell(group: Sequence[Outcome], measure: str) -> str:
    values = [one.scores[measure] for one in group if measure in one.scores]
    return _interval(values, _FORMS.get(measure, ".3f"))


def _interval(values: Sequence[float], form: str) -> str:
    if not values:
        return "–"
    estimate = bootstrap_mean(values)
    return f"{estimate.mean:{form}} [{estimate.low:{form}}, {estimate.high:{form}}]"
