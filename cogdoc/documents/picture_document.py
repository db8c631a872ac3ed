"""Reads picture files with Pillow. Every frame is a page.

The file's resolution determines the size of a page in points. A file without a resolution counts as 72 pixels per inch,
so that a point is a pixel.
"""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.pictures import Picture, flatten_on_white, rgb_pixels
from cogdoc.documents.rendering import PixelSize, clamp_page_size
from cogdoc.errors import DamagedError, TooLargeError

DEFAULT_DPI = 72.0
PLAUSIBLE_DPI = (36.0, 2400.0)

Image.MAX_IMAGE_PIXELS = None  # `_check_size` enforces the limit, on the size that the file states


class PictureDocument:
    """An open picture file; see `OpenDocument`."""

    def __init__(self, request: OpenRequest) -> None:
        """
        Raises:
            DamagedError: Pillow cannot read the file.
            TooLargeError: it has more pixels than the request allows.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.file = Image.open(request.open())
                self.page_count = int(getattr(self.file, "n_frames", 1))
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, TypeError) as error:
            raise DamagedError(f"damaged picture: {_reason(error)}") from None
        self._max_pixels = request.max_megapixels * 1e6
        self._check_size()
        self._repaired_frames: set[int] = set()

    def label(self, index: int) -> str:
        return str(index + 1)

    def is_repaired(self, index: int) -> bool:
        return index in self._repaired_frames

    def size(self, index: int) -> tuple[float, float]:
        pixels = self.frame(index)
        return clamp_page_size(pixels.shape[1] * 72 / self.dpi, pixels.shape[0] * 72 / self.dpi)

    @property
    def dpi(self) -> float:
        """Pixels per inch as the file states it, if that is plausible."""
        try:
            across, down = (float(value) for value in self.file.info.get("dpi", (0, 0)))
        except (TypeError, ValueError):
            return DEFAULT_DPI
        low, high = PLAUSIBLE_DPI
        square = abs(across - down) <= 0.05 * max(across, down)
        return across if square and low <= across <= high else DEFAULT_DPI

    def picture(self, index: int, size: PixelSize) -> Picture:
        frame = self.frame(index)
        if frame.shape[:2] == (size.height, size.width):
            return frame
        # Without Pillow's `reducing_gap`, which CogVLM2's published preprocessing does not use.
        return np.asarray(Image.fromarray(frame).resize((size.width, size.height), Image.Resampling.BICUBIC))

    @lru_cache(maxsize=1)  # noqa: B019 - a worker keeps two documents open at most
    def frame(self, index: int) -> Picture:
        """The frame at its own resolution, rotated by its EXIF orientation, white where it is transparent."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.file.seek(index)
                self._check_size()
                self._load()
                rotated = self.file.getexif().get(ExifTags.Base.Orientation, 1) != 1
                return rgb_pixels(flatten_on_white(ImageOps.exif_transpose(self.file) if rotated else self.file))
        except (OSError, ValueError, SyntaxError, EOFError, TypeError, MemoryError) as error:
            raise DamagedError(f"damaged picture: {_reason(error)}") from None

    def _load(self) -> None:
        """Decode the current frame; if it is damaged, decode as much of it as possible."""
        try:
            self.file.load()
        except OSError:
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                self.file.load()
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            self._repaired_frames.add(self.file.tell())

    def _check_size(self) -> None:
        width, height = self.file.size
        if width * height > self._max_pixels:
            raise TooLargeError(
                f"a picture of {width} x {height} pixels is larger than {self._max_pixels / 1e6:.0f} megapixels",
                "raise --max-megapixels if there is memory for it",
            )


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its content cannot be recognized"
    return " ".join(str(error).split()) or type(error).__name__
