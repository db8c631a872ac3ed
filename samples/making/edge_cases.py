"""Make files without readable text: a blank page, an encrypted PDF and a photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageFilter

from samples.making.facts import Sample, ask
from samples.making.scanning import Scanner, reduce_shades, scan
from samples.making.sheet import A4, Face, Style, new_document, new_sheet, save

PASSWORD = "cogdoc"
SEED_COUNT = "1,742"
VAULT = "the vault at Lowmere"
STATEMENT = f"On the last day of May {VAULT} held {SEED_COUNT} sealed samples of seed."


def make(folder: Path) -> list[Sample]:
    return [_make_blank(folder), _make_encrypted(folder), _make_photo(folder)]


def _make_blank(folder: Path) -> Sample:
    """An empty sheet of A4 at 120 dpi, with the texture of paper."""
    empty = Image.new("L", (992, 1403), 255)
    scanned = scan(empty, Scanner(paper=241, noise=5, shading=4, dust=25), seed=4)
    fibers = scanned.filter(ImageFilter.GaussianBlur(0.6))
    reduce_shades(fibers, 32).save(folder / "blank.png", dpi=(120, 120))
    return Sample(file="blank.png", kind="blank")


def _make_encrypted(folder: Path) -> Sample:
    """The only file whose bytes differ each time, because PDF encryption salts the key at random."""
    document = new_document("", "")
    sheet = new_sheet(document)
    sheet.text(72, 110, "Inventory of the seed vault", Style(Face.SERIF_BOLD, 20))
    sheet.paragraph(72, 146, A4[0] - 144, STATEMENT, Style(Face.SERIF, 13))
    sheet.finish()
    save(
        document,
        folder / "encrypted.pdf",
        encryption=pymupdf.PDF_ENCRYPT_AES_256,
        user_pw=PASSWORD,
        owner_pw=PASSWORD,
    )
    return Sample(
        file="encrypted.pdf",
        kind="encrypted",
        password=PASSWORD,
        text=(STATEMENT,),
        questions=ask(f"How many samples of seed did {VAULT} hold?", answers=(SEED_COUNT,)),
    )


def _make_photo(folder: Path) -> Sample:
    """Evening light on five ridges of hills."""
    width, height = 1200, 800
    random = np.random.default_rng(5)
    depth = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None, None]
    zenith, horizon = np.array([62, 88, 150], np.float32), np.array([255, 196, 140], np.float32)
    scene = np.broadcast_to(zenith + (horizon - zenith) * np.minimum(1.0, depth * 1.7), (height, width, 3)).copy()

    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(x - 820, y - 330)
    glow = np.exp(-distance / 150)[:, :, None] + (distance < 46)[:, :, None]
    scene += (np.array([255, 240, 205], np.float32) - scene) * np.minimum(1.0, glow)

    along = np.arange(width, dtype=np.float32)
    for ridge in range(5):
        crest = np.full(width, 400 + 78 * ridge, np.float32)
        for octave in range(1, 7):
            phase, stretch = random.uniform(0, 2 * np.pi), random.uniform(0.7, 1.3)
            crest += 62 / octave**1.3 * np.sin(along * stretch * octave / 145 + phase).astype(np.float32)
        haze = 1 - ridge / 5
        color = np.array([34, 46, 62], np.float32) * (1 - haze) + np.array([206, 158, 150], np.float32) * haze
        scene = np.where((y > crest[None, :])[:, :, None], color, scene)
    scene += random.normal(0, 2.0, scene.shape).astype(np.float32)

    picture = Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))
    picture.filter(ImageFilter.GaussianBlur(0.8)).save(folder / "photo.webp", quality=80)
    return Sample(file="photo.webp", kind="photo")
