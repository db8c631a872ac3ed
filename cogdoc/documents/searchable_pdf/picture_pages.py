"""Turns frames of picture files into pages of a new PDF file. Runs in worker processes only."""

from __future__ import annotations

import os
from functools import lru_cache

from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import check_index, open_document
from cogdoc.documents.picture_document import PictureDocument
from cogdoc.documents.searchable_pdf import fonts
from cogdoc.documents.searchable_pdf.layer_content import FONT, WIDE_FONT, format_number
from cogdoc.documents.searchable_pdf.overlay import LABEL_FONT, OVERLAY_GROUP, on_overlay
from cogdoc.documents.searchable_pdf.pdf_objects import DESCRIPTOR, FONT_NUMBER, OVERLAY, PAGES, PdfObjects, add_font
from cogdoc.documents.searchable_pdf.stored_images import PROFILE, StoredImage, stored_image
from cogdoc.errors import UnsupportedError
from cogdoc.results.text_layer import TextLayer

_TURNS = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""How an image of each EXIF orientation is placed on a page of width and height 1."""


def page_objects(request: OpenRequest, number: int, layer: TextLayer | None, first: int) -> PdfObjects:
    """The objects of page `number` (1-based); see `cogdoc.documents.searchable_pdf.worker_calls.read_picture_page`."""
    with request.open() as file:
        status = os.fstat(file.fileno())
    return _page(request, (status.st_ino, status.st_mtime_ns, status.st_size), number, layer, first)


@lru_cache(maxsize=1)
def _page(
    request: OpenRequest, _version: tuple[int, ...], number: int, layer: TextLayer | None, first: int
) -> PdfObjects:
    document = open_document(request)
    index = check_index(document, number)
    if not isinstance(document, PictureDocument):
        raise UnsupportedError("not a picture")
    image = stored_image(document, index)
    width, height = document.size(index)
    objects = PdfObjects(first)
    text, drawn_over, resources = "", "", ""
    if layer is not None:
        text = f"q\n{layer.content}\nQ\n" if layer.content else ""
        drawn_over = on_overlay(layer.overlay) if layer.overlay else ""
        resources = _resources(objects, layer)
    turn = _TURNS[image.orientation]
    matrix = " ".join(format_number(value * (height if at % 2 else width)) for at, value in enumerate(turn))
    content = objects.add_deflated(f"q {matrix} cm /Image Do Q\n{text}{drawn_over}".encode())
    drawn = _add_image(objects, image)
    box = f"[0 0 {format_number(width)} {format_number(height)}]"
    objects.add(
        f"<</Type/Page/Parent {PAGES} 0 R/MediaBox{box}/Contents {content} 0 R"
        f"/Resources<</XObject<</Image {drawn} 0 R>>{resources}>>>>"
    )
    return objects


def _resources(objects: PdfObjects, layer: TextLayer) -> str:
    named = [f"/{FONT} {FONT_NUMBER} 0 R"] if layer.content else []
    if layer.wide:
        glyphs, unicode = fonts.wide_glyph_map(layer.wide), fonts.wide_unicode_map(layer.wide)
        named.append(f"/{WIDE_FONT} {add_font(objects, DESCRIPTOR, glyphs, unicode, '', 1000)} 0 R")
    if layer.overlay:
        named.append(f"/{LABEL_FONT}{fonts.LABEL_FONT_OBJECT}")
    group = f"/Properties<</{OVERLAY_GROUP} {OVERLAY} 0 R>>" if layer.overlay else ""
    return f"/Font<<{''.join(named)}>>{group}"


def _add_image(objects: PdfObjects, image: StoredImage) -> int:
    entries = image.entries
    if image.profile is not None:
        data, components = image.profile
        entries = entries.replace(PROFILE, str(objects.add_deflated(data, f"/N {components}")))
    mask = f"/SMask {_add_image(objects, image.mask)} 0 R" if image.mask else ""
    size = f"/Type/XObject/Subtype/Image/Width {image.width}/Height {image.height}"
    return objects.add_stream(f"{size}{entries}{mask}", image.data)
