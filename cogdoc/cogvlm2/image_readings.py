"""The latest images that were read: their features, and the keys and values of the prompt up to the image's end.

An image is known by its pixels, so that questions, retries and documents that show it again share one reading.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from PIL import Image
from torch import Tensor

from cogdoc.cogvlm2.batch import Prefix, prefill_prefix
from cogdoc.cogvlm2.cancellation import cancellable
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.session import CogVLM2Session

FEATURE_BYTES = 512 << 20
"""Of main memory for features; with the published sizes, an image has 19 MB of them."""

V = TypeVar("V")


class Bounded(Generic[V]):
    """Values of some bytes each, by key; those that were not used for longest are dropped above a limit."""

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        self.limit = limit
        self._size = size
        self._values: OrderedDict[bytes, V] = OrderedDict()
        self._used = 0

    def get(self, key: bytes) -> V | None:
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: bytes, value: V) -> None:
        """Keep a value, even one that is larger than the limit alone."""
        self._values[key] = value
        self._used += self._size(value)
        while self._used > self.limit and len(self._values) > 1:
            self._used -= self._size(self._values.popitem(last=False)[1])

    def make_room(self) -> None:
        """Drop even the last value if it is larger than the limit, before another takes its place."""
        if self._used > self.limit:
            self.clear()

    def __contains__(self, key: bytes) -> bool:
        return key in self._values

    def clear(self) -> None:
        self._values.clear()
        self._used = 0


class PictureSource(StrEnum):
    """How the keys and values of an image were had."""

    READ = "read"
    """The vision tower encoded it."""
    MEMORY = "features in memory"
    DISK = "features on disk"
    PREFIX = "prefix kept"
    """They were there."""


@dataclass(slots=True)
class ReadingCounts:
    """How often the model's parts ran."""

    images: int = 0
    """Images that the vision tower encoded or the feature store had."""
    prompts: int = 0
    """Prompts up to the end of an image that were prefilled."""
    vision_seconds: float = 0.0
    """Time for features, by the clock of the readings."""


class ImageReadings:
    """Reads images with a session's model, and keeps the latest readings. For one thread."""

    def __init__(self, session: CogVLM2Session, prefix_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            prefix_bytes: of the device's memory for keys and values; those of the latest image are kept in any case.
            clock: seconds of work on images.
        """
        self._clock = clock
        self._session = session
        self._features: Bounded[Tensor] = Bounded(FEATURE_BYTES, lambda features: features.nbytes)
        self._prefixes: Bounded[Prefix] = Bounded(prefix_bytes, lambda prefix: prefix.nbytes)
        self.counts = ReadingCounts()

    def has(self, key: bytes) -> bool:
        """Whether an image's keys and values are there."""
        return key in self._prefixes

    def read(self, key: bytes, image: Image.Image, cancelled: Callable[[], bool]) -> tuple[Prefix, PictureSource]:
        """The keys and values of bos and an image, and how they were had.

        Args:
            key: `image_key` of the image.
            cancelled: called between layers.

        Raises:
            Cancelled: `cancelled` returned true.
        """
        prefix = self._prefixes.get(key)
        if prefix is not None:
            return prefix, PictureSource.PREFIX
        self._prefixes.make_room()
        model = self._session.model
        source = PictureSource.MEMORY
        features = self._features.get(key)
        if features is None:
            self.counts.images += 1
            started = self._clock()
            try:
                features, stored = self._session.find_features(image, cancelled)
                self._features.put(key, features.cpu())  # waits for the device
            finally:
                self.counts.vision_seconds += self._clock() - started
            source = PictureSource.DISK if stored else PictureSource.READ
        self.counts.prompts += 1
        with cancellable(model, cancelled):
            prompt = build_prompt(model.config, (), with_image=True)
            prefix = prefill_prefix(model, prompt, features.to(model.device))
        prefix.values[-1][0, 0, 0].item()  # waits for the device: whoever measures a reading measures all of it
        self._prefixes.put(key, prefix)
        return prefix, source

    def release(self) -> None:
        """Forget all images."""
        self._prefixes.clear()
        self._features.clear()


def image_key(image: Image.Image) -> bytes:
    """What tells an image from others: its size, mode and pixels."""
    digest = hashlib.sha256(f"{image.mode} {image.size} ".encode())
    digest.update(image.tobytes())
    return digest.digest()
