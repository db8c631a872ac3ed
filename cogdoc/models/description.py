"""Describes a checkpoint without loading it: its size, the format of its weights, the memory that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cogdoc.cogvlm2.configuration import ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.folder_files import find_file
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, longest_context, plan
from cogdoc.cogvlm2.precision import VisionPrecision, stored_vision_precision
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.tensor_memory import Device
from cogdoc.errors import CheckpointError
from cogdoc.models.published_models import Model

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization

GIB = 2**30
DTYPES = ("bfloat16", "float16", "float32")
CARDS = tuple(size * GIB for size in (8, 12, 16, 24, 32, 40, 48, 80))
"""Memory sizes of common cards, in bytes."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How a checkpoint is loaded: the form of its linear layers, and that of the vision tower's."""

    quantization: Quantization
    vision: VisionPrecision
    offload: bool = False
    """Whether what only pictures need is kept in main memory."""

    @property
    def name(self) -> str:
        vision = ", vision bf16" if self.vision == "bf16" and self.quantization != "none" else ""
        language = "bf16" if self.quantization == "none" else self.quantization
        return f"{language}{vision}{', --offload' if self.offload else ''}"


PRECISIONS = (
    Precision("nf4", "quantized"),
    Precision("nf4", "bf16"),
    Precision("int8", "quantized"),
    Precision("int8", "bf16"),
    Precision("none", "bf16"),
)
"""The ways to load an unquantized checkpoint, in the order of the memory that they need."""

SINGLE_AND_DOUBLE_SCALES: tuple[Quantization, Quantization] = ("fp4", "nf4")
"""How the plan calls 4 bits with a scale in fp32 for each block, and with scales that are quantized themselves."""

WEIGHT_NAMES: dict[Quantization, str] = {
    "none": "not quantized",
    "nf4": "nf4 (4 bits)",
    "fp4": "fp4 (4 bits, without double quantization)",
    "int8": "int8 (8 bits)",
}


@dataclass(frozen=True, slots=True)
class Description:
    """A checkpoint's files and sizes."""

    config: ModelConfig
    parameters: int
    files: int
    """The number of files; 0 if it is not on this machine."""
    size: int
    """Bytes of all files; computed for a checkpoint that is not on this machine."""
    stored: Precision | None
    """The form of the stored weights; None if they are not quantized."""
    dtype: str

    @property
    def weights(self) -> str:
        if self.stored is None:
            return self.dtype
        name = WEIGHT_NAMES[self.stored.quantization]
        return f"{name}, the vision tower in {self.dtype}" if self.stored.vision == "bf16" else name

    @property
    def choices(self) -> tuple[Precision, ...]:
        """The ways to load it."""
        return (self.stored,) if self.stored else PRECISIONS


def describe(folder: Path) -> Description:
    """Describe the checkpoint in `folder`, from its `config.json` and the sizes of its files.

    Raises:
        CheckpointError: there is no config.json, or it is not a CogVLM2 configuration.
    """
    raw = read_raw_config(folder)
    config = parse_config(raw)
    files = list(_files(folder))
    return Description(
        config=config,
        parameters=parameters(config),
        files=len(files),
        size=sum(path.stat().st_size for path in files),
        stored=_stored_precision(raw),
        dtype=next((name for name in (raw.get("dtype"), raw.get("torch_dtype")) if name in DTYPES), DTYPES[0]),
    )


def _files(folder: Path) -> Iterator[Path]:
    """The files that belong to a checkpoint: no hidden ones, and none of other folders."""
    for path in folder.iterdir():
        with suppress(CheckpointError):
            file = None if path.name.startswith(".") else find_file(folder, path.name)
            if file is not None:
                yield file


def parameters(config: ModelConfig) -> int:
    """The number of parameters, with the rotary frequencies, which the published number includes."""
    return plan(config, "none", dtype_bytes=1).weights


def describe_published(model: Model) -> Description:
    """Describe a published checkpoint that is not on this machine, from its recorded configuration."""
    stored: Precision | None = Precision("fp4", "quantized") if model.quantized else None
    return Description(
        config=PUBLISHED,
        parameters=parameters(PUBLISHED),
        files=0,
        size=plan(PUBLISHED, "none" if stored is None else stored.quantization).weights,
        stored=stored,
        dtype=DTYPES[0],
    )


def stored_quantization(raw: dict[str, Any]) -> Quantization | None:
    """The quantization of the stored weights, from `config.json`; None if they are not quantized."""
    settings = raw.get("quantization_config")
    if not isinstance(settings, dict):
        return None
    if settings.get("load_in_8bit"):
        return "int8"
    # FP4 is the default of bitsandbytes.
    return "nf4" if settings.get("bnb_4bit_quant_type") == "nf4" else "fp4"


def single_scale_bytes(raw: dict[str, Any], config: ModelConfig) -> int:
    """What stored NF4 weights without double quantization take more than the plan says: a scale in fp32 per block."""
    settings = raw.get("quantization_config")
    if stored_quantization(raw) != "nf4" or not isinstance(settings, dict) or settings.get("bnb_4bit_use_double_quant"):
        return 0
    vision = stored_vision_precision(raw) or "quantized"
    single, double = (plan(config, form, vision=vision).weights for form in SINGLE_AND_DOUBLE_SCALES)
    return single - double


def _stored_precision(raw: dict[str, Any]) -> Precision | None:
    quantization = stored_quantization(raw)
    return None if quantization is None else Precision(quantization, stored_vision_precision(raw) or "quantized")


def memory_parts(config: ModelConfig, precision: Precision, device: Device = "cuda") -> list[tuple[str, int]]:
    """The memory plan by part, in bytes: weights, what reading needs, the total, and what offloading makes of it."""
    planned = plan(config, precision.quantization, device=device, vision=precision.vision, kept_images=1)
    offloaded = plan(config, precision.quantization, vision=precision.vision, offload=True, kept_images=1)
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return [
        *((name.replace("_", " "), size) for name, size in asdict(planned.parts).items()),
        ("all weights", planned.weights),
        (f"cache of {config.max_positions:,} tokens", planned.cache),
        ("the last picture, for further questions", planned.kept),
        ("at most while reading", planned.peak - planned.resident),
        *([("CUDA itself", runtime)] if runtime else []),
        ("in all", planned.peak + runtime),
        *([("with --offload", offloaded.peak + runtime), ("and in main memory", offloaded.host)] if runtime else []),
    ]


def fitting_context(
    config: ModelConfig,
    precision: Precision,
    memory: int,
    device: Device = "cuda",
    *,
    fused_attention: bool = True,
) -> int | None:
    """The tokens of prompt and answer that fit `memory` bytes; None if not even a question about a picture fits."""
    runtime = RUNTIME_BYTES if device == "cuda" else 0
    return longest_context(
        config,
        memory - runtime,
        precision.quantization,
        device=device,
        fused_attention=fused_attention,
        vision=precision.vision,
        offload=precision.offload,
        kept_images=1,
    )
