"""Reads picture files with Pillow. Every frame is a page.

The file's resolution determines the size of a page in points. A file without a resolution counts as 72 pixels per inch,
so that a point is a pixel.
"""

from __future__ import annotations

import importlib
import re
import struct
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps

from cogdoc.documents.formats import DocumentFormat
from cogdoc.documents.frames import count_frames, open_pnm
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.picture_reasons import picture_reason
from cogdoc.documents.pictures import Picture, flatten_on_white, rgb_pixels
from cogdoc.documents.rendering import PixelSize, clamp_page_size
from cogdoc.errors import DamagedError, TooLargeError

FORMATS = ("PNG", "JPEG", "JPEG2000", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "PPM")
"""Pillow reads many more, among them some that run other programs."""

PLUGINS = {DocumentFormat.HEIF: ("pillow_heif", "HEIF"), DocumentFormat.JPEG_XL: ("pillow_jxl", "JXL")}
"""The libraries of further formats, and Pillow's names for these. They are loaded for their own files only."""

DEFAULT_DPI = 72.0
PLAUSIBLE_DPI = (36.0, 2400.0)

WHOLE_ONLY = ("JPEG2000", *(name for _, name in PLUGINS.values()))
"""Formats whose decoders give nothing but black for a file that breaks off."""

_NAMES = (
    (rb"\x89PNG", "PNG"),
    (rb"\xff\xd8\xff", "JPEG"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF"),
    (rb"GIF8", "GIF"),
    (rb"BM", "BMP"),
    (rb"P[1-6]", "PNM"),
    (rb"RIFF....WEBP", "WebP"),
    (rb"\0\0\0\x0cjP|\xff\x4f\xff\x51", "JPEG 2000"),
    (rb"\0\0\0\x0cJXL|\xff\x0a", "JPEG XL"),
    (rb"....ftypavi", "AVIF"),
    (rb"....ftyp", "HEIC"),
)

_PILLOW_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    MemoryError,
    LookupError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    RuntimeError,
    struct.error,
)
"""What Pillow raises for damaged files."""


class PictureDocument:
    """An open picture file; see `OpenDocument`."""

    attachments: tuple[str, ...] = ()

    def __init__(self, request: OpenRequest, file_format: DocumentFormat = DocumentFormat.PICTURE) -> None:
        """
        Raises:
            DamagedError: Pillow cannot read the file.
            TooLargeError: it has more pixels than the request allows.
        """
        self._max_pixels = request.max_megapixels * 1e6
        self._formats = _load_plugin(file_format)
        self._stream = request.open()
        weakref.finalize(self, self._stream.close)  # also where the next lines raise
        self._open_file()
        self.page_count = self._frames.count
        self.is_animation = self._frames.is_animation
        self._repaired_frames: set[int] = set()

    def _open_file(self) -> None:
        self._stream.seek(0)
        with self._pillow(check_size=self._stream.read(4) == b"RIFF"):
            self._stream.seek(0)
            self.file = Image.open(self._stream, formats=self._formats)
            self._check_size()
            self._frames = count_frames(self.file, self._stream)

    def label(self, index: int) -> str:
        return str(index + 1)

    def is_repaired(self, index: int) -> bool:
        return self._frames.is_damaged or index in self._repaired_frames

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
            return self._decode(index)
        except Exception:
            # Pillow may have stopped within a frame; it would number the frames after it wrongly.
            self._open_file()
            raise

    def stored_frame(self, index: int) -> tuple[Image.Image, int]:
        """The frame with the pixels as the file has them, and the orientation in which they are shown (EXIF, 1 to 8).

        Raises:
            DamagedError, TooLargeError: as when the file is opened.
        """
        try:
            with self._pillow():
                self._load_frame(index)
                return self.file.copy(), self._orientation()
        except Exception:
            self._open_file()
            raise

    def file_bytes(self) -> bytes:
        self._stream.seek(0)
        return self._stream.read()

    def _decode(self, index: int) -> Picture:
        with self._pillow():
            self._load_frame(index)
            rotated = self._orientation() != 1
            return rgb_pixels(flatten_on_white(ImageOps.exif_transpose(self.file) if rotated else self.file))

    def _orientation(self) -> int:
        orientation = self.file.getexif().get(ExifTags.Base.Orientation, 1)
        return orientation if orientation in range(1, 9) else 1

    def _load_frame(self, index: int) -> None:
        if self._frames.starts:
            self.file = open_pnm(self._stream, self._frames.starts[index])
        else:
            self.file.seek(index)
        self._check_size()
        self._load()

    @contextmanager
    def _pillow(self, *, check_size: bool = True) -> Iterator[None]:
        """Turn Pillow's errors into those of cogdoc, without its warnings.

        Args:
            check_size: have Pillow compare sizes with the limit before it allocates memory. `_check_size` says more,
                but comes after the canvas of a WebP file is allocated, and after the frames before one are decoded.
        """
        # Pillow refuses more than twice as many.
        Image.MAX_IMAGE_PIXELS = int(self._max_pixels / 2) + 1 if check_size else None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        except Image.DecompressionBombError:
            raise self._too_large("a picture") from None
        except _PILLOW_ERRORS as error:
            raise DamagedError(f"broken {self._name()}: {self._reason(error)}") from None
        finally:
            Image.MAX_IMAGE_PIXELS = None

    def _reason(self, error: Exception) -> str:
        # What the libraries of further formats say is for their developers.
        return picture_reason(error) if self._formats is FORMATS else "its content cannot be decoded"

    def _name(self) -> str:
        """What kind of picture it is, as far as its first bytes tell."""
        self._stream.seek(0)
        head = self._stream.read(16)
        return next((f"{name} picture" for pattern, name in _NAMES if re.match(pattern, head, re.DOTALL)), "picture")

    def _load(self) -> None:
        """Decode the current frame; if it is damaged, decode as much of it as possible."""
        try:
            self.file.load()
        except OSError:
            if self.file.format in WHOLE_ONLY:
                raise
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                self.file.load()
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
            self._repaired_frames.add(self.file.tell())

    def _check_size(self) -> None:
        width, height = self.file.size
        if width * height > self._max_pixels:
            raise self._too_large(f"a picture of {width} x {height} pixels")

    def _too_large(self, picture: str) -> TooLargeError:
        return TooLargeError(
            f"{picture} is larger than {self._max_pixels / 1e6:.0f} megapixels",
            "raise --max-megapixels if there is memory for it",
        )


def _load_plugin(file_format: DocumentFormat) -> tuple[str, ...]:
    """Pillow's names of the formats that the file may have."""
    if file_format not in PLUGINS:
        return FORMATS
    library, name = PLUGINS[file_format]
    plugin = importlib.import_module(library)
    if file_format is DocumentFormat.HEIF:
        plugin.register_heif_opener(thumbnails=False)
    return (name,)
