"""Actors that do calls, one each at a time, and are replaced when they or their machines die."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from cogdoc.batch.cluster.refusal import Refusal
from cogdoc.errors import CogdocError, DamagedError, MissingError, ResourceError

ATTEMPTS = 3
"""How many workers may die of a call before it is given up."""

STARTS = 3
"""How often in a row a worker may fail to start before its place is given up."""

PATIENCE = 300.0
"""Seconds that calls wait where the cluster has no worker at all."""

TOLD_AFTER = 10.0
"""Seconds of waiting for the cluster's first worker after which the user is told."""

POLL = 1.0
"""Seconds between looks at whether a pool was closed, or has lost all its workers."""

Report = Callable[[str], None]


class Call(Future[Any]):
    """A call that waits for a worker, is being done, or is done."""

    def __init__(self, pool: Pool, arguments: tuple[Any, ...], near: Hashable) -> None:
        super().__init__()
        self.pool = pool
        self.arguments = arguments
        self.near = near
        self.attempts = 0

    def result(self, timeout: float | None = None) -> Any:
        self.pool.want(self)
        return super().result(timeout)


@dataclass(slots=True, eq=False)
class _Seat:
    """A place for one worker, kept by a thread of the driver."""

    near: Hashable = None
    """What its last call was about."""
    idle: bool = False
    host: str = ""


class Pool:
    """Workers of one kind.

    A call that somebody waits for is done first. Of the others, only so many are done ahead that their results, which
    the driver has to hold, do not grow with the cluster times the documents that are read at once.
    """

    def __init__(self, start: Callable[[], Any], size: int, *, what: str, report: Report) -> None:
        """
        Args:
            start: makes an actor with three methods: `greet()` gives its machine's name, `prepare()` is called once
                and may take its time, `call(*arguments)` gives results; each of them may give a Refusal.
            what: what the actors need, in words, for messages.
            report: told of workers that are lost.

        Raises:
            MissingError: cogdoc is missing on the machines, or another version of it is there.
            ResourceError: the cluster has no room for a single worker.
        """
        self.size = size
        self._start = start
        self._what = what
        self._report = report
        self._ahead = 4 * size
        self._condition = threading.Condition()
        self._wanted: dict[Call, None] = {}
        self._waiting: dict[Call, None] = {}
        self._unclaimed: WeakSet[Call] = WeakSet()
        self._seats = [_Seat() for _ in range(size)]
        self._workers: dict[_Seat, Any] = {}
        self._preparing = 0
        self._deserted_at: float | None = time.monotonic()
        self._refused: CogdocError | None = None
        self._closed = False
        self._threads = [
            threading.Thread(target=self._keep, args=(seat,), name="cogdoc-cluster", daemon=True)
            for seat in self._seats
        ]
        for thread in self._threads:
            thread.start()
        self._wait_for_first()

    def submit(self, *arguments: Any, near: Hashable = None) -> Call:
        """Have a worker do a call; one whose last call was about the same thing is preferred."""
        call = Call(self, arguments, near)
        with self._condition:
            if self._closed:
                raise _closed()
            if not self._seats and self._refused is not None:
                raise self._refused
            self._waiting[call] = None
            self._wake(call)
        return call

    def want(self, call: Call) -> None:
        """Somebody waits for this call."""
        with self._condition:
            self._unclaimed.discard(call)
            if call in self._waiting:
                del self._waiting[call]
                self._wanted[call] = None
            self._wake(call)

    def close(self) -> None:
        """End the workers at once; calls that wait are cancelled."""
        with self._condition:
            self._closed = True
            for call in (*self._wanted, *self._waiting):
                if not call.cancel():
                    call.set_exception(_closed())
            self._wanted.clear()
            self._waiting.clear()
            workers = list(self._workers.values())
            self._condition.notify_all()
        for worker in workers:
            ray.kill(worker)
        for thread in self._threads:
            thread.join()

    def _wait_for_first(self) -> None:
        with self._condition:
            if not self._condition.wait_for(lambda: self._workers or self._preparing or self._refused, TOLD_AFTER):
                self._report(f"waiting for the cluster to have room for {self._what}")
            self._condition.wait_for(lambda: self._workers or self._refused)
            refused = self._refused
        if refused is not None and not self._workers:
            self.close()
            raise refused

    def _keep(self, seat: _Seat) -> None:
        """Keep a worker in a place, and have it do one call after the other."""
        while not self._closed:
            try:
                worker = self._start_worker(seat)
            except CogdocError as error:
                self._give_up(seat, error)
                return
            if worker is None:
                return
            while (call := self._next(seat)) is not None:
                try:
                    if call.attempts and not self._lives(worker):
                        # Of a machine that is gone many workers are left: they did not die of this call.
                        self._put_back(call, seat, blamed=False)
                        break
                    outcome = ray.get(worker.call.remote(*call.arguments))
                except RayTaskError as error:
                    call.set_exception(error.cause or error)
                except RayError:
                    self._put_back(call, seat)
                    break
                except Exception as error:  # what came back cannot be understood here
                    call.set_exception(error)
                else:
                    _settle(call, outcome)
                    del outcome
                del call  # so that results that nobody wants any more are forgotten
            self._end_worker(seat)

    def _next(self, seat: _Seat) -> Call | None:
        with self._condition:
            seat.idle = True
            while not self._closed:
                call = self._take(self._wanted, seat)
                if call is None and len(self._unclaimed) < self._ahead:
                    call = self._take(self._waiting, seat)
                    if call is not None:
                        self._unclaimed.add(call)
                if call is None:
                    # Results that nobody fetched any more are forgotten without a word, hence the limit.
                    self._condition.wait(POLL)
                elif call.attempts or call.set_running_or_notify_cancel():
                    seat.idle, seat.near = False, call.near
                    return call
        return None

    def _wake(self, call: Call) -> None:
        """Have an idle worker look for calls: any one, unless it matters which."""
        if call.near is None:
            self._condition.notify()
        else:
            self._condition.notify_all()

    def _take(self, calls: dict[Call, None], seat: _Seat) -> Call | None:
        """The first call, but for those that an idle worker elsewhere is nearer to."""
        taken = None
        for call in calls:
            if call.near is not None and call.near == seat.near:
                taken = call
                break
            if taken is None and not any(
                other.idle and other.near == call.near for other in self._seats if call.near is not None
            ):
                taken = call
                if seat.near is None:
                    break
        if taken is not None:
            del calls[taken]
        return taken

    def _lives(self, worker: Any) -> bool:
        try:
            ray.get(worker.greet.remote())
        except RayError:
            return False
        return True

    def _put_back(self, call: Call, seat: _Seat, *, blamed: bool = True) -> None:
        """After a worker's death."""
        call.attempts += blamed
        with self._condition:
            closed = self._closed
            again = not closed and call.attempts < ATTEMPTS
            if again:
                self._wanted = {call: None, **self._wanted}
                self._unclaimed.discard(call)
                self._condition.notify_all()
        if closed:
            call.set_exception(_closed())
            return
        self._report(f"a worker on {seat.host} is lost" + ("; what it was reading is read again" if again else ""))
        if not again:
            call.set_exception(
                ResourceError(f"{ATTEMPTS} workers died while they were reading this", "see the cluster: ray status")
            )

    def _start_worker(self, seat: _Seat) -> Any | None:
        """A worker that is ready; None where the pool was closed meanwhile.

        Raises:
            CogdocError: workers cannot be started there.
        """
        for attempt in range(STARTS):
            try:
                worker = self._start()
                host = self._answer(worker.greet.remote())
                if host is not None:
                    self._count_preparing(1)
                    try:
                        self._answer(worker.prepare.remote())
                    finally:
                        self._count_preparing(-1)
            except RayError as error:
                trouble = _last_line(error)
                time.sleep(2**attempt)
                continue
            except CogdocError:
                ray.kill(worker)
                raise
            with self._condition:
                if host is None or self._closed:
                    ray.kill(worker)
                    return None
                seat.host, seat.near = host, None
                self._workers[seat] = worker
                self._deserted_at = None
                self._condition.notify_all()
            return worker
        raise MissingError(
            f"the cluster's workers do not start: {trouble}",
            'every machine of the cluster needs the same cogdoc: pip install "cogdoc[ray]"',
        )

    def _answer(self, promise: Any) -> Any | None:
        """What a worker that is being started answers; None where the pool is closed first."""
        while not self._closed:
            try:
                answer = ray.get(promise, timeout=POLL)
            except GetTimeoutError:
                self._look_after_calls()
                continue
            except RayTaskError as error:
                raise CogdocError(f"a bug: {_last_line(error)}") from error
            if isinstance(answer, Refusal):
                raise answer.as_error()
            return answer
        return None

    def _count_preparing(self, change: int) -> None:
        with self._condition:
            self._preparing += change
            if not self._preparing and self._deserted_at is not None:
                self._deserted_at = time.monotonic()
            self._condition.notify_all()

    def _end_worker(self, seat: _Seat) -> None:
        with self._condition:
            seat.idle = False
            worker = self._workers.pop(seat)
            if not self._workers:
                self._deserted_at = time.monotonic()
        ray.kill(worker)

    def _look_after_calls(self) -> None:
        """Fail calls that have waited too long for any worker at all."""
        with self._condition:
            if self._deserted_at is None or self._preparing or time.monotonic() - self._deserted_at < PATIENCE:
                return
            error = ResourceError(
                f"no machine of the cluster has had room for {PATIENCE:g} s ({self._what})", "see: ray status"
            )
            self._fail_all(error)

    def _give_up(self, seat: _Seat, error: CogdocError) -> None:
        with self._condition:
            self._seats.remove(seat)
            if not self._seats:
                self._fail_all(error)
                return
        self._report(error.message)

    def _fail_all(self, error: CogdocError) -> None:
        self._refused = error
        for call in (*self._wanted, *self._waiting):
            if call.attempts or call.set_running_or_notify_cancel():
                call.set_exception(error)
        self._wanted.clear()
        self._waiting.clear()
        self._condition.notify_all()


def _settle(call: Call, outcome: Any) -> None:
    if isinstance(outcome, Refusal):
        call.set_exception(outcome.as_error())
    else:
        call.set_result(outcome)


def _closed() -> CogdocError:
    return DamagedError("the cluster's workers are closed")


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1].strip()
