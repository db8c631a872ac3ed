"""Measures how well a pocket checkpoint reads unseen forms: `python -m samples.pocket.form_accuracy`."""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.quantized_parts import Quantization
from cogdoc.cogvlm2.tokenizer import Tokenizer, load_tokenizer
from samples.pocket import MODEL
from samples.pocket.form_questions import QuestionAnswer, field_question, missing_question, random_transcription
from samples.pocket.forms import LABELS, Form, draw, random_form, random_style

SEED = "unseen"
MAX_NEW_TOKENS = 40
PRECISIONS: dict[str, tuple[Quantization, torch.dtype]] = {
    "fp32": ("none", torch.float32),
    "bf16": ("none", torch.bfloat16),
    "nf4": ("nf4", torch.bfloat16),
}


@dataclass(frozen=True, slots=True)
class FormAccuracy:
    """How many questions of each kind were asked, and how many answers match exactly.

    Kinds are those of fields, "missing" for questions that the form does not answer, and "transcription".
    """

    asked: Counter[str]
    right: Counter[str]

    @property
    def shares(self) -> dict[str, float]:
        """The share of exact answers by kind; "four digits" takes amounts and numbers together."""
        kinds = {
            "four digits": ("amount", "number"),
            **{kind: (kind,) for kind in ("date", "missing", "transcription")},
        }
        return {
            name: sum(self.right[kind] for kind in parts) / max(1, sum(self.asked[kind] for kind in parts))
            for name, parts in kinds.items()
        }

    def __str__(self) -> str:
        return ", ".join(f"{kind} {share:.1%}" for kind, share in self.shares.items())


def measure(model: CogVLM2, tokenizer: Tokenizer, forms: int, seed: str = SEED) -> FormAccuracy:
    """Generate `forms` forms, and ask for each of their fields, for a missing one, and for all text."""
    rng = random.Random(seed)
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for _ in range(forms):
        form = random_form(rng)
        pixels = to_pixels(draw(form, random_style(rng)), model.config.vision)
        exam = list(_exam(rng, form))
        replies = answers(model, tokenizer, pixels, [entry for _, entry in exam])
        for (kind, entry), answer in zip(exam, replies, strict=True):
            asked[kind] += 1
            right[kind] += answer == entry.answer
    return FormAccuracy(asked, right)


@torch.inference_mode()
def answers(model: CogVLM2, tokenizer: Tokenizer, pixels: torch.Tensor, asked: list[QuestionAnswer]) -> list[str]:
    """The model's answers to questions about one picture, by greedy decoding.

    Args:
        pixels: (3, image_size, image_size).
    """
    config = model.config
    features = model.image_features(pixels[None])
    prompts = [
        build_prompt(config, tokenizer.encode(apply_template(entry.template, entry.question)), with_image=True)
        for entry in asked
    ]
    rows = prefill(model, prompts, features.expand(len(prompts), -1, -1), max_new_tokens=MAX_NEW_TOKENS)
    completions = collect(decode(rows, MAX_NEW_TOKENS, config.eos_token_ids), len(prompts))
    return [tokenizer.decode(completion.token_ids) for completion in completions]


def _exam(rng: random.Random, form: Form) -> Iterator[tuple[str, QuestionAnswer]]:
    for field in form.fields:
        yield LABELS[field.label], field_question(rng, form, field.label)
    yield "missing", missing_question(rng, form)
    yield "transcription", random_transcription(rng, form)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a pocket checkpoint on unseen forms.")
    parser.add_argument("--model", type=Path, default=MODEL, help="folder; by default the one in this repository")
    parser.add_argument("--forms", type=int, default=500)
    options = parser.parse_args()
    tokenizer = load_tokenizer(options.model)
    for name, (quantization, dtype) in PRECISIONS.items():
        model = load_model(options.model, quantization=quantization, dtype=dtype)
        print(f"{name}: {measure(model, tokenizer, options.forms)}", flush=True)


if __name__ == "__main__":
    main()
