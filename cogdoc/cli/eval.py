"""`cogdoc eval`: measures an engine on a dataset."""

from __future__ import annotations

import sys
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.completion import complete_dataset, complete_names
from cogdoc.cli.engine_options import EngineOptions
from cogdoc.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from cogdoc.evaluation.outcomes import Outcome

HELP = """Measure how well an engine reads, on public benchmarks or on your own questions.

\b
  cogdoc eval multipage samples/questions.jsonl
  cogdoc eval docvqa spdocvqa/val_v1.0_withQT.json --to docvqa-run/
  cogdoc eval ocr pages.jsonl --engine cogvlm2 --out json
  cogdoc eval ocr pages.jsonl --model chat --variant plain --variant exact --to variants/

With --to, the outcome of each case is stored at once, the same command resumes a run that was stopped, and \
report.html shows the failures with their pages. Public datasets, as their authors distribute them:

\b
  textvqa    TextVQA_0.5.1_val.json beside its images
  docvqa     val_v1.0_withQT.json beside documents/
  chartqa    the folder test/ of ChartQA, or one of its files
  ocrbench   OCRBench.json beside OCRBench_Images/
  vcr        a Parquet file of VCR-Wiki, or a folder of them
  mmmu       the folder of MMMU, or a Parquet file
  mmvet      mm-vet.json; writes answers.json for its grader
  mmbench    a TSV file
  mmlongbench  samples.json beside documents/

\b
Your own datasets, JSON Lines with paths relative to the file:
  qa         file, question, answers
  multipage  the same, with evidence_pages or unanswerable
  ocr        file, text
  tables     file, and html or tables; or table for a chart
  tests      tests of Markdown as in olmOCR-bench, or its folder bench_data

Formulas are compared as LaTeX text, which is stricter than olmOCR-bench, which compares rendered formulas; they are \
counted apart.
"""
FORMATS = ("md", "json")


@shared.with_options
def evaluation(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", autocompletion=complete_dataset, help="Its name, from the list above.")
    ],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Its file or folder.")],
    *,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, max=shared.MAX_COUNT, metavar="N", help="Only the first N cases.")
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            "--variant",
            metavar="NAME",
            help="A variant of CogVLM2's instructions (plain, exact, ...); several are compared in one report.",
        ),
    ] = None,
    options: EngineOptions,
    out: Annotated[
        str,
        typer.Option(
            "--out", metavar="|".join(FORMATS), autocompletion=complete_names(FORMATS), help="The format of the scores."
        ),
    ] = FORMATS[0],
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Write outcomes, summary and report there.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Start again in a folder that has a run.")] = False,
    jobs: shared.Jobs = None,
    timeout: shared.Timeout = 300.0,
    cache: shared.Cache = None,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
) -> None:
    from contextlib import ExitStack
    from dataclasses import replace

    from cogdoc.cli.messages import announce, warn
    from cogdoc.cli.progress import loading_line, progress_line
    from cogdoc.cli.run_task import default_jobs
    from cogdoc.cli.workers import start_workers
    from cogdoc.engines.protocol import InstructedEngine
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.evaluation.datasets import find_dataset
    from cogdoc.evaluation.evaluate import evaluate
    from cogdoc.evaluation.summary import RunFacts, as_markdown
    from cogdoc.evaluation.variants import check_generation, comparison_as_markdown, evaluate_variants
    from cogdoc.results.printable import printable, well_formed

    if out not in FORMATS:
        raise UsageError(f"--out: scores cannot be written as {out!r}", f"formats: {', '.join(FORMATS)}")
    benchmark = find_dataset(dataset)
    # Report a wrong path before the engine is loaded, which can take minutes, and before a folder is created.
    cases = islice(benchmark.reads(path), limit)
    if (first := next(cases, None)) is None:
        raise InputError(f"{path}: contains no case of {benchmark.name}", f"expected: {benchmark.help}")
    variants = list(dict.fromkeys(variant or ()))
    request = options.engine_request
    if variants:
        request = replace(request, generation=replace(request.generation, variant=variants[0]))
    check_generation(request.generation, variants, first.task)
    selection = select_engine(request)
    announce(selection, verbose=verbose, quiet=quiet)
    with ExitStack() as stack:
        sandbox = start_workers(default_jobs(jobs), timeout, cache=cache, quiet=quiet)
        stack.callback(sandbox.close)
        with loading_line(quiet=quiet) as loaded:
            engine = load_engine(selection, timeout, loaded)
        stack.callback(engine.close)
        progress = stack.enter_context(progress_line(quiet=quiet))

        def done(outcome: Outcome) -> None:
            progress.advance(outcome.case)
            if outcome.error is not None and not quiet:
                warn(f"{outcome.case}: {outcome.error}")

        facts = RunFacts(
            benchmark.name,
            benchmark.title,
            well_formed(str(path)),
            engine.info,
            benchmark.published,
            benchmark.published_by_group,
        )
        if len(variants) > 1:
            assert isinstance(engine, InstructedEngine)
            comparison, outcomes = evaluate_variants(
                variants,
                lambda: islice(benchmark.reads(path), limit),
                facts,
                engine,
                request.generation,
                sandbox,
                to=to,
                overwrite=overwrite,
                done=done,
            )
            table, scores = comparison_as_markdown(comparison), comparison.model_dump_json(indent=2, by_alias=True)
        else:
            all_cases = chain([first], cases)
            summary, outcomes = evaluate(all_cases, facts, engine, sandbox, to=to, overwrite=overwrite, done=done)
            table, scores = as_markdown(summary), summary.model_dump_json(indent=2, by_alias=True)
    text = table if out == "md" else scores
    sys.stdout.write(f"{printable(text, keep_newlines=True)}\n")
    failed = any(outcome.error is not None for outcome in outcomes)
    raise typer.Exit(ExitCode.PARTIAL if failed else ExitCode.OK)
