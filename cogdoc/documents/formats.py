"""Recognizes the format of a file by its first bytes, never by its name."""

from __future__ import annotations

import re
import zipfile
import zlib
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
        ".jp2",
        ".j2k",
        ".jpx",
        ".avif",
        ".heic",
        ".heif",
        ".hif",
        ".jxl",
        ".svg",
    ]
)
"""Suffixes of the files that are read in a folder. A file that the user names may have any suffix."""

PDF_HEADER_WINDOW = 1024
"""Bytes in which the PDF header may begin (PDF 1.7, appendix H, note 13)."""

READ = "PDF, XPS, EPUB, SVG, PNG, JPEG, JPEG 2000, JPEG XL, WebP, AVIF, HEIC, TIFF, BMP, GIF and PNM"

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
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
)  # fmt: skip

_JPEG_XL_MAGICS = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")

_HEIF_BRANDS = frozenset([b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"])
_AVIF_BRANDS = frozenset([b"avif", b"avis"])
"""Brands of ISO base media files (ISO/IEC 14496-12, 4.3; 23008-12, annex B; AV1 Image File Format, 9)."""

_REFUSED_MAGICS = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Microsoft Office file (DOC, XLS or PPT) or an Outlook message",
    b"{\\rtf": "an RTF file",
    b"%!PS": "a PostScript file",
    b"\xc5\xd0\xd3\xc6": "a PostScript file",
    b"AT&TFORM": "a DjVu file",
    b"8BPS": "a Photoshop file",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"\x1f\x8b": "a file compressed with gzip",
    b"BZh": "a file compressed with bzip2",
    b"\xfd7zXZ\x00": "a file compressed with xz",
}
"""Formats that users are likely to try, by their first bytes."""

_OFFICE_FOLDERS = {"word/": "a Word document", "xl/": "an Excel workbook", "ppt/": "a PowerPoint presentation"}

_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."

_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE\s+svg.*?>\s*)*<(?:svg:)?svg[\s>]", re.DOTALL
)
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!DOCTYPE\s+html|html)[\s>]", re.DOTALL | re.I
)

_MAX_RELATIONS = 1 << 16
"""Bytes of an archive's own relations, which are a few lines."""


class DocumentFormat(StrEnum):
    """Formats that are opened in different ways."""

    PDF = "pdf"
    XPS = "xps"
    EPUB = "epub"
    SVG = "svg"
    PICTURE = "picture"
    HEIF = "heif"
    JPEG_XL = "jxl"

    @property
    def is_picture(self) -> bool:
        return self in (DocumentFormat.PICTURE, DocumentFormat.HEIF, DocumentFormat.JPEG_XL)


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
    if not any(head):
        raise DamagedError("broken file: it begins with nothing but zeros", "copy or download it again")
    if (picture := _recognize_picture(head)) is not None:
        return picture
    if b"%PDF-" in head:
        return DocumentFormat.PDF
    if head.startswith(b"PK\x03\x04"):
        return _recognize_archive(file)
    if _SVG.match(head):
        return DocumentFormat.SVG
    raise _refusal(head)


def _recognize_picture(head: bytes) -> DocumentFormat | None:
    if head.startswith(_JPEG_XL_MAGICS):
        return DocumentFormat.JPEG_XL
    if head.startswith(_PICTURE_MAGICS) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP"):
        return DocumentFormat.PICTURE
    if head[4:8] == b"ftyp":
        brands = head[8 : min(len(head), int.from_bytes(head[:4]))]
        found = {brands[start : start + 4] for start in (0, *range(8, len(brands), 4))}
        if found & _AVIF_BRANDS:
            return DocumentFormat.PICTURE
        if found & _HEIF_BRANDS:
            return DocumentFormat.HEIF
    return None


def _recognize_archive(file: BinaryIO) -> DocumentFormat:
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            relations = _member(archive, "_rels/.rels") if "_rels/.rels" in names else b""
            kind = _member(archive, "mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
        raise DamagedError(f"broken archive, such as EPUB and XPS files are: {_archive_reason(error)}") from None
    if "META-INF/container.xml" in names and not kind.startswith(_OPEN_DOCUMENT):
        return DocumentFormat.EPUB
    if names & {"FixedDocSeq.fdseq", "FixedDocumentSequence.fdseq"} or b"/fixedrepresentation" in relations:
        return DocumentFormat.XPS
    if kind.startswith(_OPEN_DOCUMENT):
        raise _convert_first("an OpenDocument file (as of LibreOffice)")
    for folder, description in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            raise _convert_first(description)
    raise UnsupportedError("an archive, not a document that cogdoc reads", "unpack it and name its folder instead")


def _archive_reason(error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile):
        return "its list of contents is missing, so it is not complete"
    return " ".join(str(error).split()) or type(error).__name__


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(_MAX_RELATIONS)


def _refusal(head: bytes) -> UnsupportedError:
    description = next((name for magic, name in _REFUSED_MAGICS.items() if head.startswith(magic)), None)
    if (description and "Office" in description) or description == "an RTF file":
        return _convert_first(description)
    if description is None and _HTML.match(head):
        return UnsupportedError("an HTML page, not a document that cogdoc reads", "print it to a PDF in a web browser")
    if description is None and head[4:8] == b"ftyp":
        description = "a video or a picture of another kind"
    if description is None and _is_text(head):
        description = "plain text"
    named = (
        f"not a document that cogdoc reads: it is {description}"
        if description
        else "not a document that cogdoc reads, or broken at its beginning"
    )
    return UnsupportedError(named, f"cogdoc reads {READ} files")


def _convert_first(description: str) -> UnsupportedError:
    return UnsupportedError(
        f"{description}, not a document that cogdoc reads",
        "convert it to PDF first, for example: soffice --headless --convert-to pdf FILE",
    )


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > len(head) - 4 and all(char.isprintable() or char in "\t\n\r\f" for char in text)
