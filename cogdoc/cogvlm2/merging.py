"""Writes a checkpoint with a LoRA adapter merged into its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from cogdoc.cogvlm2.adapters import read_adapter
from cogdoc.cogvlm2.checkpoint import TensorReader
from cogdoc.cogvlm2.configuration import parse_config, read_raw_config
from cogdoc.cogvlm2.loading import Progress
from cogdoc.cogvlm2.lora import check_fit, merged
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.writing import write_converted
from cogdoc.errors import ConfigurationError


def write_merged(source: Path, adapter_folder: Path, destination: Path, progress: Progress | None = None) -> None:
    """Write the full checkpoint in `source` with the adapter's updates added to the new folder `destination`.

    Weights are merged in fp32 and stored in their dtype, one by one, as `writing.write_quantized` does.

    Raises:
        CheckpointError: a checkpoint or an adapter is incomplete.
        ConfigurationError: the adapter does not fit, or cannot be merged.
        UsageError, OutputExistsError, ResourceError, OutputError: see `writing.write_quantized`.
    """
    raw = read_raw_config(source)
    with torch.device("meta"):
        model = CogVLM2(parse_config(raw))
    adapter = read_adapter(adapter_folder)
    check_fit(adapter, model)
    if any(update.bias is not None for update in adapter.updates.values()):
        raise ConfigurationError(
            f"{adapter_folder}: its updates have biases (lora_bias), for which the layers have no place",
            "--adapter applies it without merging",
        )

    def convert(reader: TensorReader, total: int) -> Iterator[dict[str, Tensor]]:
        with TensorReader(adapter.stored) as updates:
            for done, name in enumerate(reader.names(), start=1):
                tensor = reader.read(name)
                if name in adapter.replaced:
                    tensor = updates.read(adapter.replaced[name]).to(tensor.dtype, copy=True)
                update = adapter.updates.get(name.removesuffix(".weight")) if name.endswith(".weight") else None
                yield {name: merged(tensor, update, updates) if update is not None else tensor.clone()}
                if progress is not None:
                    progress(done, total)

    write_converted(source, destination, model, raw, convert)
