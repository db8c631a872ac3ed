"""Draws lines of text in many scripts and fonts, as bad as scans are."""

from __future__ import annotations

import io
import random
import subprocess
from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from training.scripts.vocabulary import CLASSES, LOCALES, READ, SAMPLES, words

FC_LANGUAGES = {
    "latin": "pl",
    "han": "ja zh-cn",
    "cyrillic": "ru",
    "greek": "el",
    "arabic": "ar",
    "hebrew": "he",
    "devanagari": "hi",
    "bengali": "bn",
    "tamil": "ta",
    "telugu": "te",
    "thai": "th",
    "hangul": "ko",
    "georgian": "ka",
    "armenian": "hy",
}
"""Languages by which fontconfig finds the fonts of each script."""

HELD_OUT = 4
"""One font family in this many is kept for testing, by a hash of its name."""

SYMBOLS = "/|\\-–—=+*#%&@$€£()[]{}<>.,:;!?'~^_°•■□→"


@cache
def fonts(script: str) -> dict[str, list[str]]:
    """The files of fonts for a script, by family."""
    found: dict[str, list[str]] = {}
    for line in sorted({line for language in FC_LANGUAGES[script].split() for line in _listed(language)}):
        file, _, family = line.partition(":")
        if file.strip().endswith((".ttf", ".otf", ".ttc")):
            found.setdefault(family.split(",")[0].strip(), []).append(file.strip())
    return found


def _listed(language: str) -> list[str]:
    command = ["fc-list", f":lang={language}", "family", "file"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def is_held_out(family: str) -> bool:
    base = family.replace("Noto Sans", "").replace("Noto Serif", "")
    return sum(map(ord, base)) % HELD_OUT == 0


@cache
def families(script: str, held_out: bool) -> list[str]:
    """Both parts have fonts of each script: where the hash leaves one empty, the first family goes there."""
    names = list(fonts(script))
    part = [name for name in names if is_held_out(name) == held_out]
    if len(names) > 1 and held_out and not part:
        return names[:1]
    if not held_out and not any(map(is_held_out, names)) and len(names) > 1:
        return names[1:]
    return part or names


@cache
def _words(script: str) -> list[str]:
    return words(script)


@cache
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


@cache
def _characters(file: str) -> frozenset[int]:
    return frozenset(TTFont(file, fontNumber=0, lazy=True).getBestCmap())


def line_text(script: str, rng: random.Random) -> str:
    """Some words of a script, with numbers and signs among them."""
    texts = []
    for _ in range(rng.randint(1, 6)):
        kind = rng.random()
        if kind < 0.12:
            texts.append(number(rng))
        elif kind < 0.17:
            texts.append(rng.choice(SYMBOLS) * rng.randint(1, 3))
        else:
            texts.append(rng.choice(_words(script)))
    if not any(SAMPLES[script][0] <= char <= SAMPLES[script][1] for text in texts for char in text):
        texts.append(rng.choice(_words(script)))
    text = ("" if script == "han" and rng.random() < 0.7 else " ").join(texts)
    case = rng.random()
    return text.upper() if case < 0.2 and script != "georgian" else text.lower() if case < 0.35 else text


def number(rng: random.Random) -> str:
    digits = f"{rng.randint(0, 10 ** rng.randint(1, 9)):,}".replace(",", rng.choice([",", ".", " ", ""]))
    return rng.choice(["{}", "{}", "({})", "-{}", "{}%", "€{}", "${}", "{}.{}", "{}/{}", "{}-{}"]).format(
        digits, rng.randint(0, 99)
    )


def draw(text: str, file: str, rng: random.Random) -> npt.NDArray[np.uint8] | None:
    """A picture of one line, degraded as scans are; None if the font draws nothing."""
    size = rng.choice([12, 14, 16, 18, 20, 24, 28, 36, 48])
    font = _font(file, size)
    left, top, right, bottom = font.getbbox(text)
    if right - left < 4 or bottom - top < 4:
        return None
    above, beside = (rng.uniform(0.05, 0.5) * size for _ in range(2))
    width, height = int(right - left + 2 * beside), int(bottom - top + 2 * above)
    paper = rng.randint(200, 255) if rng.random() < 0.9 else rng.randint(0, 255)
    ink = rng.randint(0, max(0, paper - 90)) if paper >= 120 else rng.randint(min(255, paper + 90), 255)
    image = Image.new("L", (min(width, 3000), height), paper)
    ImageDraw.Draw(image).text((beside - left, above - top), text, font=font, fill=ink)
    if rng.random() < 0.15:
        y = rng.randint(0, height - 1)
        ImageDraw.Draw(image).line([(0, y), (width, y)], fill=ink, width=rng.randint(1, 2))
    if rng.random() < 0.4:
        image = image.rotate(rng.uniform(-1.5, 1.5), Image.Resampling.BILINEAR, fillcolor=paper)
    if rng.random() < 0.2:
        shear = rng.uniform(-0.25, 0.25)
        image = image.transform(
            image.size, Image.Transform.AFFINE, (1, shear, -shear * height / 2, 0, 1, 0), fillcolor=paper
        )
    if rng.random() < 0.3:
        image = image.filter(
            rng.choice([ImageFilter.MinFilter(3), ImageFilter.MaxFilter(3)]) if size >= 24 else ImageFilter.SHARPEN
        )
    if rng.random() < 0.5:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.045 * size)))
    if rng.random() < 0.3:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(20, 80))
        image = Image.open(buffer)
    pixels = np.asarray(image, np.float32)
    if rng.random() < 0.5:
        noise = np.random.default_rng(rng.randint(0, 1 << 30)).normal(0, rng.uniform(1, 25), pixels.shape)
        pixels = pixels + noise.astype(np.float32)
    if rng.random() < 0.1:
        pixels = np.where(pixels > pixels.mean(), 255, 0)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def scribble(rng: random.Random) -> npt.NDArray[np.uint8]:
    """A part of a drawing, texture or mere noise: what a detector may take for a line of text."""
    height, width = rng.randint(12, 60), rng.randint(20, 500)
    image = Image.new("L", (width, height), rng.randint(150, 255))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randint(0, 14)):
        points = [(rng.randint(0, width), rng.randint(0, height)) for _ in range(rng.randint(2, 5))]
        ink = rng.randint(0, 140)
        shape = rng.random()
        if shape < 0.5:
            pen.line(points, fill=ink, width=rng.randint(1, 4), joint="curve")
        elif shape < 0.8:
            (x0, y0), (x1, y1) = points[:2]
            pen.arc((min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1), 0, rng.randint(40, 360), ink, 2)
        else:
            x, wide = rng.randint(0, width), rng.randint(1, 8)
            pen.rectangle((x, 0, x + wide, height), fill=ink)
    pixels = np.asarray(image, np.float32)
    return np.clip(
        pixels + np.random.default_rng(rng.randint(0, 1 << 30)).normal(0, rng.uniform(0, 40), pixels.shape), 0, 255
    ).astype(np.uint8)


def samples(count: int, *, held_out: bool, seed: int) -> Iterator[tuple[npt.NDArray[np.uint8], int, str]]:
    """Pictures of lines, with the index of their class and the name of their script."""
    rng = random.Random(seed)
    unread = [script for script in LOCALES if script not in READ]
    made = 0
    while made < count:
        kind = rng.random()
        if kind < 0.04:
            yield scribble(rng), 0, "drawing"
            made += 1
            continue
        script = "latin" if kind < 0.4 else "han" if kind < 0.5 else rng.choice(unread)
        yield _drawn_line(script, held_out, rng), 0 if script in READ else CLASSES.index(script), script
        made += 1


def _drawn_line(script: str, held_out: bool, rng: random.Random) -> npt.NDArray[np.uint8]:
    """A line in a font that has all of its characters."""
    while True:
        family = rng.choice(families(script, held_out))
        file = rng.choice(fonts(script)[family])
        text = number(rng) if script == "latin" and rng.random() < 0.12 else line_text(script, rng)
        if all(ord(char) in _characters(file) for char in text) and (pixels := draw(text, file, rng)) is not None:
            return pixels
