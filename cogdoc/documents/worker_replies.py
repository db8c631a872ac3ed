"""The replies of worker processes to their parent.

A hostile file may take over a worker process, which can then send anything, so nothing that it sends is unpickled. The
parent knows the result type of the function that it called: it parses the reply as JSON of exactly that type, and the
pixels of a picture as bytes, and refuses everything else. A reply begins with the random id of its call, so that
nothing sent earlier can pass for it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import IntEnum
from functools import cache
from typing import IO, Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter

from cogdoc import errors
from cogdoc.documents.worker_requests import CALL_ID_BYTES
from cogdoc.errors import CogdocError, DamagedError, OutputError, TooLargeError

MAX_JSON = 64 * 2**20
"""Bytes of a reply. The densest page takes a hundredth of it. Parsed objects of an honest reply take three times the
JSON's memory, those of a hostile one (empty strings) sixteen times."""

MAX_PIXELS = 100_000_000
"""Pixels of a picture in a reply: fifty times what the engines request."""

MAX_MESSAGE = 1000
"""Characters of an error's message and of its hint."""

_REPLY_HEADER = struct.Struct(f"<{CALL_ID_BYTES}sBQ")
_PICTURE_SHAPE = struct.Struct("<QQ")

_ERRORS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CogdocError)
}


class ReplyError(Exception):
    """A worker process sent something that is not a reply to the call."""


class ReplyKind(IntEnum):
    """What follows a reply's header."""

    JSON = 1
    PICTURE = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """An encoded result or error of a call."""

    kind: ReplyKind
    parts: tuple[bytes | memoryview, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A `CogdocError` in a form that can be sent."""

    kind: str
    message: str
    hint: str | None


class PictureType:
    """Stands for `Picture` in the annotations of called functions.

    Their modules import that name for type checkers only, or the parent would load NumPy and Pillow.
    """


def encode_result(function: Callable[..., Any], value: Any) -> Reply:
    """Encode the result of `function`.

    Raises:
        ValueError: a string in it cannot be encoded as UTF-8.
        TooLargeError: it is larger than the parent accepts.
    """
    result_type = _result_type(function)
    if result_type is PictureType:
        import numpy as np

        height, width, _ = value.shape
        shape = _PICTURE_SHAPE.pack(height, width)
        return Reply(ReplyKind.PICTURE, (shape, np.ascontiguousarray(value).data.cast("B")))
    body = to_json(function, value)
    if len(body) > MAX_JSON:
        raise TooLargeError(f"the result takes more than {MAX_JSON >> 20} MB")
    return Reply(ReplyKind.JSON, (body,))


def to_json(function: Callable[..., Any], value: Any) -> bytes:
    """The result of `function`, which is no picture, as JSON.

    Raises:
        ValueError: a string in it cannot be encoded as UTF-8.
    """
    return _adapter(_result_type(function)).dump_json((value,))


def from_json(function: Callable[..., Any], body: bytes) -> Any:
    """The inverse of `to_json`.

    Raises:
        ReplyError: it is no result of `function`.
    """
    return _parse(body, _result_type(function))


def encode_error(error: CogdocError) -> Reply:
    """Encode the error that a call raised."""
    kind = next(base.__name__ for base in type(error).__mro__ if base.__name__ in _ERRORS)
    failure = Failure(kind, _well_formed(error.message), error.hint and _well_formed(error.hint))
    # Not with pydantic, which imports modules at first use: the error may be that no more files can be opened.
    return Reply(ReplyKind.ERROR, (json.dumps([asdict(failure)]).encode(),))


def send_reply(stream: IO[bytes], call_id: bytes, reply: Reply) -> None:
    """Send a reply: the id of its call, its kind in one byte and its length in eight, then its bytes."""
    stream.write(_REPLY_HEADER.pack(call_id, reply.kind, sum(len(part) for part in reply.parts)))
    for part in reply.parts:
        stream.write(part)
    stream.flush()


def receive_reply(stream: IO[bytes], call_id: bytes, function: Callable[..., Any]) -> Any:
    """The result of `function` in the worker process, for the call with this id.

    Raises:
        CogdocError: the worker process reports that the call failed.
        ReplyError: the worker process sent anything else; the caller must not read from it again.
        EOFError: the worker process is gone.
    """
    replied_id, kind, length = _REPLY_HEADER.unpack(_read(stream, _REPLY_HEADER.size))
    if replied_id != call_id:
        raise ReplyError
    result_type = _result_type(function)
    if kind == ReplyKind.PICTURE and result_type is PictureType:
        return _receive_picture(stream, length)
    if length > MAX_JSON:
        raise ReplyError
    if kind == ReplyKind.JSON and result_type is not PictureType:
        return _parse(_read(stream, length), result_type)
    if kind == ReplyKind.ERROR:
        failure: Failure = _parse(_read(stream, length), Failure)
        hint = failure.hint and failure.hint[:MAX_MESSAGE]
        raise _reported_error(failure.kind)(failure.message[:MAX_MESSAGE], hint)
    raise ReplyError


def _reported_error(name: str) -> type[CogdocError]:
    """The error of this name, if a document can cause it; a worker process writes no output, for example."""
    kind = _ERRORS.get(name, DamagedError)
    return DamagedError if kind is CogdocError or issubclass(kind, OutputError) else kind


def _receive_picture(stream: IO[bytes], length: int) -> Any:
    import numpy as np

    height, width = _PICTURE_SHAPE.unpack(_read(stream, _PICTURE_SHAPE.size))
    if not (0 < height * width <= MAX_PIXELS and length == _PICTURE_SHAPE.size + 3 * height * width):
        raise ReplyError
    pixels = np.empty((height, width, 3), np.uint8)
    if stream.readinto(pixels.reshape(-1)) < pixels.size:  # type: ignore[attr-defined]
        raise EOFError
    return pixels


def _parse(body: bytes, result_type: Any) -> Any:
    try:
        return _adapter(result_type).validate_json(body, strict=True)[0]
    except ValueError as error:
        raise ReplyError from error


_CONFIGURATION = ConfigDict(
    ser_json_inf_nan="constants", ser_json_bytes="base64", val_json_bytes="base64", extra="forbid"
)


@cache
def _adapter(result_type: Any) -> TypeAdapter[tuple[Any]]:
    # Wrapped in a tuple, because pydantic takes a configuration (which keeps infinite numbers) only for such types.
    return TypeAdapter(tuple[result_type], config=_CONFIGURATION)


@cache
def _result_type(function: Callable[..., Any]) -> Any:
    return get_type_hints(function, localns={"Picture": PictureType})["return"]


def _read(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return body


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
