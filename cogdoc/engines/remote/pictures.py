"""Page images as servers take them: a data URL with a PNG, or with a JPEG where that is much smaller."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

MAX_PNG = 4 << 20
"""Bytes of a PNG above which the picture becomes a JPEG: a photographed page, whose noise PNG cannot shrink."""

JPEG_QUALITY = 92
SMALL_JPEG_QUALITY = 75
"""For a server that refuses larger requests."""


def data_url(picture: Picture, long_side: int | None, *, small: bool = False) -> str:
    """A picture as a data URL.

    Args:
        long_side: pixels to which a longer side is scaled down; None leaves the size as it is.
        small: whether the server refused a larger one.
    """
    image = Image.fromarray(picture)
    if long_side is not None and max(image.size) > long_side:
        image.thumbnail((long_side, long_side), Image.Resampling.BICUBIC)
    data = None if small else _encode(image, "PNG")
    if data is not None and len(data) <= MAX_PNG:
        return _url("png", data)
    return _url("jpeg", _encode(image, "JPEG", quality=SMALL_JPEG_QUALITY if small else JPEG_QUALITY))


def _encode(image: Image.Image, name: str, **options: int) -> bytes:
    stream = io.BytesIO()
    image.save(stream, name, **options)
    return stream.getvalue()


def _url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
