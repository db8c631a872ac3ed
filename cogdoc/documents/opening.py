"""Open a file and draw its pages. Runs in the sandbox only: hostile bytes meet native code here.

Two kinds of file, one face (`OpenDocument`): what MuPDF reads (PDF, XPS, EPUB), and pictures, which Pillow
reads frame by frame. A picture's page is as large in points as its own resolution says; one that states none
counts as 72 pixels per inch, so that a point is a pixel.
"""

from __future__ import annotations

import stringprep
import unicodedata
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from cogdoc.documents.document import OpenRequest
from cogdoc.documents.formats import DocumentFormat, recognize_format
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.rendering import PixelSize, clamp_page_size
from cogdoc.errors import DamagedError, EncryptedError, TooLargeError, UsageError

Picture = npt.NDArray[np.uint8]
"""An RGB picture: (height, width, 3)."""

DEFAULT_DPI = 72.0
BAND = 512
"""Rows of a picture that are copied at a time."""

PLAUSIBLE_DPI = (36.0, 2400.0)

Image.MAX_IMAGE_PIXELS = None  # the limit is enforced below, on the size that the file states


class OpenDocument(Protocol):
    """A document whose pages (0-based here, as in the libraries) can be drawn."""

    page_count: int

    def is_repaired(self, index: int) -> bool:
        """Whether the file was damaged, so that what is read of a page may not be all; told once it is read."""
        ...

    def label(self, index: int) -> str: ...

    def size(self, index: int) -> tuple[float, float]:
        """Width and height in points, as displayed."""
        ...

    def picture(self, index: int, size: PixelSize) -> Picture: ...


class MupdfDocument:
    """A PDF, XPS or EPUB file."""

    def __init__(self, request: OpenRequest, file_format: DocumentFormat) -> None:
        try:
            self.file = _open_mupdf(request.path, file_format)
        except (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError):
            # What PyMuPDF says here is only the path, which may be that of a temporary file.
            raise DamagedError(f"damaged file: beyond repair as {file_format.name}") from None
        if self.file.needs_pass:
            _authenticate(self.file, request.password)
        try:
            self.page_count = self.file.page_count
        except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
            raise DamagedError(f"damaged file: {_one_line(error)}") from None
        if not self.page_count:
            raise DamagedError("damaged file: no pages in it")
        self._repaired = bool(self.file.is_pdf and self.file.is_repaired)

    def load_page(self, index: int) -> pymupdf.Page:
        """The page with its own rotation, for those who read more than its picture.

        Raises:
            DamagedError: the page cannot be read.
        """
        try:
            return self.file.load_page(index)
        except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
            raise DamagedError(f"damaged page: {_one_line(error)}") from None

    def label(self, index: int) -> str:
        if self.file.is_pdf:
            try:
                label = self.load_page(index).get_label()
            except (RuntimeError, ValueError, TypeError, KeyError, IndexError):
                label = ""
            if label:
                return str(label)
        return str(index + 1)

    def is_repaired(self, index: int) -> bool:  # noqa: ARG002 - one file, one table of contents
        return self._repaired

    def size(self, index: int) -> tuple[float, float]:
        bound = self.load_page(index).rect
        return clamp_page_size(bound.width, bound.height)

    def picture(self, index: int, size: PixelSize) -> Picture:
        page = self.load_page(index)
        width, height = clamp_page_size(page.rect.width, page.rect.height)
        scale = pymupdf.Matrix(size.width / width, size.height / height)
        try:
            clip = pymupdf.Rect(0, 0, width, height) + (page.rect.x0, page.rect.y0) * 2
            drawn = page.get_pixmap(matrix=scale, clip=clip, alpha=False, colorspace=pymupdf.csRGB)
        except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
            raise DamagedError(f"damaged page: {_one_line(error)}") from None
        pixels = np.frombuffer(drawn.samples_mv, np.uint8).reshape(drawn.height, drawn.width, 3)
        if (drawn.width, drawn.height) != (size.width, size.height):
            pixels = np.asarray(Image.fromarray(pixels).resize((size.width, size.height), Image.Resampling.BICUBIC))
        return pixels.copy()


class PictureDocument:
    """A picture file; every frame is a page."""

    def __init__(self, request: OpenRequest) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.file = Image.open(request.path)
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
        """Pixels per inch as the file states it, where it is plausible."""
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
        drawn = Image.fromarray(frame)
        # Without Pillow's short cut for large pictures, so that CogVLM2's square is the published transform's.
        return np.asarray(drawn.resize((size.width, size.height), Image.Resampling.BICUBIC))

    @lru_cache(maxsize=1)  # noqa: B019 - a worker keeps two documents open at most
    def frame(self, index: int) -> Picture:
        """The frame in its own resolution, upright by its EXIF orientation, on white where it is transparent."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.file.seek(index)
                self._check_size()
                self._load()
                turned = self.file.getexif().get(ExifTags.Base.Orientation, 1) != 1
                return _pixels(_on_white(ImageOps.exif_transpose(self.file) if turned else self.file))
        except (OSError, ValueError, SyntaxError, EOFError, TypeError, MemoryError) as error:
            raise DamagedError(f"damaged picture: {_reason(error)}") from None

    def _load(self) -> None:
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


def open_document(request: OpenRequest) -> OpenDocument:
    """Open the file, or give back the one that is open already.

    Raises:
        InputError: it is missing, empty, damaged, or not of a kind that cogdoc reads.
        EncryptedError: it needs a password, or another one.
        TooLargeError: it is a picture of more pixels than allowed.
    """
    status = request.path.stat() if request.path.exists() else None
    return _open(request, (status.st_mtime_ns, status.st_size) if status else None)


@lru_cache(maxsize=2)
def _open(request: OpenRequest, _version: tuple[int, int] | None) -> OpenDocument:
    file_format = recognize_format(request.path)
    if file_format is DocumentFormat.PICTURE:
        return PictureDocument(request)
    return MupdfDocument(request, file_format)


def check_index(document: OpenDocument, number: int) -> int:
    """The 0-based index of page `number`.

    Raises:
        UsageError: the document has no such page.
    """
    if not 1 <= number <= document.page_count:
        raise UsageError(f"page {number} is out of range: the document has {document.page_count} pages")
    return number - 1


def _open_mupdf(path: Path, file_format: DocumentFormat) -> pymupdf.Document:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # a name that is no UTF-8, which MuPDF cannot be told
        return pymupdf.open(stream=path.read_bytes(), filetype=str(file_format))
    return pymupdf.open(path, filetype=str(file_format))


def _authenticate(file: pymupdf.Document, password: str | None) -> None:
    if password is None:
        raise EncryptedError("encrypted, needs a password", "give it with --password-file FILE")
    # PDF 2.0 wants passwords prepared by SASLprep; older files hold them as they were typed.
    for candidate in dict.fromkeys((password, _prepared(password))):
        if file.authenticate(candidate):
            return
    raise EncryptedError("the password is wrong", "--password-file FILE holds the password in its first line")


def _prepared(password: str) -> str:
    """SASLprep (RFC 4013, section 2), without its prohibitions: a password that breaks them opens nothing anyway."""
    mapped = (" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    return unicodedata.normalize("NFKC", "".join(mapped))


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        page = Image.new("RGBA", layer.size, "white")
        page.alpha_composite(layer)
        return page.convert("RGB")
    if picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        return Image.fromarray(_eight_bit(picture)).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _pixels(picture: Image.Image) -> Picture:
    """The bytes of an RGB picture, taken band by band: Pillow would copy a large one twice on the way."""
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    for top in range(0, picture.height, BAND):
        band = picture.crop((0, top, picture.width, min(top + BAND, picture.height)))
        pixels[top : top + BAND] = np.asarray(band)
    return pixels


def _eight_bit(picture: Image.Image) -> npt.NDArray[np.uint8]:
    """Deep gray scaled to bytes, which Pillow would clip: by its format's white, or one that its pixels fit below."""
    levels = np.nan_to_num(np.asarray(picture, np.float64))
    whites = (1.0, 255.0, 65535.0) if picture.mode == "F" else (255.0, 65535.0)
    peak = 65535.0 if picture.mode.startswith("I;16") else levels.max(initial=0.0)
    white = next((white for white in whites if peak <= white), peak)
    return np.clip(levels * (255 / white), 0, 255).astype(np.uint8)


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "its content cannot be recognized"
    return _one_line(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
