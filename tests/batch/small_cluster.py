"""A Ray cluster of several machines on this one, small enough for tests, whose machines can be killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

HERE = Path(__file__).parent
OBJECT_STORE = 80_000_000
"""Bytes of shared memory a machine: Ray accepts no less than 75 MB."""

HEALTH_CHECKS = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_failure_threshold": 4,
}
"""So that a machine that is gone is missed at once."""


@contextmanager
def start_cluster(head_cpus: int) -> Iterator[Any]:
    """A cluster with one machine; `add_machine` adds others."""
    import ray.cluster_utils

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Workers find the functions that the tests send.
    os.environ["PYTHONPATH"] = str(HERE)
    head = {
        "num_cpus": head_cpus,
        "object_store_memory": OBJECT_STORE,
        "include_dashboard": False,
        "_system_config": HEALTH_CHECKS,
    }
    cluster = ray.cluster_utils.Cluster(initialize_head=True, head_node_args=head)
    try:
        yield cluster
    finally:
        cluster.shutdown()
        del os.environ["PYTHONPATH"]


def add_machine(cluster: Any, cpus: int) -> Any:
    return cluster.add_node(num_cpus=cpus, object_store_memory=OBJECT_STORE)


def kill_machine(cluster: Any, machine: Any) -> None:
    """As a power cut does: nobody is told, and nothing is put away."""
    for process in (info.process for infos in machine.all_processes.values() for info in infos):
        for each in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            each.kill()
    cluster.remove_node(machine, allow_graceful=False)


def actor_process(name: str) -> psutil.Process:
    """The process of an actor of a class, on any machine of the cluster; its title says what it does."""
    titles = ((process, process.info["cmdline"] or [""]) for process in psutil.process_iter(["cmdline"]))
    return next(process for process, title in titles if title[0].startswith(f"ray::{name}"))
