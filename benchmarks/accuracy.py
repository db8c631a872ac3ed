"""Measures the built-in engine on all evaluation data and, on request, other systems on the same pages.

python -m benchmarks.accuracy --only ocr --baseline rapidocr --baseline tesseract
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

from benchmarks.other_systems import BASELINES, MARKDOWN_WRITERS, READERS, missing
from benchmarks.report import by_system
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.evaluation.evaluate import evaluate
from cogdoc.evaluation.metrics.recognized_text import without_markdown
from cogdoc.evaluation.outcomes import Outcome
from cogdoc.evaluation.scoring import score_text
from cogdoc.evaluation.summary import RunFacts, as_markdown

DEFAULT_DATA = Path("../shared/data")


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of task: the dataset that reads it, and its files in the core set and in the larger one."""

    dataset: str
    core: str
    more: tuple[str, ...]


PARTS = {
    "ocr": Part("ocr", "ocr.jsonl", ("*/ocr.jsonl",)),
    "qa": Part("qa", "qa.jsonl", ("sroie/annotations.jsonl", "funsd/annotations.jsonl", "*/ocrbench_questions.jsonl")),
    "charts": Part("qa", "", ("chartqa/annotations.jsonl",)),
    "multipage": Part("multipage", "qa_multipage.jsonl", ("ntsb_reports/annotations.jsonl",)),
    "tables": Part("tables", "tables.jsonl", ("*/tables.jsonl",)),
    "tests": Part("tests", "unit_tests.jsonl", ("*/unit_tests.jsonl",)),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each requested part; 1 if any case failed, 2 if there is no data."""
    options = _parse(arguments)
    if not (options.data / options.split).is_dir():
        print(f"no evaluation data in {options.data / options.split}", file=sys.stderr)
        return 2
    systems = [system for name in options.baseline for system in BASELINES[name] if _is_here(system)]
    engine = load_engine(select_engine(EngineRequest("builtin")))
    failed = False
    with Sandbox(options.jobs) as sandbox:
        for name in options.only or PARTS:
            files = files_of(PARTS[name], options.data, options.split)
            cases = list(chain.from_iterable(_cases(PARTS[name], file, options.limit) for file in files))
            if not cases:
                continue
            to = options.to / name if options.to else None
            facts = RunFacts(name, name, options.split, engine.info, {})
            summary, outcomes = evaluate(cases, facts, engine, sandbox, to=to)
            failed = failed or any(outcome.error is not None for outcome in outcomes)
            print(f"\n## {name}, {options.split}\n\n{as_markdown(summary)}", flush=True)
            if name == "ocr" and systems:
                others = {system: list(read_with(system, cases, options.jobs)) for system in systems}
                print(f"\n{by_system({'cogdoc': outcomes, **others})}", flush=True)
    return 1 if failed else 0


def files_of(part: Part, data: Path, split: str) -> list[Path]:
    """The files of a part in one set: one file for all datasets, or one for each."""
    own = data / split / part.core
    if own.is_file():
        return [own]
    return sorted(file for pattern in part.more for file in (data / split).glob(pattern))


def _cases(part: Part, file: Path, limit: int | None) -> Iterator[Case]:
    return islice(find_dataset(part.dataset).reads(file), limit)


def read_with(system: str, cases: Sequence[Case], processes: int) -> Iterator[Outcome]:
    """The scored text of each case as another system reads it; any failure there is an error of the case."""
    threads = max(1, (os.cpu_count() or 1) // processes)
    os.environ["OMP_NUM_THREADS"] = os.environ["OMP_THREAD_LIMIT"] = str(threads)
    with ProcessPoolExecutor(processes, get_context("spawn"), _keep_stdout_clean) as pool:
        yield from pool.map(_outcome_of, [system] * len(cases), cases)


def _outcome_of(system: str, case: Case) -> Outcome:
    assert isinstance(case.document, Path)
    about = (case.id, case.group, case.language, case.metric, case.id, "")
    try:
        text = READERS[system](case.document)
        scored = score_text(case, without_markdown(text) if system in MARKDOWN_WRITERS else text)
    except Exception as error:
        return Outcome(*about, score=0.0, measures={"CER": 1.0}, error=f"{type(error).__name__}: {error}")
    return Outcome(*about, score=scored.score, measures=scored.measures, prediction=scored.prediction)


def _is_here(system: str) -> bool:
    if reason := missing(system):
        print(f"{system} is skipped: {reason}", file=sys.stderr)
    return reason is None


def _keep_stdout_clean() -> None:
    """Redirect what libraries print to stderr, so that only the tables go to stdout."""
    os.dup2(2, 1)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the evaluation data")
    parser.add_argument("--split", default="core", metavar="FOLDER", help="the set: core, more or dev2")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="these parts; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N cases of each file")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="pages read at the same time")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="keep outcomes and reports there, and resume")
    parser.add_argument(
        "--baseline",
        action="append",
        default=[],
        choices=list(BASELINES),
        help="read the ocr pages with this system too; may be repeated",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
