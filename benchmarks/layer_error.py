"""Measure error and time of NF4 in layers of the published size on the CPU: python -m benchmarks.layer_error

A decoder layer with both experts and a vision layer have random weights with outliers, stored in bf16, and are loaded
in fp32, bf16 and NF4. Errors are relative: the norm of the difference divided by the norm of the reference. bf16
against fp32 shows the error of rounding alone. With random weights nearly all of the output comes from the layer, while
in a trained model most of it comes from the residual stream, so that the error of a trained layer is smaller.

Times are medians over alternating calls in one process. Language experts are packed when they are loaded, so they use
the packed kernel at any length; vision layers and vision experts expand their weights.

A second table compares cogdoc's NF4 quantizer, which works in chunks, with that of bitsandbytes on the whole tensor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from safetensors.torch import save_file
from torch import Tensor

from benchmarks.full_size import draw_numbers, on_meta, random_tensors, scaled
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.quantization import BLOCK, quantize_nf4

FORMS = ("fp32", "bf16", "nf4")
TOKENS = (1, 8, 64, 512, 2306)
PROMPT_TEXT = 31
# Embedding and head are not measured, so they are small.
VOCABULARY = 4096

# Calls are repeated for at least this long and this often.
SECONDS, CALLS = 1.0, 2


def main() -> int:
    with TemporaryDirectory(prefix="cogdoc-layers-") as folder:
        models = load_forms(Path(folder))
    with torch.inference_mode():
        _print_row("layer", ["tokens", "bf16 / fp32", "nf4 / bf16", "fp32 ms", "bf16 ms", "nf4 ms"])
        for tokens in TOKENS:
            _measure("language", {form: decoding(model, tokens) for form, model in models.items()})
        prompts = {form: prefilling(model) for form, model in models.items()}
        image = models["bf16"].config.image_tokens
        # bos is a text token, and so is the last image token for the experts.
        _measure("prompt: image tokens", prompts, slice(1, image))
        _measure("prompt: text tokens", prompts, slice(image, None))
        _measure("vision", {form: encoding(model) for form, model in models.items()})
        _measure_quantizers()
    return 0


def load_forms(folder: Path) -> dict[str, CogVLM2]:
    """Load a model of one layer each, by the name of its form."""
    ids = {"vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    raw = scaled(1) | ids
    model = on_meta(raw)
    save_file(random_tensors(model, list(model.state_dict()), draw_numbers()), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(raw))
    return {
        "fp32": load_model(folder, dtype=torch.float32),
        "bf16": load_model(folder),
        "nf4": load_model(folder, quantization="nf4"),
    }


def decoding(model: CogVLM2, tokens: int) -> Callable[[], Tensor]:
    """A decode step of text tokens with an empty cache; it returns the output of the layer (tokens, hidden_size)."""
    cache = allocate_cache(model.config, 1, tokens, model.dtype, model.device)
    slots = torch.arange(tokens)[None]
    ids = torch.randint(3, VOCABULARY, (1, tokens), generator=torch.Generator().manual_seed(0))
    return lambda: model.decode_step(ids, slots, slots, cache)[0]


def prefilling(model: CogVLM2) -> Callable[[], Tensor]:
    """A prefill of a prompt with an image; it returns the output of the layer (length, hidden_size)."""
    config = model.config
    prompt = build_prompt(config, range(3, 3 + PROMPT_TEXT), with_image=True)
    batch = collate([prompt], config.pad_token_id, model.device)
    cache = allocate_cache(config, 1, len(prompt), model.dtype, model.device)
    features = _normal(1, config.image_tokens, config.hidden_size).to(model.dtype)
    return lambda: model.prefill(batch, features, cache)[0]


def encoding(model: CogVLM2) -> Callable[[], Tensor]:
    """A pass of an image through the vision layer; it returns the output (1 + patches, vision hidden_size)."""
    config = model.config.vision
    hidden = _normal(1, config.num_positions, config.hidden_size).to(model.dtype)
    return lambda: model.model.vision.transformer.layers[0](hidden)[0]


def _normal(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _measure(name: str, calls: Mapping[str, Callable[[], Tensor]], tokens: slice = slice(None)) -> None:
    """Print the errors at the given tokens, and the times of whole calls."""
    # The first call fills caches, so it is not timed.
    results = {form: call()[tokens].float() for form, call in calls.items()}
    times = _median_times(calls)
    errors = [relative_error(results["bf16"], results["fp32"]), relative_error(results["nf4"], results["bf16"])]
    cells = [f"{len(results['bf16']):,}", *(f"{error:.4f}" for error in errors)]
    _print_row(name, [*cells, *(f"{times[form] * 1000:,.1f}" for form in FORMS)])


def _median_times(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each call. The calls alternate, so that a busy moment affects all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    started = time.perf_counter()
    while time.perf_counter() - started < SECONDS or any(len(times) < CALLS for times in seconds.values()):
        for name, call in calls.items():
            call_started = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - call_started)
    return {name: median(times) for name, times in seconds.items()}


def relative_error(actual: Tensor, expected: Tensor) -> float:
    return float((actual - expected).norm() / expected.norm())


def _measure_quantizers() -> None:
    # Imported here, after cogdoc, which silences its logging.
    from bitsandbytes.functional import quantize_4bit

    weight = (_normal(14336, 4096) * 0.02).bfloat16()
    times = _median_times(
        {
            "bitsandbytes, whole tensor": lambda: quantize_4bit(
                weight, blocksize=BLOCK, compress_statistics=True, quant_type="nf4"
            ),
            "cogdoc, in chunks": lambda: quantize_nf4(weight),
        }
    )
    print()
    _print_row("nf4 quantizer", ["million a second", "times"])
    slowest = max(times.values())
    for name, seconds in times.items():
        _print_row(name, [f"{weight.numel() / seconds / 1e6:.0f}", f"{slowest / seconds:.2f}"])


def _print_row(name: str, cells: Sequence[str]) -> None:
    print(f"{name:28}{''.join(f'{cell:>18}' for cell in cells)}", flush=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    sys.exit(main())
