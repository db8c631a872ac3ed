"""Compares a question that uses the model of a running server with one that loads it: python -m benchmarks.warm_start

The runs of the two alternate, so that other load on the machine affects both; rely on the ratios.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.process import Run, run
from benchmarks.report import markdown_table

SAMPLES = Path(__file__).parents[1] / "samples" / "pocket"
COGDOC = (sys.executable, "-m", "cogdoc")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print medians, and the medians of the ratios of each pair of runs; 1 if the answers differ."""
    options = _parse(arguments)
    with TemporaryDirectory(prefix="cogdoc-warm-") as folder:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        environment = {"XDG_RUNTIME_DIR": str(runtime), "COGDOC_WARM": "on", "OMP_NUM_THREADS": "1"}
        ask = (*COGDOC, "ask", str(options.file), options.question, "--model", str(options.model))
        first = run([*ask, "--keep-alive", "1h"], **environment, COGDOC_CACHE="off")
        try:
            cases = {"new document": "off", "document that was read before": str(Path(folder) / "cache")}
            rows, answers = [], {first.output}
            for name, cache in cases.items():
                pairs = []
                for turn in range(-1, options.runs):
                    kinds = ("--warm", "--no-warm") if turn % 2 else ("--no-warm", "--warm")
                    runs = {kind: run([*ask, kind], **environment, COGDOC_CACHE=cache) for kind in kinds}
                    answers |= {ended.output for ended in runs.values()}
                    if turn >= 0:  # the first pair only fills caches
                        pairs.append((runs["--no-warm"], runs["--warm"]))
                rows.append(_row(name, pairs))
        finally:
            subprocess.run([*COGDOC, "serve", "--stop", "--quiet"], env=os.environ | environment, check=True)
    print(markdown_table(("question about a", "cold", "warm", "cold / warm", "processor time, cold / warm"), rows))
    if len(answers) > 1:
        print(f"the answers differ: {answers}", file=sys.stderr)
    return int(len(answers) > 1)


def _row(name: str, pairs: Sequence[tuple[Run, Run]]) -> tuple[str, ...]:
    cold, warm = (median(pair[index].seconds for pair in pairs) for index in (0, 1))
    seconds = median(cold.seconds / warm.seconds for cold, warm in pairs)
    processor = median(cold.processor_seconds / warm.processor_seconds for cold, warm in pairs)
    return name, f"{cold:.1f} s", f"{warm:.1f} s", f"{seconds:.1f}", f"{processor:.1f}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.warm_start", description=__doc__)
    parser.add_argument("--model", type=Path, default=SAMPLES / "model", help="a checkpoint of CogVLM2")
    parser.add_argument("--file", type=Path, default=SAMPLES / "form-1.png")
    parser.add_argument("--question", default="What is the total?")
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
