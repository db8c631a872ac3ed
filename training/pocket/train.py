"""Trains the pocket checkpoint on the CPU: `python -m training.pocket.train`, from the project's root.

A stopped run resumes where it was last saved. Equal seeds give equal batches, but weights may differ in the last bits
between machines.
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
from cogdoc.cogvlm2.quantized_parts import quantizable
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.form_accuracy import measure
from training.pocket.form_batches import BatchSize, FormBatches
from training.pocket.losses import PatchHeads, training_losses
from training.pocket.nf4_rounding import rounded_in_place
from training.pocket.pocket_checkpoint import SIZES, create_model, save

STATE = Path("build/pocket.pt")

# Matrices inside layers are trained by Muon (Jordan et al., 2024), which converges in few steps.
MATRIX_RATE = 4e-3
# Embeddings, positions, heads, norms and biases are trained by AdamW.
OTHER_RATE = 2e-3
WARMUP_STEPS = 100
MAX_GRADIENT_NORM = 1.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to train.

    Over the last `decay` steps the learning rate falls linearly to zero, and every second step rounds
    weights to 4 bits.
    """

    steps: int
    decay: int
    report_every: int = 500
    report_forms: int = 60
    """Forms that each report measures accuracy on."""

    def rate(self, step: int) -> float:
        """The learning rate of a step, as a share of the maximum."""
        return min(1.0, (step + 1) / WARMUP_STEPS, (self.steps - step) / self.decay)

    def is_rounded(self, step: int) -> bool:
        return step % 2 == 1 and step >= self.steps - self.decay


def optimizers(model: CogVLM2, heads: PatchHeads) -> list[torch.optim.Optimizer]:
    """Muon for the weights of the model's linear layers, AdamW for everything else."""
    matrices = [layer.weight for _, layer in quantizable(model)]
    by_muon = set(matrices)
    others = [parameter for parameter in [*model.parameters(), *heads.parameters()] if parameter not in by_muon]
    return [
        torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def train(
    folder: Path, state: Path, schedule: Schedule, size: BatchSize, seed: int = 0, sizes: dict[str, Any] = SIZES
) -> None:
    """Train to the end of `schedule` and write the checkpoint to `folder`.

    Args:
        state: the file of the optimizers' and weights' state; training resumes from it if it exists.
    """
    model = create_model(folder, seed, sizes)
    heads = PatchHeads(model.config)
    all_optimizers = optimizers(model, heads)
    stateful: list[Any] = [model, heads, *all_optimizers]
    first = 0
    if state.exists():
        first, *saved = torch.load(state, weights_only=True)
        for one, contents in zip(stateful, saved, strict=True):
            one.load_state_dict(contents)
    rates = [MATRIX_RATE, OTHER_RATE]
    matrices = [layer.weight for _, layer in quantizable(model)]
    tokenizer = load_tokenizer(folder)
    generated = FormBatches(model.config, tokenizer, size, seed)
    batches = DataLoader(generated, batch_size=None, sampler=range(first, schedule.steps), num_workers=1)
    parameters = [*model.parameters(), *heads.parameters()]
    started = time.monotonic()
    for step, batch in enumerate(batches, start=first):
        for optimizer, rate in zip(all_optimizers, rates, strict=True):
            optimizer.param_groups[0]["lr"] = rate * schedule.rate(step)
        with rounded_in_place(matrices) if schedule.is_rounded(step) else nullcontext():
            losses = training_losses(model, heads, batch)
            torch.autograd.backward(losses.answers + losses.patches)
        nn.utils.clip_grad_norm_(parameters, MAX_GRADIENT_NORM)
        for optimizer in all_optimizers:
            optimizer.step()
            optimizer.zero_grad()
        done = step + 1
        if done % 100 == 0:
            speed = (done - first) / (time.monotonic() - started)
            print(f"{done:6}  {losses}  {speed:.2f} steps/s", flush=True)
        if done % schedule.report_every == 0 or done == schedule.steps:
            save(model, folder)
            state.parent.mkdir(parents=True, exist_ok=True)
            torch.save([done, *(one.state_dict() for one in stateful)], state)
            print(f"{done:6}  {measure(model, tokenizer, schedule.report_forms)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the pocket checkpoint.")
    parser.add_argument("--to", type=Path, default=MODEL, help="folder of the checkpoint")
    parser.add_argument("--state", type=Path, default=STATE, help="file that a stopped run resumes from")
    parser.add_argument("--steps", type=int, default=3_200)
    parser.add_argument("--decay", type=int, default=2_200, help="last steps, over which the learning rate falls")
    options = parser.parse_args()
    train(options.to, options.state, Schedule(options.steps, options.decay), BatchSize(pictures=12, questions=3))


if __name__ == "__main__":
    main()
