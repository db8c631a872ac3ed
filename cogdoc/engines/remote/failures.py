"""Describes in one line how a request to a server failed."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import openai

from cogdoc.engines.remote.api_key import KEY_VARIABLE
from cogdoc.engines.remote.transport import AddressRefusedError
from cogdoc.errors import (
    CogdocError,
    ConfigurationError,
    InputError,
    MissingError,
    ServerError,
    TooLargeError,
)
from cogdoc.results.printable import printable
from cogdoc.storage import printable_address, without_secrets

MAX_QUOTED = 200
"""Characters of a server's message that are quoted."""

_NO_PICTURES = re.compile(
    r"not a multimodal|at most 0 image|missing data required for image|mmproj|unknown variant .?image_url"
    r"|only supports? text|content (?:must|should) be a (?:valid )?string"
    r"|(?:image|vision|multi-?modal|visual)\b.{0,40}(?:not|n't|un)[ -]?(?:be )?support"
    r"|(?:not|n't|un)[ -]?support\w*.{0,40}\b(?:image|vision|multi-?modal)",
    re.IGNORECASE | re.DOTALL,
)
"""What vLLM, Ollama, llama.cpp, SGLang, LMDeploy and others say where a model takes only text."""

_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|size|window)|exceed_context|maximum (?:input|sequence|model) length|max_model_len"
    r"|longer than the (?:maximum|model)|prompt is too long|too many tokens",
    re.IGNORECASE,
)

_DATA_URL = re.compile(r"data:image/[\w+.-]+;base64,[A-Za-z0-9+/=]*")


@dataclass(frozen=True, slots=True)
class Asked:
    """What messages say about a request."""

    url: str
    model: str
    key: str | None
    """The API key, which no message may contain."""


def explain_failure(error: BaseException, asked: Asked) -> CogdocError:
    """An error of the client, or of reading a reply, for the user."""
    if isinstance(error, openai.APIStatusError):
        return _explain_status(error, asked)
    if isinstance(error, openai.APITimeoutError):
        return ServerError(f"the server at {asked.url} does not answer in time")
    if isinstance(error, openai.APIConnectionError):
        return _explain_connection(error, asked)
    if isinstance(error, openai.APIError):
        return _explain_refusal(_quoted(error.message, asked), asked, "fails")
    return not_the_protocol(asked)


def not_the_protocol(asked: Asked) -> ServerError:
    return ServerError(
        f"what answers at {asked.url} does not speak the OpenAI protocol",
        "its base address ends with /v1 on most servers",
    )


def says_too_long(error: openai.APIStatusError) -> bool:
    """Whether picture, prompt and answer together are more than the model's context."""
    return error.status_code in (400, 422, 500) and _TOO_LONG.search(message_of(error)) is not None


def message_of(error: openai.APIError) -> str:
    """What the server says, in whichever of the usual fields."""
    body = error.body
    for name in ("error", "message", "detail"):
        if isinstance(body, dict) and name in body:
            body = body[name]
    return body if isinstance(body, str) and body else str(body or error.message)


def _explain_status(error: openai.APIStatusError, asked: Asked) -> CogdocError:
    status, said = error.status_code, _quoted(message_of(error), asked)
    if 300 <= status < 400:
        target = printable_address(error.response.headers.get("location", "another address"))
        return ServerError(f"the server at {asked.url} redirects to {printable(target)}, which is not followed")
    if status in (401, 403):
        reason = f"refuses the key in {KEY_VARIABLE}" if asked.key else "asks for a key"
        return ConfigurationError(
            f"the server at {asked.url} {reason} (status {status}): {said}",
            f"set the environment variable {KEY_VARIABLE} to a key of this server",
        )
    if status == 404:
        if asked.model and asked.model in said:
            return MissingError(f"the server at {asked.url} has no model {asked.model!r}: {said}")
        return not_the_protocol(asked)
    if status == 413:
        return TooLargeError(f"the server at {asked.url} does not take pictures of this size: {said}")
    if status == 429:
        return ServerError(
            f"the server at {asked.url} refuses further requests (status 429): {said}",
            "try again later, or fewer --jobs",
        )
    return _explain_refusal(said, asked, "fails" if status >= 500 else "refuses the request", status)


def _explain_refusal(said: str, asked: Asked, verb: str, status: int | None = None) -> CogdocError:
    if _NO_PICTURES.search(said):
        return ConfigurationError(
            f"the model {asked.model!r} at {asked.url} takes no pictures: {said}", "name a vision model with --model"
        )
    if _TOO_LONG.search(said):
        return TooLargeError(
            f"the picture of a page does not fit the context of {asked.model!r}: {said}",
            "give the model a longer context on the server",
        )
    numbered = "" if status is None else f" (status {status})"
    return ServerError(f"the server at {asked.url} {verb}{numbered}: {said}")


def _explain_connection(error: openai.APIConnectionError, asked: Asked) -> CogdocError:
    causes = list(_causes(error))
    refused = next((cause for cause in causes if isinstance(cause, AddressRefusedError)), None)
    if refused is not None:
        return refused.reason
    certificate = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        return ServerError(
            f"the certificate of {asked.url} is not trusted: {certificate.verify_message}",
            "SSL_CERT_FILE names a file with the certificate of an authority of your own",
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return ServerError(
            f"what answers at {asked.url} does not speak TLS as expected", "is it http instead of https?"
        )
    if any(isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout) for cause in causes):
        system = next((cause for cause in causes if isinstance(cause, OSError) and cause.errno), None)
        reason = os.strerror(system.errno) if system is not None and system.errno else _quoted(str(causes[-1]), asked)
        return ServerError(f"no server answers at {asked.url}: {reason}", "is it started, and is the port right?")
    if any(isinstance(cause, httpx2.InvalidURL | httpx2.UnsupportedProtocol) for cause in causes):
        return not_the_protocol(asked)
    return ServerError(f"the connection to {asked.url} ends before the answer is complete")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it comes from, the deepest last; groups of errors count for their members."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def _quoted(text: str, asked: Asked) -> str:
    """A server's words in one line, without keys and pictures."""
    if asked.key:
        text = text.replace(asked.key, "***")
    text = " ".join(_DATA_URL.sub("(picture)", text).split())
    text = printable(without_secrets(text))
    return text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}..."


def withheld(asked: Asked) -> InputError:
    """The error for an answer that the server's own filter removed."""
    return InputError(f"the filter of the server at {asked.url} withholds the answer")


def cut_short(asked: Asked) -> ServerError:
    """The error for an answer whose end never came."""
    return ServerError(f"the server at {asked.url} ends the connection in the middle of an answer")
