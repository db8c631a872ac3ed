"""Requests for text, and what comes of them, as messages. Numbers keep every digit, so that results are the same."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from pydantic import TypeAdapter

import cogdoc.errors
from cogdoc.documents.pictures import Picture
from cogdoc.engines.vision.vision_model import Generation, GenerationOptions, PageImage, Prompt, Sampling
from cogdoc.engines.warm.channel import Message
from cogdoc.errors import CogdocError
from cogdoc.results.usage_counts import Usage

PROMPT: TypeAdapter[Prompt] = TypeAdapter(Prompt)
SAMPLING: TypeAdapter[Sampling] = TypeAdapter(Sampling)
GENERATION: TypeAdapter[Generation] = TypeAdapter(Generation)
USAGE: TypeAdapter[Usage] = TypeAdapter(Usage)


def generation_request(
    images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions
) -> tuple[Message, list[memoryview]]:
    """The message, and the pictures behind it."""
    pictures = [np.ascontiguousarray(image.picture) for image in images]
    message = {
        "type": "generate",
        "shapes": [picture.shape for picture in pictures],
        "prompt": PROMPT.dump_python(prompt, mode="json"),
        "sampling": SAMPLING.dump_python(options.sampling, mode="json"),
        "max_new_tokens": options.max_new_tokens,
        "time_limit": options.time_limit,
        "draft": options.draft,
        "streams": options.on_text is not None,
        "stops": options.stop is not None,
    }
    return message, [picture.data.cast("B") for picture in pictures]


def requested_images(message: Message, payload: bytearray) -> list[PageImage]:
    """
    Raises:
        ValueError: the pictures do not have the sizes that the message says.
    """
    shapes = [tuple(int(length) for length in shape) for shape in message["shapes"]]
    if sum(map(prod, shapes)) != len(payload):
        raise ValueError("the pictures have other sizes")
    images = []
    begin = 0
    for shape in shapes:
        picture: Picture = np.frombuffer(payload, np.uint8, prod(shape), begin).reshape(shape)
        images.append(PageImage(picture))
        begin += prod(shape)
    return images


def failure_message(error: CogdocError) -> Message:
    return {"type": "failed", "kind": type(error).__name__, "message": error.message, "hint": error.hint}


def failure_from(message: Message) -> CogdocError:
    """The error that a message describes."""
    kind: Any = getattr(cogdoc.errors, str(message.get("kind")), None)
    if not (isinstance(kind, type) and issubclass(kind, CogdocError)):
        kind = CogdocError
    hint = message.get("hint")
    return kind(str(message.get("message")), None if hint is None else str(hint))  # type: ignore[no-any-return]
