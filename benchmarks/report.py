"""Formats measurements as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.reliability import bootstrap_mean


def by_system(outcomes: Mapping[str, Sequence[Outcome]]) -> str:
    """A row for each group and language, a column for each system, and the lead of the first over the others."""
    first, *others = outcomes
    groups: dict[str, set[str]] = {}
    for outcome in outcomes[first]:
        groups.setdefault(f"{outcome.group} ({outcome.language})", set()).add(outcome.case)
        groups.setdefault(f"all {outcome.language}", set()).add(outcome.case)
    scores = {
        system: {outcome.case: outcome.score or 0.0 for outcome in outcomes_of_system}
        for system, outcomes_of_system in outcomes.items()
    }
    rows = [
        [
            name,
            str(len(cases)),
            *(_interval([scores[system][case] for case in sorted(cases)], ".3f") for system in scores),
        ]
        for name, cases in sorted(groups.items())
    ]
    for name in sorted(name for name in groups if name.startswith("all ")):
        ahead = [
            _interval([scores[first][case] - scores[other][case] for case in sorted(groups[name])], "+.3f")
            for other in others
        ]
        rows.append([f"{name}: {first} ahead by", "", "", *ahead])
    return markdown_table(["score", "cases", *outcomes], rows)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table with the first column left-aligned and the others right-aligned."""
    rule = ["---", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [header, rule, *rows])


def _interval(values: Sequence[float], form: str) -> str:
    estimate = bootstrap_mean(values)
    return f"{estimate.mean:{form}} ({estimate.low:{form}} to {estimate.high:{form}})"
