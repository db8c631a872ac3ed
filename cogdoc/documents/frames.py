"""Counts the frames of picture files by their structure, without decoding them and without believing counts.

A file may claim more frames than it has, or have more than anyone would read. Each frame that is counted here takes
bytes of its own, and counting ends at `COUNTED_PAGES`.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ContainerIO import ContainerIO
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from cogdoc.documents.page_selection import COUNTED_PAGES

MOST = COUNTED_PAGES + 1
"""Counting ends here: the file has too many frames."""

_NEXT_PNM = re.compile(rb"\s*(?=P[456][\s#])")


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of a picture file."""

    count: int = 1
    is_animation: bool = False
    is_damaged: bool = False
    """Whether the file claims another number of frames, or breaks off."""
    starts: tuple[int, ...] = ()
    """Where each picture begins, in a file that holds several pictures one after another."""


def count_frames(file: ImageFile.ImageFile, stream: BinaryIO) -> Frames:
    """The frames of a picture that Pillow has opened from `stream`. Leaves the position of `stream` as it was."""
    position = stream.tell()
    try:
        if isinstance(file, PngImageFile):
            return _count_png(file, stream)
        if isinstance(file, GifImageFile):
            return _count_gif(stream)
        if isinstance(file, TiffImageFile):
            return _count_tiff(stream)
        if isinstance(file, PpmImageFile):
            return _count_pnm(stream)
    finally:
        stream.seek(position)
    # libwebp and libavif have found every frame, libheif every picture, Pillow an entry with an offset for every frame
    # of an MPO file.
    count = max(1, int(getattr(file, "n_frames", 1)))
    return Frames(count, isinstance(file, WebPImageFile | AvifImageFile) and count > 1)


def open_pnm(stream: BinaryIO, start: int) -> ImageFile.ImageFile:
    """The PNM picture that begins at an offset."""
    length = stream.seek(0, 2) - start
    return Image.open(ContainerIO(stream, start, length), formats=["PPM"])


def _count_png(file: PngImageFile, stream: BinaryIO) -> Frames:
    """https://www.w3.org/TR/png-3/#apng-frame-based-animation"""
    if file.png is None or file.png.im_n_frames is None:
        return Frames()
    stream.seek(8)
    count, controlled, kind = 0, False, b""
    while count < MOST and kind != b"IEND" and len(head := stream.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"fcTL":
            controlled = True
        elif (kind == b"fdAT" and controlled) or (kind == b"IDAT" and (controlled or not count)):
            # A still picture, which is not part of the animation, comes first and has no control.
            count += 1
            controlled = False
        stream.seek(length + 4, 1)
    count = max(1, count)
    is_damaged = count != file.n_frames
    file.n_frames, file.is_animated = count, count > 1
    return Frames(count, count > 1, is_damaged)


def _count_gif(stream: BinaryIO) -> Frames:
    """https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""
    stream.seek(10)
    _skip_palette(stream, stream.read(3)[0])
    count, is_damaged = 0, False
    while count < MOST and (kind := stream.read(1)) not in (b"", b";"):
        if kind == b"!":
            stream.read(1)
            _skip_blocks(stream)
        elif kind == b",":
            descriptor = stream.read(9)
            is_damaged = len(descriptor) < 9 or not (_skip_palette(stream, descriptor[8]) and stream.read(1))
            if is_damaged:
                break
            count += 1
            _skip_blocks(stream)
    return Frames(max(1, count), count > 1, is_damaged)


def _skip_palette(stream: BinaryIO, flags: int) -> bool:
    """Skip the colour table that follows if the flags say so; true, so that it can be part of a condition."""
    if flags & 0x80:
        stream.seek(3 << ((flags & 7) + 1), 1)
    return True


def _skip_blocks(stream: BinaryIO) -> None:
    """Skip blocks of data, each with its length in front, and the empty one that ends them."""
    while (size := stream.read(1)) not in (b"", b"\0"):
        stream.seek(size[0], 1)


def _count_tiff(stream: BinaryIO) -> Frames:
    """https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf, section 2; BigTIFF has wider fields."""
    stream.seek(0)
    head = stream.read(16)
    order = "<" if head.startswith(b"II") else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    counted, entry, offset = (f"{order}Q", 20, f"{order}Q") if big else (f"{order}H", 12, f"{order}I")

    def read(field: str) -> int | None:
        data = stream.read(struct.calcsize(field))
        return int(struct.unpack(field, data)[0]) if len(data) == struct.calcsize(field) else None

    stream.seek(8 if big else 4)
    seen: set[int] = set()
    start = read(offset)
    while start and start not in seen and len(seen) < MOST and start < 1 << 63:
        stream.seek(start)
        entries = read(counted)
        if entries is None:
            break
        seen.add(start)
        end = stream.tell() + entry * entries
        start = None
        if end < 1 << 63:
            stream.seek(end)
            start = read(offset)
    return Frames(max(1, len(seen)), is_damaged=start != 0)


def _count_pnm(stream: BinaryIO) -> Frames:
    """https://netpbm.sourceforge.net/doc/ppm.html: raw pictures may follow one another, plain ones may not."""
    starts: list[int] = []
    start: int | None = 0
    while start is not None and len(starts) < MOST:
        starts.append(start)
        stream.seek(start)
        magic = stream.read(2)
        if magic not in (b"P4", b"P5", b"P6"):
            break
        picture = open_pnm(stream, start)
        stream.seek(start + picture.tile[0].offset + _raw_size(magic, picture))
        start = None
        position = stream.tell()
        if (match := _NEXT_PNM.match(stream.read(16))) is not None:
            start = position + match.end()
    return Frames(len(starts), starts=tuple(starts) if len(starts) > 1 else ())


def _raw_size(magic: bytes, picture: ImageFile.ImageFile) -> int:
    """Bytes of a raw picture."""
    width, height = picture.size
    if magic == b"P4":
        return (width + 7) // 8 * height
    args = picture.tile[0].args
    wide = args == "I;16B" or (isinstance(args, tuple) and isinstance(args[1], int) and args[1] > 255)
    return width * height * (3 if magic == b"P6" else 1) * (2 if wide else 1)
