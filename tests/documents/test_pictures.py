"""Pages of picture files: every frame, upright, on white, at the resolution of the file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cogdoc.documents.document import Document
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.picture_document import PictureDocument
from cogdoc.documents.rendering import PixelSize
from cogdoc.errors import DamagedError, TooLargeError
from cogdoc.parsing.page import Page

Open = Callable[..., Document]
EXIF_ORIENTATION = 0x0112


def corner_marked() -> Image.Image:
    """80 x 40, white, red in the upper left."""
    pixels = np.full((40, 80, 3), 255, np.uint8)
    pixels[:10, :20] = (255, 0, 0)
    return Image.fromarray(pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, open_file: Open, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = corner_marked().transpose(undo[orientation]) if orientation in undo else corner_marked()
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    stored.save(tmp_path / "photo.png", exif=exif)
    seen = open_file(tmp_path / "photo.png").picture(1, PixelSize(80, 40)).result()
    assert np.array_equal(seen, np.asarray(corner_marked()))


def test_every_frame_of_a_tiff_is_a_page(tmp_path: Path, open_file: Open) -> None:
    grays = [40, 120, 200]
    frames = [Image.new("L", (60 + gray, 50), gray) for gray in grays]
    frames[0].save(tmp_path / "fax.tiff", save_all=True, append_images=frames[1:])
    document = open_file(tmp_path / "fax.tiff")
    assert document.page_count == 3
    for number in (3, 1, 2):
        assert (document.picture(number).result() == grays[number - 1]).all()


def test_files_of_pictures_that_are_not_used_anymore_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    corner_marked().save(path)

    def open_files() -> int:
        return [Path(file.path) for file in psutil.Process().open_files()].count(path)

    opened = [PictureDocument(OpenRequest(path)) for _ in range(3)]
    assert open_files() == 3
    opened.clear()
    assert open_files() == 0
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DamagedError):
        PictureDocument(OpenRequest(path))
    assert open_files() == 0


def test_transparent_pictures_have_a_white_background(tmp_path: Path, open_file: Open) -> None:
    layers = Image.new("RGBA", (30, 30), (0, 0, 0, 0))
    layers.paste((0, 0, 0, 255), (10, 10, 20, 20))
    layers.save(tmp_path / "rgba.png")
    layers.convert("LA").save(tmp_path / "la.png")
    paletted = Image.new("P", (30, 30), 0)
    paletted.putpalette([0, 0, 0, 10, 10, 10])
    paletted.paste(1, (10, 10, 20, 20))
    paletted.save(tmp_path / "p.png", transparency=0)
    for name in ("rgba.png", "la.png", "p.png"):
        seen = open_file(tmp_path / name).picture(1, PixelSize(30, 30)).result()
        assert (seen[0, 0] == 255).all(), name
        assert (seen[15, 15] < 20).all(), name


@pytest.mark.parametrize("name", ["deep.png", "deep.tiff"])
def test_16_bit_gray_is_scaled_to_8_bits(tmp_path: Path, open_file: Open, name: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 256, dtype=np.uint16), (4, 1))
    Image.fromarray(ramp).save(tmp_path / name)
    seen = open_file(tmp_path / name).picture(1, PixelSize(256, 4)).result()
    assert np.abs(seen[0, :, 0].astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "I", "F"])
def test_every_pixel_format_keeps_its_shades(tmp_path: Path, open_file: Open, mode: str) -> None:
    picture = corner_marked().convert("L").point(lambda value: 0 if value < 200 else 255).convert(mode)
    picture.save(tmp_path / "picture.tiff")
    seen = open_file(tmp_path / "picture.tiff").picture(1, PixelSize(80, 40)).result()
    assert (seen[5, 5] < 60).all()
    assert (seen[30, 60] > 200).all()


def test_page_size_follows_the_resolution_of_the_file(tmp_path: Path, open_file: Open) -> None:
    Image.new("L", (600, 300), 255).save(tmp_path / "stated.png", dpi=(300, 300))
    Image.new("L", (600, 300), 255).save(tmp_path / "silent.png")
    Image.new("L", (600, 300), 255).save(tmp_path / "absurd.png", dpi=(1, 1))
    sizes = [
        Page(open_file(tmp_path / name), 1).text().displayed_size for name in ("stated.png", "silent.png", "absurd.png")
    ]
    assert sizes[0] == pytest.approx((144, 72), abs=0.1)
    assert sizes[1:] == [(600, 300), (600, 300)]


def png_header(width: int, height: int) -> bytes:
    """A PNG file that states a size and has no pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path, open_file: Open) -> None:
    (tmp_path / "huge.png").write_bytes(png_header(65500, 65500))
    with pytest.raises(TooLargeError, match="65500 x 65500 pixels is larger than 100 megapixels") as caught:
        open_file(tmp_path / "huge.png")
    assert "--max-megapixels" in (caught.value.hint or "")


@pytest.mark.slow
def test_huge_second_frame_is_refused_too(tmp_path: Path, open_file: Open) -> None:
    small, large = Image.new("1", (8, 8)), Image.new("1", (20000, 20000))
    small.save(tmp_path / "frames.tiff", save_all=True, append_images=[large], compression="group4")
    document = open_file(tmp_path / "frames.tiff")
    assert document.picture(1).result().shape == (1344, 1344, 3)
    with pytest.raises(TooLargeError, match="20000 x 20000"):
        document.picture(2).result()
