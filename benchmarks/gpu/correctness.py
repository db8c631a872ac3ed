"""Whether the numbers are right: the tests marked `gpu`, parity of small checkpoints, equality of decoding ways."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from benchmarks.gpu.outcome import PartOutcome, checked
from benchmarks.parity.__main__ import load
from benchmarks.parity.folder import read_folder
from benchmarks.parity.measure import measure
from cogdoc.cogvlm2.batch import prefill, prefill_prefix, step_logits
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import Prompt, apply_template, build_prompt
from cogdoc.cogvlm2.row_pool import RowPool
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.form_questions import READ_ALL

ROOT = Path(__file__).parents[2]
OWN_FOLDERS = ROOT / "tests" / "cogvlm2" / "parity"
PUBLISHED_FOLDERS = ROOT.parent / "shared" / "cogvlm2" / "parity"
TEST_SECONDS = 240
PICTURES = ("form-1.png", "form-2.png", "form-3.jpg")
NEW_TOKENS = 40
DRAFTED, WRONG = 3, 7
"""Drafts of a captured step, and the token that they are."""


def run_tests(device: torch.device) -> PartOutcome:
    """Run the tests that need a CUDA device."""
    if device.type != "cuda":
        return PartOutcome("skipped", "no card, and the tests marked gpu need one")
    missing = [name for name in ("pytest", "transformers", "peft") if importlib.util.find_spec(name) is None]
    if missing:
        return PartOutcome("skipped", f"not installed: {', '.join(missing)} (the extra dev has them)")
    command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "tests/cogvlm2", "tests/engines"]
    try:
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return PartOutcome("failed", f"the tests took longer than {TEST_SECONDS} s")
    last = ended.stdout.strip().splitlines()[-1:] or ended.stderr.strip().splitlines()[-1:]
    return checked({"pytest": last[0] if last else ""}, [] if ended.returncode == 0 else ["tests failed"])


def parity(device: torch.device, given: Sequence[Path]) -> PartOutcome:
    """Compare the outputs of small checkpoints with the expected ones.

    Args:
        given: folders besides those of the repository; by default those of the published code, if they are there.
    """
    folders = sorted(file.parent for file in OWN_FOLDERS.glob("*/expected.safetensors"))
    published = list(given) or sorted(file.parent for file in PUBLISHED_FOLDERS.glob("*/expected.safetensors"))
    figures: dict[str, float | str] = {}
    if not published:
        figures["published code"] = "skipped: no folder, see --parity"
    problems = []
    for path in [*folders, *published]:
        with torch.inference_mode():
            lines = measure(read_folder(path), load(path, device))
        found = [one.largest for line in lines for one in line.differences.values() if one is not None]
        figures[f"{path.parent.name}/{path.name}, largest difference"] = max(found, default=0.0)
        problems += [f"{path.name}: {line.name} differs" for line in lines if not line.passed]
    return checked(figures, problems)


def decoding_ways(device: torch.device) -> PartOutcome:
    """Answer questions about the forms of the pocket checkpoint alone, as a batch, drafted, compiled, and captured."""
    figures: dict[str, float | int | str] = {}
    problems = []
    for quantization in ("none", "nf4"):
        answers = {
            way: _answers(device, quantization, way)
            for way in ("one by one", "as a batch", "with drafts", "compiled", "in captured steps")
        }
        expected = answers["one by one"]
        figures[f"tokens, {quantization}"] = sum(map(len, expected))
        for way, found in answers.items():
            if found != expected:
                different = sum(one != other for one, other in zip(found, expected, strict=True))
                problems.append(f"{quantization}: {way}, {different} of {len(expected)} answers differ")
    return checked(figures, problems)


def _answers(device: torch.device, quantization: str, way: str) -> list[tuple[int, ...]]:
    model = load_model(MODEL, quantization="nf4" if quantization == "nf4" else None, device=device)
    tokenizer = load_tokenizer(MODEL)
    pictures = [Image.open(MODEL.parent / name) for name in PICTURES]
    features = model.image_features(torch.stack([to_pixels(picture, model.config.vision) for picture in pictures]))
    questions = ("What is the total?", "the order number?", READ_ALL)
    prompts = [
        build_prompt(model.config, tokenizer.encode(apply_template("vqa", question)), with_image=True)
        for question in questions
    ]
    step = None
    if way == "in captured steps":
        return [
            _captured(model, prompt, features[row : row + 1], DRAFTED if row else 0)
            for row, prompt in enumerate(prompts)
        ]
    if way == "compiled":
        # On the CPU the graph is captured, but not compiled, which would take a minute.
        torch.compiler.reset()
        step = torch.compile(step_logits, fullgraph=True, backend="inductor" if device.type == "cuda" else "eager")
    draft = partial(_guess, prompts) if way == "with drafts" else None
    groups = [range(len(prompts))] if way == "as a batch" else [range(row, row + 1) for row in range(len(prompts))]
    answers = []
    for group in groups:
        chosen = [prompts[row] for row in group]
        rows = prefill(model, chosen, features[group.start : group.stop], max_new_tokens=NEW_TOKENS, step=step)
        events = decode(rows, NEW_TOKENS, model.config.eos_token_ids, draft=draft)
        answers += [completion.token_ids for completion in collect(events, len(chosen))]
    return answers


def _captured(model: CogVLM2, prompt: Prompt, features: torch.Tensor, drafted: int) -> tuple[int, ...]:
    """A greedy answer in steps of fixed shapes, which a card captures, with so many wrong drafts in each."""
    prefix = prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)
    pool = RowPool(model, 1, len(prompt) + NEW_TOKENS + drafted, static=True)
    answer = [int(pool.join(prefix, [prompt.token_ids[prefix.length :]]).argmax())]
    while answer[-1] not in model.config.eos_token_ids and len(answer) <= NEW_TOKENS:
        answer.append(int(pool.forward([[answer[-1], *[WRONG] * drafted]])[0, 0].argmax()))
        pool.commit(0, 1)
    return tuple(answer[:-1])


def _guess(prompts: Sequence[Prompt], row: int, answer: Sequence[int]) -> Sequence[int]:
    """A draft that is mostly wrong, so that rejected tokens are overwritten."""
    return (*answer[-1:], *prompts[row].token_ids[-2:])
