"""JPEG 2000, AVIF, HEIC and JPEG XL pictures, and those of unusual pixels, are read in confined worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pillow_jxl  # noqa: F401 - registers JPEG XL
import pytest
from PIL import Image, ImageDraw

from cogdoc.documents.document import open_path
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import DamagedError, TooLargeError

Open = Any

pillow_heif.register_heif_opener()

FORMATS = {"heic": "HEIF", "avif": "AVIF", "jp2": "JPEG2000", "j2k": "JPEG2000", "jxl": "JXL"}


def with_bar(mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    """White, with a black bar at the left."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 39, size[1]), fill="black")
    return picture.convert(mode)


def shows_bar(pixels: Any) -> bool:
    width = pixels.shape[1]
    return bool(pixels[:, : width // 4].mean() < 10 and pixels[:, width // 2 :].mean() > 245)


@pytest.fixture(scope="module")
def strict() -> Iterator[Sandbox]:
    with Sandbox(strict=True) as sandbox:
        yield sandbox


@pytest.mark.parametrize("suffix", FORMATS)
def test_pictures_of_phones_and_archives_are_read_where_everything_is_confined(
    tmp_path: Path, strict: Sandbox, suffix: str
) -> None:
    path = tmp_path / f"picture.{suffix}"
    with_bar().save(path, FORMATS[suffix])
    document = open_path(path, strict)
    assert document.page_count == 1
    assert shows_bar(document.picture(1).result())


@pytest.mark.parametrize("suffix", ["heic", "avif", "jp2", "jxl", "png", "webp"])
def test_transparent_is_white(tmp_path: Path, open_file: Open, suffix: str) -> None:
    picture = Image.new("RGBA", (120, 80), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((0, 0, 39, 80), fill="black")
    picture.save(tmp_path / f"picture.{suffix}")
    assert shows_bar(open_file(tmp_path / f"picture.{suffix}").picture(1).result())


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "P", "I;16"])
def test_tiff_of_any_pixels_is_read(tmp_path: Path, open_file: Open, mode: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(with_bar("L"), np.uint16) * 257)
    else:
        picture = with_bar(mode)
    picture.save(tmp_path / "picture.tif")
    assert shows_bar(open_file(tmp_path / "picture.tif").picture(1).result())


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits"])
def test_fax_compressions_are_read(tmp_path: Path, open_file: Open, compression: str) -> None:
    with_bar("1").save(tmp_path / "fax.tif", compression=compression)
    assert shows_bar(open_file(tmp_path / "fax.tif").picture(1).result())


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_white_of_fewer_bits_than_the_file_has_is_white(
    tmp_path: Path, open_file: Open, suffix: str, bits: int
) -> None:
    levels = np.asarray(with_bar("L"), np.uint16) * 257 >> 16 - bits
    Image.fromarray(levels.astype(np.uint16)).save(tmp_path / f"scan.{suffix}")
    assert shows_bar(open_file(tmp_path / f"scan.{suffix}").picture(1).result())


def test_several_pictures_of_a_heic_file_are_pages_and_frames_of_avif_an_animation(
    tmp_path: Path, open_file: Open
) -> None:
    further = [Image.new("RGB", (120, 80), "red")]
    with_bar().save(tmp_path / "burst.heic", save_all=True, append_images=further)
    with_bar().save(tmp_path / "film.avif", save_all=True, append_images=further)
    burst, film = open_file(tmp_path / "burst.heic"), open_file(tmp_path / "film.avif")
    assert (burst.page_count, burst.facts.is_animation) == (2, False)
    assert (film.page_count, film.facts.is_animation) == (2, True)
    for document in (burst, film):
        assert shows_bar(document.picture(1).result())
        assert document.picture(2).result()[..., 1].mean() < 60


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_picture_that_breaks_off_is_damaged(tmp_path: Path, open_file: Open, suffix: str) -> None:
    path = tmp_path / f"torn.{suffix}"
    noise = np.random.default_rng(1).integers(0, 255, (80, 120, 3), np.uint8)
    Image.fromarray(noise).save(path, FORMATS[suffix])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedError, match=r"broken [A-Z].+ picture: [a-z]"):
        open_file(path).picture(1).result()


@pytest.mark.parametrize(("suffix", "box", "offset"), [("heic", b"ispe", 8), ("avif", b"ispe", 8), ("jp2", b"ihdr", 4)])
def test_a_picture_with_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, open_file: Open, suffix: str, box: bytes, offset: int
) -> None:
    """The size is what the file's header claims: width and height in 32 bits, `offset` bytes into a box."""
    with_bar().save(tmp_path / f"large.{suffix}")
    content = (tmp_path / f"large.{suffix}").read_bytes()
    head, *rest = content.split(box)
    claimed = (12_000).to_bytes(4) + (9_000).to_bytes(4)
    rest = [part[: offset - 4] + claimed + part[offset + 4 :] for part in rest]
    (tmp_path / f"large.{suffix}").write_bytes(box.join([head, *rest]))
    with pytest.raises(TooLargeError, match="megapixels"):
        open_file(tmp_path / f"large.{suffix}").picture(1).result()
