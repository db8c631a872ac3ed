"""Accept a card: python -m benchmarks.gpu [--to FOLDER]

Runs the tests marked `gpu`, compares small checkpoints with their expected outputs, decodes the pocket checkpoint in
several ways, and then makes models of the published size with random weights on the card, to compare their memory with
the plan and their speed with the card's bandwidth. One card of 24 GB or more, at most eight minutes, no network, no
model: parts that would begin later, or do not fit the card, are skipped by name.

Writes gpu.json and gpu.md to FOLDER (build/gpu). Without a card, or with --toy, everything runs at toy size on the CPU.
Exit code 0 if nothing failed, else 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from benchmarks.gpu.capacity import VARIANTS, Variant, measure_variant
from benchmarks.gpu.correctness import decoding_ways, parity, run_tests
from benchmarks.gpu.outcome import Figures, PartOutcome
from benchmarks.report import markdown_table
from cogdoc.errors import CogdocError
from cogdoc.measuring import card
from cogdoc.measuring.random_model import sizes

SECONDS = 420
"""No part begins later, so that the whole ends within eight minutes."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parse(arguments)
    toy = options.toy or not torch.cuda.is_available()
    device = torch.device("cpu" if toy else "cuda")
    if toy:
        print("toy size on the CPU: this says nothing about a card", file=sys.stderr)
    # TF32 rounds fp32 convolutions to 10 bits; parity is about fp32.
    torch.backends.cudnn.allow_tf32 = False
    facts = card.describe(device)
    started = time.monotonic()
    bytes_per_second = card.bandwidth(device, toy)
    parts: dict[str, Callable[[], PartOutcome]] = {
        "tests marked gpu": partial(run_tests, device),
        "parity": partial(parity, device, options.parity),
        "decoding": partial(decoding_ways, device),
    }
    parts |= {str(variant): partial(_if_it_fits, variant, device, bytes_per_second, toy) for variant in VARIANTS}
    outcomes = {}
    for name, part in parts.items():
        print(f"{time.monotonic() - started:5.0f} s  {name}", file=sys.stderr, flush=True)
        late = time.monotonic() - started > options.seconds
        outcomes[name] = PartOutcome("skipped", f"{options.seconds} s were over") if late else _outcome_of(part)
    machine: Figures = {**facts, "bandwidth, GB a second": bytes_per_second / 1e9}
    report = {
        "toy": toy,
        "machine": machine,
        "seconds": time.monotonic() - started,
        "parts": {name: asdict(outcome) for name, outcome in outcomes.items()},
    }
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "gpu.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    text = tables(machine, outcomes, toy=toy)
    (options.to / "gpu.md").write_text(text, encoding="utf-8")
    print(text)
    return 1 if any(outcome.status == "failed" for outcome in outcomes.values()) else 0


def tables(machine: Figures, outcomes: Mapping[str, PartOutcome], *, toy: bool) -> str:
    """The report as Markdown for the documentation."""
    title = "Toy size on the CPU, which says nothing about a card." if toy else f"{machine['device']}."
    facts = markdown_table(("machine", ""), [[name, _number(value)] for name, value in machine.items()])
    rows = [[name, outcome.status, outcome.reason] for name, outcome in outcomes.items()]
    figures = [
        [part, name, _number(value)] for part, outcome in outcomes.items() for name, value in outcome.figures.items()
    ]
    parts = markdown_table(("part", "status", "reason"), rows)
    return "\n\n".join((title, facts, parts, markdown_table(("part", "figure", "value"), figures))) + "\n"


def _if_it_fits(variant: Variant, device: torch.device, bytes_per_second: float, toy: bool) -> PartOutcome:
    card.start_peak(device)
    free = card.free_memory(device)
    if device.type == "cuda" and not variant.fits(sizes(toy), free):
        needed = variant.plan(sizes(toy)).peak
        return PartOutcome("skipped", f"needs {needed / 1e9:.1f} GB, {free / 1e9:.1f} are free")
    with torch.inference_mode():
        return measure_variant(variant, device, bytes_per_second, toy)


def _outcome_of(part: Callable[[], PartOutcome]) -> PartOutcome:
    """The outcome of a part; an error is a failure of the part, and the others run."""
    try:
        return part()
    except (CogdocError, RuntimeError, OSError, ValueError) as error:
        return PartOutcome("failed", f"{type(error).__name__}: {str(error).partition(chr(10))[0]}")


def _number(value: float | int | str) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", type=Path, default=Path("build/gpu"), metavar="FOLDER")
    parser.add_argument("--toy", action="store_true", help="toy size on the CPU")
    parser.add_argument(
        "--parity", type=Path, action="append", default=[], metavar="DIR", help="a folder of parity fixtures"
    )
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"no part begins later ({SECONDS})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
