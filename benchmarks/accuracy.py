"""Accuracy of cogdoc's built-in engine on evaluation data, next to other systems where asked for.

python -m benchmarks.accuracy --only ocr --baseline rapidocr --baseline tesseract
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

from benchmarks.cases import Job, Outcome, Part, jobs_of, read_rows
from benchmarks.parts import PARTS
from benchmarks.readers import BASELINES, missing
from benchmarks.report import against_first, by_measure, by_system, failures

DEFAULT_DATA = Path("../shared/data/core")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts asked for and print their tables; 1 where any row failed, 2 where there is no data."""
    options = _parse(arguments)
    if not options.data.is_dir():
        print(f"no evaluation data in {options.data}", file=sys.stderr)
        return 2
    systems = ["cogdoc"]
    for baseline in options.baseline:
        for system in BASELINES[baseline]:
            if reason := missing(system):
                print(f"{system} is left out: {reason}", file=sys.stderr)
            else:
                systems.append(system)
    names = [options.only] if options.only else list(PARTS)
    failed: list[str] = []
    with _details_file(options.details) as details:
        for name in names:
            part = PARTS[name]
            rows = read_rows(options.data / part.file, options.dataset, options.limit)
            asked = systems if name == "ocr" else ["cogdoc"]
            outcomes = []
            for outcome in run(list(jobs_of(name, rows, options.data, asked)), options.jobs):
                outcomes.append(outcome)
                print(outcome.as_json(), file=details, flush=True)
            if outcomes:
                print(f"\n## {name}\n\n{_tables(part, outcomes, asked)}", flush=True)
            failed.extend(failures(outcomes))
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


def run(jobs: Sequence[Job], processes: int) -> Iterator[Outcome]:
    """The outcomes of all jobs, in their order; the processors are shared out between `processes`."""
    threads = max(1, (os.cpu_count() or 1) // processes)
    os.environ["OMP_NUM_THREADS"] = os.environ["OMP_THREAD_LIMIT"] = str(threads)
    with ProcessPoolExecutor(processes, get_context("spawn"), _keep_stdout_clean) as pool:
        for done, outcomes in enumerate(pool.map(score_job, jobs), start=1):
            yield from outcomes
            if sys.stderr.isatty():
                print(f"\r{done}/{len(jobs)}", end="" if done < len(jobs) else "\n", file=sys.stderr)


def score_job(job: Job) -> list[Outcome]:
    """One outcome for each row; whatever goes wrong in the system under test is that row's error."""
    part = PARTS[job.part]
    try:
        return [
            _outcome(job, index, one.scores, prediction=one.prediction, expected=one.expected)
            for index, one in enumerate(part.score(job))
        ]
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        return [_outcome(job, index, dict(part.failed), error=said) for index in range(len(job.rows))]


def _outcome(
    job: Job,
    index: int,
    scores: dict[str, float],
    *,
    prediction: object = None,
    expected: object = None,
    error: str | None = None,
) -> Outcome:
    row = job.rows[index]
    return Outcome(
        part=job.part,
        system=job.system,
        dataset=row["dataset"],
        language=row.get("lang", "en"),
        case=row["id"],
        scores=scores,
        prediction=prediction,
        expected=expected,
        error=error,
    )


def _details_file(path: Path | None) -> TextIO:
    return Path(os.devnull if path is None else path).open("w", encoding="utf-8")


def _keep_stdout_clean() -> None:
    """Send what libraries print to stderr, so that stdout holds the tables alone."""
    os.dup2(2, 1)


def _tables(part: Part, outcomes: Sequence[Outcome], systems: Sequence[str]) -> str:
    if len(systems) == 1:
        return by_measure(outcomes, part.measures)
    tables = [by_system(outcomes, measure, systems) for measure in part.measures]
    tables += [against_first(outcomes, measure, systems) for measure in part.failed]
    return "\n\n".join(tables)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder of the evaluation files")
    parser.add_argument("--only", choices=list(PARTS), help="one part instead of all")
    parser.add_argument("--dataset", help="only the rows of this dataset")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N rows of each dataset")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes side by side")
    parser.add_argument("--details", type=Path, metavar="FILE", help="write each row's outcome as JSON Lines")
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
