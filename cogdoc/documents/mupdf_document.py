"""Reads PDF, XPS and EPUB files with MuPDF."""

from __future__ import annotations

import mmap
import stringprep
import unicodedata

import numpy as np
from PIL import Image

from cogdoc.documents.attachments import attachment_names
from cogdoc.documents.formats import DocumentFormat
from cogdoc.documents.mupdf import ERRORS, lost_data, pymupdf, reason
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.page_labels import PageLabels
from cogdoc.documents.page_tree import correct_page_count
from cogdoc.documents.pictures import Picture
from cogdoc.documents.rendering import PixelSize, clamp_page_size
from cogdoc.errors import DamagedError, EncryptedError


class MupdfDocument:
    """An open PDF, XPS or EPUB file; see `OpenDocument`."""

    is_animation = False

    def __init__(self, request: OpenRequest, file_format: DocumentFormat) -> None:
        """
        Raises:
            DamagedError: MuPDF cannot read the file, or it has no pages.
            EncryptedError: it needs a password, or another one.
        """
        try:
            self.file = pymupdf.open(stream=_map(request), filetype=str(file_format))
        except (pymupdf.FileDataError, *ERRORS):
            # PyMuPDF's message only names the path, which may be that of a temporary file.
            raise DamagedError(f"broken {file_format.name} file: nothing in it can be recovered") from None
        if self.file.needs_pass:
            if request.password is None and encrypts_attachments_only(self.file):
                self.file.is_encrypted = False  # PyMuPDF's own lock; MuPDF leaves what is not encrypted as it is
            else:
                _authenticate(self.file, request.password)
        self._repaired = bool(self.file.is_pdf and (correct_page_count(self.file) or self.file.is_repaired))
        try:
            self.page_count = self.file.page_count
        except ERRORS as error:
            raise DamagedError(f"broken {file_format.name} file: {reason(error)}") from None
        if not self.page_count:
            raise DamagedError(f"broken {file_format.name} file: it has no pages, or they cannot be found")
        self._labels: PageLabels | None = None
        self.attachments = attachment_names(self.file)

    def load_page(self, index: int) -> pymupdf.Page:
        """MuPDF's page, for reading more than its picture.

        Raises:
            DamagedError: the page cannot be read.
        """
        try:
            return self.file.load_page(index)
        except ERRORS as error:
            raise DamagedError(f"broken page: {reason(error)}") from None

    def label(self, index: int) -> str:
        if self._labels is None:
            self._labels = PageLabels(self.file)
        return self._labels.label(index) or str(index + 1)

    def is_repaired(self, index: int) -> bool:  # noqa: ARG002 - MuPDF repairs the file as a whole
        return self._repaired or lost_data()

    def size(self, index: int) -> tuple[float, float]:
        bound = self.load_page(index).rect
        return clamp_page_size(bound.width, bound.height)

    def picture(self, index: int, size: PixelSize) -> Picture:
        page = self.load_page(index)
        width, height = clamp_page_size(page.rect.width, page.rect.height)
        scale = pymupdf.Matrix(size.width / width, size.height / height)
        try:
            clip = pymupdf.Rect(0, 0, width, height) + (page.rect.x0, page.rect.y0) * 2
            pixmap = page.get_pixmap(matrix=scale, clip=clip, alpha=False, colorspace=pymupdf.csRGB)
        except ERRORS as error:
            raise DamagedError(f"broken page: {reason(error)}") from None
        pixels = np.frombuffer(pixmap.samples_mv, np.uint8).reshape(pixmap.height, pixmap.width, 3)
        if (pixmap.width, pixmap.height) != (size.width, size.height):
            pixels = np.asarray(Image.fromarray(pixels).resize((size.width, size.height), Image.Resampling.BICUBIC))
        return pixels.copy()


def _map(request: OpenRequest) -> memoryview:
    """The file's bytes, mapped: MuPDF reads only the parts that it needs, and the descriptor can be closed."""
    with request.open() as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def encrypts_attachments_only(file: pymupdf.Document) -> bool:
    """Whether the pages of a PDF can be read without its password (PDF 1.7, 7.6.5: crypt filters)."""

    def entry(key: str) -> str:
        return str(file.xref_get_key(-1, f"Encrypt/{key}")[1])

    # Without a filter of their own, streams and strings are not encrypted.
    return entry("V") in ("4", "5") and all(entry(key) in ("/Identity", "null") for key in ("StmF", "StrF"))


def _authenticate(file: pymupdf.Document, password: str | None) -> None:
    if password is None:
        raise EncryptedError("encrypted, needs a password", "--password asks for it, --password-file FILE reads it")
    # PDF 2.0 prepares passwords with SASLprep; older files use them as they were typed.
    for candidate in dict.fromkeys((password, _saslprep(password))):
        if file.authenticate(candidate):
            return
    raise EncryptedError("the password is wrong", "with --password-file, it is the first line of the file")


def _saslprep(password: str) -> str:
    """SASLprep (RFC 4013, section 2) without its prohibitions: a prohibited password opens no file anyway."""
    mapped = (" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    return unicodedata.normalize("NFKC", "".join(mapped))
