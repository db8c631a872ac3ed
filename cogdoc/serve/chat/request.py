"""The body of a chat completion: what is understood, what is refused, and what it comes down to."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from cogdoc.engines.generation import MAX_SEED, MAX_TEMPERATURE, MAX_TOKENS
from cogdoc.engines.vision.vision_model import Sampling, Turn
from cogdoc.serve.chat.reply_schema import ReplySchema
from cogdoc.serve.error_replies import RequestError

DEFAULT_TOKENS = 1024
MAX_CHOICES = 16
MAX_STOPS = 4

EXAMPLE: JsonDict = {
    "model": "cogvlm2",
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is the total?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo..."}},
            ],
        }
    ],
    "max_tokens": 128,
    "stream": False,
}


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _ImageURL(_Body):
    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class _Part(_Body):
    type: Literal["text", "image_url"]
    text: str | None = None
    image_url: _ImageURL | None = None


class Message(BaseModel):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part] | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.text)
        return self.content or ""

    @property
    def pictures(self) -> tuple[str, ...]:
        parts = self.content if isinstance(self.content, list) else ()
        return tuple(part.image_url.url for part in parts if part.image_url is not None)


class _StreamOptions(_Body):
    include_usage: bool = False
    include_obfuscation: bool = False


class _ResponseFormat(BaseModel):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class ChatBody(_Body):
    """The parameters of OpenAI's chat completions. Those that would change the reply and cannot are refused."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [EXAMPLE]})

    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=1000)]
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)] | None = None
    temperature: Annotated[float, Field(ge=0, le=MAX_TEMPERATURE)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    n: Annotated[int, Field(ge=1, le=MAX_CHOICES)] | None = 1
    seed: int | None = None
    stop: str | Annotated[list[str], Field(max_length=MAX_STOPS)] | None = None
    stream: bool | None = False
    stream_options: _StreamOptions | None = None
    logprobs: bool | None = False
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    response_format: _ResponseFormat | None = None
    template: Annotated[
        Literal["base", "chat", "vqa"] | None, Field(description="CogVLM2's prompt template; of cogdoc, not of OpenAI.")
    ] = None
    # Without effect on the reply:
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    parallel_tool_calls: bool | None = None
    # Only with the values that change nothing:
    presence_penalty: float | None = 0
    frequency_penalty: float | None = 0
    logit_bias: dict[str, float] | None = None
    tools: list[Any] | None = None
    tool_choice: Any = None


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A checked request."""

    question: str
    """With what the system says."""
    last_message: str
    """The user's question alone."""
    history: tuple[Turn, ...]
    picture: str
    """Its URL."""
    choices: int
    max_new_tokens: int
    sampling: Sampling
    stop: tuple[str, ...]
    logprobs: bool
    schema: ReplySchema | None
    template: str | None
    is_bare: bool
    """Whether nothing was asked for that needs a model's generation."""


def parse_call(body: ChatBody) -> ChatCall:
    """
    Raises:
        RequestError: the request asks for something that cannot be had.
    """
    _refuse_unsupported(body)
    question, history = _conversation(body.messages)
    pictures = dict.fromkeys(url for message in body.messages for url in message.pictures)
    if not pictures:
        raise RequestError(
            "messages: there is no picture", "send one as an image_url with a data URL", param="messages"
        )
    if len(pictures) > 1:
        raise RequestError(
            f"messages: {len(pictures)} pictures in one conversation, and only one can be read",
            "ask about one at a time, or send a document of several pages to /v1/ask",
            param="messages",
        )
    stop = (body.stop,) if isinstance(body.stop, str) else tuple(body.stop or ())
    schema = None
    if body.response_format is not None and body.response_format.type != "text":
        schema = ReplySchema.parse(body.response_format.type, body.response_format.json_schema)
    wishes = (body.temperature, stop, body.logprobs, schema, body.template, (body.n or 1) > 1)
    return ChatCall(
        question=question,
        last_message=body.messages[-1].text,
        history=history,
        picture=next(iter(pictures)),
        choices=body.n or 1,
        max_new_tokens=body.max_completion_tokens or body.max_tokens or DEFAULT_TOKENS,
        sampling=_sampling(body),
        stop=tuple(filter(None, stop)),
        logprobs=bool(body.logprobs),
        schema=schema,
        template=body.template,
        is_bare=not any(wishes),
    )


def _refuse_unsupported(body: ChatBody) -> None:
    refused = {
        "presence_penalty": bool(body.presence_penalty),
        "frequency_penalty": bool(body.frequency_penalty),
        "logit_bias": bool(body.logit_bias),
        "tools": bool(body.tools),
        "top_logprobs": bool(body.top_logprobs),
    }
    for name, given in refused.items():
        if given:
            raise RequestError(f"{name}: is not supported", "leave it out", code="unsupported_parameter", param=name)


def _sampling(body: ChatBody) -> Sampling:
    top_p = 1.0 if body.top_p is None else body.top_p
    # Without a temperature the likeliest token is taken, as everywhere in cogdoc, unless `top_p` asks for sampling.
    temperature = body.temperature if body.temperature is not None else float(top_p < 1)
    seed = random.randrange(MAX_SEED) if body.seed is None and temperature else (body.seed or 0) & MAX_SEED
    return Sampling(temperature, top_p, seed)


def _conversation(messages: list[Message]) -> tuple[str, tuple[Turn, ...]]:
    """The last question, and the earlier turns. What the system says comes before the question that follows it."""
    turns: list[Turn] = []
    waiting: list[str] = []
    for message in messages:
        if message.role != "assistant":
            if message.text:
                waiting.append(message.text)
        elif waiting:
            turns.append(Turn("\n\n".join(waiting), message.text))
            waiting = []
    if messages[-1].role != "user" or not waiting:
        raise RequestError("messages: the last one is not a question of the user", param="messages")
    return "\n\n".join(waiting), tuple(turns)
