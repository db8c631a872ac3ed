"""Trains the pocket checkpoint: `python -m samples.pocket.train`, from the project's root, on the CPU.

A run that was stopped goes on where it was last saved. Equal seeds give equal batches; whether weights come out equal
to the last bit is up to the machine.
"""

from __future__ import annotations

import argparse
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.quantization import quantizable
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.checkpoint import SIZES, begin, save
from samples.pocket.evaluate import measure
from samples.pocket.learning import Amounts, Forms, PatchHeads, losses
from samples.pocket.rounding import rounded_in_place

STATE = Path("build/pocket.pt")

# For the matrices inside layers, by Muon (Jordan et al., 2024), which learns fast in few steps.
MATRIX_RATE = 4e-3
# For embeddings, positions, heads, norms and biases, by AdamW.
REST_RATE = 2e-3
WARMUP = 100
LARGEST_GRADIENT = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train.

    Over the last `decay` steps the learning rate falls linearly to zero, and every second one is taken with weights
    rounded to 4 bits.
    """

    steps: int
    decay: int
    report_every: int = 500
    exam: int = 60
    """Forms that each report measures."""

    def rate(self, step: int) -> float:
        """The learning rate of a step, as a share of the largest."""
        return min(1.0, (step + 1) / WARMUP, (self.steps - step) / self.decay)

    def is_rounded(self, step: int) -> bool:
        return step % 2 == 1 and step >= self.steps - self.decay


def optimizers(model: CogVLM2, heads: PatchHeads) -> list[torch.optim.Optimizer]:
    """Muon for the weights of linear layers within the model, AdamW for all else."""
    matrices = [layer.weight for _, layer in quantizable(model)]
    known = set(matrices)
    rest = [parameter for parameter in [*model.parameters(), *heads.parameters()] if parameter not in known]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=REST_RATE, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def train(
    folder: Path, state: Path, schedule: Schedule, amounts: Amounts, seed: int = 0, sizes: dict[str, Any] = SIZES
) -> None:
    """Train to the end of `schedule`, from what `state` holds if it exists; the checkpoint goes to `folder`."""
    model = begin(folder, seed, sizes)
    heads = PatchHeads(model.config)
    steppers = optimizers(model, heads)
    parts: list[Any] = [model, heads, *steppers]
    first = 0
    if state.exists():
        first, *saved = torch.load(state, weights_only=True)
        for part, contents in zip(parts, saved, strict=True):
            part.load_state_dict(contents)
    rates = [MATRIX_RATE, REST_RATE]
    matrices = [layer.weight for _, layer in quantizable(model)]
    tokenizer = load_tokenizer(folder)
    forms = Forms(model.config, tokenizer, amounts, seed)
    batches = DataLoader(forms, batch_size=None, sampler=range(first, schedule.steps), num_workers=1)
    parameters = [*model.parameters(), *heads.parameters()]
    started = time.monotonic()
    for step, batch in enumerate(batches, start=first):
        for stepper, rate in zip(steppers, rates, strict=True):
            stepper.param_groups[0]["lr"] = rate * schedule.rate(step)
        with rounded_in_place(matrices) if schedule.is_rounded(step) else nullcontext():
            wrong = losses(model, heads, batch)
            torch.autograd.backward(wrong.answers + wrong.patches)
        nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
        for stepper in steppers:
            stepper.step()
            stepper.zero_grad()
        done = step + 1
        if done % 100 == 0:
            speed = (done - first) / (time.monotonic() - started)
            print(f"{done:6}  {wrong}  {speed:.2f} steps/s", flush=True)
        if done % schedule.report_every == 0 or done == schedule.steps:
            save(model, folder)
            state.parent.mkdir(parents=True, exist_ok=True)
            torch.save([done, *(part.state_dict() for part in parts)], state)
            print(f"{done:6}  {measure(model, tokenizer, schedule.exam)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the pocket checkpoint.")
    parser.add_argument("--to", type=Path, default=MODEL, help="folder of the checkpoint")
    parser.add_argument("--state", type=Path, default=STATE, help="file that a stopped run goes on from")
    parser.add_argument("--steps", type=int, default=3_200)
    parser.add_argument("--decay", type=int, default=2_200, help="last steps, with a falling learning rate")
    options = parser.parse_args()
    train(options.to, options.state, Schedule(options.steps, options.decay), Amounts(pictures=12, questions=3))


if __name__ == "__main__":
    main()
