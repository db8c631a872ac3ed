"""Any image becomes the pixel tensor of the published transform, bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from parity_folders import FIXTURES
from PIL import Image
from safetensors.torch import load_file

from cogdoc.cogvlm2.configuration import VisionConfig, read_config
from cogdoc.cogvlm2.pixels import to_pixels

MODES = ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16"]


def vision(side: int) -> VisionConfig:
    return VisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_layers=1,
        num_heads=4,
        patch_size=14,
        image_size=side,
        in_channels=3,
        num_positions=(side // 14) ** 2 + 1,
        layer_norm_eps=1e-6,
    )


def published_transform(image: Image.Image, side: int) -> NDArray[np.float32]:
    """torchvision's Resize(BICUBIC), ToTensor and Normalize, written out in fp32."""
    square = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    values = np.asarray(square).astype(np.float32) / np.float32(255)
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
    std = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    return ((values - mean) / std).transpose(2, 0, 1)


@st.composite
def images(draw: st.DrawFn, modes: list[str]) -> Image.Image:
    """Noise images of the given modes and any small size, including lines of one pixel."""
    mode = draw(st.sampled_from(modes))
    size = (draw(st.integers(1, 70)), draw(st.integers(1, 70)))
    noise = np.random.default_rng(draw(st.integers(0, 2**16)))
    if mode in ("I", "F", "I;16"):
        kind = {"I": np.int32, "F": np.float32, "I;16": np.uint16}[mode]
        return Image.fromarray(noise.integers(0, 65536, size[::-1]).astype(kind))
    bands = len(Image.new(mode, (1, 1)).getbands())
    row = (size[0] + 7) // 8 if mode == "1" else size[0] * bands
    image = Image.frombytes(mode, size, noise.bytes(row * size[1]))
    if mode in ("P", "PA"):
        image.putpalette(noise.bytes(768))
    return image


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_pixels_are_those_of_the_parity_fixtures(folder: Path) -> None:
    config = read_config(folder)
    expected = load_file(folder / "expected.safetensors")
    for path in sorted(folder.glob("img_*.png")):
        with Image.open(path) as image:
            pixels = to_pixels(image, config.vision)
        assert torch.equal(pixels, expected[f"pixel_values_{path.stem.removeprefix('img_')}"])


@given(image=images(MODES), side=st.sampled_from([14, 28, 56]))
def test_any_image_gives_the_pixels_of_the_published_transform(image: Image.Image, side: int) -> None:
    pixels = to_pixels(image, vision(side))
    assert pixels.dtype == torch.float32
    assert pixels.shape == (3, side, side)
    assert pixels.is_contiguous()
    assert pixels.isfinite().all()
    assert np.array_equal(pixels.numpy(), published_transform(image, side))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1344, 1344), (2480, 1754), (1, 3000), (17, 5)], ids=str)
def test_the_published_size(size: tuple[int, int]) -> None:
    image = Image.effect_noise(size, 80).convert("RGB")
    pixels = to_pixels(image, vision(1344))
    assert pixels.shape == (3, 1344, 1344)
    assert np.array_equal(pixels.numpy(), published_transform(image, 1344))


def test_colors_keep_their_channels_and_positions() -> None:
    image = Image.new("RGB", (28, 28), "red")
    image.paste("blue", (0, 14, 28, 28))
    top, bottom = to_pixels(image, vision(28))[:, [0, -1], 0].T
    low, high = -0.48145466 / 0.26862954, (1 - 0.48145466) / 0.26862954
    assert top[0].item() == pytest.approx(high)
    assert bottom[0].item() == pytest.approx(low)
    assert top[2].item() == pytest.approx(-0.40821073 / 0.27577711)
    assert bottom[2].item() == pytest.approx((1 - 0.40821073) / 0.27577711)


@given(image=images(["RGBA", "LA", "PA"]))
def test_transparency_is_dropped_as_the_published_code_does(image: Image.Image) -> None:
    """Callers that want transparent parts on white, as in documents, composite them first."""
    opaque = image.copy()
    opaque.putalpha(255)
    assert torch.equal(to_pixels(image, vision(28)), to_pixels(opaque, vision(28)))


def test_a_transparent_palette_color_keeps_its_color() -> None:
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    plain = to_pixels(image, vision(28))
    image.info["transparency"] = 1
    assert torch.equal(to_pixels(image, vision(28)), plain)
    assert torch.equal(plain, to_pixels(Image.new("RGB", (9, 9), (200, 100, 50)), vision(28)))


def test_the_image_itself_is_unchanged() -> None:
    image = Image.effect_noise((40, 30), 80)
    before = image.tobytes()
    to_pixels(image, vision(28)).zero_()
    assert (image.mode, image.size, image.tobytes()) == ("L", (40, 30), before)
