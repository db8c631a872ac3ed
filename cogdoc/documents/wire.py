"""What passes between the parent and its children, and in which form.

A child that a hostile file has taken over can send whatever it likes, so nothing that it sends is unpickled. The
parent knows which type the function it called gives back: it reads the answer as JSON of just that type, and the
pixels of a picture as bytes. Whatever does not fit is refused. The other way, from the parent, a request is a pickle.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import IO, Any, get_type_hints

from pydantic import ConfigDict, TypeAdapter

from cogdoc import errors
from cogdoc.errors import CogdocError, DamagedError, TooLargeError

MAX_JSON = 64 * 2**20
"""Bytes of an answer: the densest page takes a hundredth of it, and what the parent makes of it three times as much."""

MAX_PIXELS = 100_000_000
"""Of a picture that is sent: fifty times what the engines look at."""

MAX_MESSAGE = 1000
"""Characters of an error's message and hint."""

_LENGTH = struct.Struct("<Q")
_ANSWER = struct.Struct("<BQ")
_SHAPE = struct.Struct("<QQ")

_ERRORS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, CogdocError)
}


class AnswerError(Exception):
    """What a child sent is not the answer to the call."""


class Form(IntEnum):
    """What stands behind an answer's header."""

    JSON = 1
    PICTURE = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What a child has to say, ready to be sent."""

    form: Form
    parts: tuple[bytes | memoryview, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A `CogdocError` on its way."""

    kind: str
    message: str
    hint: str | None


class Pixels:
    """In place of `Picture`, which functions that give one name for type checkers only: it would load MuPDF."""


def send_request(stream: IO[bytes], request: object) -> None:
    """Tell a child something: its length in eight bytes, then its pickle."""
    body = pickle.dumps(request, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive_request(stream: IO[bytes]) -> Any:
    """
    Raises:
        EOFError: the parent is gone.
    """
    (length,) = _LENGTH.unpack(_read(stream, _LENGTH.size))
    return pickle.loads(_read(stream, length))


def encode_answer(function: Callable[..., Any], value: Any) -> Answer:
    """What `function` gave back, as bytes.

    Raises:
        ValueError: it cannot be said in UTF-8.
        TooLargeError: it is more than the parent takes in.
    """
    kind = _result_type(function)
    if kind is Pixels:
        import numpy as np

        height, width, _ = value.shape
        return Answer(Form.PICTURE, (_SHAPE.pack(height, width), np.ascontiguousarray(value).data.cast("B")))
    body = _adapter(kind).dump_json((value,))
    if len(body) > MAX_JSON:
        raise TooLargeError(f"what it says takes more than {MAX_JSON >> 20} MB")
    return Answer(Form.JSON, (body,))


def encode_error(error: CogdocError) -> Answer:
    """That the call failed, as bytes."""
    kind = next(each.__name__ for each in type(error).__mro__ if each.__name__ in _ERRORS)
    failure = Failure(kind, _well_formed(error.message), error.hint and _well_formed(error.hint))
    return Answer(Form.ERROR, (_adapter(Failure).dump_json((failure,)),))


def send_answer(stream: IO[bytes], answer: Answer) -> None:
    """Send an answer: its form and its length, then its bytes."""
    stream.write(_ANSWER.pack(answer.form, sum(len(part) for part in answer.parts)))
    for part in answer.parts:
        stream.write(part)
    stream.flush()


def receive_answer(stream: IO[bytes], function: Callable[..., Any]) -> Any:
    """What `function` gave back in the child.

    Raises:
        CogdocError: the child says that the call failed.
        AnswerError: the child sent anything else; it must not be listened to any more.
        EOFError: the child is gone.
    """
    form, length = _ANSWER.unpack(_read(stream, _ANSWER.size))
    kind = _result_type(function)
    if form == Form.PICTURE and kind is Pixels:
        return _receive_picture(stream, length)
    if length > MAX_JSON:
        raise AnswerError
    if form == Form.JSON and kind is not Pixels:
        return _parse(_read(stream, length), kind)
    if form == Form.ERROR:
        failure: Failure = _parse(_read(stream, length), Failure)
        hint = failure.hint and failure.hint[:MAX_MESSAGE]
        raise _ERRORS.get(failure.kind, DamagedError)(failure.message[:MAX_MESSAGE], hint)
    raise AnswerError


def _receive_picture(stream: IO[bytes], length: int) -> Any:
    import numpy as np

    height, width = _SHAPE.unpack(_read(stream, _SHAPE.size))
    if not (0 < height * width <= MAX_PIXELS and length == _SHAPE.size + 3 * height * width):
        raise AnswerError
    pixels = np.empty((height, width, 3), np.uint8)
    if stream.readinto(pixels.reshape(-1)) < pixels.size:  # type: ignore[attr-defined]
        raise EOFError
    return pixels


def _parse(body: bytes, kind: Any) -> Any:
    try:
        return _adapter(kind).validate_json(body, strict=True)[0]
    except ValueError as error:
        raise AnswerError from error


@cache
def _adapter(kind: Any) -> TypeAdapter[tuple[Any]]:
    # Inside of a tuple, since only there may it be said that infinite numbers are kept as they are.
    return TypeAdapter(tuple[kind], config=ConfigDict(ser_json_inf_nan="constants", extra="forbid"))


@cache
def _result_type(function: Callable[..., Any]) -> Any:
    return get_type_hints(function, localns={"Picture": Pixels})["return"]


def _read(stream: IO[bytes], length: int) -> bytes:
    body = stream.read(length)
    if len(body) < length:
        raise EOFError
    return body


def _well_formed(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
