"""Stops a long pass between two layers. The decoding loop asks for itself; reading a picture can take minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cogdoc.cogvlm2.model import CogVLM2


class Cancelled(Exception):  # noqa: N818  not an error: somebody asked for it
    """A pass was stopped before its end; nothing it wrote may be used."""


@contextmanager
def cancellable(model: CogVLM2, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Ask `cancelled` before each layer that this thread enters while inside, and raise `Cancelled` when it says so.

    Not for compiled steps, which have no place to ask in.
    """
    thread = threading.get_ident()

    def ask(*_: object) -> None:
        if threading.get_ident() == thread and cancelled():
            raise Cancelled

    layers = [*model.model.vision.transformer.layers, *model.model.layers]
    hooks = [layer.register_forward_pre_hook(ask) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
