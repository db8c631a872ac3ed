"""A server of models: what it offers, and the connection on which it answers."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import httpx2
import openai
import pydantic

from cogdoc.engines.remote.address import ServerAddress
from cogdoc.engines.remote.event_loop import EventLoop
from cogdoc.engines.remote.failures import Asked, cut_short, explain_failure, not_the_protocol
from cogdoc.engines.remote.transport import CONNECT_SECONDS, open_transport
from cogdoc.errors import CogdocError, MissingError, ServerError, UsageError

RETRIES = 5
"""Of a request that a server refuses because it is busy or fails, with growing pauses: 12 to 16 s in all, or as long as
the server asks for."""

FIRST_RETRIES = 2
"""Before anything was read from the server: it may still be starting, or not be there."""

BROKEN_STREAMS = 2
"""How often an answer is asked for again if the connection ends in its middle."""

MAX_NAMED = 12
"""Models that a message lists."""

MALFORMED = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    pydantic.ValidationError,
    openai.APIResponseValidationError,
)
"""What the client and the reading of replies raise where a server sends something else than the protocol says."""


Body = Callable[[openai.APIStatusError | None], dict[str, Any] | None]
"""Gives the parameters of a request; after a refusal those to try next, or None to give up."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a server says about a model."""

    name: str
    context_tokens: int | None = None
    cogvlm2: CogVLM2Card | None = None
    """For CogVLM2 in another cogdoc."""


@dataclass(frozen=True, slots=True)
class CogVLM2Card:
    """What another cogdoc says about its CogVLM2, so that pages are drawn for it as they would be there."""

    image_size: int
    patch_grid: int
    image_tokens: int


class Server:
    """A connection to a server. Thread-safe; all waiting can be given up."""

    def __init__(self, address: ServerAddress, key: str | None, connections: int) -> None:
        self.address = address
        self._key = key
        self._loop = EventLoop()
        # Without limits of its own: each caller has one.
        self._http = httpx2.AsyncClient(
            transport=open_transport(address, key, connections),
            follow_redirects=False,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
        )
        # Any key, because the transport sends the right one or none; without it, OPENAI_API_KEY would be taken.
        self._client = openai.AsyncOpenAI(
            api_key="none", base_url=address.url, http_client=self._http, max_retries=FIRST_RETRIES, timeout=None
        )

    def asked(self, model: str = "") -> Asked:
        return Asked(self.address.url, model, self._key)

    def find_model(self, name: str | None, seconds: float) -> ModelCard:
        """The model of a name; without one, the only model there is.

        Raises:
            MissingError: the server does not have it.
            UsageError: the server has several models, or does not say which.
            ServerError, ConfigurationError: the server does not answer, or asks for another key.
        """
        cards = self._list(seconds, name)
        if cards is None:
            if name is None:
                raise UsageError(
                    f"--model: {self.address.url} does not say which models it has", "name one with --model"
                )
            return ModelCard(name)
        names = ", ".join(sorted(cards)[:MAX_NAMED]) + (", ..." if len(cards) > MAX_NAMED else "")
        if name is not None:
            # Ollama's names end with :latest if nothing else is said.
            card = cards.get(name) or cards.get(f"{name}:latest")
            if card is None:
                has = f"it has: {names}" if cards else "it has none"
                raise MissingError(f"--model: the server at {self.address.url} has no model {name!r}", has)
            return card
        if len(cards) != 1:
            has = f"it has: {names}" if cards else "it has no model"
            raise UsageError(f"--model: which model of {self.address.url}?", has)
        return next(iter(cards.values()))

    def _list(self, seconds: float, name: str | None) -> dict[str, ModelCard] | None:
        """The models by name; None if the server answers but lists none, as some do."""

        async def models() -> Mapping[str, Any]:
            async with asyncio.timeout(seconds):
                raw = await self._client.models.with_raw_response.list()
                answer = json.loads(raw.content)
                return answer if isinstance(answer, dict) else {}

        try:
            data = self._loop.submit(models()).result()
            return {str(entry["id"]): _card(entry) for entry in data["data"] or ()}
        except openai.NotFoundError:
            if name is not None:
                return None
            raise not_the_protocol(self.asked()) from None
        except openai.APIStatusError as error:
            if error.status_code in (405, 501):
                return None
            raise explain_failure(error, self.asked()) from None
        except TimeoutError:
            raise ServerError(f"the server at {self.address.url} does not answer within {seconds:g} s") from None
        except openai.OpenAIError as error:
            raise explain_failure(error, self.asked()) from None
        except MALFORMED:
            raise not_the_protocol(self.asked()) from None

    def ask(self, body: Body, put: Callable[[Mapping[str, Any] | None], None], *, patient: bool) -> Future[None]:
        """Ask for a chat completion. The future ends with the answer, or with a CogdocError; cancelling it gives up.

        Args:
            put: receives each chunk of the answer, or None where the answer begins anew.
            patient: whether to retry for a while if the server is not there.
        """
        return self._loop.submit(self._answer(body, put, RETRIES if patient else 0))

    async def _answer(self, body: Body, put: Callable[[Mapping[str, Any] | None], None], retries: int) -> None:
        client = self._client.with_options(max_retries=retries)
        parameters: dict[str, Any] | None = body(None)
        broken = 0
        while parameters is not None:
            asked = self.asked(str(parameters["model"]))
            try:
                complete = False
                async for chunk in _chunks(await client.chat.completions.create(**parameters)):
                    put(chunk)
                    complete = complete or _is_end(chunk)
                if complete:
                    return
                failure: CogdocError = cut_short(asked)
            except openai.APIStatusError as error:
                parameters = body(error)
                if parameters is None:
                    raise explain_failure(error, asked) from error
                continue
            except openai.OpenAIError as error:
                if not _is_cut(error):
                    raise explain_failure(error, asked) from error
                failure = cut_short(asked)
            except MALFORMED as error:
                raise not_the_protocol(asked) from error
            broken += 1
            if broken > BROKEN_STREAMS:
                raise failure
            put(None)
            await asyncio.sleep(2 ** (broken - 1) * random.uniform(0.5, 1.0))

    def close(self) -> None:
        """Give up what is asked, and refuse further questions."""
        self._loop.close(self._client.close())


async def _chunks(answer: Any) -> AsyncIterator[Mapping[str, Any]]:
    """The chunks of a streamed answer; the whole of one that is not streamed."""
    if not isinstance(answer, openai.AsyncStream):
        yield answer.model_dump(warnings=False)
        return
    if not answer.response.headers.get("content-type", "").startswith("text/event-stream"):
        # The server does not stream, and says so by the kind of its answer alone.
        yield json.loads(await answer.response.aread())
        return
    async for chunk in answer:
        yield chunk.model_dump(warnings=False)


def _is_end(chunk: Mapping[str, Any]) -> bool:
    return bool(chunk.get("choices")) and chunk["choices"][0].get("finish_reason") is not None


def _is_cut(error: openai.OpenAIError) -> bool:
    """Whether a connection ended in the middle of an answer."""
    cause = error.__cause__
    return isinstance(error, openai.APIConnectionError) and isinstance(
        cause, httpx2.RemoteProtocolError | httpx2.ReadError
    )


def _card(entry: Mapping[str, Any]) -> ModelCard:
    context = entry.get("max_model_len")
    own = entry.get("cogvlm2")
    return ModelCard(
        str(entry["id"]),
        context if isinstance(context, int) and context > 0 else None,
        CogVLM2Card(int(own["image_size"]), int(own["patch_grid"]), int(own["image_tokens"]))
        if isinstance(own, Mapping)
        else None,
    )
