"""Measure the full-size model on this machine, with random weights: python -m benchmarks.full_size FOLDER

Whether a computer can run the model depends on its peak memory, which small checkpoints do not show. So this writes a
checkpoint of the published size to FOLDER (39 GB in bf16), loads it to NF4, prefills a short prompt and decodes some
tokens, writes the NF4 checkpoint, and loads that. Each part runs in its own process. Each step is printed with its
seconds and with the peaks of anonymous and of all resident memory: the latter includes mapped files, whose pages the
system can drop at any time.

The checkpoints are deleted at the end; with --keep they stay, and the next run uses them.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.configuration import ModelConfig, parse_config
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.cogvlm2.quantization import Linear4bit, Linear8bit
from cogdoc.cogvlm2.quantized_parts import quantizable
from cogdoc.cogvlm2.rotary import inverse_frequencies
from cogdoc.cogvlm2.weight_files import INDEX
from cogdoc.cogvlm2.writing import write_quantized

GB = 1e9
SAMPLE_SECONDS = 0.2

SHARD_BYTES = 5 * 10**9
TEXT_TOKENS = 32
DECODED = 8

# Random numbers are drawn once and repeated, since drawing 19.5 billion would take longer than everything else. The
# count is prime, so that no two rows of a matrix are equal.
NUMBERS = 15_999_989
STD = 0.02
# Trained weights have a few outliers, which set the scale of their block.
OUTLIER_EVERY, OUTLIER_TIMES = 997, 8

# Codes, 8-bit scales, and second-level scales.
NF4_BYTES = 1 / 2 + 1 / 64 + 4 / (64 * 256)
SPARE_DISK = 2 * 10**9


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each step. Returns 2 if the disk is too small, 1 if the decoded tokens differ."""
    options = _parse(arguments)
    raw = scaled(options.layers)
    full, quantized = options.folder / "bf16", options.folder / "nf4"
    options.folder.mkdir(parents=True, exist_ok=True)
    needed, free = disk_needed(raw, full), shutil.disk_usage(options.folder).free
    if free < needed:
        print(f"{options.folder}: {needed / GB:.0f} GB are needed, {free / GB:.0f} are free", file=sys.stderr)
        return 2
    try:
        _print_row("", ["seconds", "anonymous GB", "resident GB", "anonymous GB after"])
        if not (full / INDEX).is_file():
            in_own_process(write_checkpoint, full, raw)
        tokens: tuple[int, ...] = in_own_process(load_and_read, full, options.image)
        shutil.rmtree(quantized, ignore_errors=True)
        in_own_process(write_nf4, full, quantized)
        again = in_own_process(load_and_read, quantized, False)
        print(f"both decode {'the same tokens' if tokens == again else 'different tokens!'}: {again}")
    finally:
        if not options.keep:
            shutil.rmtree(full, ignore_errors=True)
            shutil.rmtree(quantized, ignore_errors=True)
    return 0 if tokens == again else 1


def scaled(layers: int | None) -> dict[str, Any]:
    """The published configuration, or one with few layers of the same width."""
    if layers is None:
        return CONFIG_JSON
    vision = CONFIG_JSON["vision_config"] | {"num_hidden_layers": layers}
    return CONFIG_JSON | {"num_hidden_layers": layers, "vision_config": vision}


def disk_needed(raw: dict[str, Any], full: Path) -> float:
    """Bytes for the quantized checkpoint and, if it is missing, for the full one."""
    model = on_meta(raw)
    total = sum(tensor.numel() for tensor in model.state_dict().values())
    packed = sum(linear.weight.numel() for _, linear in quantizable(model))
    needed: float = 2 * (total - packed) + NF4_BYTES * packed + SPARE_DISK
    return needed if (full / INDEX).is_file() else needed + 2 * total


def on_meta(raw: dict[str, Any]) -> CogVLM2:
    with torch.device("meta"):
        return CogVLM2(parse_config(raw))


def in_own_process(work: Callable[..., Any], *args: object) -> Any:
    """Run `work` in a new process, so that memory of an earlier step is not counted."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def write_checkpoint(folder: Path, raw: dict[str, Any]) -> None:
    """Write all tensors under their published names, in shards with an index."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model = on_meta(raw)
    with measured("write a bf16 checkpoint"):
        numbers = draw_numbers()
        shards = list(split_in_shards(model))
        weight_map: dict[str, str] = {}
        for number, names in enumerate(shards, start=1):
            shard = f"model-{number:05}-of-{len(shards):05}.safetensors"
            save_file(random_tensors(model, names, numbers), folder / shard, metadata={"format": "pt"})
            weight_map |= dict.fromkeys(names, shard)
    (folder / "config.json").write_text(json.dumps(raw, indent=2))
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    print(f"{len(weight_map):,} tensors in {len(shards)} shards")


def split_in_shards(model: CogVLM2) -> Iterator[list[str]]:
    names: list[str] = []
    size = 0
    for name, tensor in model.state_dict().items():
        if names and size + 2 * tensor.numel() > SHARD_BYTES:
            yield names
            names, size = [], 0
        names.append(name)
        size += 2 * tensor.numel()
    yield names


def draw_numbers() -> Tensor:
    """The numbers that all random tensors consist of, in fp32."""
    numbers = torch.randn(NUMBERS, generator=torch.Generator().manual_seed(0)) * STD
    numbers[::OUTLIER_EVERY] *= OUTLIER_TIMES
    return numbers


def random_tensors(model: CogVLM2, names: Sequence[str], numbers: Tensor) -> dict[str, Tensor]:
    shapes = {name: tensor.shape for name, tensor in model.state_dict().items()}
    return {name: random_tensor(name, shapes[name], numbers, model.config) for name in names}


def random_tensor(name: str, shape: torch.Size, numbers: Tensor, config: ModelConfig) -> Tensor:
    """A bf16 tensor as training might leave it: norms of one, biases of zero, all else around zero."""
    if name.endswith("inv_freq"):
        return inverse_frequencies(config.head_dim, config.rotary_base).bfloat16()
    if len(shape) == 1:
        return torch.full(shape, float(name.endswith("weight")), dtype=torch.bfloat16)
    rng = random.Random(name)
    rolled = numbers.roll(rng.randrange(NUMBERS)).mul_(rng.uniform(0.75, 1.25)).bfloat16()
    count = shape.numel()
    return rolled.repeat(math.ceil(count / NUMBERS))[:count].view(shape)


def load_and_read(folder: Path, with_image: bool) -> tuple[int, ...]:
    """Load to NF4, run a text prompt (and one with an image); returns the tokens after the text prompt."""
    with measured(f"load {folder.name} as nf4"):
        model = load_model(folder, quantization="nf4")
    print(f"weights in memory: {weight_bytes(model) / GB:.2f} GB")
    tokens = read_and_decode(model, None)
    if with_image:
        side = model.config.vision.image_size
        pixels = torch.randn(1, model.config.vision.in_channels, side, side)
        with measured("vision tower, one image"):
            features = model.image_features(pixels)
        read_and_decode(model, features)
    return tokens


def read_and_decode(model: CogVLM2, features: Tensor | None) -> tuple[int, ...]:
    """Decode greedily after a prompt of random text, with the image of `features` if there is one."""
    rng = random.Random(0)
    text = [rng.randrange(model.config.bos_token_id) for _ in range(TEXT_TOKENS)]
    prompt = build_prompt(model.config, text, with_image=features is not None)
    with measured(f"prefill a prompt of {len(prompt):,} tokens"):
        batch = prefill(model, [prompt], features, max_new_tokens=DECODED + 1)
    with measured(f"decode a token, of {DECODED}", DECODED):
        # The first token comes from prefill, and the last one is not run any more.
        [answer] = collect(decode(batch, max_new_tokens=DECODED + 1, stop_token_ids=()), 1)
    return answer.token_ids


def write_nf4(source: Path, destination: Path) -> None:
    with measured("write an nf4 checkpoint"):
        write_quantized(source, destination)
    size = sum(path.stat().st_size for path in destination.iterdir())
    print(f"on disk: {size / GB:.2f} GB")


def weight_bytes(model: nn.Module) -> int:
    """Bytes that all weights take in memory, quantization state included."""
    total = 0
    for module in model.modules():
        tensors = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        if isinstance(module, Linear4bit):
            state = module.state
            tensors += [state.absmax, state.code]  # the codes are a buffer
            if state.nested:
                tensors += [state.offset, state.state2.absmax, state.state2.code]
        elif isinstance(module, Linear8bit):
            tensors.append(module.weight.SCB)
        total += sum(tensor.nbytes for tensor in tensors)
    return total


@contextmanager
def measured(name: str, times: int = 1) -> Iterator[None]:
    """Print the seconds of the block, divided by `times`, and the peak memory of this process."""
    samples = [resident_memory()]
    finished = threading.Event()

    def sample() -> None:
        while not finished.wait(SAMPLE_SECONDS):
            samples.append(resident_memory())

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    started = time.perf_counter()
    yield
    seconds = (time.perf_counter() - started) / times
    finished.set()
    sampler.join()
    samples.append(resident_memory())
    anonymous, resident = (max(kind) for kind in zip(*samples, strict=True))
    sizes = [f"{size / GB:.2f}" for size in (anonymous, resident, samples[-1][0])]
    _print_row(name, [f"{seconds:.2f}", *sizes])


def resident_memory() -> tuple[int, int]:
    """Bytes of anonymous and of all resident memory of this process."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    anonymous, resident = (int(status[key].split()[0]) * 1024 for key in ("RssAnon", "VmRSS"))
    return anonymous, resident


def _print_row(name: str, cells: Sequence[str]) -> None:
    print(f"{name:32}{''.join(f'{cell:>20}' for cell in cells)}", flush=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.full_size",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder with 52 GB of free space")
    parser.add_argument("--keep", action="store_true", help="keep the checkpoints at the end")
    parser.add_argument("--image", action="store_true", help="also run an image: about ten minutes on a CPU")
    parser.add_argument("--layers", type=int, metavar="N", help="use N layers of each kind, for a quick trial")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
