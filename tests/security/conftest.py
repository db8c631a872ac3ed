"""Fixtures of the attacks on model folders."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_attacks import POCKET, SECONDS


@pytest.fixture
def deadline() -> Iterator[None]:
    """End a test that waits for a pipe or counts to a thousand million."""

    def expire(*_: object) -> None:
        raise AssertionError(f"takes more than {SECONDS} s")

    previous = signal.signal(signal.SIGALRM, expire)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the pocket model."""
    return shutil.copytree(POCKET, tmp_path / "model")
