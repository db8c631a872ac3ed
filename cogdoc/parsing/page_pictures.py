"""Takes the pictures out of a page: the file's own bytes where one embedded picture is all of it, else a rendering.

Runs in the sandbox.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Literal

from annotated_types import MaxLen, MinLen

from cogdoc.documents.geometry import Box
from cogdoc.documents.open_request import OpenRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cogdoc.documents.mupdf_document import MupdfDocument
    from cogdoc.documents.opening import OpenDocument

RESOLUTION = 200
"""Pixels per inch of a rendering."""

MAX_SIDE = 3000
"""Pixels of the long side of a rendered page; larger pages are rendered at less."""

MAX_BYTES = 24 * 2**20
"""Of an embedded picture that is taken as it is."""

SAME_BOX = 0.8
"""Share of the union of two boxes that they have in common, if they are of the same picture."""

QUALITY = 90
"""Of JPEG files."""

MUCH_SMALLER = 3
"""How often a JPEG file goes into a PNG file, if the picture is a photograph."""

_BEGINNINGS = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
"""Of the files that every browser shows."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture as a file."""

    ending: Literal["jpg", "png"]
    content: Annotated[str, MinLen(1), MaxLen(64 * 2**20)]
    """Its bytes in Base64."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Where a picture is on a page."""

    box: Box
    """In points of the page as displayed."""
    has_text: bool
    """Whether the page's text is laid over it, which an embedded picture has not."""


def read_picture(request: OpenRequest, number: int, place: PicturePlace, turned: int) -> PictureFile:
    """The picture at a place of page `number` (1-based).

    Args:
        turned: degrees clockwise by which the page was turned to make its text upright.

    Raises:
        InputError: the page cannot be rendered.
    """
    from cogdoc.documents.mupdf_document import MupdfDocument
    from cogdoc.documents.opening import check_index, open_document

    document = open_document(request)
    index = check_index(document, number)
    if isinstance(document, MupdfDocument) and not place.has_text and not turned:
        embedded = _embedded(document, index, place.box)
        if embedded is not None:
            return embedded
    return _rendered(document, index, place.box, turned)


def _embedded(document: MupdfDocument, index: int, box: Box) -> PictureFile | None:
    """The bytes of the embedded picture that alone fills a box, if a browser shows them as the page does."""
    from cogdoc.documents.mupdf import ERRORS
    from cogdoc.parsing.text_layer.page_frame import frame_of
    from cogdoc.parsing.text_layer.paint_log import log_paint

    page = document.load_page(index)
    try:
        frame = frame_of(page)
        infos = [(frame.display(Box(*info["bbox"])), info) for info in page.get_image_info(xrefs=True)]
        inside = [(own, info) for own, info in infos if own.overlap(box) > 0.02 * box.area]
        if len(inside) != 1:
            return None
        own, info = inside[0]
        a, b, c, d, _, _ = info["transform"]
        is_upright = a > 0 and d > 0 and abs(b) + abs(c) < 0.01 * (a + d) and not page.rotation
        if not is_upright or not info["xref"] or own.overlap(box) < SAME_BOX * (own.area + box.area - own.overlap(box)):
            return None
        log = log_paint(page)
        if any(_is_over(frame.display(path), own) for path in (*log.filled_paths, *log.stroked_paths)):
            return None
        extracted = document.file.extract_image(info["xref"])
    except ERRORS:
        return None
    content = bytes(extracted.get("image") or b"")
    ending = extracted.get("ext", "")
    if extracted.get("smask") or extracted.get("colorspace") not in (1, 3) or len(content) > MAX_BYTES:
        return None
    if not content.startswith(_BEGINNINGS.get(ending, b"\0")):
        return None
    return PictureFile("jpg" if ending == "jpeg" else "png", base64.b64encode(content).decode())


def _is_over(path: Box, picture: Box) -> bool:
    """Whether a drawn path is within a picture, not a frame or a background of it."""
    return (
        picture.contains_point(*path.center)
        and path.overlap(picture) < 0.9 * picture.area
        and (path.width > 0 or path.height > 0)
        and path.x0 > picture.x0 + 1
        and path.x1 < picture.x1 - 1
    )


def _rendered(document: OpenDocument, index: int, box: Box, turned: int) -> PictureFile:
    import numpy as np

    from cogdoc.documents.rendering import PixelSize

    width, height = document.size(index)
    scale = min(RESOLUTION / 72, MAX_SIDE / max(width, height))
    size = PixelSize(max(1, round(width * scale)), max(1, round(height * scale)))
    pixels = document.picture(index, size)
    left, top = max(0, int(box.x0 * scale)), max(0, int(box.y0 * scale))
    crop = pixels[top : max(top + 1, round(box.y1 * scale)), left : max(left + 1, round(box.x1 * scale))]
    if not crop.size:
        crop = pixels
    return _encoded(np.rot90(crop, k=-turned // 90))


def _encoded(pixels: npt.NDArray[np.uint8]) -> PictureFile:
    """A PNG file; of a photograph a JPEG file, which is much smaller."""
    import numpy as np
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    png, jpeg = BytesIO(), BytesIO()
    image.save(png, "PNG")
    image.save(jpeg, "JPEG", quality=QUALITY)
    is_photograph = png.tell() > MUCH_SMALLER * jpeg.tell()
    content = jpeg.getvalue() if is_photograph else png.getvalue()
    return PictureFile("jpg" if is_photograph else "png", base64.b64encode(content).decode())
