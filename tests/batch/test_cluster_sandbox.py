"""Work on a cluster gives the results of one machine, even if actors and machines die."""

from __future__ import annotations

import http.server
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cluster_functions import add, die, nap, nap_between, refuse
from sent_functions import SentFunction
from small_pdfs import save_pdf
from waiting import wait_until

pytest.importorskip("ray", reason="the extra cogdoc[ray] is not installed")

from small_cluster import add_machine, kill_actors, kill_machine, start_cluster

from cogdoc.batch.cluster.cluster_sandbox import ClusterSandbox
from cogdoc.batch.cluster.connection import Cluster, connect
from cogdoc.batch.document_threads import OpenOptions, Work, run_sources
from cogdoc.documents.document import Document, open_path, read_facts
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.remote import RemoteFile
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.documents.searchable_pdf.pdf_file import searchable_pdf
from cogdoc.documents.sources import expand_sources
from cogdoc.documents.workers import Workers
from cogdoc.engines.builtin.engine import BuiltinEngine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import DamagedError, EncryptedError, ExitCode, InputError, MissingError, ResourceError, UsageError
from cogdoc.parsing.page import Page
from cogdoc.results.records import EngineInfo, PageRecord
from cogdoc.tasks.describe import describe_page, describe_source
from cogdoc.tasks.lookahead import look_ahead
from cogdoc.tasks.ocr import transcribe

# A cluster takes seconds to start, and memory: one process of the tests has all of them.
pytestmark = pytest.mark.slow

BUILTIN = EngineRequest("builtin")
ADD, NAP, NAP_BETWEEN, DIE, REFUSE = (
    SentFunction(function, relays=1) for function in (add, nap, nap_between, die, refuse)
)
SIGINT_HANDLER = signal.getsignal(signal.SIGINT)
"""Python's own, or none if the tests run in the background of a script."""
MESSAGES: list[str] = []


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """A cluster of two machines with one CPU each."""
    with start_cluster(head_cpus=1) as started:
        add_machine(started, cpus=1)
        yield started


@pytest.fixture(scope="module")
def cluster(machines: Any) -> Iterator[Cluster]:
    before = signal.signal(signal.SIGTERM, on_sigterm)
    with connect(machines.address, MESSAGES.append) as connected:
        yield connected
    signal.signal(signal.SIGTERM, before)


def on_sigterm(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def cluster_sandbox(cluster: Cluster) -> Iterator[ClusterSandbox]:
    sandbox = cluster.sandbox(cluster.select_engine(BUILTIN), timeout=60)
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """Files of several pages, scans and a chart; a damaged and an encrypted file between them."""
    folder = tmp_path_factory.mktemp("cluster")
    for number in (1, 2, 3):
        write_pdf(folder / f"{number}.pdf", pages=number)
    (folder / "4.pdf").write_bytes(b"%PDF-1.7 and no more")
    for name in ("receipt.jpg", "encrypted.pdf"):
        (folder / name).symlink_to(samples / name)
    return folder


@pytest.fixture(scope="module")
def many_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    for name in ("a", "b", "c"):
        write_pdf(folder / f"{name}.pdf", pages=100)
    return folder


@pytest.fixture(scope="module")
def expected(many_pages: Path) -> str:
    """The results of one machine."""
    with Sandbox() as local:
        return run(local, read_page_text, many_pages)


def write_pdf(path: Path, pages: int) -> None:
    save_pdf(path, *(f"{path.stem}, page {page + 1}\nSome words of it." for page in range(pages)))


def read_page_text(document: Document) -> Iterator[PageRecord]:
    """Yield the text of the pages without their layout, which is quick."""
    pages = (Page(document, number) for number in document.page_numbers(PageSelection()))
    for page in look_ahead(pages, 2 * document.sandbox.jobs, Page.request_text):
        words = page.text()
        info = EngineInfo(name="words", version="0")
        yield PageRecord(source=describe_source(document), engine=info, page=describe_page(words), text=words.text)


def read_all(document: Document) -> Iterator[PageRecord]:
    return transcribe(document, BuiltinEngine(), PageSelection())


def run(sandbox: Workers, work: Work[PageRecord], *places: Path, after: int = 0, do: Callable[[], object] = int) -> str:
    """Everything that a run yields, without timings; `do` is called after page `after`."""
    lines = []
    pages = 0
    for source in run_sources(expand_sources(map(str, places)), OpenOptions(), work, sandbox):
        lines.append(source.wait_until_open().model_dump_json())
        for record in source.results():
            lines.append(record.model_copy(update={"timings": {}}).model_dump_json())
            pages += 1
            if pages == after:
                do()
        lines.append(f"{type(source.error).__name__}: {source.error} ({getattr(source.error, 'hint', None)})")
    return "\n".join(lines)


def test_machine_with_another_version_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.batch.cluster.cluster_sandbox.version", lambda _: "0.0")
    with pytest.raises(MissingError, match=r"has cogdoc .* and not 0\.0"):
        cluster.sandbox(cluster.select_engine(BUILTIN))
    MESSAGES.clear()


def test_results_equal_those_of_one_machine_byte_for_byte(cluster_sandbox: ClusterSandbox, folder: Path) -> None:
    gone = folder / "gone.pdf"
    with Sandbox(jobs=2) as local:
        expected = run(local, read_all, folder, gone)
    assert run(cluster_sandbox, read_all, folder, gone) == expected
    assert "3, page 3" in expected
    assert "DamagedError" in expected
    assert "EncryptedError" in expected


def test_there_is_an_actor_for_each_cpu(cluster: Cluster, cluster_sandbox: ClusterSandbox) -> None:
    assert (cluster.machines, cluster.cpus, cluster.gpus) == (2, 2, 0)
    assert cluster_sandbox.jobs == 2

    def at_the_same_time() -> bool:
        naps = [cluster_sandbox.submit(NAP_BETWEEN, 1.0) for _ in range(2)]
        begins, ends = zip(*(nap.result() for nap in naps), strict=True)
        return max(begins) < min(ends)

    # A busy machine may start one when the other has ended, though two actors are there; a single actor always does.
    wait_until(at_the_same_time)


@pytest.mark.usefixtures("cluster_sandbox")
def test_cluster_without_room_is_an_error_after_a_while(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.batch.cluster.pool.NOTICE_SECONDS", 0.5)
    monkeypatch.setattr("cogdoc.batch.cluster.pool.NO_ACTOR_SECONDS", 2.0)
    with pytest.raises(ResourceError, match=r"no machine of the cluster has had room for 2 s .workers of one CPU each"):
        cluster.sandbox(cluster.select_engine(BUILTIN), jobs=1)
    assert MESSAGES == ["waiting for the cluster to have room for workers of one CPU each"]
    MESSAGES.clear()


def test_crash_of_a_child_process_fails_only_its_call(cluster_sandbox: ClusterSandbox) -> None:
    with pytest.raises(DamagedError, match=r"crashed .signal 11"):
        cluster_sandbox.run(DIE, signal.SIGSEGV)
    assert cluster_sandbox.run(ADD, 2, 3) == 5
    assert MESSAGES == []


def test_errors_keep_their_message_and_hint(cluster_sandbox: ClusterSandbox) -> None:
    with pytest.raises(EncryptedError) as caught:
        cluster_sandbox.run(REFUSE)
    assert (caught.value.message, caught.value.hint) == ("the message", "the hint")


def test_calls_whose_results_are_awaited_run_first(cluster_sandbox: ClusterSandbox) -> None:
    ahead = [cluster_sandbox.submit(NAP, 0.1) for _ in range(20)]
    assert cluster_sandbox.run(ADD, 2, 3) == 5
    assert sum(each.done() for each in ahead) <= 4 * cluster_sandbox.jobs, "before those that nobody has asked for"
    time.sleep(2.0)
    assert sum(each.done() for each in ahead) <= 4 * cluster_sandbox.jobs, "nobody has asked for them yet"
    assert [each.result() for each in ahead] == ["rested"] * 20


def test_remote_file_is_fetched_by_the_machine_that_reads_it(cluster_sandbox: ClusterSandbox, many_pages: Path) -> None:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(many_pages))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        elsewhere = Path("/nowhere/a.pdf")
        opened = OpenRequest(elsewhere, remote=RemoteFile(f"{address}/a.pdf", Path("a.pdf")))
        assert [cluster_sandbox.submit(read_facts, opened).result().page_count for _ in range(4)] == [100] * 4
        gone = OpenRequest(elsewhere, remote=RemoteFile(f"{address}/gone.pdf", Path("gone.pdf")))
        with pytest.raises(InputError, match="no such file"):
            cluster_sandbox.run(read_facts, gone)
        server.shutdown()


def test_a_searchable_pdf_file_is_that_of_one_machine(cluster_sandbox: ClusterSandbox, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    write_pdf(path, pages=2)
    layers = {2: draw_layer(2, (595, 842), [[PlacedWord("Added", (50, 300), (40, 0), 12)]])}
    written = []
    with Sandbox() as local:
        for workers in (cluster_sandbox, local):
            with searchable_pdf(open_path(path, workers), layers) as file:
                written.append(file.read())
    assert written[0] == written[1]
    assert written[0].startswith(path.read_bytes())


def test_killed_parsing_actor_does_not_change_the_results(
    cluster_sandbox: ClusterSandbox, many_pages: Path, expected: str
) -> None:
    before = len(MESSAGES)
    killed = run(cluster_sandbox, read_page_text, many_pages, after=20, do=lambda: kill_actors("ParsingActor", 1))
    assert killed == expected
    assert [line.endswith("died; its page is read again") for line in MESSAGES[before:]] == [True]


def test_killed_machine_does_not_change_the_results(
    machines: Any, cluster_sandbox: ClusterSandbox, many_pages: Path, expected: str
) -> None:
    before = len(MESSAGES)
    (second,) = machines.worker_nodes
    killed = run(cluster_sandbox, read_page_text, many_pages, after=20, do=lambda: kill_machine(machines, second))
    assert killed == expected
    assert [line.endswith("died; its page is read again") for line in MESSAGES[before:]] == [True]


def test_signal_handlers_of_the_driver_are_kept(cluster: Cluster) -> None:  # noqa: ARG001  connected
    assert signal.getsignal(signal.SIGINT) is SIGINT_HANDLER
    assert signal.getsignal(signal.SIGTERM) is on_sigterm


def test_wrong_addresses_are_clear_errors() -> None:
    with pytest.raises(UsageError, match="not an address"), connect("nonsense", print):
        pass
    refused = pytest.raises(ResourceError, match=r"no Ray cluster at 127\.0\.0\.1:1: Connection refused")
    with refused as caught, connect("127.0.0.1:1", print):
        pass
    assert caught.value.exit_code is ExitCode.RESOURCES


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingError, match="not installed") as caught, connect("auto", print):
        pass
    assert (caught.value.exit_code, caught.value.hint) == (ExitCode.MISSING, 'pip install "cogdoc[ray]"')


def test_ray_is_loaded_only_for_a_cluster() -> None:
    names = "cogdoc.cli.app, cogdoc.batch.document_threads"
    code = f"import sys, {names}; print({{'ray', 'fsspec', 's3fs', 'aiohttp'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
