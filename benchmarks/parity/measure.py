"""Measures how far the outputs of cogdoc's CogVLM2 are from those of parity fixtures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from benchmarks.parity.folder import IMAGE_PARTS, Case, FolderError, ImagePart, Outputs, ParityFolder, Row
from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import IMAGE

FP32_LIMIT = 5e-5
ROUNDINGS = 32
"""A coarser dtype may differ by this many roundings of the largest expected number: in bf16 by an eighth of it.

Summing in another order changes the logits of four layers by nine roundings; unrelated numbers differ by some 250.
"""

CASE_COLUMNS = ("hidden", "keys", "values", "prompt logits", "step logits")
IMAGE_COLUMNS = ("pixels", *IMAGE_PARTS)

USUAL_IMAGES = {
    "image": (0,),
    "single1": (0,),
    "single2": (1,),
    "image_long": (2,),
    "batch_left": (0, 1),
    "batch_right": (0, 1),
}
"""The images of the rows of each case, by the case names that parity fixtures use."""

RowId = tuple[str, int]
"""The name of a case and the index of a row in it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest absolute difference between tensors, infinite if they cannot be compared."""

    largest: float
    allowed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """The result of a case or of the image part: differences by column, None if the folder omits the tensor."""

    name: str
    differences: Mapping[str, Difference | None]
    tokens_agree: bool | None

    @property
    def passed(self) -> bool:
        return self.tokens_agree is not False and all(one is None or one.allowed for one in self.differences.values())


def measure(folder: ParityFolder, model: CogVLM2) -> list[Line]:
    """Measure the image part, if there are images, and then each case.

    Raises:
        FolderError: a prompt cannot belong to this checkpoint.
    """
    _check(folder, model)
    lines = []
    features: Tensor | None = None
    if folder.image_part.images:
        line, features = measure_images(folder.image_part, model)
        lines.append(line)
    images = {
        (case.name, number): find_image(case, number, features, model)
        for case in folder.cases
        for number in range(len(case.rows))
    }
    for case in folder.cases:
        chosen = [images[case.name, number] for number in range(len(case.rows))]
        expected = [
            _corrected(row, image, folder.cases, images, features, model) if row.padded_right else row.expected
            for row, image in zip(case.rows, chosen, strict=True)
        ]
        actual = run(case.rows, chosen, features, model)
        lines.append(compare_case(case, actual, expected, model.dtype))
    return lines


def measure_images(image_part: ImagePart, model: CogVLM2) -> tuple[Line, Tensor]:
    """Measure the image part, and return its features (images, image_tokens, hidden_size) as well."""
    pixels = [to_pixels(image, model.config.vision) for image in image_part.images]
    vision = model.model.vision
    with Recorded(vision.patch_embedding, vision.transformer.layers[0], vision.transformer) as recorded:
        features = model.image_features(torch.stack(pixels))
    actual = dict(zip(IMAGE_PARTS, (*(torch.cat(parts) for parts in recorded.outputs), features), strict=True))
    # Pixels are fp32 in any checkpoint, and a folder may omit them.
    compared = [difference(*pair, torch.float32) for pair in zip(pixels, image_part.pixels, strict=False)]
    differences = {"pixels": worst(compared)}
    for name in IMAGE_PARTS:
        expected = image_part.parts.get(name)
        differences[name] = None if expected is None else difference(actual[name], expected, model.dtype)
    return Line("image part", differences, None), features


def find_image(case: Case, number: int, features: Tensor | None, model: CogVLM2) -> int | None:
    """Find the index of a row's image; None for text.

    Folders do not state it. It is the image that gives the expected outputs, so the search hides no difference. If no
    image or several images do, it is the usual one for the name of the case, or else the one with the least difference.
    """
    row = case.rows[number]
    if features is None or IMAGE not in row.prompt.token_types:
        return None
    expected = replace(row.expected, step_logits=None)
    usual = USUAL_IMAGES.get(case.name, ())[number : number + 1]

    def mismatch(image: int) -> tuple[bool, bool, float]:
        actual = prefill_rows([row], features[image, None], model)
        found = worst([one for one in compare(actual, [expected], model.dtype).values() if one is not None])
        differs, largest = (not found.allowed, found.largest) if found is not None else (False, 0.0)
        return differs, image not in usual, largest

    return min(range(len(features)), key=mismatch)


def _corrected(
    row: Row,
    image: int | None,
    cases: Sequence[Case],
    images: Mapping[RowId, int | None],
    features: Tensor | None,
    model: CogVLM2,
) -> Outputs:
    """The correct outputs of a row padded on the right, whose decode steps the published code gets wrong.

    They come from the case that has this row alone or, if there is none, from the model itself on this row alone.
    """
    for case in cases:
        single = case.rows[0]
        same = (single.prompt.token_ids, single.prompt.token_types) == (row.prompt.token_ids, row.prompt.token_types)
        if len(case.rows) == 1 and same and images[case.name, 0] == image:
            correct = single.expected
            break
    else:
        correct = run([row], [image], features, model)[0]
    return replace(row.expected, step_logits=correct.step_logits, tokens=correct.tokens)


def run(rows: Sequence[Row], images: Sequence[int | None], features: Tensor | None, model: CogVLM2) -> list[Outputs]:
    """Run the rows as one batch, and decode greedily as many tokens as are expected, past any stop token."""
    chosen = [image for image in images if image is not None]
    row_features = features[chosen] if features is not None and chosen else None
    return [
        replace(prompt, step_logits=step_logits, tokens=tokens)
        for prompt, (tokens, step_logits) in zip(
            prefill_rows(rows, row_features, model), decode_rows(rows, row_features, model), strict=True
        )
    ]


def prefill_rows(rows: Sequence[Row], features: Tensor | None, model: CogVLM2) -> list[Outputs]:
    """All outputs except those of decode steps; features (images, image_tokens, hidden_size) of rows with images."""
    batch = collate([row.prompt for row in rows], model.config.pad_token_id, model.device)
    cache = allocate_cache(model.config, len(rows), batch.token_ids.shape[1], model.dtype, model.device)
    with Recorded(*model.model.layers) as recorded:
        last = model.prefill(batch, features, cache)
    return [
        Outputs(
            hidden={layer: output[row, :length] for layer, (output,) in enumerate(recorded.outputs)},
            first_keys=cache.keys[0][row, :, :length],
            first_values=cache.values[0][row, :, :length],
            prompt_logits=model.logits(last[row, :length]),
            step_logits=None,
            tokens=(),
        )
        for row, length in enumerate(batch.lengths)
    ]


def decode_rows(rows: Sequence[Row], features: Tensor | None, model: CogVLM2) -> list[tuple[tuple[int, ...], Tensor]]:
    """The tokens of each row and their logits (steps, vocab_size), from cogdoc's decoding loop."""
    steps = len(rows[0].expected.tokens)
    # The loop does not run its last token, so one more token is decoded to get the logits of the last expected one.
    with Recorded(model.lm_head) as recorded:
        batch = prefill(model, [row.prompt for row in rows], features, steps + 1)
        completions = collect(decode(batch, steps + 1, stop_token_ids=()), len(rows))
    logits = torch.cat([step.view(len(rows), 1, -1) for step in recorded.outputs[0]], dim=1).float()
    return [(completion.token_ids[:steps], logits[row]) for row, completion in enumerate(completions)]


def compare_case(case: Case, actual: Sequence[Outputs], expected: Sequence[Outputs], dtype: torch.dtype) -> Line:
    agree = all(ours.tokens == theirs.tokens for ours, theirs in zip(actual, expected, strict=True))
    return Line(case.name, compare(actual, expected, dtype), agree and case.listing_agrees)


def compare(actual: Sequence[Outputs], expected: Sequence[Outputs], dtype: torch.dtype) -> dict[str, Difference | None]:
    """The largest differences over rows and layers, by column."""
    found: dict[str, list[Difference]] = {column: [] for column in CASE_COLUMNS}
    for ours, theirs in zip(actual, expected, strict=True):
        pairs: list[tuple[str, Tensor | None, Tensor | None]] = [
            *(("hidden", ours.hidden.get(layer), tensor) for layer, tensor in theirs.hidden.items()),
            ("keys", ours.first_keys, theirs.first_keys),
            ("values", ours.first_values, theirs.first_values),
            ("prompt logits", ours.prompt_logits, theirs.prompt_logits),
            ("step logits", ours.step_logits, theirs.step_logits),
        ]
        for column, one, other in pairs:
            if other is not None:
                found[column].append(difference(one, other, dtype))
    return {column: worst(differences) for column, differences in found.items()}


def difference(actual: Tensor | None, expected: Tensor, dtype: torch.dtype) -> Difference:
    """Compare a tensor that was computed in `dtype` with the expected one."""
    if actual is None or actual.shape != expected.shape:
        return Difference(math.inf, False)
    target = expected.float().cpu()
    largest = (actual.float().cpu() - target).abs().max().item()
    limit = FP32_LIMIT if dtype == torch.float32 else ROUNDINGS * torch.finfo(dtype).eps / 2 * target.abs().max().item()
    return Difference(math.inf if math.isnan(largest) else largest, largest <= limit)


def worst(differences: Sequence[Difference]) -> Difference | None:
    if not differences:
        return None
    return Difference(max(one.largest for one in differences), all(one.allowed for one in differences))


class Recorded:
    """Records the outputs of some modules, call by call, in its context."""

    def __init__(self, *modules: nn.Module) -> None:
        self.outputs: list[list[Tensor]] = [[] for _ in modules]
        self._modules = modules
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> Recorded:
        for module, outputs in zip(self._modules, self.outputs, strict=True):
            self._hooks.append(
                module.register_forward_hook(lambda _module, _inputs, output, to=outputs: to.append(output))
            )
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()


def _check(folder: ParityFolder, model: CogVLM2) -> None:
    config = model.config
    for case in folder.cases:
        for row in case.rows:
            prompt = row.prompt
            images = prompt.token_types.count(IMAGE)
            if images and not folder.image_part.images:
                raise FolderError(f"{folder.path}: {case.name}: has an image, but there is no img_0")
            if images not in (0, config.image_tokens):
                raise FolderError(f"{folder.path}: {case.name}: {images} image tokens, not {config.image_tokens}")
            if not prompt.token_ids or max(prompt.token_ids) >= config.vocab_size:
                raise FolderError(f"{folder.path}: {case.name}: a prompt is empty, or not of this vocabulary")
