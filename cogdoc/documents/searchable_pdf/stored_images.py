"""Turns the frames of picture files into images of PDF files (PDF 2.0, 8.9.5), pixel by pixel as they are.

The compressed data of JPEG, JPEG 2000 and most PNG files is copied. Other frames are compressed without loss: black and
white ones as fax (CCITT group 4), the others as PNG does it. Runs in worker processes only.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image, MpoImagePlugin, TiffImagePlugin

from cogdoc.documents.picture_document import PictureDocument

MP_ENTRIES = 0xB002
"""The tag of the list of pictures in a file with several JPEG pictures."""

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_SPACES = {0: "/DeviceGray", 2: "/DeviceRGB"}
PNG_COLORS = {0: 1, 2: 3, 3: 1}

PROFILES = {b"GRAY": ("L", 1), b"RGB ": ("RGB", 3), b"CMYK": ("CMYK", 4)}
"""Pillow's mode and the number of components of the colour spaces that ICC profiles are for (ICC.1:2022, 7.2.6)."""

SPACES = {"1": "/DeviceGray", "L": "/DeviceGray", "RGB": "/DeviceRGB", "CMYK": "/DeviceCMYK"}

PNG_MODES = ("L", "P", "RGB", "I;16")
"""Pillow's modes whose pixels PNG files keep exactly."""

PROFILE = "{profile}"
"""Stands for the object number of an image's ICC profile in its entries."""


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image as a PDF file stores it."""

    width: int
    height: int
    entries: str
    """Its dictionary, without its size and its mask; `PROFILE` is where its profile's number goes."""
    data: bytes
    orientation: int = 1
    """How it is shown, as EXIF has it: 1 as it is, 6 turned clockwise by 90 degrees."""
    mask: StoredImage | None = None
    """How opaque each pixel is."""
    profile: tuple[bytes, int] | None = None
    """The ICC profile of its colours, and how many components these have."""


def stored_image(document: PictureDocument, index: int) -> StoredImage:
    """A frame as an image of a PDF file.

    Raises:
        DamagedError, TooLargeError: the frame cannot be decoded.
    """
    frame, orientation = document.stored_frame(index)
    file_format = document.file.format
    whole = index == 0 and not document.is_repaired(0)
    if file_format in ("JPEG", "MPO") and frame.mode in ("L", "RGB", "CMYK"):
        return _jpeg(document, index, frame, orientation)
    if whole and file_format == "JPEG2000" and frame.mode in ("L", "RGB"):
        entries = f"/Filter/JPXDecode/ColorSpace{SPACES[frame.mode]}/BitsPerComponent 8"
        return StoredImage(*frame.size, entries, document.file_bytes(), orientation)
    if whole and file_format == "PNG" and not document.is_animation:
        copied = _copied_png(document.file_bytes(), orientation, frame)
        if copied is not None:
            return copied
    return _encoded(document, index, frame, orientation)


def _jpeg(document: PictureDocument, index: int, frame: Image.Image, orientation: int) -> StoredImage:
    profile = _profile(frame)
    entries = f"/Filter/DCTDecode/BitsPerComponent 8/ColorSpace{_space(frame.mode, profile)}"
    if frame.mode == "CMYK" and "adobe" in document.file.info:  # Photoshop stores the inks inverted
        entries += "/Decode[1 0 1 0 1 0 1 0]"
    return StoredImage(*frame.size, entries, _jpeg_data(document, index), orientation, profile=profile)


def _jpeg_data(document: PictureDocument, index: int) -> bytes:
    """The bytes of the frame that was decoded last; a file may hold several, one after another (CIPA DC-007)."""
    data, file = document.file_bytes(), document.file
    if not isinstance(file, MpoImagePlugin.MpoImageFile) or file.mpinfo is None:
        return data
    return data[file.offset : file.offset + file.mpinfo[MP_ENTRIES][index]["Size"]]


def _profile(frame: Image.Image) -> tuple[bytes, int] | None:
    """The frame's ICC profile, if it is for the frame's kind of colours."""
    data = frame.info.get("icc_profile")
    if not isinstance(data, bytes) or data[16:20] not in PROFILES:
        return None
    mode, components = PROFILES[data[16:20]]
    return (data, components) if frame.mode in (mode, "P" if mode == "RGB" else mode) else None


def _space(mode: str, profile: tuple[bytes, int] | None) -> str:
    return f"[/ICCBased {PROFILE} 0 R]" if profile else SPACES[mode]


def _copied_png(data: bytes, orientation: int, frame: Image.Image | None) -> StoredImage | None:
    """A PNG file's image with its data as it is; None if PDF has no such image: with transparency, or interlaced.

    Args:
        frame: the decoded file, for its ICC profile.
    """
    chunks = _png_chunks(data)
    if b"tRNS" in chunks or len(chunks.get(b"IHDR", b"")) != 13:
        return None
    width, height, bits, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if color not in PNG_COLORS or interlaced:
        return None
    profile = _profile(frame) if frame is not None and bits <= 8 else None
    if color == 3:
        palette = chunks.get(b"PLTE", b"")
        base = f"[/ICCBased {PROFILE} 0 R]" if profile else "/DeviceRGB"
        space = f"[/Indexed{base} {max(0, len(palette) // 3 - 1)}<{palette.hex()}>]"
    else:
        space = f"[/ICCBased {PROFILE} 0 R]" if profile else PNG_SPACES[color]
    predictor = f"<</Predictor 15/Colors {PNG_COLORS[color]}/BitsPerComponent {bits}/Columns {width}>>"
    entries = f"/Filter/FlateDecode/DecodeParms{predictor}/BitsPerComponent {bits}/ColorSpace{space}"
    return StoredImage(width, height, entries, chunks[b"IDAT"], orientation, profile=profile)


def _png_chunks(data: bytes) -> dict[bytes, bytes]:
    """The chunks of a PNG file by their kinds, those of one kind joined (Portable Network Graphics, 5.3)."""
    parts: dict[bytes, list[bytes]] = {b"IDAT": []}
    position = len(PNG_HEAD)
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        parts.setdefault(kind, []).append(data[position + 8 : position + 8 + length])
        position += 12 + length
    return {kind: b"".join(found) for kind, found in parts.items()}


def _encoded(document: PictureDocument, index: int, frame: Image.Image, orientation: int) -> StoredImage:
    mask = None
    if frame.mode in ("RGBA", "LA", "PA") or "transparency" in frame.info:
        layers = frame.convert("LA" if frame.mode == "LA" else "RGBA")
        alpha = layers.getchannel("A")
        frame = layers.convert("L" if frame.mode == "LA" else "RGB")
        if alpha.getextrema() != (255, 255):
            mask = _as_png(alpha, 1)
    profile = _profile(frame)
    if frame.mode == "1":
        # Dithered pictures grow as fax.
        return min(_as_fax(frame, orientation), _as_png(frame, orientation), key=lambda image: len(image.data))
    if frame.mode == "CMYK":
        entries = f"/Filter/FlateDecode/BitsPerComponent 8/ColorSpace{_space('CMYK', profile)}"
        return StoredImage(*frame.size, entries, zlib.compress(frame.tobytes()), orientation, profile=profile)
    if frame.mode not in PNG_MODES:
        # As pages are drawn: turned, on white, with 8 bits. PDF has no such pixels.
        frame, orientation, mask = Image.fromarray(document.frame(index)), 1, None
    return _as_png(frame, orientation, mask)


def _as_png(frame: Image.Image, orientation: int, mask: StoredImage | None = None) -> StoredImage:
    file = io.BytesIO()
    frame.save(file, "PNG")
    image = _copied_png(file.getvalue(), orientation, frame)
    assert image is not None  # Pillow writes no interlaced files
    return StoredImage(image.width, image.height, image.entries, image.data, orientation, mask, image.profile)


def _as_fax(frame: Image.Image, orientation: int) -> StoredImage:
    file = io.BytesIO()
    frame.save(file, "TIFF", compression="group4", tiffinfo={TiffImagePlugin.ROWSPERSTRIP: frame.height})
    with Image.open(file, formats=["TIFF"]) as written:
        assert isinstance(written, TiffImagePlugin.TiffImageFile)
        tags = written.tag_v2
        (start,), (length,) = tags[TiffImagePlugin.STRIPOFFSETS], tags[TiffImagePlugin.STRIPBYTECOUNTS]
    # libtiff writes black pixels, which are 0, in the runs that the fax standard calls white.
    parameters = f"<</K -1/Columns {frame.width}/Rows {frame.height}/BlackIs1 true>>"
    entries = f"/Filter/CCITTFaxDecode/DecodeParms{parameters}/BitsPerComponent 1/ColorSpace/DeviceGray"
    return StoredImage(*frame.size, entries, file.getvalue()[start : start + length], orientation)
