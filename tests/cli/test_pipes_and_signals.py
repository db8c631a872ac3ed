"""Ends that are not errors: a closed pipe, Ctrl-C, SIGTERM and SIGKILL."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from running import COMMAND, clean_environment
from waiting import wait_until

pytestmark = pytest.mark.slow


def living(group: int) -> list[psutil.Process]:
    """The running processes of a group."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


def assert_all_ended(group: int) -> None:
    """Wait for child processes, which may need a moment to notice that their parent has ended."""
    for _ in range(200):
        if not living(group):
            return
        time.sleep(0.1)
    assert living(group) == []


def test_closed_pipe_ends_quietly(start_cogdoc: Any, long_pdf: Path) -> None:
    running = start_cogdoc("ocr", long_pdf, "--out", "jsonl")
    assert running.stdout.readline().startswith(b'{"schema"')
    running.stdout.close()
    assert running.wait(timeout=60) == 0
    assert running.stderr.read() == b""
    running.stderr.close()
    assert_all_ended(running.pid)


@pytest.mark.parametrize(
    ("number", "whole_group", "code", "message"),
    [
        (signal.SIGINT, True, 130, b"interrupted"),
        (signal.SIGTERM, False, 143, b"terminated"),
    ],
)
def test_signals_end_the_command_and_its_children_after_the_current_page(
    start_cogdoc: Any, long_pdf: Path, number: int, whole_group: bool, code: int, message: bytes
) -> None:
    running = start_cogdoc("ocr", long_pdf, "--out", "jsonl")
    assert running.stdout.readline().startswith(b'{"schema"')
    assert len(living(running.pid)) >= 2, "the command and its readers"
    if whole_group:
        os.killpg(running.pid, number)  # as the terminal does
    else:
        os.kill(running.pid, number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == code
    assert err == b"cogdoc: finishing the current page; another signal stops at once\ncogdoc: %b\n" % message
    assert all(json.loads(line)["error"] is None for line in out.splitlines())
    assert_all_ended(running.pid)


def test_interrupted_run_leaves_no_half_written_file(start_cogdoc: Any, long_pdf: Path, tmp_path: Path) -> None:
    running = start_cogdoc("ocr", long_pdf, "--out", "jsonl", "--to", "out.jsonl")
    while not any(path.stat().st_size for path in tmp_path.glob(".out.jsonl.*.part")):
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert list(tmp_path.glob("[!.]*")) == []
    assert list(tmp_path.glob("*.part")) == []


def test_a_second_interrupt_does_not_wait_for_the_page(start_cogdoc: Any, slow_page: Path) -> None:
    running = start_cogdoc("ocr", slow_page, "--to", "out/")
    wait_until(lambda: len(living(running.pid)) >= 2)
    time.sleep(1)
    os.killpg(running.pid, signal.SIGINT)
    assert running.stderr.readline().startswith(b"cogdoc: finishing the current page")
    os.killpg(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, b"cogdoc: interrupted\n")
    assert_all_ended(running.pid)


def test_an_interrupt_in_any_code_has_the_same_exit_code(tmp_path: Path) -> None:
    """Such as while data classes are imported, whose methods Python compiles from text."""
    program = """
import cogdoc.cli.app as app
def stop(_): exec("raise KeyboardInterrupt")
app._invoke = stop
app.main()
"""
    (tmp_path / "program.py").write_text(program)
    folders = os.pathsep.join(map(str, (tmp_path, *Path(__file__).parents[2:3])))
    ended = subprocess.run(
        [sys.executable, "-m", "program"], env=clean_environment(PYTHONPATH=folders), capture_output=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (130, b"cogdoc: interrupted\n")


def test_children_of_a_killed_command_end_too(start_cogdoc: Any, long_pdf: Path) -> None:
    running = start_cogdoc("ocr", long_pdf, "--out", "jsonl")
    running.stdout.readline()
    running.kill()
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL
    assert_all_ended(running.pid)


def run_on_terminal(arguments: list[str], cwd: Path) -> tuple[int, bytes]:
    """Return the exit code, and what a terminal shows of standard error."""
    master, slave = pty.openpty()
    running = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=slave,
        cwd=cwd,
        env=clean_environment(TERM="xterm"),
    )
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 4096):
            shown += chunk
    except OSError:
        pass  # on Linux: the other side is closed
    os.close(master)
    return running.wait(timeout=60), shown


def test_progress_is_shown_on_a_terminal_for_more_than_one_page(long_pdf: Path, tmp_path: Path, blank: Path) -> None:
    code, shown = run_on_terminal(["ocr", str(long_pdf), "--pages", "1-4", "--to", "out.md"], tmp_path)
    assert code == 0
    assert b"of 4 pages" in shown
    assert run_on_terminal(["ocr", str(blank), "--progress", "none"], tmp_path) == (0, b"")
    assert run_on_terminal(["ocr", str(long_pdf), "--pages", "1-3", "--quiet"], tmp_path) == (0, b"")


def test_progress_is_shown_only_on_a_terminal(cogdoc: Any, long_pdf: Path) -> None:
    ended = cogdoc("ocr", long_pdf, "--pages", "1-3", "--to", "out.md")
    assert (ended.code, ended.err) == (0, "")
