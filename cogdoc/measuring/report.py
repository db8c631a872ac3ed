"""The results of `cogdoc bench`: figures, each with how it was measured, as JSON and as a Markdown table."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

BENCH_VERSION = "cogdoc-bench/1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Part):
    """One measured figure."""

    part: str = Field(description='"built-in engine", "processor" or "CogVLM2"')
    name: str
    value: float
    unit: str
    share: float | None = Field(default=None, description="of what the processor or card was measured to do, 0 to 1")
    how: str = Field(description="what was measured: the median of how many runs, on what")


class BenchReport(_Part):
    """What one run measured."""

    schema_version: str = Field(default=BENCH_VERSION, alias="schema")
    version: str = Field(description="of cogdoc")
    machine: dict[str, str]
    seconds: float = Field(description="that the whole run took")
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = Field(description="what was left out or computed, and why")


HEADER = ("part", "measured", "value", "share of the limit", "how")


def rows(report: BenchReport) -> list[tuple[str, ...]]:
    """The cells of the table, by the columns of HEADER."""
    return [
        (
            figure.part,
            figure.name,
            f"{number(figure.value)} {figure.unit}",
            "" if figure.share is None else f"{100 * figure.share:.0f}%",
            figure.how,
        )
        for figure in report.figures
    ]


def as_markdown(report: BenchReport) -> str:
    """A table of the figures below the machine, and the notes."""
    machine = "\n".join(f"- {name}: {value}" for name, value in report.machine.items())
    lines = [f"| {' | '.join(cells)} |" for cells in (HEADER, ("---", "---", "--:", "--:", "---"), *rows(report))]
    notes = "\n".join(f"- {note}" for note in report.notes)
    return "\n\n".join(filter(None, (machine, "\n".join(lines), notes)))


def number(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
