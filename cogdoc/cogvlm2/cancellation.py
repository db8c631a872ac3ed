"""Cancels a long forward pass between two layers, since encoding an image can take minutes on a CPU."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cogdoc.cogvlm2.model import CogVLM2


class Cancelled(Exception):  # noqa: N818  not an error: the caller asked for it
    """A pass was cancelled before its end; its outputs are unusable."""


@contextmanager
def cancellable(model: CogVLM2, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Call `cancelled` before each layer that this thread runs, and raise `Cancelled` if it returns true.

    Compiled steps cannot be cancelled this way.
    """
    thread = threading.get_ident()

    def check(*_: object) -> None:
        if threading.get_ident() == thread and cancelled():
            raise Cancelled

    layers = [*model.model.vision.transformer.layers, *model.model.layers]
    hooks = [layer.register_forward_pre_hook(check) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
