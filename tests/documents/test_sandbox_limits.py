"""Worker processes have limits, and a call that exceeds one fails alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import worker_functions as worker
from sent_functions import SendingSandbox
from waiting import wait_until

from cogdoc.documents.sandbox import Sandbox, try_sandbox
from cogdoc.errors import DamagedError, ResourceError, TimeLimitError

MB = 2**20
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")


@pytest.fixture
def small_sandbox() -> Iterator[Sandbox]:
    """A sandbox with little memory, which can run `worker_functions`."""
    with SendingSandbox(jobs=os.cpu_count() or 1, timeout=60, memory=400 * MB) as own:
        yield own


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("caught", [False, True], ids=["memory-error", "hidden-in-another-error"])
def test_exhausted_memory_fails_only_its_own_call(small_sandbox: Sandbox, caught: bool) -> None:
    with pytest.raises(ResourceError, match="needs more than 400 MB of memory"):
        small_sandbox.run(worker.exhaust_memory, caught)
    assert small_sandbox.run(worker.add, 2, 3) == 5


@pytest.mark.slow
@linux_only
def test_leaks_of_earlier_calls_do_not_fail_later_ones(small_sandbox: Sandbox) -> None:
    leaked = [small_sandbox.run(worker.leak_memory, 200 * MB) for _ in range(4)]
    assert 200 * MB in leaked[1:], "a new worker process took over"
    assert max(leaked) < 600 * MB


@pytest.mark.slow
@linux_only
def test_processor_time_limit_ends_a_worker_without_its_parent(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(TimeLimitError, match="processor time"):
        fresh_sandbox.run(worker.limit_processor_time, 1)
    assert fresh_sandbox.run(worker.add, 2, 3) == 5


@pytest.mark.slow
def test_every_call_has_its_own_processor_time_beyond_the_time_limit(fresh_sandbox: Sandbox) -> None:
    cores = os.cpu_count() or 1
    for _ in range(3):
        assert fresh_sandbox.run(worker.processor_seconds_left) >= 60 * cores


@pytest.mark.slow
def test_workers_open_few_files_and_leave_no_core(fresh_sandbox: Sandbox) -> None:
    assert fresh_sandbox.run(worker.core_size) == 0
    with pytest.raises(DamagedError, match="Too many open files"):
        fresh_sandbox.run(worker.open_files, 1000)


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX])
def test_workers_cannot_use_the_network(fresh_sandbox: Sandbox, family: socket.AddressFamily) -> None:
    assert fresh_sandbox.run(worker.reach_network, int(family)) == "EPERM"


@pytest.mark.slow
@linux_only
@pytest.mark.parametrize("how", ["fork", "spawn", "exec"])
def test_workers_can_start_threads_but_no_processes(fresh_sandbox: Sandbox, how: str) -> None:
    assert fresh_sandbox.run(worker.start_process, how) == "EPERM"
    assert fresh_sandbox.run(worker.start_thread) == "from a thread"


@linux_only
def test_every_part_of_the_confinement_is_tried() -> None:
    assert {part.name for part in try_sandbox() if part.holds} >= {"network", "processes", "shared memory", "memory"}


@pytest.mark.slow
def test_output_of_workers_is_discarded(fresh_sandbox: Sandbox, capfd: pytest.CaptureFixture[str]) -> None:
    assert fresh_sandbox.run(worker.flood_output) == "still here"
    assert capfd.readouterr() == ("", "")


@linux_only
def test_workers_end_when_their_parent_is_killed() -> None:
    script = textwrap.dedent("""
        import worker_functions as worker
        from sent_functions import SendingSandbox
        sandbox = SendingSandbox(timeout=None)
        print(sandbox.run(worker.process_id), flush=True)
        sandbox.run(worker.hang)
    """)
    folders = (Path(__file__).parent, Path(__file__).parents[1], os.environ.get("PYTHONPATH", ""))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: b"sandbox" not in command_line_of(number), "the worker process is still running")


def command_line_of(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:  # it has ended
        return b""
