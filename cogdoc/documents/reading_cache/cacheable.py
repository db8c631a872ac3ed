"""Marks the functions of worker processes whose results can be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_PARTS: dict[Callable[..., Any], Callable[..., int]] = {}


def cacheable(part: Callable[..., int]) -> Callable[[F], F]:
    """Mark a module-level function whose first argument is an `OpenRequest`.

    Args:
        part: which part of the document a call reads, such as the number of a page, given the call's arguments. Equal
            files, requests and parts must give equal results, whatever the other arguments.
    """

    def mark(function: F) -> F:
        _PARTS[function] = part
        return function

    return mark


def part_of_call(function: Callable[..., Any], args: tuple[object, ...]) -> int | None:
    """Which part of the document a call reads; None if its result is not to be kept."""
    part = _PARTS.get(function)
    return None if part is None else part(*args)
