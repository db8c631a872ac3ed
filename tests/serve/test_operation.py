"""What operators and new users look at: metrics, and the page that describes the server."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from serving import RunningServer
from waiting import wait_until

FORM = Path(__file__).parents[2] / "samples" / "pocket" / "form-1.png"


def figures(client: httpx2.Client) -> dict[str, float]:
    """The values of all samples, by name with labels."""
    text = client.get("/metrics").text
    return {
        f"{sample.name} {' '.join(sorted(sample.labels.values()))}".strip(): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_requests_pages_and_memory(client: httpx2.Client, bill: Path) -> None:
    client.get("/v1/nothing/17")
    client.post("/v1/ocr", files={"file": b"no document"})
    before = figures(client)
    assert client.post("/v1/ocr", files={"file": bill.read_bytes()}).status_code == 200
    after = figures(client)
    rise = {name: value - before.get(name, 0) for name, value in after.items()}
    assert rise["cogdoc_requests_total /v1/ocr 200 POST"] == rise["cogdoc_request_seconds_count /v1/ocr"] == 1
    assert rise["cogdoc_records_total done ocr"] == 2
    assert rise["cogdoc_uploaded_bytes_total"] == bill.stat().st_size
    assert before["cogdoc_requests_total /v1/ocr 415 POST"] >= 1
    assert before["cogdoc_requests_total 404 GET other"] >= 1
    assert after["process_resident_memory_bytes"] > 1 << 20
    wait_until(lambda: idle(figures(client)), "a reply can arrive just before its place is given back")


def idle(values: dict[str, float]) -> bool:
    return not any(values[f"cogdoc_{name}"] for name in ("running", "waiting", "jobs_open"))


def test_the_page_shows_every_route_and_loads_nothing_from_elsewhere(client: httpx2.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert re.findall(r"<(?:script|link|img|iframe)|@import|url\(", page.text) == []
    schema = client.get("/openapi.json").json()
    for path in schema["paths"]:
        assert path in page.text
    assert {"/v1/ask", "/v1/ocr", "/v1/chart", "/v1/jobs", "/v1/chat/completions", "/v1/models"} <= set(schema["paths"])
    answer = schema["paths"]["/v1/ask"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer["$ref"].endswith("/AskResult"), "the published records"


def test_the_examples_on_the_page_work(
    server: RunningServer, client: httpx2.Client, bill: Path, tmp_path: Path
) -> None:
    shutil.copy(bill, tmp_path / "bill.pdf")
    shutil.copy(FORM, tmp_path / "form.png")
    commands = list(map(unescape, re.findall(r"<pre><code>(.*?)</code></pre>", client.get("/docs").text, re.DOTALL)))
    assert len(commands) >= 9
    for command in commands:
        assert server.url in command
        ended = subprocess.run(
            ["bash", "-c", f"{command} -sS --fail-with-body"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, (command[:200], ended.stdout, ended.stderr)
