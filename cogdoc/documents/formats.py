"""Recognizes the format of a file by its first bytes, never by its name."""

from __future__ import annotations

import zipfile
from enum import StrEnum
from typing import BinaryIO

from cogdoc.errors import DamagedError, InputError, UnsupportedError

READABLE_SUFFIXES = frozenset(
    [
        ".pdf",
        ".xps",
        ".oxps",
        ".epub",
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".webp",
        ".tif",
        ".tiff",
        ".bmp",
        ".gif",
        ".pnm",
        ".pbm",
        ".pgm",
        ".ppm",
    ]
)
"""Suffixes of the files that are read in a folder. A file that the user names may have any suffix."""

PDF_HEADER_WINDOW = 1024
"""Bytes in which the PDF header may begin (PDF 1.7, appendix H, note 13)."""

_PICTURE_MAGICS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
    b"BM",
    b"GIF87a",
    b"GIF89a",
    b"P1", b"P2", b"P3", b"P4", b"P5", b"P6",
)  # fmt: skip


class DocumentFormat(StrEnum):
    """Formats that are opened in different ways."""

    PDF = "pdf"
    XPS = "xps"
    EPUB = "epub"
    PICTURE = "picture"


def recognize_format(file: BinaryIO) -> DocumentFormat:
    """The format of an open file.

    Raises:
        InputError: the file cannot be read.
        DamagedError: the file is empty.
        UnsupportedError: cogdoc does not read this format.
    """
    try:
        head = file.read(PDF_HEADER_WINDOW)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from None
    if not head:
        raise DamagedError("the file is empty")
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return DocumentFormat.PICTURE
    if head.startswith(_PICTURE_MAGICS):
        return DocumentFormat.PICTURE
    if b"%PDF-" in head:
        return DocumentFormat.PDF
    if head.startswith(b"PK\x03\x04"):
        return _recognize_archive(file)
    raise UnsupportedError(
        "not a document that cogdoc reads",
        "cogdoc reads PDF, XPS, EPUB, PNG, JPEG, WebP, TIFF, BMP, GIF and PNM files",
    )


def _recognize_archive(file: BinaryIO) -> DocumentFormat:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DamagedError(f"damaged archive: {error}") from None
    if "META-INF/container.xml" in names:
        return DocumentFormat.EPUB
    if "FixedDocSeq.fdseq" in names or "FixedDocumentSequence.fdseq" in names or "_rels/.rels" in names:
        return DocumentFormat.XPS
    raise UnsupportedError("an archive, not a document that cogdoc reads", "unpack it and name its folder instead")
