"""Whatever native code does to its worker process, the parent gets one error, and the next call works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest
import worker_functions as worker
from sent_functions import SendingSandbox

from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import CogdocError, DamagedError, EncryptedError, TimeLimitError


def assert_works(sandbox: Sandbox) -> None:
    assert sandbox.run(worker.add, 2, 3) == 5


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_killed_worker_fails_only_its_own_call(fresh_sandbox: Sandbox, number: int) -> None:
    with pytest.raises(DamagedError, match=f"crashed .signal {int(number)}"):
        fresh_sandbox.run(worker.die, number)
    assert_works(fresh_sandbox)


@pytest.mark.slow
def test_worker_that_exits_is_an_error(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(DamagedError, match="exit code 3"):
        fresh_sandbox.run(worker.leave, 3)
    assert_works(fresh_sandbox)


@pytest.mark.slow
def test_hanging_worker_is_killed_and_replaced() -> None:
    with SendingSandbox(timeout=6) as sandbox:
        assert_works(sandbox)
        with pytest.raises(TimeLimitError, match="took longer than 6 s"):
            sandbox.run(worker.hang)
        assert_works(sandbox)


def test_exceptions_become_one_line_errors(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(DamagedError, match="ZeroDivisionError: by zero"):
        fresh_sandbox.run(worker.fail)
    assert_works(fresh_sandbox)


@pytest.mark.slow
def test_cogdoc_errors_keep_their_message_and_hint(fresh_sandbox: Sandbox) -> None:
    with pytest.raises(EncryptedError) as caught:
        fresh_sandbox.run(worker.refuse)
    assert (caught.value.message, caught.value.hint) == ("the message", "the hint")
    assert_works(fresh_sandbox)


@pytest.mark.slow
def test_large_pictures_are_transferred_completely(fresh_sandbox: Sandbox) -> None:
    picture = fresh_sandbox.run(worker.make_picture, 3000, 2000)
    assert np.array_equal(picture, worker.make_picture(3000, 2000))
    assert picture.flags.writeable


def test_calls_share_a_worker(fresh_sandbox: Sandbox) -> None:
    assert fresh_sandbox.run(worker.process_id) == fresh_sandbox.run(worker.process_id) != os.getpid()


def test_printing_worker_neither_breaks_the_channel_nor_reaches_the_parents_output(
    fresh_sandbox: Sandbox, capfd: pytest.CaptureFixture[str]
) -> None:
    assert fresh_sandbox.run(worker.print_loudly) == "", "its standard input is empty"
    assert_works(fresh_sandbox)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_workers_ignore_interrupts(fresh_sandbox: Sandbox) -> None:
    assert fresh_sandbox.run(worker.ignore_interrupts_for, 0.1) == "still here"


def test_closing_ends_the_workers_at_once() -> None:
    sandbox = SendingSandbox(timeout=None)
    number = sandbox.run(worker.process_id)
    waiting = sandbox.submit(worker.hang)
    sandbox.close()
    with pytest.raises((CogdocError, CancelledError)):
        waiting.result()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@pytest.mark.slow
def test_workers_run_at_the_same_time() -> None:
    with SendingSandbox(jobs=2, timeout=60) as sandbox:
        ids = {future.result() for future in [sandbox.submit(worker.compute_for, 1.5) for _ in range(2)]}
        assert len(ids) == 2
        assert os.getpid() not in ids


def test_quick_calls_start_no_second_worker() -> None:
    with SendingSandbox(jobs=2, timeout=60) as sandbox:
        assert len({future.result() for future in [sandbox.submit(worker.process_id) for _ in range(8)]}) == 1


def test_many_quick_calls_start_all_workers_at_once() -> None:
    with SendingSandbox(jobs=2, timeout=60) as sandbox:
        sandbox.expect(1000)
        assert len({future.result() for future in [sandbox.submit(worker.process_id) for _ in range(2)]}) == 2


@pytest.mark.slow
def test_works_in_a_script_without_a_main_guard_and_next_to_misleading_modules(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong numpy')")
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import sys
            sys.path.remove({str(tmp_path)!r})
            import cogdoc
            print(cogdoc.open({str(samples / "report.pdf")!r}).page_count)
        """)
    )
    run = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("8\n", "")


@pytest.mark.slow
def test_worker_is_replaced_after_many_calls(fresh_sandbox: Sandbox) -> None:
    ids = [fresh_sandbox.run(worker.process_id) for _ in range(510)]
    assert len(set(ids)) == 2
