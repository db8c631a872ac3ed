"""Signals that were ignored when cogdoc started stay ignored."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from running import COMMAND, clean_environment

from cogdoc.documents.confinement.confine import try_confinement
from cogdoc.documents.sandbox import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_ignored_signal_does_not_end_the_command(long_pdf: Path, tmp_path: Path, number: signal.Signals) -> None:
    command = [*COMMAND, "ocr", str(long_pdf), "--pages", "1-12", "--out", "jsonl", "--engine", "builtin"]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=clean_environment(),
        start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    ) as running:
        assert running.stdout is not None
        os.killpg(running.pid, number)  # while it starts
        running.stdout.readline()
        os.killpg(running.pid, number)
        time.sleep(0.2)
        os.killpg(running.pid, number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, b"")
    assert len(out.splitlines()) == 11


def test_hangup_still_ends_a_command_that_does_not_ignore_it(start_cogdoc: Any, long_pdf: Path) -> None:
    running = start_cogdoc("ocr", long_pdf, "--out", "jsonl")
    running.stdout.readline()
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=60)
    assert running.returncode == 143


def is_worker(process: psutil.Process) -> bool:
    try:
        return "sandbox_worker.py" in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it has ended
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signal_to_every_process_of_a_run_fails_no_page(number: signal.Signals) -> None:
    """A service manager signals all of them; a page that failed by it would not be read again."""
    with Sandbox(1) as sandbox:
        parts = sandbox.run(try_confinement)
        workers = [child for child in psutil.Process().children() if is_worker(child)]
        assert workers
        for worker in workers:
            worker.send_signal(number)
        assert sandbox.run(try_confinement) == parts
