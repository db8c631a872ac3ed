"""What can be said of a checkpoint without loading it: its size, how its weights are stored, which memory holds it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogdoc.cogvlm2.configuration import ModelConfig, VisionConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, Device, longest_context, plan

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantization import Quantization

GIB = 2**30
CARDS = tuple(size * GIB for size in (16, 24, 48, 80))
"""Memory of the cards that people have, in bytes."""

QUANTIZATIONS: tuple[Quantization, ...] = ("nf4", "int8", "none")
"""How the weights of a full checkpoint can be held."""

# The published checkpoints' sizes, so that it can be said what they would take before anything is downloaded.
PUBLISHED = ModelConfig(
    hidden_size=4096,
    intermediate_size=14336,
    num_layers=32,
    num_heads=32,
    num_kv_heads=8,
    vocab_size=128256,
    max_positions=8192,
    rms_norm_eps=1e-5,
    rotary_base=500_000.0,
    bos_token_id=128000,
    eos_token_ids=(128001, 128009),
    pad_token_id=128002,
    tied_embeddings=False,
    template="chat",
    vision=VisionConfig(
        hidden_size=1792,
        intermediate_size=15360,
        num_layers=63,
        num_heads=16,
        patch_size=14,
        image_size=1344,
        in_channels=3,
        num_positions=9217,
        layer_norm_eps=1e-6,
    ),
)


@dataclass(frozen=True, slots=True)
class Description:
    """A checkpoint's files and sizes. `stored` is its quantization, or None where it is not quantized."""

    config: ModelConfig
    parameters: int
    files: int
    size: int
    stored: Quantization | None
    dtype: str

    @property
    def weights(self) -> str:
        return self.stored or self.dtype

    @property
    def choices(self) -> tuple[Quantization, ...]:
        """What it can be loaded as."""
        return (self.stored,) if self.stored else QUANTIZATIONS


def describe(folder: Path) -> Description:
    """Read `config.json` and look at the files.

    Raises:
        CheckpointError: there is no config.json, or it is not one of CogVLM2.
    """
    raw = read_raw_config(folder)
    config = parse_config(raw)
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return Description(
        config=config,
        parameters=parameters(config),
        files=len(files),
        size=sum(path.stat().st_size for path in files),
        stored=stored_quantization(raw),
        dtype=str(raw.get("dtype") or raw.get("torch_dtype") or "bfloat16"),
    )


def parameters(config: ModelConfig) -> int:
    """How many numbers the model has, rotary frequencies included, as the published count does."""
    return plan(config, "none", dtype_bytes=1).weights


def stored_quantization(raw: dict[str, Any]) -> Quantization | None:
    """What a checkpoint is quantized to already, by its config.json; fp4 is loaded by NF4's kernels."""
    stated = raw.get("quantization_config")
    if not isinstance(stated, dict):
        return None
    return "int8" if stated.get("load_in_8bit") else "nf4"


def memory_parts(config: ModelConfig, quantization: Quantization, device: Device = "cuda") -> list[tuple[str, int]]:
    """The memory plan by part, in bytes: weights, then what reading takes; the last one is all that is needed."""
    planned = plan(config, quantization, device=device)
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return [
        *((name.replace("_", " "), size) for name, size in asdict(planned.parts).items()),
        ("all weights", planned.weights),
        (f"cache of {config.max_positions:,} tokens", planned.cache),
        ("at most while reading", planned.peak - planned.resident),
        *([("CUDA itself", runtime)] if runtime else []),
        ("in all", planned.peak + runtime),
    ]


def fitting_context(
    config: ModelConfig, quantization: Quantization, memory: int, device: Device = "cuda"
) -> int | None:
    """Tokens of prompt and answer that fit so many bytes; None where not even a question on a picture does."""
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return longest_context(config, memory - runtime, quantization, device=device)
