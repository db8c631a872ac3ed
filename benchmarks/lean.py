"""The prompt pass and the decode step against the published code's way: python -m benchmarks.lean [--rounds N]

A model of 100 million random parameters in fp32 at 448 pixels, on one thread of the CPU. The baseline is
`benchmarks.published_way`, on the same weights and the same PyTorch. Each round runs both, in turns; a row has the
median processor times and the median of the rounds' ratios. A decode step is also compared with the memory bandwidth:
it reads each weight of the language side once, which is the least it can take.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from benchmarks import published_way
from benchmarks.report import markdown_table
from cogdoc.cogvlm2.batch import Prefix, fork, prefill_prefix
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.row_pool import RowPool
from cogdoc.measuring.model_choice import SMALL
from cogdoc.measuring.random_model import random_model

QUESTION = tuple(range(100, 112))
STEPS = 30
ROWS = 8
STREAMED_BYTES = 400 << 20


@dataclass(frozen=True, slots=True)
class Work:
    """Something that both ways do."""

    name: str
    before: Callable[[], object]
    after: Callable[[], object]
    count: int = 1
    """How often the work is done in a run."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lean", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    torch.set_num_threads(1)
    model = random_model(SMALL, "none", "bf16", torch.device("cpu")).float()
    size = model.config.vision.image_size
    pixels = torch.randn(1, model.config.vision.in_channels, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        against_published = [_measured(work, rounds) for work in _works(model, pixels)]
        rows = _measured(_rows_together(model, pixels), rounds)
        bandwidth = _bandwidth()
    print(f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.0f} million parameters\n")
    print(markdown_table(["work, ms", "published way", "cogdoc", "ratio"], against_published))
    print()
    print(markdown_table(["work, ms", "one by one", "together", "ratio"], [rows]))
    read = _language_bytes(model)
    print(f"\na step reads {read / 1e6:.0f} MB of weights: at least {read / bandwidth * 1e3:.1f} ms", end="")
    print(f" at the {bandwidth / 1e9:.1f} GB/s of a product with one row")


def _works(model: CogVLM2, pixels: Tensor) -> list[Work]:
    prompt = build_prompt(model.config, QUESTION, with_image=True)
    features = model.image_features(pixels)

    def published_prompt(features: Tensor) -> Tensor:
        return published_way.prefill(model, prompt.token_ids, prompt.token_types, features)[0][:, -1]

    run = published_way.prefill(model, prompt.token_ids, prompt.token_types, features)[1]
    prefix = _prefix(model, features)

    def published_steps() -> list[int]:
        own = published_way.PublishedRun(run.types, list(run.cache))
        tokens = [QUESTION[0]]
        for _ in range(STEPS):
            logits = published_way.step(model, own, tokens[-1])
            tokens.append(int(logits.argmax()))
        return tokens

    torch.testing.assert_close(_question(model, prefix), published_prompt(features), atol=5e-4, rtol=0)
    return [
        Work(
            "prompt pass with vision",
            lambda: published_prompt(published_way.image_features(model, pixels)),
            lambda: _question(model, _prefix(model, model.image_features(pixels))),
        ),
        Work("vision alone", lambda: published_way.image_features(model, pixels), lambda: model.image_features(pixels)),
        Work(
            "prompt pass alone",
            lambda: published_prompt(features),
            lambda: _question(model, _prefix(model, features)),
        ),
        Work("decode step, one row", published_steps, lambda: _decode(model, prefix, 1), STEPS),
    ]


def _rows_together(model: CogVLM2, pixels: Tensor) -> Work:
    prefix = _prefix(model, model.image_features(pixels))
    return Work(
        f"decode step, {ROWS} rows",
        lambda: [_decode(model, prefix, 1) for _ in range(ROWS)],
        lambda: _decode(model, prefix, ROWS),
        STEPS,
    )


def _prefix(model: CogVLM2, features: Tensor) -> Prefix:
    return prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)


def _question(model: CogVLM2, prefix: Prefix) -> Tensor:
    pool = RowPool(model, 1, prefix.length + len(QUESTION) + STEPS)
    return pool.join(prefix, [QUESTION])


def _decode(model: CogVLM2, prefix: Prefix, rows: int) -> list[tuple[int, ...]]:
    """Greedy tokens of rows that begin with different tokens; the pass of these counts as a step."""
    batch = fork(model, prefix, [[first] for first in QUESTION[:rows]], STEPS)
    return [completion.token_ids for completion in collect(decode(batch, STEPS, ()), rows)]


def _measured(work: Work, rounds: int) -> list[str]:
    pairs = [_pair(work, number) for number in range(rounds + 1)][1:]
    before, after = (median(times) / work.count * 1e3 for times in zip(*pairs, strict=True))
    ratio = median(new / old for old, new in pairs)
    return [work.name, f"{before:.1f}", f"{after:.1f}", f"{ratio:.2f}"]


def _pair(work: Work, number: int) -> tuple[float, float]:
    """The seconds of both ways, in another order each time, since one may find the caches of the other."""
    if number % 2:
        after = _seconds(work.after)
        return _seconds(work.before), after
    return _seconds(work.before), _seconds(work.after)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _language_bytes(model: CogVLM2) -> int:
    """The weights that a decode step reads."""
    layers = (
        parameter.nbytes
        for name, parameter in model.model.layers.named_parameters()
        if "vision" not in name and "rotary" not in name
    )
    return sum(layers) + model.lm_head.weight.nbytes


def _bandwidth() -> float:
    """Bytes a second that a product with one row reads of weights beyond the caches."""
    weights = torch.randn(STREAMED_BYTES // 4 // 4096, 4096)
    row = torch.randn(4096)
    torch.mv(weights, row)
    return weights.nbytes / min(_seconds(lambda: torch.mv(weights, row)) for _ in itertools.repeat(None, 5))


if __name__ == "__main__":
    main()
