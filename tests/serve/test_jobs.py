"""Jobs: progress, results, cancelling, and that neither kill -9 nor a restart loses one."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from running import Cogdoc
from serving import running_server
from small_pdfs import save_pdf
from waiting import wait_until

BUILTIN = ("--engine", "builtin", "--jobs", "1")


def start(client: httpx2.Client, file: Path, task: str = "ocr", **fields: Any) -> dict[str, Any]:
    reply = client.post("/v1/jobs", files={"file": (file.name, file.read_bytes())}, data={"task": task, **fields})
    assert reply.status_code == 202, reply.text
    job: dict[str, Any] = reply.json()
    assert reply.headers["location"] == f"/v1/jobs/{job['id']}"
    return job


def wait(client: httpx2.Client, job: dict[str, Any], until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not until(found := client.get(f"/v1/jobs/{job['id']}").json()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return dict(found)


def ended(job: dict[str, Any]) -> bool:
    return job["status"] in ("done", "failed", "cancelled")


def pages_of(client: httpx2.Client, job: dict[str, Any]) -> list[int]:
    result = client.get(f"/v1/jobs/{job['id']}/result").json()
    return [record["page"]["number"] for record in result["records"]]


def test_a_job_gives_what_a_request_gives(client: httpx2.Client, bill: Path) -> None:
    job = start(client, bill)
    assert (job["task"], job["document"], job["error"]) == ("ocr", "bill.pdf", None)
    done = wait(client, job, ended)
    assert (done["status"], done["progress"]) == ("done", {"done": 2, "total": 2})
    now = client.post("/v1/ocr", files={"file": (bill.name, bill.read_bytes())}, data={"out": "md"})
    assert client.get(f"/v1/jobs/{job['id']}/result", params={"out": "md"}).text == now.text
    assert pages_of(client, job) == [1, 2]
    assert job["id"] in [each["id"] for each in client.get("/v1/jobs").json()["data"]]
    assert client.delete(f"/v1/jobs/{job['id']}").json()["deleted"] is True
    assert client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_questions_and_options_are_kept(client: httpx2.Client, bill: Path) -> None:
    job = start(client, bill, "ask", question=["What is the total due?", "Invoice number?"], pages="1", top_pages="1")
    wait(client, job, ended)
    records = client.get(f"/v1/jobs/{job['id']}/result").json()["records"]
    assert [record["answer"]["text"] for record in records] == ["$98.76", "A-1047"]


def test_fields_of_a_job_are_kept(client: httpx2.Client, bill: Path) -> None:
    job = start(client, bill, "extract", fields="invoice number, due:choice(now, later)")
    assert wait(client, job, ended)["status"] == "done"
    (record,) = client.get(f"/v1/jobs/{job['id']}/result").json()["records"]
    assert record["values"] == {"invoice number": "A-1047", "due": None}
    refused = client.post("/v1/jobs", files={"file": ("a.pdf", b"")}, data={"task": "extract"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "fields")


def test_a_job_that_cannot_be_done_says_why(client: httpx2.Client, tmp_path: Path) -> None:
    file = tmp_path / "note.pdf"
    file.write_text("just text")
    job = wait(client, start(client, file), ended)
    assert (job["status"], job["error"]["kind"]) == ("failed", "unsupported")
    assert client.get(f"/v1/jobs/{job['id']}/result").json()["error"]["kind"] == "unsupported"


def test_records_come_as_events_and_again_from_the_last_one_on(client: httpx2.Client, bill: Path) -> None:
    job = start(client, bill)
    seen: list[tuple[str, str]] = []
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as events:
        for block in "".join(events.iter_text()).split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines())
            if fields:
                seen.append((fields["event"], fields.get("id", "")))
    assert [entry for entry in seen if entry[0] == "record"] == [("record", "0"), ("record", "1")]
    assert seen[-2:] == [("job", ""), ("end", "")]
    again = client.get(f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": "0"}).text
    assert again.count("event: record") == 1
    assert "id: 1\n" in again


def test_a_job_can_be_cancelled(client: httpx2.Client, long_pdf: Path) -> None:
    running, queued = (start(client, long_pdf) for _ in range(2))
    wait(client, running, lambda job: job["progress"]["done"] > 0)
    assert client.get(f"/v1/jobs/{queued['id']}/result").status_code == 409
    for job in (queued, running):
        assert client.delete(f"/v1/jobs/{job['id']}").json()["status"] == "cancelled"
    wait_until(lambda: not client.get("/readyz").json()["running"])
    found = client.get(f"/v1/jobs/{running['id']}").json()
    assert (found["status"], found["progress"]["done"] < 400) == ("cancelled", True)
    assert 0 < len(pages_of(client, running)) < 400, "what it had is kept"


def test_jobs_belong_to_the_key_that_started_them(bill: Path, tmp_path: Path) -> None:
    alice, bob = "a" * 32, "b" * 32
    keys = tmp_path / "keys"
    keys.write_text(f"{alice} alice\n{bob} bob\n", encoding="utf-8")
    with running_server(*BUILTIN, "--keys-file", keys) as server:
        clients = [server.client(headers={"Authorization": f"Bearer {key}"}) for key in (alice, bob)]
        with clients[0] as mine, clients[1] as other:
            job = start(mine, bill)
            assert other.get("/v1/jobs").json()["data"] == []
            for method, path in (("GET", ""), ("GET", "/result"), ("GET", "/events"), ("DELETE", "")):
                assert other.request(method, f"/v1/jobs/{job['id']}{path}").status_code == 404
            assert wait(mine, job, ended)["status"] == "done"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_job_is_lost_when_the_server_ends(number: int, bill: Path, tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    pages = [f"Page {page}\nof a document" for page in range(1, 13)]
    long = save_pdf(tmp_path / "long.pdf", *pages)
    options = (*BUILTIN, "--jobs-folder", folder)
    with running_server(*options) as server, server.client() as client:
        finished = start(client, bill)
        wait(client, finished, ended)
        running, queued, asked = start(client, long), start(client, bill), start(client, bill, "ask", question="Total?")
        wait(client, running, lambda job: job["progress"]["done"] > 1)
        server.process.send_signal(number)
        assert server.process.wait(timeout=60) == (0 if number == signal.SIGTERM else -number)
    with running_server(*options) as server, server.client() as client:
        for job, items in ((finished, 2), (running, 12), (queued, 2), (asked, 1)):
            done = wait(client, job, ended)
            assert (done["status"], done["progress"]) == ("done", {"done": items, "total": items})
        assert pages_of(client, running) == list(range(1, 13))
        assert pages_of(client, finished) == pages_of(client, queued) == [1, 2]
    assert list((folder / "documents").iterdir()) == [], "documents are deleted after the job"


def test_only_this_user_can_read_what_jobs_keep(bill: Path, tmp_path: Path) -> None:
    folder = tmp_path / "jobs"
    with running_server(*BUILTIN, "--jobs-folder", folder) as server, server.client() as client:
        job = start(client, bill, password="a secret of the file")
        wait(client, job, ended)
        assert [path.stat().st_mode & 0o77 for path in (folder, folder / "documents")] == [0, 0]
        contents = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
        assert json.dumps(job["document"]).encode()[1:-1] in contents
    assert b"a secret of the file" not in (folder / "jobs.sqlite").read_bytes()


def test_two_servers_do_not_share_a_folder(cogdoc: Cogdoc, tmp_path: Path) -> None:
    with running_server(*BUILTIN, "--jobs-folder", tmp_path / "jobs"):
        refused = cogdoc("serve", *BUILTIN, "--port", "0", "--jobs-folder", tmp_path / "jobs")
    assert (refused.code, "another server keeps its jobs there" in refused.err) == (5, True)
