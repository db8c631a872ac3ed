"""Fine-tunes the pocket checkpoint on tickets with PEFT: `python -m training.pocket.finetune build/adapter`.

It is the example of `docs/fine-tuning.md`: the same lines train the published checkpoints on documents of your own.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForImageTextToText, AutoProcessor

import cogdoc.cogvlm2.transformers  # noqa: F401  registers CogVLM2
from samples.pocket import MODEL
from samples.pocket.form_questions import random_question as random_form_question
from samples.pocket.form_questions import random_transcription
from samples.pocket.forms import draw, random_form, random_style
from training.pocket.tickets import random_question, random_ticket

# The experts of the language model; the vision tower reads these letters already.
ADAPTED = r"model\.layers\..*(query_key_value|dense|gate_proj|up_proj|down_proj)"
REHEARSED = 0.3
"""The share of rows about the forms that the checkpoint can read, so that it does not forget them."""


@dataclass(frozen=True, slots=True)
class FineTune:
    """How long to train, and how large the adapter is."""

    steps: int = 600
    rows: int = 16
    rank: int = 8
    rate: float = 2e-3
    report_every: int = 50


def batches(processor: Any, rows: int, seed: int) -> Iterator[Any]:
    """Batches of questions with their answers, each about a picture of its own."""
    for number in itertools.count():
        rng = random.Random(f"fine-tune {seed} {number}")
        entries, pictures = [], []
        for _ in range(rows):
            rehearsed = rng.random() < REHEARSED
            form = random_form(rng) if rehearsed else random_ticket(rng)
            ask = rng.choice((random_form_question, random_transcription)) if rehearsed else random_question
            entries.append(ask(rng, form))
            pictures.append(draw(form, random_style(rng)))
        yield processor(
            images=pictures,
            text=[entry.question for entry in entries],
            template=rng.choice(("chat", "vqa")),
            answer=[entry.answer for entry in entries],
            padding_side="right",
        )


def fine_tune(folder: Path, schedule: FineTune, seed: int = 0) -> list[float]:
    """Train an adapter of the pocket checkpoint and write it to `folder`. Returns the loss of each step."""
    torch.manual_seed(seed)
    processor = AutoProcessor.from_pretrained(MODEL)
    model = AutoModelForImageTextToText.from_pretrained(MODEL, dtype="float32")
    settings = LoraConfig(task_type="CAUSAL_LM", r=schedule.rank, lora_alpha=2 * schedule.rank, target_modules=ADAPTED)
    adapted = get_peft_model(model, settings).train()
    trained = [parameter for parameter in adapted.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=schedule.rate)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimizer, schedule.rate, total_steps=schedule.steps, pct_start=0.1)
    started = time.monotonic()
    losses: list[float] = []
    for step, inputs in zip(range(1, schedule.steps + 1), batches(processor, schedule.rows, seed), strict=False):
        loss = adapted(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        rates.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
        if step % schedule.report_every == 0:
            print(f"{step:6}  loss {losses[-1]:.3f}  {time.monotonic() - started:.0f} s", flush=True)
    adapted.save_pretrained(folder)
    return losses


def main() -> None:
    parser = argparse.ArgumentParser(description="Fine-tune the pocket checkpoint on tickets.")
    parser.add_argument("folder", type=Path, help="where the adapter is written")
    parser.add_argument("--steps", type=int, default=FineTune().steps)
    options = parser.parse_args()
    fine_tune(options.folder, FineTune(steps=options.steps))


if __name__ == "__main__":
    main()
