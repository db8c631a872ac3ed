"""Compares named variants of a model's instructions: one run for each, and one table of their scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import Field

from cogdoc.documents.workers import Workers
from cogdoc.engines.generation import GenerationRequest
from cogdoc.engines.protocol import InstructedEngine
from cogdoc.engines.vision.instructions import Task as InstructionTask
from cogdoc.engines.vision.instructions import check_variant
from cogdoc.errors import OutputError, OutputExistsError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.evaluate import evaluate
from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.run_folder import REPORT, RUN, SUMMARY, TABLES
from cogdoc.evaluation.summary import (
    Figure,
    Group,
    RunFacts,
    Summary,
    SummaryPart,
    figure_cell,
    pipe_table,
    reproducible,
)
from cogdoc.results.output.destination import open_output

_INSTRUCTIONS = {
    Task.ASK: (InstructionTask.QUESTION,),
    Task.OCR: (InstructionTask.TRANSCRIBE, InstructionTask.TABLE),
    Task.TABLES: (InstructionTask.TRANSCRIBE, InstructionTask.TABLE),
    Task.CHARTS: (InstructionTask.CHART,),
}
"""The instructions that a case of each task may need."""

_COMMANDS = {Task.ASK: "ask", Task.OCR: "ocr", Task.TABLES: "ocr", Task.CHARTS: "chart"}

COMPARISON_VERSION = "cogdoc-eval-variants/1"


class VariantScores(SummaryPart):
    """The scores of one variant."""

    name: str
    summary: Summary

    @property
    def all_cases(self) -> Group:
        return self.summary.groups[-1]

    def score(self, group: str) -> Figure | None:
        return next((each.score for each in self.summary.groups if each.name == group), None)


class Comparison(SummaryPart):
    """The scores of all variants, as written to `summary.json`."""

    schema_version: str = Field(default=COMPARISON_VERSION, alias="schema")
    variants: tuple[VariantScores, ...] = Field(description="in the order in which they were named")

    @property
    def groups(self) -> list[str]:
        """The groups of cases besides all of them."""
        return [group.name for group in self.variants[0].summary.groups[:-1]]

    @property
    def measures(self) -> list[str]:
        return list(dict.fromkeys(measure for one in self.variants for measure in one.all_cases.measures))


def check_generation(request: GenerationRequest, names: Sequence[str], task: Task) -> None:
    """Check, before the model is loaded, that the options of generation and the variants fit a dataset.

    Args:
        task: that of the dataset's first case.

    Raises:
        UsageError: they do not.
    """
    request.check_for(_COMMANDS[task], has_questions=task is Task.ASK)
    for name in names:
        check_variant(name, _INSTRUCTIONS[task])


def evaluate_variants(
    names: Sequence[str],
    cases: Callable[[], Iterable[Case]],
    facts: RunFacts,
    engine: InstructedEngine,
    generation: GenerationRequest,
    sandbox: Workers,
    *,
    to: Path | None = None,
    overwrite: bool = False,
    done: Callable[[Outcome], None] = lambda _: None,
) -> tuple[Comparison, list[Outcome]]:
    """Put every case to the engine once for each variant of its instructions.

    Args:
        cases: reads the dataset from its start.
        generation: the other options of generation.
        to: a folder that gets one run folder for each variant, and the comparison.

    Raises:
        UsageError: there is no variant of a name.
        InputError, OutputError: see `evaluate`.
        OutputExistsError: `to` contains something else.
    """
    if to is not None:
        _check_folder(to)
    scores: list[VariantScores] = []
    written: list[VariantScores] = []
    outcomes: list[Outcome] = []
    for name in names:
        variant = engine.with_generation(replace(generation, variant=name))
        summary, own = evaluate(
            cases(),
            replace(facts, engine=variant.info),
            variant,
            sandbox,
            to=to / name if to is not None else None,
            overwrite=overwrite,
            done=done,
        )
        scores.append(VariantScores(name=name, summary=summary))
        written.append(VariantScores(name=name, summary=reproducible(summary, own)))
        outcomes += own
    comparison = Comparison(schema=COMPARISON_VERSION, variants=tuple(scores))
    if to is not None:
        _write(comparison.model_copy(update={"variants": tuple(written)}), to)
    return comparison, outcomes


def comparison_as_markdown(comparison: Comparison) -> str:
    """The comparison as a Markdown table: a row for each variant."""
    summary = comparison.variants[0].summary
    header = [summary.dataset, "cases", "failed", "score", *comparison.measures, *comparison.groups]
    rows = [
        [
            one.name,
            str(one.all_cases.cases),
            str(one.all_cases.failed),
            figure_cell(one.all_cases.score),
            *(figure_cell(one.all_cases.measures.get(measure)) for measure in comparison.measures),
            *(figure_cell(one.score(group)) for group in comparison.groups),
        ]
        for one in comparison.variants
    ]
    return pipe_table([header, *rows])


def _check_folder(path: Path) -> None:
    """Check that a folder has nothing but runs and a comparison."""
    if not path.exists():
        return
    try:
        others = [
            entry
            for entry in path.iterdir()
            if entry.name not in (SUMMARY, TABLES, REPORT) and not (entry / RUN).is_file() and _has_content(entry)
        ]
        is_run = (path / RUN).exists()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from None
    if others or is_run:
        raise OutputExistsError(
            f"{path}: contains something other than a comparison of variants", "name a new folder with --to"
        )


def _has_content(entry: Path) -> bool:
    """Whether an entry of a folder is anything but an empty folder, which a run that was stopped may leave."""
    return not entry.is_dir() or any(entry.iterdir())


def _write(comparison: Comparison, to: Path) -> None:
    environment = Environment(
        loader=PackageLoader("cogdoc.evaluation"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    texts = {
        SUMMARY: comparison.model_dump_json(indent=2, by_alias=True),
        TABLES: comparison_as_markdown(comparison),
        REPORT: environment.get_template("variants.html.jinja").render(comparison=comparison, report=REPORT),
    }
    for name, text in texts.items():
        with open_output(to / name, overwrite=True) as stream:
            stream.write(f"{text}\n")
