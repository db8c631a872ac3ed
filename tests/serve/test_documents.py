"""Documents by upload: the results are those of the command line, in its formats, and failures say why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from running import Cogdoc

from cogdoc.results.json_schema import json_schema

SAMPLES = Path(__file__).parents[2] / "samples"


def post(
    client: httpx2.Client, task: str, file: Path | bytes, name: str = "bill.pdf", **fields: Any
) -> httpx2.Response:
    content = file if isinstance(file, bytes) else file.read_bytes()
    return client.post(f"/v1/{task}", files={"file": (name, content)}, data=fields)


def events_of(response: httpx2.Response) -> list[tuple[str, Any]]:
    events = []
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            events.append((lines.get("event", "message"), json.loads(lines["data"])))
    return events


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    records = [{**record, "timings": {}, "source": {}} for record in result["records"]]
    return {**result, "records": records, "source": {}}


def test_health_and_readiness_name_the_engine(client: httpx2.Client) -> None:
    assert client.get("/healthz").json()["status"] == "ok"
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"], ready.json()["model"]) == (200, "ready", "builtin")


def test_results_are_those_of_the_command_line(client: httpx2.Client, cogdoc: Cogdoc, bill: Path) -> None:
    questions = ["What is the total due?", "Which invoice number is it?"]
    asked = post(client, "ask", bill, question=questions)
    assert asked.headers["content-type"] == "application/json"
    jsonschema.validate(asked.json(), json_schema())
    assert [record["answer"]["text"] for record in asked.json()["records"]] == ["$98.76", "A-1047"]
    assert asked.json()["source"]["path"] == "bill.pdf"
    options = [part for question in questions for part in ("-q", question)]
    local = cogdoc("ask", bill, *options, "--engine", "builtin", "--out", "json")
    assert without_times(asked.json()) == without_times(json.loads(local.out))


def test_doubtful_answers_are_withheld(client: httpx2.Client, bill: Path) -> None:
    asked = post(client, "ask", bill, question="What is the total due?", min_confidence="1")
    answer = asked.json()["records"][0]["answer"]
    assert (answer["found"], answer["text"], answer["confidence"]) == (False, None, None)
    assert answer["withheld"]["text"] == "$98.76"
    assert post(client, "ask", bill, question="What is the total due?", min_confidence="2").status_code in (400, 422)


def test_pages_are_read_in_the_formats_of_the_command_line(client: httpx2.Client, cogdoc: Cogdoc, bill: Path) -> None:
    for name in ("md", "text"):
        read = post(client, "ocr", bill, out=name)
        assert read.text == cogdoc("ocr", bill, "--engine", "builtin", "--out", name).out
    second = post(client, "ocr", bill, pages="2").json()
    jsonschema.validate(second, json_schema())
    assert [record["page"]["number"] for record in second["records"]] == [2]


def test_charts_are_read_as_tables(client: httpx2.Client) -> None:
    chart = next((SAMPLES / "charts").glob("*bar*.png"))
    read = post(client, "chart", chart, name=chart.name, question="Which category is the highest?")
    jsonschema.validate(read.json(), json_schema())
    (record,) = read.json()["records"]
    assert record["chart"]["series"]
    assert len(record["answers"]) == 1


def test_results_come_as_events_one_by_one(client: httpx2.Client, bill: Path) -> None:
    response = post(client, "ocr", bill, stream="true")
    assert response.headers["content-type"].startswith("text/event-stream")
    (first, source), *records, last = events_of(response)
    assert (first, source["items"], last) == ("source", [1, 2], ("end", {}))
    assert [(name, record["page"]["number"]) for name, record in records] == [("record", 1), ("record", 2)]


def test_a_password_opens_an_encrypted_document(client: httpx2.Client) -> None:
    locked = SAMPLES / "encrypted.pdf"
    refused = post(client, "ocr", locked)
    assert (refused.status_code, refused.json()["error"]["exit_code"]) == (422, 8)
    assert post(client, "ocr", locked, password="wrong").json()["error"]["kind"] == "encrypted"


@pytest.mark.parametrize(
    ("content", "fields", "status", "exit_code", "message"),
    [
        (b"just text", {}, 415, 4, "not a document that cogdoc reads: it is plain text"),
        (b"", {}, 422, 4, "the uploaded file is empty"),
        (b"%PDF-1.7 nothing follows", {}, 422, 4, "broken PDF file"),
        (None, {"pages": "0"}, 400, 2, "--pages: pages are counted from 1"),
        (None, {"pages": "7"}, 400, 2, "page 7 is out of range: the document has 2 pages"),
        (None, {"temperature": "0.5"}, 400, 2, "--temperature is for the engine cogvlm2"),
        (None, {"temperature": "hot"}, 400, 2, "temperature"),
        (None, {"out": "pdf"}, 400, 2, "out"),
        (None, {"out": "csv"}, 400, 2, "out: ocr cannot be written as csv"),
        (None, {"language": "deu"}, 400, 2, "--language"),
    ],
)
def test_failures_say_why_with_the_exit_code_of_the_command_line(
    client: httpx2.Client,
    bill: Path,
    content: bytes | None,
    fields: dict[str, str],
    status: int,
    exit_code: int,
    message: str,
) -> None:
    response = post(client, "ocr", bill if content is None else content, **fields)
    error = response.json()["error"]
    assert (response.status_code, error["exit_code"]) == (status, exit_code)
    assert message in error["message"]


def test_a_failure_while_results_stream_is_an_event(client: httpx2.Client) -> None:
    ((name, body),) = events_of(post(client, "ocr", b"just text", stream="true"))
    assert (name, body["error"]["kind"]) == ("error", "unsupported")


def test_names_of_uploads_are_only_shown(client: httpx2.Client, bill: Path) -> None:
    shown = {
        "../../etc/passwd": "passwd",
        "C:\\temp\\bill.pdf": "bill.pdf",
        "/abs/bill.pdf": "bill.pdf",
        "..": "upload",
    }
    for name, expected in shown.items():
        assert post(client, "ocr", bill, name=name, pages="2").json()["source"]["path"] == expected


def test_what_does_not_exist_is_said_as_json(client: httpx2.Client) -> None:
    assert client.get("/v1/nothing").json()["error"]["type"] == "not_found_error"
    assert client.get("/v1/ocr").status_code == 405
    assert client.post("/v1/ocr").json()["error"]["param"] == "file"
    assert client.post("/v1/ask", files={"file": b"x"}, data={"question": " "}).json()["error"]["param"] == "question"


def test_fields_are_those_of_the_command_line(client: httpx2.Client, cogdoc: Cogdoc, bill: Path) -> None:
    fields = "invoice number, total due:money"
    found = post(client, "extract", bill, fields=fields)
    jsonschema.validate(found.json(), json_schema())
    assert found.json()["records"][0]["values"] == {"invoice number": "A-1047", "total due": 98.76}
    local = cogdoc("extract", bill, "--fields", fields, "--engine", "builtin", "--out", "json")
    assert without_times(found.json()) == without_times(json.loads(local.out))
    schema = {"type": "object", "properties": {"total due": {"type": "number"}}}
    by_schema = post(client, "extract", bill, schema=json.dumps(schema), out="csv")
    assert by_schema.text.splitlines()[1] == "bill.pdf,98.76,"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "fields: is empty"),
        ({"fields": "a", "preset": "auto"}, "fields: preset says what to find as well"),
        ({"fields": "total:mony"}, "fields: total: there is no type 'mony'"),
        ({"fields": "a", "schema": "{}"}, "fields: schema says what to find as well"),
        ({"schema": '{"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}}'}, "no patterns"),
        ({"fields": ",".join(f"f{index}" for index in range(300))}, "fields: more than 200 fields"),
    ],
)
def test_lists_of_fields_that_cannot_be_had_are_refused(
    client: httpx2.Client, bill: Path, fields: dict[str, str], message: str
) -> None:
    refused = post(client, "extract", bill, **fields)
    assert refused.status_code == 400
    assert message in refused.json()["error"]["message"]
