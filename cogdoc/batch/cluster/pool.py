"""A pool of Ray actors of one kind. Each runs as many calls at a time as it says; if it dies, another repeats them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakSet

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from cogdoc.batch.cluster.refusal import Refusal
from cogdoc.batch.cluster.slots import Call, Slot, must_drain, take
from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError, as_cogdoc_error

ATTEMPTS = 3
"""How many actors may die during a call before the call fails."""

STARTS = 3
"""How often in a row an actor may fail to start before its slot is removed."""

NO_ACTOR_SECONDS = 300.0
"""How long calls wait while the pool has no actor at all; then they fail."""

NOTICE_SECONDS = 10.0
"""How long the first actor may take to start before the user sees a message about it."""

POLL_SECONDS = 1.0
"""How often threads check whether the pool was closed, or has lost all its actors."""

Report = Callable[[str], None]


class Pool:
    """Runs calls on actors of one kind.

    Calls whose results are awaited run first. Only a few others run ahead of time, because the driver keeps
    their results in memory: without a limit, these would grow with the cluster and the number of open documents.
    """

    def __init__(self, start: Callable[[], Any], size: int, *, what: str, report: Report) -> None:
        """
        Args:
            start: creates an actor with three methods: `greet()` returns its machine's name, `prepare()` is called
                once, may take minutes, and returns how many calls it runs at a time (None for one),
                `call(*arguments)` returns results. Each may return a `Refusal` instead.
            size: how many actors.
            what: what kind of actors these are, for messages.
            report: receives messages about actors that died.

        Raises:
            MissingError: the machines lack cogdoc, or have another version of it.
            ResourceError: the cluster has no room for a single actor.
        """
        self.size = size
        self._start = start
        self._what = what
        self._report = report
        self._max_ahead = 4 * size
        self._condition = threading.Condition()
        self._awaited: dict[Call, None] = {}
        self._queued: dict[Call, None] = {}
        self._run_ahead: WeakSet[Call] = WeakSet()
        self._slots = [Slot() for _ in range(size)]
        self._actors: dict[Slot, Any] = {}
        self._preparing = 0
        self._no_actor_since: float | None = time.monotonic()
        self._failure: CogdocError | None = None
        self._closed = False
        self._threads = [
            threading.Thread(target=self._run_slot, args=(slot,), name="cogdoc-cluster", daemon=True)
            for slot in self._slots
        ]
        for thread in self._threads:
            thread.start()
        self._wait_for_first()

    @property
    def calls_at_a_time(self) -> int:
        """How many calls the actors run at a time, if those that start later are like those that have started."""
        with self._condition:
            return len(self._slots) * max((slot.calls for slot in self._slots), default=1)

    def submit(self, *arguments: Any, affinity: Hashable = None) -> Call:
        """Queue a call; it runs on the first free actor, preferably one whose last call had the same `affinity`."""
        call = Call(self.prioritize, arguments, affinity)
        with self._condition:
            if self._closed:
                raise _closed_error()
            if not self._slots and self._failure is not None:
                raise self._failure
            self._queued[call] = None
            self._wake(call)
        return call

    def prioritize(self, call: Call) -> None:
        """Run a call before those whose results nobody waits for."""
        with self._condition:
            self._run_ahead.discard(call)
            if call in self._queued:
                del self._queued[call]
                self._awaited[call] = None
            self._wake(call)

    def close(self) -> None:
        """Kill the actors at once and cancel queued calls."""
        with self._condition:
            self._closed = True
            for call in (*self._awaited, *self._queued):
                if not call.cancel():
                    call.set_exception(_closed_error())
            self._awaited.clear()
            self._queued.clear()
            actors = list(self._actors.values())
            self._condition.notify_all()
        for actor in actors:
            ray.kill(actor)
        for thread in self._threads:
            thread.join()

    def _wait_for_first(self) -> None:
        with self._condition:
            if not self._condition.wait_for(lambda: self._actors or self._preparing or self._failure, NOTICE_SECONDS):
                self._report(f"waiting for the cluster to have room for {self._what}")
            self._condition.wait_for(lambda: self._actors or self._failure)
            failure = self._failure
        if failure is not None and not self._actors:
            self.close()
            raise failure

    def _run_slot(self, slot: Slot) -> None:
        """Work for a slot until the pool is closed. Anything else that ends it is an error of the waiting calls."""
        try:
            self._serve(slot)
        except BaseException as error:
            with self._condition:
                self._actors.pop(slot, None)
            self._remove_slot(slot, as_cogdoc_error(error))

    def _serve(self, slot: Slot) -> None:
        """Send calls to an actor, and start another actor when it dies."""
        while not self._closed:
            try:
                actor = self._start_actor(slot)
            except CogdocError as error:
                self._remove_slot(slot, error)
                return
            if actor is None:
                return
            others = [
                threading.Thread(target=self._send_calls, args=(slot, actor), name="cogdoc-cluster", daemon=True)
                for _ in range(slot.calls - 1)
            ]
            for thread in others:
                thread.start()
            self._send_calls(slot, actor)
            for thread in others:
                thread.join()
            self._end_actor(slot)

    def _send_calls(self, slot: Slot, actor: Any) -> None:
        """Send calls to an actor one by one, until it dies; other threads send it others meanwhile."""
        while (call := self._next(slot)) is not None:
            try:
                if call.attempts and not self._is_alive(actor):
                    # When a machine dies, all its actors do. The call is not the cause, so it keeps its attempts.
                    self._repeat(call, slot, blamed=False)
                    continue
                outcome = ray.get(actor.call.remote(*call.arguments))
            except RayTaskError as error:
                call.set_exception(error.cause or error)
            except RayError:
                self._repeat(call, slot)
            except BaseException as error:  # the result cannot be unpickled here, for example
                call.set_exception(error)
            else:
                _settle(call, outcome)
                del outcome
            finally:
                self._end_call(slot)
            del call  # frees the result if nobody waits for it anymore

    def _end_call(self, slot: Slot) -> None:
        with self._condition:
            slot.running -= 1
            self._condition.notify_all()

    def _next(self, slot: Slot) -> Call | None:
        with self._condition:
            slot.waiting += 1
            try:
                return self._wait_for_call(slot)
            finally:
                slot.waiting -= 1

    def _wait_for_call(self, slot: Slot) -> Call | None:
        """The next call for a slot; None if the pool is closed or the actor has died. Needs the condition."""
        while not self._closed and not slot.lost:
            drains = must_drain(slot, self._awaited)
            call = None if drains else take(self._awaited, slot, self._slots)
            if call is None and not drains and len(self._run_ahead) < self._max_ahead:
                call = take(self._queued, slot, self._slots)
                if call is not None:
                    self._run_ahead.add(call)
            if call is None:
                # A call leaves `_run_ahead` without a notification when it is garbage-collected, hence the timeout.
                self._condition.wait(POLL_SECONDS)
            elif call.attempts or call.set_running_or_notify_cancel():
                slot.running += 1
                slot.affinities.append(call.affinity)
                if len(slot.affinities) > slot.calls:
                    slot.affinities.popleft()
                return call
        return None

    def _wake(self, call: Call) -> None:
        """Wake an idle slot to look for calls; all of them if the call prefers one."""
        if call.affinity is None:
            self._condition.notify()
        else:
            self._condition.notify_all()

    def _is_alive(self, actor: Any) -> bool:
        try:
            ray.get(actor.greet.remote())
        except RayError:
            return False
        return True

    def _repeat(self, call: Call, slot: Slot, *, blamed: bool = True) -> None:
        """Queue a call again after its actor died; `blamed` if the call may be the cause."""
        call.attempts += blamed
        with self._condition:
            closed = self._closed
            known, slot.lost = slot.lost, True
            again = not closed and call.attempts < ATTEMPTS
            if again:
                self._awaited = {call: None, **self._awaited}
                self._run_ahead.discard(call)
                self._condition.notify_all()
        if closed:
            call.set_exception(_closed_error())
            return
        if not known:
            pages = "its page is" if slot.calls == 1 else "its pages are"
            self._report(f"a worker on {slot.host} died" + (f"; {pages} read again" if again else ""))
        if not again:
            call.set_exception(
                ResourceError(
                    f"{ATTEMPTS} workers died while they were reading this page", "see the cluster: ray status"
                )
            )

    def _start_actor(self, slot: Slot) -> Any | None:
        """Start an actor and wait until it is ready; None if the pool is closed meanwhile.

        Raises:
            CogdocError: actors do not start.
        """
        for attempt in range(STARTS):
            try:
                actor = self._start()
                host = self._wait_for(actor.greet.remote())
                if host is not None:
                    self._count_preparing(1)
                    try:
                        calls = self._wait_for(actor.prepare.remote())
                    finally:
                        self._count_preparing(-1)
            except RayError as error:
                reason = _last_line(error)
                time.sleep(2**attempt)
                continue
            except CogdocError:
                ray.kill(actor)
                raise
            with self._condition:
                if host is None or self._closed:
                    ray.kill(actor)
                    return None
                slot.host, slot.calls, slot.lost = host, calls or 1, False
                slot.affinities.clear()
                self._actors[slot] = actor
                self._no_actor_since = None
                self._condition.notify_all()
            return actor
        raise MissingError(
            f"the cluster's workers do not start: {reason}",
            'every machine of the cluster needs the same cogdoc: pip install "cogdoc[ray]"',
        )

    def _wait_for(self, reference: Any) -> Any | None:
        """The result of a call to an actor that is starting; None if the pool is closed first."""
        while not self._closed:
            try:
                result = ray.get(reference, timeout=POLL_SECONDS)
            except GetTimeoutError:
                self._check_for_actors()
                continue
            except RayTaskError as error:
                raise CogdocError(f"a bug: {_last_line(error)}") from error
            if isinstance(result, Refusal):
                raise result.as_error()
            return result
        return None

    def _count_preparing(self, change: int) -> None:
        with self._condition:
            self._preparing += change
            if not self._preparing and self._no_actor_since is not None:
                self._no_actor_since = time.monotonic()
            self._condition.notify_all()

    def _end_actor(self, slot: Slot) -> None:
        with self._condition:
            actor = self._actors.pop(slot)
            if not self._actors:
                self._no_actor_since = time.monotonic()
        ray.kill(actor)

    def _check_for_actors(self) -> None:
        """Fail all calls if there has been no actor for too long."""
        with self._condition:
            if self._no_actor_since is None or self._preparing:
                return
            if time.monotonic() - self._no_actor_since < NO_ACTOR_SECONDS:
                return
            error = ResourceError(
                f"no machine of the cluster has had room for {NO_ACTOR_SECONDS:g} s ({self._what})", "see: ray status"
            )
            self._fail_all(error)

    def _remove_slot(self, slot: Slot, error: CogdocError) -> None:
        with self._condition:
            self._slots.remove(slot)
            if not self._slots:
                self._fail_all(error)
                return
        self._report(error.message)

    def _fail_all(self, error: CogdocError) -> None:
        self._failure = error
        for call in (*self._awaited, *self._queued):
            if call.attempts or call.set_running_or_notify_cancel():
                call.set_exception(error)
        self._awaited.clear()
        self._queued.clear()
        self._condition.notify_all()


def _settle(call: Call, outcome: Any) -> None:
    if isinstance(outcome, Refusal):
        call.set_exception(outcome.as_error())
    else:
        call.set_result(outcome)


def _closed_error() -> CogdocError:
    return DamagedError("the cluster's workers are closed")


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()
