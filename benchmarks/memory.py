"""Print the memory plan of the published model, and what fits common cards: python -m benchmarks.memory

Nothing is loaded or measured: the plan is arithmetic, and the tests compare it with real allocations.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from typing import TYPE_CHECKING, Literal

from benchmarks.report import markdown_table
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.layer_placement import card_load, place_layers
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, longest_context, plan
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.reading_memory import reading_plan, required_memory
from cogdoc.cogvlm2.tensor_memory import Device

if TYPE_CHECKING:
    from cogdoc.cogvlm2.precision import VisionPrecision
    from cogdoc.cogvlm2.quantized_parts import Quantization

GB = 1e9
READING_CARDS = (8, 10, 12, 16, 20, 24, 32, 40, 48, 80)
CARDS = (16, 24, 32, 48, 80)
QUANTIZATIONS: tuple[Literal["nf4", "int8", "none"], ...] = ("nf4", "int8", "none")


def main() -> None:
    config = PUBLISHED
    # An image and the 2K dialogue of the published figure of 16 GB in int4.
    dialogue = config.image_tokens + 2048
    print(f"GB of 10^9 bytes, bf16 where not quantized; {RUNTIME_BYTES / GB:.2f} GB more for the CUDA context.\n")
    print(markdown_table(("weights", *QUANTIZATIONS), weight_rows(config)))
    print("\nTo read pages (a picture, a question, an answer of 2048 tokens), CUDA included:\n")
    reading = (
        "weights",
        "vision tower",
        "--offload",
        "weights on the GPU",
        "in main memory",
        "in all on the GPU",
        "card",
        "or",
    )
    print(markdown_table(reading, reading_rows(config)))
    devices: tuple[Device, ...] = ("cuda", "cpu")
    for device in devices:
        header = (device, "tokens", "batch", "weights", "cache", "image", "prompt", "step", "peak", "highest at")
        print("\n" + markdown_table(header, peak_rows(config, device, (dialogue, config.max_positions))))
    print("\nLongest context in tokens for a batch of 1, 2, 4 or 8, and the largest batch of whole contexts:\n")
    cards = ("card", "weights", "1", "2", "4", "8", f"batch of {config.max_positions}")
    print(markdown_table(cards, fitting_rows(config)))


def reading_rows(config: ModelConfig) -> list[list[str]]:
    """The memory to read pages one by one, and the smallest cards that have it free."""
    rows = []
    for quantization in QUANTIZATIONS:
        choices: tuple[VisionPrecision, ...] = ("quantized", "bf16") if quantization != "none" else ("bf16",)
        for vision, offload in product(choices, (False, True)):
            planned = reading_plan(config, quantization, "cuda", vision, offload=offload)
            needed = required_memory(planned, "cuda")
            card = next((f"{card} GiB" for card in READING_CARDS if needed <= card * 2**30), "-")
            pair = next(
                (f"2 x {card} GiB" for card in READING_CARDS if _fits_two(config, quantization, vision, card)), "-"
            )
            sizes = (planned.weights, planned.host, needed)
            label = [quantization, vision, "yes" if offload else "no"]
            rows.append([*label, *(f"{size / GB:.1f}" for size in sizes), card, "-" if offload else pair])
    return rows


def _fits_two(config: ModelConfig, quantization: Quantization, vision: VisionPrecision, card: int) -> bool:
    load = card_load(config, lambda sizes: reading_plan(sizes, quantization, "cuda", vision))
    return place_layers(load, config.num_layers, [card * 2**30] * 2) is not None


def weight_rows(config: ModelConfig) -> list[list[str]]:
    plans = [plan(config, quantization) for quantization in QUANTIZATIONS]
    parts = [asdict(each.parts) for each in plans]
    rows = [[name.replace("_", " "), *(f"{part[name] / GB:.3f}" for part in parts)] for name in parts[0]]
    return [*rows, ["all", *(f"{each.weights / GB:.3f}" for each in plans)]]


def peak_rows(config: ModelConfig, device: Device, lengths: Sequence[int]) -> list[list[str]]:
    rows = []
    for quantization in QUANTIZATIONS:
        for length in lengths:
            for batch in (1, 4):
                planned = plan(config, quantization, length=length, batch=batch, device=device)
                passes = (planned.vision, planned.prompt, planned.step)
                sizes = (planned.weights, planned.cache, *(each.size for each in passes), planned.peak)
                highest = max(passes, key=lambda each: each.size).moment
                rows.append([quantization, str(length), str(batch), *(f"{size / GB:.2f}" for size in sizes), highest])
    return rows


def fitting_rows(config: ModelConfig) -> list[list[str]]:
    rows = []
    for card in CARDS:
        available = card * 2**30 - RUNTIME_BYTES
        for quantization in QUANTIZATIONS:
            contexts = [longest_context(config, available, quantization, batch=batch) for batch in (1, 2, 4, 8)]
            most = largest_batch(config, available, quantization, length=config.max_positions)
            rows.append([f"{card} GiB", quantization, *(str(number or "-") for number in [*contexts, most])])
    return rows


def largest_batch(
    config: ModelConfig, available: int, quantization: Literal["nf4", "int8", "none"], length: int
) -> int | None:
    """The most sequences of `length` tokens whose plan on CUDA fits `available` bytes; None if none fits."""

    def peak(batch: int) -> int:
        return plan(config, quantization, length=length, batch=batch).peak

    batches = range(1, available // plan(config, quantization, length=length).cache + 1)
    return bisect_right(batches, available, key=peak) or None


if __name__ == "__main__":
    main()
