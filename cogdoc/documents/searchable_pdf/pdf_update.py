"""Adds text layers to a PDF file by an incremental update (PDF 2.0, 7.5.6). Runs in worker processes only.

Every byte of the file stays as it is: the update follows them. It replaces the dictionaries of the pages that get text,
with one more content stream and one more font each; all else, signed or not, is left alone. An encrypted file's update
is encrypted as the file is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cogdoc.documents.formats import DocumentFormat
from cogdoc.documents.mupdf import ERRORS, pymupdf, reason
from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.searchable_pdf import fonts
from cogdoc.documents.searchable_pdf.layer_content import FONT, WIDE_FONT
from cogdoc.documents.searchable_pdf.overlay import LABEL_FONT, OVERLAY_GROUP, on_overlay
from cogdoc.documents.searchable_pdf.pieces import PdfUpdate, SharedObjects
from cogdoc.errors import DamagedError
from cogdoc.results.text_layer import TextLayer

mupdf = pymupdf.mupdf

MOST_PARENTS = 64
"""How far up the page tree a page's resources are looked for."""


class PdfOutput:
    """A file that MuPDF writes: of all bytes, those from `start` on are kept, `length` of them at most."""

    def __init__(self, start: int, length: int | None = None) -> None:
        self.data = bytearray()
        self._start = start
        self._end = None if length is None else start + length
        self._position = 0

    def write(self, data: bytes) -> int:
        begin = max(0, self._start - self._position)
        end = len(data) if self._end is None else max(0, self._end - self._position)
        self.data += memoryview(data)[begin:end]
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise ValueError("MuPDF writes from the beginning to the end")

    truncate = seek


def make_update(request: OpenRequest, layers: Sequence[TextLayer], shared: SharedObjects) -> PdfUpdate:
    """The update that adds `layers` to a PDF file; see `cogdoc.documents.searchable_pdf.worker_calls.update_pdf`.

    Raises:
        DamagedError: the file, or one of the pages, cannot get text.
    """
    with request.open() as opened:
        size = opened.seek(0, 2)
    file = _open_unshared(request)
    try:
        if layers:
            shared = _add_shared(file, layers, shared)
        for layer in layers:
            _add_layer(file, layer, shared)
        if file.is_repaired:  # when it was opened, or when its pages were
            return PdfUpdate(b"", SharedObjects(), damaged=True)
        if not layers:
            return PdfUpdate(b"", shared)
        output = PdfOutput(size)
        _save(file, output, incremental=True)
        return PdfUpdate(bytes(output.data), shared)
    except ERRORS as error:
        raise DamagedError(f"no text can be added to it: {reason(error)}") from None


def repaired_piece(request: OpenRequest, offset: int, length: int) -> bytes:
    """`length` bytes from `offset` on of a damaged file, written anew as MuPDF repairs it.

    An update would leave the repair to other programs, which repair in different ways. Every call writes the
    whole file and keeps the piece, so that memory does not grow with the file.

    Raises:
        DamagedError: it cannot be repaired.
    """
    output = PdfOutput(offset, length)
    try:
        _save(_open_unshared(request), output, incremental=False)
    except ERRORS as error:
        raise DamagedError(f"it cannot be repaired: {reason(error)}") from None
    return bytes(output.data)


def _open_unshared(request: OpenRequest) -> pymupdf.Document:
    """The file, opened apart from the document that pages are read from, to be changed.

    Raises:
        DamagedError, EncryptedError: it cannot be opened.
    """
    return MupdfDocument(request, DocumentFormat.PDF).file


def _add_shared(file: pymupdf.Document, layers: Sequence[TextLayer], shared: SharedObjects) -> SharedObjects:
    """Add what pages need and the file does not have yet."""
    font, overlay = shared.font, shared.overlay
    if not font and any(layer.content for layer in layers):
        font = _add_font(file, _add_descriptor(file), fonts.glyph_map(), fonts.unicode_map(), fonts.WIDTHS, 500)
    if not overlay and any(layer.overlay for layer in layers):
        overlay = int(file.add_ocg(fonts.OVERLAY_NAME, on=True))
    return SharedObjects(font, overlay)


def _add_descriptor(file: pymupdf.Document) -> int:
    program = _add_stream(file, fonts.FONT_PROGRAM.read_bytes(), f"/Length1 {fonts.FONT_PROGRAM.stat().st_size}")
    return _add_object(file, fonts.DESCRIPTOR.format(program=program))


def _add_font(file: pymupdf.Document, descriptor: int, glyphs: bytes, unicode: bytes, widths: str, width: int) -> int:
    """Add a font; returns its object number.

    Args:
        glyphs: the glyph of each code.
        unicode: the CMap that gives the characters of the codes.
        widths: the entry for codes whose width is not `width`.
    """
    cid_font = fonts.CID_FONT.format(
        descriptor=descriptor, glyphs=_add_stream(file, glyphs), width=width, widths=widths
    )
    font = fonts.FONT_OBJECT.format(cid_font=_add_object(file, cid_font), unicode=_add_stream(file, unicode))
    return _add_object(file, font)


def _add_wide_font(file: pymupdf.Document, font: int, chars: str) -> int:
    """Add a font for characters beyond U+FFFF, which has the font program of another."""
    cid_font = mupdf.pdf_array_get(mupdf.pdf_dict_gets(_object(file, font), "DescendantFonts"), 0)
    descriptor = mupdf.pdf_to_num(mupdf.pdf_dict_gets(cid_font, "FontDescriptor"))
    return _add_font(file, descriptor, fonts.wide_glyph_map(chars), fonts.wide_unicode_map(chars), "", 1000)


def _object(file: pymupdf.Document, number: int) -> Any:
    return mupdf.pdf_load_object(pymupdf._as_pdf_document(file), number)


def _add_object(file: pymupdf.Document, source: str) -> int:
    number = int(file.get_new_xref())
    file.update_object(number, source)
    return number


def _add_stream(file: pymupdf.Document, data: bytes, entries: str = "") -> int:
    number = _add_object(file, f"<<{entries}>>")
    file.update_stream(number, data, new=1, compress=1)
    return number


def _add_layer(file: pymupdf.Document, layer: TextLayer, shared: SharedObjects) -> None:
    page = file.load_page(layer.number - 1)
    dictionary = mupdf.pdf_page_from_fz_page(page.this).obj()
    resources = _own_copy(file, dictionary, "Resources", _inherited(dictionary, "Resources"))
    page_fonts = _own_copy(file, resources, "Font", mupdf.pdf_dict_gets(resources, "Font"))
    before: list[int] = []
    after: list[int] = []
    matrix = _matrix(page, layer)
    if layer.content:
        content = f"q {matrix} cm\n{_with_fonts(file, page_fonts, layer, shared.font)}\nQ\n"
        if _is_tagged(file):  # what no tag names has to be marked as no part of the structure (PDF 2.0, 14.8.2.2)
            content = f"/Artifact BMC\n{content}EMC\n"
        before.append(_add_stream(file, content.encode()))
    if layer.overlay:
        properties = _own_copy(file, resources, "Properties", mupdf.pdf_dict_gets(resources, "Properties"))
        _put_reference(file, properties, OVERLAY_GROUP, shared.overlay)
        _put_reference(file, page_fonts, LABEL_FONT, _add_object(file, fonts.LABEL_FONT_OBJECT))
        # The page's own content may leave the coordinates changed.
        before.append(_add_stream(file, b"q\n"))
        after.append(_add_stream(file, f"\nQ {on_overlay(layer.overlay, matrix)}".encode()))
    _put_around(file, dictionary, before, after)


def _is_tagged(file: pymupdf.Document) -> bool:
    catalog = mupdf.pdf_dict_gets(mupdf.pdf_trailer(pymupdf._as_pdf_document(file)), "Root")
    return bool(mupdf.pdf_to_bool(mupdf.pdf_dict_getp(catalog, "MarkInfo/Marked")))


def _with_fonts(file: pymupdf.Document, page_fonts: Any, layer: TextLayer, font: int) -> str:
    """The text, with names of fonts that are free on the page, and are added to it."""
    content = layer.content
    wanted = {FONT: font}
    if layer.wide:
        wanted[WIDE_FONT] = _add_wide_font(file, font, layer.wide)
    for name, number in wanted.items():
        free = _free_name(page_fonts, name)
        content = content.replace(f"/{name} ", f"/{free} ")
        _put_reference(file, page_fonts, free, number)
    return content


def _inherited(dictionary: Any, key: str) -> Any:
    """An entry of a page, or of the nodes above it in the page tree."""
    for _ in range(MOST_PARENTS):
        value = mupdf.pdf_dict_gets(dictionary, key)
        if mupdf.pdf_is_dict(value):
            return value
        dictionary = mupdf.pdf_dict_gets(dictionary, "Parent")
    return None


def _own_copy(file: pymupdf.Document, parent: Any, key: str, value: Any) -> Any:
    """Give `parent` a copy of a dictionary that others may share, so that only this page changes."""
    if value is not None and mupdf.pdf_is_dict(value):
        copied = mupdf.pdf_copy_dict(value)
    else:
        copied = mupdf.pdf_new_dict(pymupdf._as_pdf_document(file), 4)
    mupdf.pdf_dict_puts(parent, key, copied)
    return copied


def _free_name(dictionary: Any, name: str) -> str:
    while mupdf.pdf_dict_gets(dictionary, name).m_internal:
        name += "x"
    return name


def _put_reference(file: pymupdf.Document, dictionary: Any, key: str, number: int) -> None:
    mupdf.pdf_dict_puts(dictionary, key, mupdf.pdf_new_indirect(pymupdf._as_pdf_document(file), number, 0))


def _put_around(file: pymupdf.Document, page: Any, before: Sequence[int], after: Sequence[int]) -> None:
    """Put streams around a page's content. Before it, nothing has changed the graphics state yet."""
    pdf = pymupdf._as_pdf_document(file)
    contents = mupdf.pdf_dict_gets(page, "Contents")
    array = mupdf.pdf_new_array(pdf, 4)
    for number in before:
        mupdf.pdf_array_push(array, mupdf.pdf_new_indirect(pdf, number, 0))
    if mupdf.pdf_is_array(contents):
        for index in range(mupdf.pdf_array_len(contents)):
            mupdf.pdf_array_push(array, mupdf.pdf_array_get(contents, index))
    elif contents.m_internal:
        mupdf.pdf_array_push(array, contents)
    for number in after:
        mupdf.pdf_array_push(array, mupdf.pdf_new_indirect(pdf, number, 0))
    mupdf.pdf_dict_puts(page, "Contents", array)


def _matrix(page: pymupdf.Page, layer: TextLayer) -> str:
    """From a layer's coordinates to those of the page's content, which may be rotated, cropped and scaled."""
    displayed = page.rect
    # From points of the page as displayed, with the origin in its lower left corner, to MuPDF's, top left.
    x_scale, y_scale = displayed.width / layer.width, displayed.height / layer.height
    to_page = pymupdf.Matrix(x_scale, 0, 0, -y_scale, displayed.x0, displayed.y1)
    box, from_content = mupdf.FzRect(), mupdf.FzMatrix()
    mupdf.pdf_page_transform(mupdf.pdf_page_from_fz_page(page.this), box, from_content)
    inverse = pymupdf.Matrix(from_content)
    if inverse.invert():
        raise DamagedError("broken page: its size is impossible")
    return " ".join(f"{value:.6f}".rstrip("0").rstrip(".") for value in to_page * inverse)


def _save(file: pymupdf.Document, output: PdfOutput, *, incremental: bool) -> None:
    """Write a file as it is: streams are neither compressed nor decompressed, and no date or id changes."""
    options = mupdf.PdfWriteOptions()
    options.do_incremental = int(incremental)
    options.do_encrypt = pymupdf.PDF_ENCRYPT_KEEP
    options.permissions = -1
    options.dont_regenerate_id = 1
    stream = pymupdf.JM_new_output_fileptr(output)
    mupdf.pdf_write_document(pymupdf._as_pdf_document(file), stream, options)
    stream.fz_close_output()
