"""Measures `cogdoc serve` with many clients: latency and throughput against one by one, requests lost, and memory.

    python -m benchmarks.serving [--model FOLDER] [--requests N] [--clients N]

The server is a process of its own; clients ask questions about pictures by OpenAI's protocol, each on a connection of
its own. Processor time is that of the server, from its own metrics, so that it counts on a noisy machine as well.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import re
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2

POCKET = Path(__file__).parents[1] / "samples" / "pocket"
PICTURES = ("form-1.png", "form-2.png")
QUESTIONS = ("What is the total?", "What is the date?", "Read the text.")
ALONE = 60
"""Requests one by one."""
STEPS = 10
"""How often memory is looked at."""
QUEUED = 2000


@dataclass(frozen=True, slots=True)
class Run:
    """What some requests gave."""

    seconds: float
    processor: float
    latencies: tuple[float, ...]
    failures: tuple[str, ...]
    replies: tuple[str, ...]
    """Sorted by the number of the request."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=Path, default=POCKET / "model")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=200)
    options = parser.parse_args()
    command = [sys.executable, "-m", "cogdoc", "serve", "--port", "0", "--model", str(options.model)]
    command += ["--max-waiting", str(QUEUED), "--sandbox", "auto", "--no-cache"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        lines = iter(server.stderr)
        started = next(found for line in lines if (found := re.search(r"serves (\S+) on (\S+)", line)))
        # What the server logs must not fill the pipe.
        log: deque[str] = deque(maxlen=20)
        threading.Thread(target=log.extend, args=(lines,), daemon=True).start()
        try:
            asyncio.run(_measure(started[2], started[1], options.requests, options.clients))
        except httpx2.ConnectError:
            sys.exit(f"the server ended with {server.wait()}: {''.join(log)}")
    finally:
        server.terminate()
        server.wait()


async def _measure(url: str, model: str, requests: int, clients: int) -> None:
    bodies = _bodies(model)
    async with _client(url, clients) as client:
        await _run(client, bodies, len(bodies), 1)  # what is loaded at the first request
        print("| | requests | lost | p50 | p90 | p99 | longest | requests a second | processor seconds a request |")
        print("|---|---|---|---|---|---|---|---|---|")
        alone = await _run(client, bodies, ALONE, 1)
        _show("one by one", alone)
        burst = await _run(client, bodies, clients, clients)
        _show(f"{clients} at once", burst)
        faster = (clients / burst.seconds) / (ALONE / alone.seconds)
        cheaper = (alone.processor / ALONE) / (burst.processor / clients)
        print(f"\nThroughput at once against one by one: {faster:.2f}; processor time a request: 1/{cheaper:.2f}.")
        different = sum(reply != alone.replies[index % len(bodies)] for index, reply in enumerate(burst.replies))
        print(f"Replies at once that differ from those one by one: {different} of {clients}.\n")
        print("| requests so far | memory of the server, MB | lost |")
        print("|---|---|---|")
        for step in range(STEPS):
            part = await _run(client, bodies, requests // STEPS, clients)
            memory = (await _figures(client))["process_resident_memory_bytes"]
            done = ALONE + clients + (step + 1) * (requests // STEPS)
            print(f"| {done} | {memory / 1e6:.0f} | {len(part.failures)} |", flush=True)


def _bodies(model: str) -> list[dict[str, object]]:
    bodies: list[dict[str, object]] = []
    for picture in PICTURES:
        url = f"data:image/png;base64,{base64.b64encode((POCKET / picture).read_bytes()).decode()}"
        for question in QUESTIONS:
            parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": question}]
            bodies.append({"model": model, "messages": [{"role": "user", "content": parts}], "max_tokens": 48})
    return bodies


def _client(url: str, connections: int) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=connections + 1, max_keepalive_connections=0)
    return httpx2.AsyncClient(base_url=url, timeout=None, limits=limits)


async def _run(client: httpx2.AsyncClient, bodies: Sequence[dict[str, object]], count: int, at_once: int) -> Run:
    latencies: list[float] = []
    failures: list[str] = []
    replies: dict[int, str] = {}
    slots = asyncio.Semaphore(at_once)

    async def ask(number: int) -> None:
        async with slots:
            started = time.monotonic()
            try:
                reply = await client.post("/v1/chat/completions", json=bodies[number % len(bodies)])
                replies[number] = reply.json()["choices"][0]["message"]["content"]
            except (httpx2.HTTPError, KeyError, ValueError) as error:
                failures.append(type(error).__name__)
                return
            latencies.append(time.monotonic() - started)

    before = (await _figures(client))["process_cpu_seconds_total"]
    started = time.monotonic()
    await asyncio.gather(*map(ask, range(count)))
    seconds = time.monotonic() - started
    processor = (await _figures(client))["process_cpu_seconds_total"] - before
    ordered = tuple(replies[number] for number in sorted(replies))
    return Run(seconds, processor, tuple(sorted(latencies)), tuple(failures), ordered)


async def _figures(client: httpx2.AsyncClient) -> dict[str, float]:
    text = (await client.get("/metrics")).text
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.e+]+)$", text, re.MULTILINE)}


def _show(name: str, run: Run) -> None:
    def at(share: float) -> str:
        return f"{run.latencies[min(len(run.latencies) - 1, int(share * len(run.latencies)))]:.2f} s"

    lost = ", ".join(f"{count} {kind}" for kind, count in Counter(run.failures).items()) or "0"
    count = len(run.latencies)
    cells = (at(0.5), at(0.9), at(0.99), at(1), f"{count / run.seconds:.1f}", f"{run.processor / max(1, count):.3f}")
    print(f"| {name} | {count} | {lost} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
