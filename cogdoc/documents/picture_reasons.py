"""Says in plain words why a picture cannot be decoded."""

from __future__ import annotations

import re

from PIL import UnidentifiedImageError

_REASONS = (
    (r"truncated|expected to read|EOF|end of|unexpected end|not enough (image )?data|read 0|cut", "it ends too early"),
    (r"decoder object|data stream|decod|decompress|inflate|zlib|read next frame|compress", "its pixels are broken"),
    (r"header|signature|magic|marker|chunk|CRC|checksum", "its description is broken"),
    (r"seek|frame|no more images", "it has fewer pictures than it says"),
    (r"mode|color|palette|bits|depth|compression", "it is of a kind that does not exist"),
)
"""What words of decoders' messages mean to a user; the first that matches counts."""


def picture_reason(error: Exception) -> str:
    """Why a picture cannot be decoded, as a clause; the decoder's own words follow in brackets, if it has any."""
    if isinstance(error, UnidentifiedImageError):
        return "nothing in it can be recognized beyond its first bytes"
    message = " ".join(str(error).split())[:120]
    if not message:
        return "its content cannot be decoded"
    clause = next(
        (text for words, text in _REASONS if re.search(words, message, re.I)), "its content cannot be decoded"
    )
    return f"{clause} (Pillow: {message})"
