"""Pictures as pages of a searchable PDF file: every pixel as it is, and no larger than the picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageCms, ImageDraw
from searchable_files import check, document_of, text_of

from cogdoc.documents.document import open_path
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.searchable_pdf.layer_content import PlacedWord, draw_layer
from cogdoc.documents.searchable_pdf.worker_calls import MAX_PIECE

OVERHEAD = 4600
"""Bytes that the pages, the font and the table of objects take."""


def drawing(mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> Image.Image:
    """A picture whose corners differ."""
    picture = Image.new("RGB", size, (250, 240, 200))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 40, 20), fill=(200, 30, 30))
    draw.rectangle((90, 60, 119, 79), fill=(20, 20, 20))
    draw.line((10, 70, 60, 30), fill=(0, 0, 255), width=3)
    return picture.convert(mode)


def save(path: Path, picture: Image.Image, **options: object) -> Path:
    if path.suffix == ".jpg":
        options |= {"subsampling": 0, "quality": 95}  # else decoders differ in how they smooth colors
    picture.save(path, **options)
    return path


def as_pdf(path: Path, sandbox: Sandbox, number: int = 1) -> Path:
    """The picture as a PDF file with a word on page `number`."""
    width, height = open_path(path, sandbox).page_size(number)
    layer = draw_layer(number, (width, height), [[PlacedWord("Word", (10, 30), (40, 0), 12)]])
    result = path.with_suffix(".out.pdf")
    result.write_bytes(document_of(path, sandbox, {number: layer}))
    check(result)
    assert text_of(result, number) == "Word"
    return result


def assert_looks_the_same(path: Path, result: Path, sandbox: Sandbox, number: int = 1, tolerance: int = 0) -> None:
    """Both are drawn by cogdoc, pixel by pixel."""
    original = open_path(path, sandbox)
    width, height = original.page_size(number)
    drawn = open_path(result, sandbox)
    assert drawn.page_size(number) == pytest.approx((width, height), abs=0.01)
    with pymupdf.open(result) as file, Image.open(path) as picture:
        scale = max(1.0, max(picture.size) / max(file[number - 1].rect.width, file[number - 1].rect.height))
    size = PixelSize(round(width * scale), round(height * scale))
    pixels = [document.picture(number, size).result().astype(int) for document in (original, drawn)]
    assert np.abs(pixels[0] - pixels[1]).max() <= tolerance


def embedded(result: Path, page: int = 0) -> tuple[dict[str, str], bytes]:
    """The filter and the like of a page's image, and its bytes as they are stored."""
    with pymupdf.open(result) as file:
        number = file[page].get_images()[0][0]
        keys = {key: file.xref_get_key(number, key)[1] for key in ("Filter", "ColorSpace", "SMask", "BitsPerComponent")}
        return keys, file.xref_stream_raw(number)


def test_a_jpeg_is_embedded_as_it_is(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "photo.jpg", drawing(), dpi=(72, 72))
    result = as_pdf(path, sandbox)
    assert embedded(result)[1] == path.read_bytes()
    assert result.stat().st_size < path.stat().st_size + OVERHEAD
    assert_looks_the_same(path, result, sandbox, tolerance=3)


def test_each_jpeg_of_a_file_with_several_is_embedded_as_it_is(tmp_path: Path, sandbox: Sandbox) -> None:
    path = tmp_path / "stereo.mpo"
    drawing().save(path, save_all=True, append_images=[drawing("RGB", (100, 60))])
    result = as_pdf(path, sandbox, number=2)
    pictures = [embedded(result, page)[1] for page in (0, 1)]
    assert b"".join(pictures) == path.read_bytes()
    assert [Image.open(io.BytesIO(content)).size for content in pictures] == [(120, 80), (100, 60)]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_stands_upright(tmp_path: Path, sandbox: Sandbox, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "photo.jpg", drawing(), exif=exif, dpi=(72, 72))
    result = as_pdf(path, sandbox)
    assert embedded(result)[1] == path.read_bytes()
    assert_looks_the_same(path, result, sandbox, tolerance=3)


def test_a_cmyk_jpeg_keeps_its_inks(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "print.jpg", drawing("CMYK"))
    result = as_pdf(path, sandbox)
    keys, data = embedded(result)
    assert (keys["ColorSpace"], data) == ("/DeviceCMYK", path.read_bytes())
    with pymupdf.open(result) as file:
        light = file[0].get_pixmap().pixel(60, 5)
    assert min(light) > 150, "inks are not inverted"


@pytest.mark.parametrize(("mode", "space"), [("RGB", "/DeviceRGB"), ("L", "/DeviceGray"), ("1", "/DeviceGray")])
def test_the_data_of_a_png_is_copied(tmp_path: Path, sandbox: Sandbox, mode: str, space: str) -> None:
    path = save(tmp_path / "scan.png", drawing(mode))
    result = as_pdf(path, sandbox)
    keys, data = embedded(result)
    assert (keys["Filter"], keys["ColorSpace"]) == ("/FlateDecode", space)
    assert data in path.read_bytes()
    assert_looks_the_same(path, result, sandbox)


def test_a_palette_is_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "plot.png", drawing().quantize(8))
    result = as_pdf(path, sandbox)
    assert embedded(result)[1] in path.read_bytes()
    assert_looks_the_same(path, result, sandbox)


def test_sixteen_bits_are_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    values = np.linspace(0, 65535, 120 * 80).reshape(80, 120).astype(np.uint16)
    path = save(tmp_path / "deep.png", Image.fromarray(values))
    result = as_pdf(path, sandbox)
    assert embedded(result)[0]["BitsPerComponent"] == "16"
    assert_looks_the_same(path, result, sandbox, tolerance=1)


def with_alpha(mode: str) -> Image.Image:
    picture = drawing("RGB").convert(mode)
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_kept(tmp_path: Path, sandbox: Sandbox, mode: str) -> None:
    path = save(tmp_path / "logo.png", with_alpha(mode))
    result = as_pdf(path, sandbox)
    assert embedded(result)[0]["SMask"] != "null"
    assert_looks_the_same(path, result, sandbox, tolerance=2)


def test_a_transparent_color_of_a_palette_is_kept(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "palette.png", drawing("P"), transparency=0)
    assert_looks_the_same(path, as_pdf(path, sandbox), sandbox, tolerance=1)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.tif", {"compression": "group4"}), ("b.tif", {}), ("c.bmp", {}), ("d.pbm", {})],
    ids=["fax", "tiff", "bmp", "pbm"],
)
def test_black_and_white_frames_become_fax(
    tmp_path: Path, sandbox: Sandbox, name: str, options: dict[str, str]
) -> None:
    path = save(tmp_path / name, drawing("L", (600, 400)).point(lambda value: 255 * (value > 128), "1"), **options)
    result = as_pdf(path, sandbox)
    assert embedded(result)[0]["Filter"] == "/CCITTFaxDecode"
    assert result.stat().st_size < path.stat().st_size + OVERHEAD
    assert_looks_the_same(path, result, sandbox)


OTHERS: dict[str, Callable[[Path], Path]] = {
    "webp": lambda folder: save(folder / "a.webp", drawing(), lossless=True),
    "transparent webp": lambda folder: save(folder / "a.webp", with_alpha("RGBA"), lossless=True),
    "gif": lambda folder: save(folder / "a.gif", drawing("P")),
    "colored tiff": lambda folder: save(folder / "a.tif", drawing(), compression="tiff_lzw"),
    "jpeg tiff": lambda folder: save(folder / "a.tif", drawing(), compression="jpeg"),
    "cmyk tiff": lambda folder: save(folder / "a.tif", drawing("CMYK")),
    "jpeg 2000": lambda folder: save(folder / "a.jp2", drawing()),
    "floating point": lambda folder: save(folder / "a.tif", drawing("F")),
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_frames_of_other_formats_look_the_same(
    tmp_path: Path, sandbox: Sandbox, make: Callable[[Path], Path], request: pytest.FixtureRequest
) -> None:
    path = make(tmp_path)
    tolerance = 140 if "cmyk" in request.node.name else 2
    assert_looks_the_same(path, as_pdf(path, sandbox), sandbox, tolerance=tolerance)


def test_an_overlay_lies_over_a_picture(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "scan.png", drawing())
    layer = draw_layer(1, (120, 80), [[PlacedWord("𠀀", (10, 30), (10, 0), 10)]])
    result = tmp_path / "out.pdf"
    result.write_bytes(
        document_of(path, sandbox, {1: layer.model_copy(update={"overlay": "1 0 0 rg 50 30 20 20 re f"})})
    )
    check(result)
    assert text_of(result) == "𠀀"
    with pymupdf.open(result) as file:
        assert file[0].get_pixmap().pixel(60, 40) == (255, 0, 0)
        assert [group["name"] for group in file.get_ocgs().values()] == ["cogdoc overlay"]


def test_every_frame_becomes_a_page(tmp_path: Path, sandbox: Sandbox) -> None:
    frames = [drawing("1"), drawing("RGB", (100, 200)), drawing("L")]
    path = tmp_path / "fax.tif"
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_lzw")
    result = as_pdf(path, sandbox, number=2)
    assert [text_of(result, number) for number in (1, 2, 3)] == ["", "Word", ""]
    for number in (1, 2, 3):
        assert_looks_the_same(path, result, sandbox, number)


def test_colors_keep_their_profile(tmp_path: Path, sandbox: Sandbox) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name in ("a.jpg", "a.png"):
        path = save(tmp_path / name, drawing(), icc_profile=profile)
        result = as_pdf(path, sandbox)
        with pymupdf.open(result) as file:
            assert "ICCBased" in file.xref_object(file[0].get_images()[0][0])
        assert_looks_the_same(path, result, sandbox, tolerance=3)


def test_a_broken_off_picture_is_kept_as_far_as_it_goes(tmp_path: Path, sandbox: Sandbox) -> None:
    path = save(tmp_path / "photo.png", drawing("RGB", (600, 400)))
    path.write_bytes(path.read_bytes()[:-400])
    result = as_pdf(path, sandbox)
    assert_looks_the_same(path, result, sandbox)


@pytest.mark.slow
def test_large_pages_come_in_pieces(tmp_path: Path, sandbox: Sandbox) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (2400, 2500, 3), np.uint8)
    path = save(tmp_path / "noise.png", Image.fromarray(noise), compress_level=1)
    result = as_pdf(path, sandbox)
    assert len(embedded(result)[1]) > MAX_PIECE
    with pymupdf.open(result) as file:
        content = file.extract_image(file[0].get_images()[0][0])["image"]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), noise)
