"""Room for an actor of a pool, the calls that it runs, and which call it takes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


class Call(Future[Any]):
    """A call that is queued, running or done."""

    def __init__(self, prioritize: Callable[[Call], None], arguments: tuple[Any, ...], affinity: Hashable) -> None:
        super().__init__()
        self._prioritize = prioritize
        self.arguments = arguments
        self.affinity = affinity
        self.attempts = 0

    def result(self, timeout: float | None = None) -> Any:
        self._prioritize(self)
        return super().result(timeout)


@dataclass(slots=True, eq=False)
class Slot:
    """Room for one actor. A thread of the driver starts the actor, and threads send it calls."""

    calls: int = 1
    """How many the actor runs at a time."""
    affinities: deque[Hashable] = field(default_factory=deque)
    """Those of the actor's last calls, as many as it runs at a time."""
    waiting: int = 0
    """Threads that wait for a call."""
    running: int = 0
    """Calls that the actor runs."""
    repeats: bool = False
    """Whether the last of them runs again after an actor died."""
    lost: bool = False
    """Whether the actor has died."""
    host: str = ""


def must_drain(slot: Slot, awaited: Iterable[Call]) -> bool:
    """Whether an actor has to finish its calls first: one that may have killed an actor runs alone."""
    return slot.running > 0 and (slot.repeats or any(call.attempts for call in awaited))


def take(calls: dict[Call, None], slot: Slot, slots: Sequence[Slot]) -> Call | None:
    """Take the first call with the slot's affinity, else the first that suits no other waiting slot better.

    That is one with the call's affinity, or with fewer calls.
    """
    others = [other for other in slots if other is not slot and other.waiting]
    busier = any(other.running < slot.running for other in others)
    chosen = None
    for call in calls:
        if call.affinity is not None and call.affinity in slot.affinities:
            chosen = call
            break
        if busier or chosen is not None:
            continue
        if call.affinity is None or not any(call.affinity in other.affinities for other in others):
            chosen = call
            if not slot.affinities:
                break
    if chosen is not None:
        del calls[chosen]
        slot.repeats = chosen.attempts > 0
    return chosen
