"""Imitate a scan of a printed page: skew, blur, uneven ink and paper, noise and dust."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Gray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scanner:
    """The defects of a scan. Levels are gray values from 0 to 255; lengths are in pixels."""

    skew: float = 0.0
    """Degrees counterclockwise."""
    blur: float = 0.6
    """Radius of the Gaussian blur."""
    ink: float = 40.0
    paper: float = 245.0
    noise: float = 3.0
    """Standard deviation of the noise of single pixels."""
    shading: float = 3.0
    """Standard deviation of the paper's brightness over long distances."""
    fading: float = 0.0
    """Share of the ink that is missing at the weakest print."""
    dust: int = 0
    """Number of specks."""


def scan(picture: Image.Image, scanner: Scanner, seed: int) -> Image.Image:
    """A gray picture of the same size, as if the clean picture was printed and scanned."""
    random = np.random.default_rng(seed)
    clean = picture.convert("L")
    background = int(clean.getpixel((0, 0)))  # type: ignore[arg-type]
    skewed = clean.rotate(scanner.skew, Image.Resampling.BICUBIC, fillcolor=background)
    blurred = skewed.filter(ImageFilter.GaussianBlur(scanner.blur))
    shape = (blurred.height, blurred.width)

    ink = 1.0 - np.asarray(blurred, dtype=np.float32) / 255.0  # (height, width)
    if scanner.fading:
        patches = np.clip(0.5 + 0.35 * _drift(random, shape, cell=60), 0.0, 1.0)
        ink *= 1.0 - scanner.fading * patches
    paper = scanner.paper + scanner.shading * _drift(random, shape, cell=400)
    gray = paper - (paper - scanner.ink) * ink
    gray += random.normal(0.0, scanner.noise, shape).astype(np.float32)
    _add_dust(gray, random, scanner)
    return Image.fromarray(np.clip(np.round(gray), 0, 255).astype(np.uint8))


def reduce_shades(picture: Image.Image, shades: int) -> Image.Image:
    """The picture in `shades` evenly spaced grays, which makes a noisy PNG several times smaller."""
    step = 255.0 / (shades - 1)
    index = np.round(np.asarray(picture, dtype=np.float32) / step).astype(np.uint8)
    paletted = Image.frombytes("P", picture.size, index.tobytes())
    paletted.putpalette([round(shade * step) for shade in range(shades) for _ in range(3)])
    return paletted


def _drift(random: np.random.Generator, shape: tuple[int, int], cell: int) -> Gray:
    """Smooth noise of about unit variance that changes over `cell` pixels."""
    height, width = shape
    coarse = random.normal(0.0, 1.0, (height // cell + 3, width // cell + 3)).astype(np.float32)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32)


def _add_dust(gray: Gray, random: np.random.Generator, scanner: Scanner) -> None:
    height, width = gray.shape
    for _ in range(scanner.dust):
        y, x = int(random.integers(0, height - 3)), int(random.integers(0, width - 3))
        tall, wide = random.integers(1, 4, 2)
        gray[y : y + tall, x : x + wide] -= float(random.uniform(30, 110))
