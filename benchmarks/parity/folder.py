"""Reads parity fixtures: a small checkpoint, images, and the expected outputs for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from cogdoc.cogvlm2.prompts import Prompt

IMAGE_PARTS = ("vit_embed", "vit_layer0", "vit_out", "image_features")


class FolderError(Exception):
    """The folder does not hold parity fixtures, or they are incomplete."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs for a prompt. What a folder omits is None."""

    hidden: Mapping[int, Tensor]
    """The output of each layer (length, hidden_size)."""
    first_keys: Tensor | None
    """Rotated keys of the first layer (kv_heads, length, head_dim)."""
    first_values: Tensor | None
    prompt_logits: Tensor | None
    """(length, vocab_size)"""
    step_logits: Tensor | None
    """(steps, vocab_size): of the last prompt token, then of each decoded token."""
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A prompt of a case and its expected outputs, without padding."""

    prompt: Prompt
    padded_right: bool
    expected: Outputs


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    rows: tuple[Row, ...]
    listing_agrees: bool
    """Whether expected.json, if it lists the case, has the same tokens."""


@dataclass(frozen=True, slots=True)
class ImagePart:
    """The images in order, and the tensors of the image part with a row for each of them."""

    images: tuple[Image.Image, ...]
    pixels: tuple[Tensor, ...]
    """Each (channels, image_size, image_size); empty if the folder omits them."""
    parts: Mapping[str, Tensor]
    """The tensors of IMAGE_PARTS that the folder has, by name."""


@dataclass(frozen=True, slots=True)
class ParityFolder:
    path: Path
    image_part: ImagePart
    cases: tuple[Case, ...]


def read_folder(path: Path) -> ParityFolder:
    """Read everything except the checkpoint.

    Raises:
        FolderError: a required file or tensor is missing or unreadable.
    """
    if not path.is_dir():
        raise FolderError(f"{path}: not a folder")
    expected_file = path / "expected.safetensors"
    if not expected_file.is_file():
        raise FolderError(f"{path}: no expected.safetensors, so these are no parity fixtures")
    try:
        expected = load_file(expected_file)
    except (SafetensorError, OSError) as error:
        raise FolderError(f"{expected_file}: {error}") from None
    names = sorted({key.split(".", 1)[0] for key in expected if "." in key})
    if not names:
        raise FolderError(f"{expected_file}: holds no case")
    listed = _listed_tokens(path / "expected.json")
    try:
        cases = tuple(_case(name, expected, listed.get(name)) for name in names)
    except KeyError as error:
        raise FolderError(f"{expected_file}: {error.args[0]} is missing") from None
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        raise FolderError(f"{expected_file}: tensors do not fit each other: {error}") from None
    return ParityFolder(path, _image_part(path, expected), cases)


def _case(name: str, expected: Mapping[str, Tensor], listed: object) -> Case:
    own = {key.removeprefix(f"{name}."): tensor for key, tensor in expected.items() if key.startswith(f"{name}.")}
    required = ("input_ids", "token_type_ids", "attention_mask", "position_ids", "tokens")
    if missing := [key for key in required if key not in own]:
        raise KeyError(f"{name}.{missing[0]}")
    tokens = own["tokens"].tolist()
    rows = tuple(_row(own, row) for row in range(len(tokens)))
    return Case(name, rows, listed is None or listed == tokens)


def _row(own: Mapping[str, Tensor], row: int) -> Row:
    mask = own["attention_mask"][row].bool()

    def ids(key: str) -> tuple[int, ...]:
        return tuple(own[key][row][mask].tolist())

    def of_row(key: str) -> Tensor | None:
        return own[key][row] if key in own else None

    keys, values, logits = of_row("kv0_k"), of_row("kv0_v"), of_row("prefill_logits")
    layers = [int(key.removeprefix("hidden_")) for key in own if key.startswith("hidden_")]
    outputs = Outputs(
        hidden={layer: own[f"hidden_{layer}"][row][mask] for layer in layers},
        first_keys=None if keys is None else keys[:, mask],
        first_values=None if values is None else values[:, mask],
        prompt_logits=None if logits is None else logits[mask],
        step_logits=of_row("step_logits"),
        tokens=tuple(own["tokens"][row].tolist()),
    )
    prompt = Prompt(ids("input_ids"), ids("token_type_ids"), ids("position_ids"))
    return Row(prompt, padded_right=not bool(mask[-1]), expected=outputs)


def _image_part(path: Path, expected: Mapping[str, Tensor]) -> ImagePart:
    files = [found for found in path.glob("img_*.*") if found.stem.removeprefix("img_").isdigit()]
    files.sort(key=lambda file: int(file.stem.removeprefix("img_")))
    images = []
    for number, file in enumerate(files):
        if file.stem != f"img_{number}":
            raise FolderError(f"{path}: no img_{number}")
        try:
            with Image.open(file) as image:
                image.load()
        except (UnidentifiedImageError, OSError) as error:
            raise FolderError(f"{file}: {error}") from None
        images.append(image)
    parts = {name: expected[name] for name in IMAGE_PARTS if name in expected}
    pixel_count = sum(key.startswith("pixel_values_") for key in expected)
    counts = [len(rows) for rows in parts.values()] + ([pixel_count] if pixel_count else [])
    if any(count != len(images) for count in counts):
        raise FolderError(f"{path}: {len(images)} images, but expected tensors for another number of them")
    try:
        pixels = tuple(expected[f"pixel_values_{number}"] for number in range(pixel_count))
    except KeyError as error:
        raise FolderError(f"{path}: {error.args[0]} is missing") from None
    return ImagePart(tuple(images), pixels, parts)


def _listed_tokens(path: Path) -> dict[str, Any]:
    """The tokens in expected.json by case; empty without that file."""
    if not path.exists():
        return {}
    try:
        cases = json.loads(path.read_text(encoding="utf-8"))["cases"]
        return {name: case["tokens"] for name, case in cases.items() if "tokens" in case}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderError(f"{path}: not the listing of a parity folder: {error!r}") from None
