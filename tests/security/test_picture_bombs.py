"""Pictures that claim, or have, more frames and pixels than anyone would read are read in part, and say so."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cogdoc.documents.document import Document, open_path
from cogdoc.documents.frames import count_frames
from cogdoc.documents.page_selection import COUNTED_PAGES, MAX_FRAMES, MAX_PAGES, PageSelection
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import DamagedError, TooLargeError
from cogdoc.parsing.page import Page

SMALL = PixelSize(8, 8)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(timeout=20) as sandbox:
        yield sandbox


@pytest.fixture
def opened(tmp_path: Path, sandbox: Sandbox) -> Callable[[bytes], Document]:
    """Opens a file with these bytes."""

    def open_bytes(data: bytes) -> Document:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return open_path(path, sandbox)

    return open_bytes


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def apng(*grays: int, claimed: int, still: bool = False) -> bytes:
    """An animated PNG of 8 x 8 pixels with a frame for each gray, `still` if the first is not part of the animation."""
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))]
    parts.append(chunk(b"acTL", struct.pack(">II", claimed, 0)))
    sequence = 0
    for index, gray in enumerate(grays):
        pixels = zlib.compress((b"\0" + bytes([gray]) * 8) * 8)
        if not (still and index == 0):
            parts.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, 8, 8, 0, 0, 1, 10, 0, 0)))
            sequence += 1
        if index == 0:
            parts.append(chunk(b"IDAT", pixels))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", sequence) + pixels))
            sequence += 1
    return b"".join([*parts, chunk(b"IEND")])


def gif_parts() -> tuple[bytes, bytes]:
    """The head of a GIF of 8 x 8 pixels, and a frame."""
    stream = io.BytesIO()
    Image.new("L", (8, 8), 128).save(stream, "GIF")
    data = stream.getvalue()
    start = data.rindex(b"," + bytes(4) + b"\x08\0\x08\0")
    return data[:start], data[start:-1]


GIF_HEAD, GIF_FRAME = gif_parts()


def gif(frames: int) -> bytes:
    """A GIF of 8 x 8 pixels."""
    return GIF_HEAD + GIF_FRAME * frames + b";"


def tiff(*nexts: int, big: bool = False) -> bytes:
    """A TIFF of 8 x 8 pixels with a directory for each number, which is the index of the next; -1 ends the chain."""
    word, offset, short = ("Q", "Q", 43) if big else ("H", "I", 42)
    entries = [(256, 8), (257, 8), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 8), (279, 64)]
    size = struct.calcsize("<" + word) + len(entries) * (20 if big else 12) + struct.calcsize("<" + offset)
    first = 16 + 64
    head = struct.pack("<2sHHHQ", b"II", short, 8, 0, first) if big else struct.pack("<2sHIQ", b"II", short, first, 0)
    data = [head, bytes([99]) * 64]
    for following in nexts:
        data.append(struct.pack("<" + word, len(entries)))
        for tag, value in entries:
            place = 16 if tag == 273 else value
            data.append(struct.pack("<HHQQ" if big else "<HHII", tag, 16 if big else 4, 1, place))
        data.append(struct.pack("<" + offset, 0 if following < 0 else first + following * size))
    return b"".join(data)


def gray_of(document: Document, number: int) -> int:
    pixels = document.picture(number, SMALL).result()
    assert (pixels == pixels[0, 0, 0]).all()
    return int(pixels[0, 0, 0])


@pytest.mark.parametrize("claimed", [1, 2, 3, 4, 2**31])
def test_animated_png_has_the_frames_that_it_contains(opened: Callable[[bytes], Document], claimed: int) -> None:
    document = opened(apng(10, 200, 90, claimed=claimed))
    assert document.page_count == 3
    assert [gray_of(document, number) for number in (3, 1, 2)] == [90, 10, 200]
    assert ("repaired-file" in Page(document, 2).text().flags) == (claimed != 3)


def test_still_picture_before_an_animation_is_a_page_too(opened: Callable[[bytes], Document]) -> None:
    document = opened(apng(10, 200, 90, claimed=2, still=True))
    assert [gray_of(document, number) for number in range(1, document.page_count + 1)] == [10, 200, 90]
    assert Page(document, 1).text().flags.count("repaired-file") == 0


def test_claimed_frames_do_not_keep_the_command_busy(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(apng(128, claimed=2**31))
    command = [sys.executable, "-m", "cogdoc", "ocr", "one.png", "--out", "jsonl", "--max-pages", "1"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("\n") == 1
    assert "repaired-file" in ended.stdout


def test_frames_of_an_animation_beyond_the_limit_have_one_error(opened: Callable[[bytes], Document]) -> None:
    document = opened(gif(20_000))
    assert document.page_count == 20_000
    pages = document.select(PageSelection())
    assert pages.numbers == tuple(range(1, MAX_FRAMES + 1))
    assert list(pages.left_out) == [MAX_FRAMES + 1]
    assert "with 18999 more" in pages.left_out[MAX_FRAMES + 1].message


def test_pages_of_a_fax_are_not_frames_of_an_animation(opened: Callable[[bytes], Document]) -> None:
    document = opened(tiff(*range(1, 2_000), -1))
    assert document.page_count == 2_000
    assert not document.select(PageSelection()).left_out
    assert document.picture(2_000, SMALL).result()[0, 0, 0] == 99


@pytest.mark.slow
def test_hundred_thousand_directories_are_counted_and_limited(opened: Callable[[bytes], Document]) -> None:
    document = opened(tiff(*range(1, 100_000), -1))
    assert document.page_count == 100_000
    assert len(document.select(PageSelection()).numbers) == MAX_PAGES


@pytest.mark.parametrize("big", [False, True])
def test_directories_in_a_loop_are_pages_once(opened: Callable[[bytes], Document], big: bool) -> None:
    document = opened(tiff(1, 2, 0, big=big))
    assert document.page_count == 3
    assert "repaired-file" in Page(document, 1).text().flags
    whole = opened(tiff(1, 2, -1, big=big))
    assert whole.page_count == 3
    assert "repaired-file" not in Page(whole, 3).text().flags


def test_chain_of_directories_that_breaks_off_keeps_the_pages_before(opened: Callable[[bytes], Document]) -> None:
    document = opened(tiff(1, 2, 10_000))
    assert document.page_count == 3
    assert document.picture(2, SMALL).result()[0, 0, 0] == 99
    assert "repaired-file" in Page(document, 1).text().flags


def test_more_frames_than_are_counted_are_refused(opened: Callable[[bytes], Document]) -> None:
    frame = b"," + bytes(9) + b"\2\0"
    with pytest.raises(TooLargeError, match=f"more than {COUNTED_PAGES} pages"):
        opened(GIF_HEAD + frame * (COUNTED_PAGES + 100) + b";")


@pytest.mark.parametrize("magic", [b"P4", b"P5", b"P6"])
def test_raw_pictures_one_after_another_are_pages(opened: Callable[[bytes], Document], magic: bytes) -> None:
    row = {b"P4": 2, b"P5": 12, b"P6": 36}[magic]
    maxval = b"" if magic == b"P4" else b" 255"
    pictures = [magic + b"\n12 5" + maxval + b"\n" + bytes([value]) * row * 5 for value in (0, 255, 0)]
    document = opened(b"".join(pictures))
    assert document.page_count == 3
    ink = [gray_of(document, number) for number in (1, 2, 3)]
    assert ink == ([255, 0, 255] if magic == b"P4" else [0, 255, 0])


def test_wide_samples_of_raw_pictures_are_skipped_as_wide(opened: Callable[[bytes], Document]) -> None:
    pictures = [b"P5 4 4 %d\n" % maxval + bytes(32 if maxval > 255 else 16) for maxval in (65535, 255, 1000, 100)]
    assert opened(b"".join(pictures)).page_count == 4
    assert opened(b"P5 4 4 255\n" + bytes(16) + b"\nno picture").page_count == 1


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_counts_of_sound_files_are_those_of_pillow(file_format: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (7, 20, 30, 3), np.uint8)
    frames = [Image.fromarray(pixels) for pixels in noise]
    stream = io.BytesIO()
    frames[0].save(stream, file_format, save_all=True, append_images=frames[1:])
    picture = Image.open(stream)
    expected = picture.n_frames  # type: ignore[attr-defined]
    assert expected == 7
    frames_found = count_frames(picture, stream)
    assert (frames_found.count, frames_found.is_damaged) == (7, False)
    assert frames_found.is_animation == (file_format != "TIFF")


def test_webp_canvas_is_refused_before_it_is_allocated(opened: Callable[[bytes], Document]) -> None:
    stream = io.BytesIO()
    frames = [Image.new("RGB", (16, 16), color) for color in ("red", "blue")]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:])
    data = bytearray(stream.getvalue())
    assert data[12:16] == b"VP8X"
    data[24:30] = (16382).to_bytes(3, "little") * 2
    with pytest.raises(TooLargeError, match="larger than 100 megapixels"):
        opened(bytes(data))


def test_gif_canvas_that_grows_is_refused(opened: Callable[[bytes], Document]) -> None:
    grown = b"," + struct.pack("<HHHHB", 65000, 65000, 8, 8, 0) + GIF_FRAME[10:]
    document = opened(GIF_HEAD + GIF_FRAME + grown + GIF_FRAME + b";")
    assert document.page_count == 3
    assert document.picture(1, SMALL).result().shape == (8, 8, 3)
    for number in (2, 3):
        with pytest.raises(TooLargeError, match="larger than 100 megapixels"):
            document.picture(number, SMALL).result()


def test_formats_that_run_other_programs_are_not_opened(opened: Callable[[bytes], Document]) -> None:
    with pytest.raises(DamagedError):
        opened(b"BM" + bytes(40) + b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
