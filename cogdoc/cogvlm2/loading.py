"""Loads a checkpoint folder into a model, and quantizes it on the way.

Tensors are read, converted and assigned one by one, so peak memory is the finished model, the mapped shard and the
temporaries of one tensor. `from_pretrained` of transformers can do this too, but its import takes six seconds, models
have to inherit from classes that change with each release, it needs accelerate, and it quantizes whole tensors at once,
which is slower on the CPU. bitsandbytes does the arithmetic in both cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import prod
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from cogdoc.cogvlm2.card_arithmetic import ComputeDtype
from cogdoc.cogvlm2.checkpoint import TensorReader, list_tensors, torch_dtype
from cogdoc.cogvlm2.configuration import Arithmetic, ModelConfig, parse_config, read_raw_config
from cogdoc.cogvlm2.folder_files import shorten
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.offloading import is_offloaded
from cogdoc.cogvlm2.offloading import offload as offload_image_weights
from cogdoc.cogvlm2.precision import VisionPrecision
from cogdoc.cogvlm2.quantized_parts import (
    FP4_STATE,
    Quantization,
    QuantizedLayer,
    in_vision_tower,
    quantizable,
    required_parts,
    stored_parts,
)
from cogdoc.cogvlm2.relatives import relative_of_tensors
from cogdoc.cogvlm2.rotary import RotaryFrequencies, inverse_frequencies
from cogdoc.cogvlm2.shard_headers import StoredTensor
from cogdoc.cogvlm2.widened import WidenedLinear
from cogdoc.errors import CheckpointError, UsageError

Progress = Callable[[int, int], None]
"""Called with the number of tensors that are done and their total."""

# An error names at most this many tensors of each kind, since a checkpoint of another model has hundreds.
NAMED_TENSORS = 8

LAYERS = "model.layers."

COMPUTE_DTYPES: dict[ComputeDtype, torch.dtype] = {
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float32": torch.float32,
}

SMALL_PART = 4096
"""Elements that a part of a quantized weight may have, however small the weight is."""


class Form(Enum):
    """How a checkpoint stores a weight."""

    FLOAT = auto()
    FOUR_BIT = auto()
    INT8 = auto()


FORMS: dict[Quantization, Form] = {"none": Form.FLOAT, "nf4": Form.FOUR_BIT, "fp4": Form.FOUR_BIT, "int8": Form.INT8}


@dataclass(frozen=True, slots=True)
class Contents:
    """The tensors of a checkpoint, matched with those of the architecture.

    Args:
        forms: of each stored tensor that the architecture has.
        stored: all tensors, quantization state included.
    """

    forms: Mapping[str, Form]
    stored: Mapping[str, StoredTensor]

    @property
    def quantization(self) -> Quantization:
        """How the checkpoint is quantized."""
        forms = set(self.forms.values())
        if Form.FOUR_BIT in forms:
            return "fp4" if any(name.endswith(FP4_STATE) for name in self.stored) else "nf4"
        return "int8" if Form.INT8 in forms else "none"

    @property
    def vision(self) -> VisionPrecision:
        """Whether a layer of the vision tower is quantized."""
        quantized = any(in_vision_tower(name) for name, form in self.forms.items() if form is not Form.FLOAT)
        return "quantized" if quantized else "bf16"


@dataclass(frozen=True, slots=True)
class DeviceMap:
    """The device of each tensor.

    Args:
        layers: of each decoder layer.
        offload: whether what only images need is in main memory between passes.
    """

    layers: tuple[torch.device, ...]
    offload: bool

    @staticmethod
    def of(device: torch.device | str | Sequence[str], config: ModelConfig, *, offload: bool) -> DeviceMap:
        """The map that `load_model` describes.

        Raises:
            ValueError: there are several devices with `offload`, or not one for each layer.
        """
        if isinstance(device, torch.device | str):
            return DeviceMap((torch.device(device),) * config.num_layers, offload)
        if len(device) != config.num_layers:
            raise ValueError(f"{len(device)} devices for {config.num_layers} layers")
        if offload and len(set(device)) > 1:
            raise ValueError("weights can be offloaded from one device only")
        return DeviceMap(tuple(map(torch.device, device)), offload)

    def computing(self, name: str) -> torch.device:
        """Where the tensor of this name computes."""
        if name.startswith(LAYERS):
            return self.layers[int(name.removeprefix(LAYERS).split(".")[0])]
        return self.layers[-1 if name in ("model.norm.weight", "lm_head.weight") else 0]

    def home(self, name: str) -> torch.device:
        """Where the tensor of this name is between passes."""
        return torch.device("cpu") if self.offload and is_offloaded(name) else self.computing(name)


def load_model(
    folder: Path,
    *,
    quantization: Quantization | None = None,
    vision: VisionPrecision | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | Sequence[str] = "cpu",
    offload: bool = False,
    compute: ComputeDtype = "bfloat16",
    arithmetic: Arithmetic = "precise",
    prepare: Callable[[CogVLM2], None] | None = None,
    progress: Progress | None = None,
) -> CogVLM2:
    """Load a full or a quantized checkpoint, as published or as `cogdoc.cogvlm2.writing` writes it.

    Args:
        quantization: of a full checkpoint's linear layers; None loads the checkpoint as it is; `nf4` one in FP4 too.
        vision: whether that includes the vision tower; None means as in the checkpoint, and with a full one, yes.
        dtype: the compute dtype; None means bf16 with quantization, otherwise the dtype of the checkpoint.
        device: one for all, or one for each decoder layer, in order. Embeddings and vision tower are where the first
            layer is, the output head is where the last one is.
        offload: keep what only images need in main memory, see `cogdoc.cogvlm2.offloading`. For one device.
        compute: what takes the place of bf16, for devices without it.
        arithmetic: see `cogdoc.cogvlm2.configuration.Arithmetic`.
        prepare: called with the model before its weights are offloaded, since nothing may replace them later.

    Raises:
        CheckpointError: files are missing or damaged, or tensors are missing, unknown or misshapen.
        UsageError: the checkpoint is quantized already, in another way than requested, or would be quantized to FP4.
    """
    raw = read_raw_config(folder)
    config = parse_config(raw)
    with torch.device("meta"):
        model = CogVLM2(config, arithmetic)
    contents = match_tensors(folder, model)
    stored_as = contents.quantization
    if (quantization, stored_as) == ("nf4", "fp4"):
        quantization = None  # 4 bits were asked for, and that is what there is
    if stored_as != "none" and quantization not in (None, stored_as):
        raise UsageError(f"{folder}: quantized already ({stored_as}), cannot be loaded as {quantization}")
    if stored_as != "none" and vision == "bf16" and contents.vision != "bf16":
        raise UsageError(
            f"{folder}: quantized already ({stored_as}), its vision tower too, which cannot be loaded in bf16",
            "cogdoc model quantize --vision-precision bf16 writes a copy of the full checkpoint that can",
        )
    if stored_as == "none" and quantization == "fp4":
        raise UsageError(f"{folder}: cogdoc does not quantize to fp4", "nf4 has the same size and is more precise")
    quantization = quantization or stored_as
    if dtype is None:
        stated = str(raw.get("dtype") or raw.get("torch_dtype") or contents.stored["model.embed_tokens.weight"].dtype)
        dtype = (torch_dtype(stated) if quantization == "none" else None) or torch.bfloat16
    if dtype is torch.bfloat16:
        dtype = COMPUTE_DTYPES[compute]
    devices = DeviceMap.of(device, config, offload=offload)
    _set_quantized_layers(model, contents, quantization, vision)
    if quantization != "none" and dtype is torch.float32:
        _set_widened_layers(model, contents)
    with torch.no_grad():
        _load_tensors(model, contents, dtype, devices, progress)
        _set_omitted(model, config, dtype, devices)
        if prepare is not None:
            prepare(model)
        if offload:
            offload_image_weights(model, devices.layers[0])
    return model.eval().requires_grad_(False)


def match_tensors(folder: Path, model: CogVLM2) -> Contents:
    """Compare the headers of a checkpoint with the architecture. `model` may be on the meta device.

    Raises:
        CheckpointError: tensors are missing, unknown, or of the wrong shape or type; the message names them all.
    """
    stored = list_tensors(folder)
    relative = relative_of_tensors(stored)
    if relative is not None:
        raise CheckpointError(f"{folder}: {relative.refusal}", "cogdoc model pull downloads CogVLM2")
    forms: dict[str, Form] = {}
    missing: list[str] = []
    misshapen: list[str] = []
    known: set[str] = set()
    linears = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    for name, tensor in model.state_dict().items():
        layer = name.removesuffix(".weight")
        if name not in stored:
            if not _may_be_omitted(name, model.config):
                missing.append(name)
            continue
        parts = stored_parts(layer, stored)
        known.update((name, *(f"{layer}.{part}" for part in parts)))
        form = _form_of(parts)
        problem = _find_problem(stored[name], tuple(tensor.shape), form)
        if problem:
            misshapen.append(f"{name} ({problem})")
        if form is not Form.FLOAT and layer not in linears:
            misshapen.append(f"{name} (quantized, though it is no linear layer)")
        if form is Form.FOUR_BIT:
            missing += [f"{layer}.{part}" for part in required_parts(parts) if part not in parts]
        if form is not Form.FLOAT:
            misshapen += [
                f"{layer}.{part} (larger than its weight)"
                for part in parts
                if prod(stored[f"{layer}.{part}"].shape) > max(prod(tensor.shape), SMALL_PART)
            ]
        forms[name] = form
    unknown = [name for name in stored if name not in known]
    kinds = {"missing": missing, "unknown": unknown, "of the wrong shape or type": misshapen}
    problems = [f"{len(names)} {kind}: {_join(names)}" for kind, names in kinds.items() if names]
    if problems:
        raise CheckpointError(f"{folder}: tensors {'; '.join(problems)}", "is this a complete CogVLM2 checkpoint?")
    return Contents(forms, stored)


def _form_of(parts: list[str]) -> Form:
    if any(part.startswith("weight.quant_state.") for part in parts):
        return Form.FOUR_BIT
    return Form.INT8 if "SCB" in parts else Form.FLOAT


def _find_problem(stored: StoredTensor, shape: tuple[int, ...], form: Form) -> str | None:
    match form:
        case Form.FOUR_BIT:
            matches = stored.dtype == "U8" and prod(stored.shape) == (prod(shape) + 1) // 2
        case Form.INT8:
            matches = stored.dtype == "I8" and stored.shape == shape
        case Form.FLOAT:
            matches = torch_dtype(stored.dtype) is not None and stored.shape == shape
    return None if matches else f"{stored.dtype} {list(stored.shape)} instead of {list(shape)}"


def _join(names: list[str]) -> str:
    more = f" and {len(names) - NAMED_TENSORS} more" if len(names) > NAMED_TENSORS else ""
    return ", ".join(map(shorten, names[:NAMED_TENSORS])) + more


def _may_be_omitted(name: str, config: ModelConfig) -> bool:
    return name.endswith("rotary_emb.inv_freq") or (config.tied_embeddings and name == "lm_head.weight")


def _set_quantized_layers(
    model: CogVLM2, contents: Contents, quantization: Quantization, vision: VisionPrecision | None
) -> None:
    forms: dict[str, Form] = {
        name.removesuffix(".weight"): form for name, form in contents.forms.items() if form is not Form.FLOAT
    }
    for name in _layers_to_quantize(model, contents, quantization, vision):
        forms[name] = FORMS[quantization]
    if not forms:
        return
    from cogdoc.cogvlm2.quantization import Linear4bit, Linear8bit

    for name, form in forms.items():
        linear = cast(nn.Linear, model.get_submodule(name))
        sizes = (linear.in_features, linear.out_features, linear.bias is not None)
        model.set_submodule(name, Linear4bit(*sizes) if form is Form.FOUR_BIT else Linear8bit(*sizes))


def _set_widened_layers(model: CogVLM2, contents: Contents) -> None:
    """Keep in 16 bits what the vision tower has in 16 bits, beside a quantized language side."""
    for name, linear in list(model.named_modules()):
        if type(linear) is not nn.Linear or not in_vision_tower(name):  # quantized layers may be derived from it
            continue
        if _is_16_bit(contents.stored[f"{name}.weight"]):
            with torch.device("meta"):
                widened = WidenedLinear(linear.in_features, linear.out_features, linear.bias is not None)
            model.set_submodule(name, widened)


def _is_16_bit(tensor: StoredTensor) -> bool:
    return torch_dtype(tensor.dtype) in (torch.bfloat16, torch.float16)


def _layers_to_quantize(
    model: CogVLM2, contents: Contents, quantization: Quantization, vision: VisionPrecision | None
) -> set[str]:
    """The layers that are quantized while they are loaded: of a quantized checkpoint, at most the vision tower."""
    if quantization == "none":
        return set()
    layers = {name for name, _ in quantizable(model, vision or "quantized")}
    if contents.quantization == "none":
        return layers
    floats = {name for name in layers if contents.forms[f"{name}.weight"] is Form.FLOAT}
    return set(filter(in_vision_tower, floats)) if vision == "quantized" else set()


def _load_tensors(
    model: CogVLM2, contents: Contents, dtype: torch.dtype, devices: DeviceMap, progress: Progress | None
) -> None:
    with TensorReader(contents.stored) as reader:
        for done, name in enumerate(reader.names(), start=1):
            if name in contents.forms:  # the others are parts of a quantized weight and are read with it
                _load_tensor(model, name, contents, reader, dtype, devices)
            if progress is not None:
                progress(done, len(contents.stored))


def _load_tensor(
    model: CogVLM2, name: str, contents: Contents, reader: TensorReader, dtype: torch.dtype, devices: DeviceMap
) -> None:
    path, _, leaf = name.rpartition(".")
    module = model.get_submodule(path)
    if leaf == "weight" and isinstance(module, WidenedLinear):
        _assign(module, leaf, reader.read(name).to(devices.home(name), copy=True))
        return
    if leaf != "weight" or not isinstance(module, QuantizedLayer):
        _assign(module, leaf, reader.read(name).to(devices.home(name), dtype, copy=True))
        return
    device = devices.computing(name)
    if contents.forms[name] is Form.FLOAT:
        module.quantize(reader.read(name).to(device, dtype, copy=True))
    else:
        parts = ["weight", *stored_parts(path, contents.stored)]
        stored = {part: reader.read(f"{path}.{part}").to(device, copy=True) for part in parts}
        try:
            module.restore(stored, dtype)
        except CheckpointError as error:
            raise CheckpointError(f"{contents.stored[name].shard}: {name}: {error}") from None
    if devices.home(name) != device:
        module.replace_parts({part: tensor.to(devices.home(name)) for part, tensor in module.parts().items()})
    if "language_" in name and device.type == "cpu" and dtype == torch.bfloat16:
        module.pack()


def _assign(module: nn.Module, leaf: str, tensor: Tensor) -> None:
    if leaf in module._buffers:
        module._buffers[leaf] = tensor
    else:
        module.register_parameter(leaf, nn.Parameter(tensor, requires_grad=False))


def _set_omitted(model: CogVLM2, config: ModelConfig, dtype: torch.dtype, devices: DeviceMap) -> None:
    """Set what checkpoints may omit: the rotary frequencies, and an output head tied to the embeddings."""
    for name, module in model.named_modules():
        if isinstance(module, RotaryFrequencies) and module.inv_freq.is_meta:
            device = devices.computing(f"{name}.inv_freq")
            module.inv_freq = inverse_frequencies(config.head_dim, config.rotary_base, device).to(dtype)
    if config.tied_embeddings:
        model.lm_head.weight = model.model.embed_tokens.weight
