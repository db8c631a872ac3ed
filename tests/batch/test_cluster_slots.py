"""Which call an actor takes: about the same page, not more than others have, and alone if actors died of it."""

from __future__ import annotations

from collections import deque

from cogdoc.batch.cluster.slots import Call, Slot, must_drain, take


def call(affinity: str | None = None, attempts: int = 0) -> Call:
    made = Call(lambda _: None, (), affinity)
    made.attempts = attempts
    return made


def test_an_actor_takes_a_call_about_its_own_page_first() -> None:
    slot = Slot(calls=2, affinities=deque(["page 1", "page 2"]))
    first, own = call("page 3"), call("page 2")
    calls = {first: None, own: None}
    assert take(calls, slot, [slot]) is own
    assert list(calls) == [first]


def test_an_actor_leaves_a_call_to_one_that_waits_and_has_fewer_or_has_its_page() -> None:
    busy, idle = Slot(calls=8, running=3, waiting=5), Slot(calls=8, waiting=8)
    waiting = call("page")
    calls = {waiting: None}
    assert take(calls, busy, [busy, idle]) is None
    assert take(calls, idle, [busy, idle]) is waiting
    other, owner = Slot(calls=8, waiting=8), Slot(calls=8, waiting=8, affinities=deque(["page"]))
    calls = {waiting: None}
    assert take(calls, other, [other, owner]) is None
    assert take(calls, owner, [other, owner]) is waiting


def test_a_call_that_may_have_killed_an_actor_runs_alone() -> None:
    idle, busy = Slot(calls=8), Slot(calls=8, running=1)
    suspect = call(attempts=1)
    assert must_drain(busy, [call(), suspect])
    assert not must_drain(idle, [suspect])
    assert take({suspect: None}, idle, [idle, busy]) is suspect
    idle.running = 1
    assert must_drain(idle, [call()])  # until the suspect is done
    assert not must_drain(busy, [call()])
