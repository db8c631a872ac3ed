"""CogVLM2 on a cluster: the pocket checkpoint of the samples gives the same results as on one machine."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="the extra cogdoc[ray] is not installed")

from comparing import without_confidences
from small_cluster import add_machine, kill_actors, start_cluster

from cogdoc.batch.cluster.cluster_engine import MOST_AT_A_TIME
from cogdoc.batch.cluster.cluster_sandbox import ClusterSandbox
from cogdoc.batch.cluster.connection import Cluster, connect
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source
from cogdoc.documents.workers import Workers
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest, EngineSelection
from cogdoc.errors import CheckpointError, InputError, MissingError
from cogdoc.results.records import AnyRecord
from cogdoc.results.usage import reproducible
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.chart import read_charts
from cogdoc.tasks.ocr import transcribe

# A cluster takes seconds to start, and memory: one process of the tests has all of them.
pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
FORMS = POCKET / "forms.pdf"
QUESTIONS = ["What is the tip?", "What is the date?", "What is the colour of the moon?"]
COGVLM2 = EngineRequest(model=str(POCKET / "model"))
MESSAGES: list[str] = []


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two machines with two CPUs: an engine and a parsing actor on each."""
    with start_cluster(head_cpus=2) as machines:
        add_machine(machines, cpus=2)
        with connect(machines.address, MESSAGES.append) as connected:
            yield connected


@pytest.fixture(scope="module")
def selection(cluster: Cluster) -> EngineSelection:
    return cluster.select_engine(COGVLM2)


@pytest.fixture(scope="module")
def engine(cluster: Cluster, selection: EngineSelection) -> Iterator[Engine]:
    engine = cluster.load_engine(selection)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def cluster_sandbox(cluster: Cluster, selection: EngineSelection) -> Iterator[ClusterSandbox]:
    sandbox = cluster.sandbox(selection, timeout=60)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def local_engine() -> Iterator[Engine]:
    engine = load_engine(select_engine(COGVLM2))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def local_sandbox() -> Iterator[Sandbox]:
    with Sandbox(timeout=60) as sandbox:
        yield sandbox


def ask(document: Document, engine: Engine) -> Iterator[AnyRecord]:
    return answer_questions(document, engine, QUESTIONS, PageSelection())


def ocr(document: Document, engine: Engine) -> Iterator[AnyRecord]:
    return transcribe(document, engine, PageSelection())


def chart(document: Document, engine: Engine) -> Iterator[AnyRecord]:
    return read_charts(document, engine, PageSelection(), QUESTIONS[:2])


def run(
    task: Callable[[Document, Engine], Iterator[AnyRecord]],
    engine: Engine,
    workers: Workers,
    do: Callable[[], Any] = int,
) -> list[str]:
    """All records without timings, as JSON; `do` is called after the first."""
    lines = []
    for record in task(open_path(FORMS, workers), engine):
        lines.append(reproducible(record).model_dump_json())
        if len(lines) == 1:
            do()
    return lines


def compared(lines: list[str]) -> list[Any]:
    return [without_confidences(json.loads(line)) for line in lines]


def test_cpus_are_divided_between_engines_and_parsing_actors(cluster_sandbox: ClusterSandbox) -> None:
    assert cluster_sandbox.jobs == 2


@pytest.mark.parametrize("task", [ask, ocr, chart])
def test_results_equal_those_of_one_machine(
    task: Any, engine: Engine, cluster_sandbox: ClusterSandbox, local_engine: Engine, local_sandbox: Sandbox
) -> None:
    expected = run(task, local_engine, local_sandbox)
    assert engine.info == local_engine.info
    assert compared(run(task, engine, cluster_sandbox)) == compared(expected)
    assert '"error":null' in expected[0]


def test_an_actor_decodes_the_pages_and_questions_of_several_threads_side_by_side(
    engine: Engine, cluster_sandbox: ClusterSandbox, local_engine: Engine, local_sandbox: Sandbox
) -> None:
    assert local_engine.at_a_time > 1
    assert engine.at_a_time == min(2 * local_engine.at_a_time, MOST_AT_A_TIME)
    expected = [compared(run(ocr, local_engine, local_sandbox))] * 4
    with ThreadPoolExecutor(4) as threads:
        results = [threads.submit(run, ocr, engine, cluster_sandbox) for _ in range(4)]
        assert [compared(result.result()) for result in results] == expected
    usage = [record.usage for record in transcribe(open_path(FORMS, cluster_sandbox), engine, PageSelection())]
    assert all(each is not None and each.generations for each in usage)  # counted for the page that it is about


def test_killed_engine_actors_do_not_change_the_results(
    engine: Engine, cluster_sandbox: ClusterSandbox, local_engine: Engine, local_sandbox: Sandbox
) -> None:
    expected = compared(run(ocr, local_engine, local_sandbox))
    before = len(MESSAGES)
    for do in (lambda: kill_actors("EngineActor", 2), int):
        assert compared(run(ocr, engine, cluster_sandbox, do)) == expected
    # An actor that had nothing to do when it was killed is missed only when it is called.
    assert 1 <= len(MESSAGES[before:]) <= 2
    assert all("died" in line for line in MESSAGES[before:])


def test_without_a_gpu_the_built_in_engine_is_selected_unless_a_model_is_named(cluster: Cluster) -> None:
    selection = cluster.select_engine(EngineRequest())
    assert (selection.name, selection.reason) == ("builtin", "the cluster has no GPU")
    with pytest.raises((MissingError, CheckpointError), match="a machine of the cluster"):
        cluster.select_engine(EngineRequest(model=str(POCKET)))


def test_error_names_the_machine_that_lacks_a_file(
    cluster_sandbox: ClusterSandbox,
) -> None:
    with FORMS.open("rb") as file:
        # A path that does not exist in other processes, like a path that does not exist on other machines.
        descriptor = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD, 900)
    try:
        path = Path(f"/proc/self/fd/{descriptor}")
        source, request = Source(path, "forms.pdf", Path("forms.pdf")), OpenRequest(path)
        message = f"does not exist on {socket.gethostname()}, a machine of the cluster"
        with pytest.raises(InputError, match=message) as caught:
            Document(source, request, cluster_sandbox)
        assert str(path) in (caught.value.hint or "")
    finally:
        os.close(descriptor)


def test_missing_file_is_the_same_error_as_on_one_machine(cluster_sandbox: ClusterSandbox, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_path(tmp_path / "gone.pdf", cluster_sandbox)
