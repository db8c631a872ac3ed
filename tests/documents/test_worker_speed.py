"""Worker processes do not wait for denormal numbers, nor for memory that they had before."""

from __future__ import annotations

import platform

import pytest
import worker_functions as worker

from cogdoc.documents.sandbox import Sandbox


def test_networks_take_denormal_weights_as_zeros(fresh_sandbox: Sandbox) -> None:
    assert fresh_sandbox.run(worker.reads_denormals_as_zeros)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc")
def test_memory_of_one_page_is_used_again_for_the_next(fresh_sandbox: Sandbox) -> None:
    assert fresh_sandbox.run(worker.faults_of_repeated_work) < 1000
