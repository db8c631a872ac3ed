"""Runs functions of tests in worker processes, which cannot import tests: the source of their module is sent along."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from cogdoc.documents.sandbox import Sandbox

LOAD = """
import sys, types
module = sys.modules.get(name)
if module is None:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
"""


class SentFunction:
    """A function that a worker process loads from its source."""

    def __init__(self, function: Callable[..., Any], relays: int = 0) -> None:
        """
        Args:
            relays: processes that pass it on and can import it themselves, such as actors of a cluster.
        """
        functools.update_wrapper(self, function)
        self._function = function
        self._relays = relays

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        if self._relays:
            return SentFunction, (self._function, self._relays - 1)
        module = sys.modules[self._function.__module__]
        variables = {"name": module.__name__, "source": inspect.getsource(module), "LOAD": LOAD}
        return eval, (f"exec(LOAD) or module.{self._function.__name__}", variables)


class SendingSandbox(Sandbox):
    """A sandbox that sends functions which worker processes cannot import."""

    def submit(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        is_known = function.__module__.startswith("cogdoc.")
        return super().submit(function if is_known else SentFunction(function), *args, **kwargs)
