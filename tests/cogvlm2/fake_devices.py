"""Runs a small model on two pretended devices: `python fake_devices.py` fails if an operator gets tensors of both.

It is a process of its own, since a backend is registered for the whole process. Tensors have no numbers here: torch's
`FakeTensorMode` checks devices as a real one does.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from small_checkpoints import architecture, raw_config
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

from cogdoc.cogvlm2.batch import fork, prefill, prefill_prefix
from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.loading import DeviceMap
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.row_pool import RowPool

FIRST, SECOND = "pretended:0", "pretended:1"


class _TensorsByCopy(TorchFunctionMode):
    """Makes `torch.tensor` copy from the CPU, since the pretended device cannot allocate."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.tensor:
            device = kwargs.pop("device", None)
            return func(*args, **kwargs).to(device)
        return func(*args, **kwargs)


def spread_model(devices: list[str]) -> CogVLM2:
    """A model of four layers, in bf16, on these devices."""
    raw = raw_config(num_hidden_layers=4)
    model = architecture(raw)
    placed = DeviceMap.of(devices, parse_config(raw), offload=False)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        path, _, leaf = name.rpartition(".")
        module = model.get_submodule(path)
        fake = torch.empty(tensor.shape, dtype=torch.bfloat16, device=placed.computing(name))
        if leaf in module._buffers:
            module._buffers[leaf] = fake
        else:
            module.register_parameter(leaf, nn.Parameter(fake, requires_grad=False))
    return model.eval()


def run(model: CogVLM2) -> None:
    """Read images and texts in a batch, continue them, and continue a kept prefix."""
    pixels = torch.randn(1, 3, 16, 16)
    features = model.image_features(pixels)
    assert str(features.device) == FIRST
    prompts = [build_prompt(model.config, [5, 6, 7], with_image) for with_image in (True, False)]
    batch = prefill(model, prompts, features, max_new_tokens=5)
    batches = [batch, fork(model, prefill_prefix(model, prompts[0], features), [[4], [4, 5]], max_new_tokens=5)]
    pool = RowPool(model, 4, 20)
    prefix = prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)
    for suffixes in ([[5, 6], [5]], [[7], [8, 9, 10]]):
        assert str(pool.join(prefix, suffixes).device) == SECOND
    assert str(pool.forward([[3], [4, 5], [6], [7]]).device) == SECOND
    pool.leave(0)
    assert pool.forward([[3], [4], [5]]).shape[:2] == (3, 1)
    for each in batches:
        assert str(each.take_next_logits().device) == SECOND
        assert str(each.forward([[3, 4], [5]]).device) == SECOND
        assert [str(keys.device) for keys in each._cache.keys] == [FIRST, FIRST, FIRST, SECOND]


if __name__ == "__main__":
    _setup_privateuseone_for_python_backend("pretended")
    with FakeTensorMode(allow_non_fake_inputs=True), _TensorsByCopy(), torch.no_grad():
        run(spread_model([FIRST, FIRST, FIRST, SECOND]))
        sys.stdout.write("every operator had its tensors on one device\n")
