"""Two hundred clients at once: every one gets its answer, and the queue is empty afterwards."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import httpx2
import pytest
from serving import RunningServer
from waiting import wait_until

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
pytestmark = pytest.mark.slow

CLIENTS = 200


def test_two_hundred_requests_at_once_are_all_answered(model_server: RunningServer) -> None:
    bodies = []
    for name, media_type in (("form-1.png", "png"), ("form-2.png", "png"), ("form-3.jpg", "jpeg")):
        url = f"data:image/{media_type};base64,{base64.b64encode((POCKET / name).read_bytes()).decode()}"
        parts = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What is the total?"}]
        messages = [{"role": "user", "content": parts}]
        bodies.append({"model": "model", "messages": messages, "template": "vqa", "max_tokens": 16})

    async def ask_all(url: str) -> tuple[list[str], list[str]]:
        limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=0)
        async with httpx2.AsyncClient(base_url=url, timeout=120, limits=limits) as client:

            async def ask(number: int) -> str:
                reply = await client.post("/v1/chat/completions", json=bodies[number % len(bodies)])
                assert reply.status_code == 200, reply.text
                return str(reply.json()["choices"][0]["message"]["content"])

            alone = [await ask(number) for number in range(len(bodies))]
            return alone, list(await asyncio.gather(*map(ask, range(CLIENTS))))

    alone, together = asyncio.run(ask_all(model_server.url))
    with model_server.client() as client:
        wait_until(lambda: idle(client), "a place is not given back")
    assert alone[0] == "84.04"
    # Rounding in batches may change an unsure token.
    assert sum(reply == alone[number % len(bodies)] for number, reply in enumerate(together)) >= CLIENTS * 0.95


def idle(client: httpx2.Client) -> bool:
    ready = client.get("/readyz").json()
    return (ready["running"], ready["waiting"]) == (0, 0)
