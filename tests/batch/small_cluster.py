"""A small Ray cluster for tests: several machines, simulated on this one, that can be killed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

HERE = Path(__file__).parent
OBJECT_STORE = 80_000_000
"""Bytes of shared memory for each machine; Ray needs at least 75 MB."""

HEALTH_CHECKS = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 4,
}
"""Short intervals, so that a killed machine is noticed at once."""


@contextmanager
def start_cluster(head_cpus: int) -> Iterator[Any]:
    """A cluster with one machine; `add_machine` adds others. Test processes have one cluster at a time."""
    import ray.cluster_utils

    with FileLock(Path(tempfile.gettempdir()) / f"cogdoc-test-cluster-{os.getuid()}.lock"):
        yield from _start(ray.cluster_utils.Cluster, head_cpus)


def _start(make_cluster: Any, head_cpus: int) -> Iterator[Any]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  by default, workers have low priority
    # Lets workers import the functions that the tests send.
    os.environ["PYTHONPATH"] = os.pathsep.join((str(HERE), str(HERE.parent)))
    head = {
        "num_cpus": head_cpus,
        "object_store_memory": OBJECT_STORE,
        "include_dashboard": False,
        "_system_config": HEALTH_CHECKS,
    }
    cluster = make_cluster(initialize_head=True, head_node_args=head)
    try:
        yield cluster
    finally:
        cluster.shutdown()
        del os.environ["PYTHONPATH"]


def add_machine(cluster: Any, cpus: int) -> Any:
    return cluster.add_node(num_cpus=cpus, object_store_memory=OBJECT_STORE)


def kill_machine(cluster: Any, machine: Any) -> None:
    """Kill all processes of a machine, as a power cut does."""
    for process in (info.process for infos in machine.all_processes.values() for info in infos):
        for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            each.kill()
    cluster.remove_node(machine, allow_graceful=False)


def kill_actors(name: str, count: int) -> None:
    """Kill `count` actors of a class on any machine of a cluster that this process started."""
    # Other test runs on this computer may have actors with the same titles.
    actors = [
        process for process in psutil.Process().children(recursive=True) if _title(process).startswith(f"ray::{name}")
    ]
    for process in actors[:count]:
        process.kill()


def _title(process: psutil.Process) -> str:
    try:
        return next(iter(process.cmdline()), "")
    except psutil.Error:
        return ""
