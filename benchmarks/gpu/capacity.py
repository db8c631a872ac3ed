"""Memory against the plan, and speed against the card's bandwidth, with random weights of the published size."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

import torch

from benchmarks.gpu.outcome import PartOutcome, checked
from cogdoc.cogvlm2.batch import DecodingBatch, prefill, prefill_prefix
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, MemoryPlan, plan
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.model_work import step_bytes
from cogdoc.cogvlm2.precision import VisionPrecision
from cogdoc.cogvlm2.prompts import Prompt, build_prompt
from cogdoc.cogvlm2.quantized_parts import Quantization
from cogdoc.cogvlm2.row_pool import RowPool
from cogdoc.cogvlm2.step_graphs import CAPTURE_AT, can_be_captured
from cogdoc.measuring.card import peak_memory, seconds_of, start_peak, synchronize
from cogdoc.measuring.random_model import random_model, sizes

GB = 1e9
DECODED = 64
WARMED_UP = 8
PICTURES = 3


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to hold the weights."""

    quantization: Quantization
    vision: VisionPrecision

    def __str__(self) -> str:
        if self.quantization == "none":
            return "bf16"
        return f"{self.quantization}, vision tower {'in bf16' if self.vision == 'bf16' else 'quantized'}"

    def plan(self, config: ModelConfig) -> MemoryPlan:
        """The plan for a prompt that fills the context."""
        return plan(config, self.quantization, vision=self.vision)

    def fits(self, config: ModelConfig, free: int) -> bool:
        return self.plan(config).peak + RUNTIME_BYTES <= free


VARIANTS = (
    Variant("nf4", "quantized"),
    Variant("nf4", "bf16"),
    Variant("int8", "quantized"),
    Variant("none", "bf16"),
)


def measure_variant(variant: Variant, device: torch.device, bytes_per_second: float, toy: bool) -> PartOutcome:
    """Load random weights, encode pictures, fill the context, and decode after a prompt with an image."""
    config = sizes(toy)
    planned = variant.plan(config)
    start_peak(device)
    model = random_model(config, variant.quantization, variant.vision, device)
    figures: dict[str, float | int | str] = {}
    problems: list[str] = []
    pixels = torch.randn(1, config.vision.in_channels, *[config.vision.image_size] * 2, device=device)
    features = model.image_features(pixels)
    start_peak(device)
    figures["seconds of a picture"] = seconds_of(lambda: model.image_features(pixels), device, PICTURES)
    long = _prompt(config, config.max_positions - 1)
    figures[f"seconds of a prompt of {len(long):,} tokens"] = seconds_of(
        lambda: prefill(model, [long], features, max_new_tokens=1), device
    )
    _, found = _decode(model, long, features, 1, device)
    problems += found
    _compare_memory(planned, peak_memory(device), figures, problems)
    page = _prompt(config, min(config.image_tokens + 32, config.max_positions - DECODED - 1))
    _decode(model, page, features, WARMED_UP, device)
    tokens_per_second, found = _decode(model, page, features, DECODED, device)
    problems += found
    captured_per_second, found = _decode_in_graphs(model, page, features, device)
    problems += found
    read = step_bytes(config, variant.quantization, len(page) + DECODED // 2, variant.vision)
    figures["tokens a second"] = tokens_per_second
    figures["GB read for a token"] = read / GB
    figures["share of the bandwidth"] = tokens_per_second * read / bytes_per_second
    figures["tokens a second in graphs"] = captured_per_second or "cannot be captured"
    figures["share of the bandwidth in graphs"] = captured_per_second * read / bytes_per_second
    return checked(figures, sorted(set(problems)))


def _prompt(config: ModelConfig, length: int) -> Prompt:
    rng = random.Random(0)
    text = [rng.randrange(config.bos_token_id) for _ in range(length - config.image_tokens - 1)]
    return build_prompt(config, text, with_image=True)


def _decode(
    model: CogVLM2, prompt: Prompt, features: torch.Tensor, tokens: int, device: torch.device
) -> tuple[float, list[str]]:
    """Tokens a second of greedy steps after a prompt, and what is wrong with the logits."""
    batch = prefill(model, [prompt], features, max_new_tokens=tokens)
    return _take_steps(batch, batch.take_next_logits(), tokens, device)


def _decode_in_graphs(
    model: CogVLM2, prompt: Prompt, features: torch.Tensor, device: torch.device
) -> tuple[float, list[str]]:
    """As `_decode` in captured steps; 0 where a model cannot be captured. Uncaptured on the CPU."""
    if device.type == "cuda" and not can_be_captured(model):
        return 0.0, []
    prefix = prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)
    pool = RowPool(model, 1, len(prompt) + WARMED_UP + DECODED, static=True)
    logits = pool.join(prefix, [prompt.token_ids[prefix.length :]])
    _, found = _take_steps(pool, logits, max(WARMED_UP, CAPTURE_AT), device)
    tokens_per_second, later = _take_steps(pool, logits, DECODED - CAPTURE_AT, device)
    assert pool.graphs is not None
    failure = [f"not captured: {pool.graphs.failure}"] if pool.graphs.failure is not None else []
    return tokens_per_second, [*found, *later, *failure]


def _take_steps(
    batch: DecodingBatch, logits: torch.Tensor, tokens: int, device: torch.device
) -> tuple[float, list[str]]:
    """Tokens a second of greedy steps that follow `logits` (1, vocab_size), and what is wrong with the last ones."""
    synchronize(device)
    started = time.perf_counter()
    for _ in range(tokens):
        logits = batch.forward([[int(logits[0].argmax())]])[:, -1]
        batch.commit(0, 1)
    synchronize(device)
    seconds = time.perf_counter() - started
    return tokens / seconds, [] if bool(torch.isfinite(logits).all()) else ["logits are not finite"]


def _compare_memory(
    planned: MemoryPlan, peak: int | None, figures: dict[str, float | int | str], problems: list[str]
) -> None:
    allowed = planned.peak + RUNTIME_BYTES
    figures["planned peak, GB"] = planned.peak / GB
    if peak is None:
        figures["measured peak, GB"] = "not counted on the CPU"
        return
    figures["measured peak, GB"] = peak / GB
    if peak > allowed:
        problems.append(f"the peak of {peak / GB:.2f} GB exceeds the plan and its reserve, {allowed / GB:.2f}")
