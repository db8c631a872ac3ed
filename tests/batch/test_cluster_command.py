"""The whole command line on a cluster: same output, same record, and no messages of Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pdfs import save_pdf

pytest.importorskip("ray", reason="the extra cogdoc[ray] is not installed")

from small_cluster import add_machine, kill_machine, start_cluster

# A cluster takes seconds to start, and memory: one process of the tests has all of them.
pytestmark = pytest.mark.slow

PAGES = 12


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    with start_cluster(head_cpus=1) as started:
        add_machine(started, cpus=1)
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files of several pages, and a damaged one."""
    folder = tmp_path_factory.mktemp("in")
    for name in ("a", "b", "c"):
        save_pdf(folder / f"{name}.pdf", *(f"{name}, page {page + 1}" for page in range(PAGES)))
    (folder / "damaged.pdf").write_bytes(b"%PDF-1.7 and no more")
    return folder


def start(*words: str | Path) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COGDOC_")}
    command = [sys.executable, "-m", "cogdoc", *map(str, words), "--engine", "builtin"]
    return subprocess.Popen(command, env=kept, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def results(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.pdf.*")}


def outcomes(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / ".cogdoc" / "record.jsonl").read_text().splitlines()
    files = [record for line in lines if "fate" in (record := json.loads(line))]
    return [(json.dumps(record.get("source")), record["fate"]) for record in files]


def test_killed_machine_changes_neither_output_nor_record(machines: Any, folder: Path, tmp_path: Path) -> None:
    with start("ocr", folder, "--out", "md,html", "--to", tmp_path / "local") as local:
        _, local_err = local.communicate()
    formats = ("--out", "md,html")
    with start("ocr", folder, *formats, "--to", tmp_path / "cluster", "--cluster", machines.address) as on_cluster:
        while not results(tmp_path / "cluster"):
            assert on_cluster.poll() is None
            time.sleep(0.05)
        (second,) = machines.worker_nodes
        kill_machine(machines, second)
        out, err = on_cluster.communicate()
    assert (on_cluster.returncode, local.returncode, out) == (1, 1, "")
    assert results(tmp_path / "cluster") == results(tmp_path / "local")
    assert len(results(tmp_path / "cluster")) == 6
    assert outcomes(tmp_path / "cluster") == outcomes(tmp_path / "local")
    assert len(outcomes(tmp_path / "local")) == 4
    messages = [line for line in err.splitlines() if "died; its page is read again" not in line]
    assert messages[:-1] == local_err.splitlines()[:-1], "but for the seconds in the summary"


def test_address_without_a_cluster_is_one_line(folder: Path) -> None:
    with start("ocr", folder, "--cluster", "127.0.0.1:1") as ended:
        out, err = ended.communicate()
    assert (ended.returncode, out) == (7, "")
    assert err.splitlines()[0] == "cogdoc: --cluster: no Ray cluster at 127.0.0.1:1: Connection refused"
