"""Keeps torch's compiler from being imported where nothing is compiled: that takes longer than importing torch."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

Function = Callable[..., Any]


class Embedding(nn.Embedding):
    """Without initial values on the meta device, where torch computes them with a part of its compiler."""

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:
            super().reset_parameters()


@contextmanager
def compiler_on_demand() -> Iterator[None]:
    """Libraries that are imported within the context do not import the compiler before it is needed.

    Functions that they decorate with `torch.compile` are compiled when they are first called. Kernels that they
    register with `torch.library.register_kernel` are kept out of what is compiled only once the compiler is imported;
    before, nothing is compiled.
    """
    later: dict[str, Function] = {"compile": _compile_later, "_disable_dynamo": _disable_later}
    originals = {name: getattr(torch, name) for name in later if hasattr(torch, name)}
    for name, original in originals.items():
        setattr(torch, name, functools.partial(later[name], original))
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(torch, name, original)


def _compile_later(compile_now: Function, model: Function | None = None, **options: Any) -> Function:
    if model is None:
        return functools.partial(_compile_later, compile_now, **options)
    compiled: list[Function] = []

    @functools.wraps(model)
    def call(*arguments: Any, **named: Any) -> Any:
        if not compiled:
            compiled.append(compile_now(model, **options))
        return compiled[0](*arguments, **named)

    return call


def _disable_later(disable_now: Function, kernel: Function) -> Function:
    disabled = disable_now(kernel)

    @functools.wraps(kernel)
    def call(*arguments: Any, **named: Any) -> Any:
        return (disabled if "torch._dynamo" in sys.modules else kernel)(*arguments, **named)

    return call
