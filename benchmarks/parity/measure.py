"""How far cogdoc's CogVLM2 is from what the published code gave on a parity folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from benchmarks.parity.folder import IMAGE_PARTS, Case, FolderError, ImagePart, ParityFolder, Results, Row
from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import IMAGE

FP32_LIMIT = 5e-5
ROUNDINGS = 32
"""A coarser dtype may be off by so many roundings of the largest number expected: in bf16 by an eighth of it.

Sums in another order move the logits of four layers by nine roundings; unrelated numbers differ by some 250.
"""

CASE_COLUMNS = ("hidden", "keys", "values", "prompt logits", "step logits")
IMAGE_COLUMNS = ("pixels", *IMAGE_PARTS)

USUAL_PICTURES = {
    "image": (0,),
    "single1": (0,),
    "single2": (1,),
    "image_long": (2,),
    "batch_left": (0, 1),
    "batch_right": (0, 1),
}
"""The pictures of each case's rows, by the names that parity folders use."""

RowId = tuple[str, int]
"""A case's name and the number of a row in it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The largest absolute difference of some tensors, infinite where they cannot be compared."""

    largest: float
    allowed: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A case, or the image part: differences by column, None where the folder has nothing to compare with."""

    name: str
    differences: Mapping[str, Difference | None]
    tokens_agree: bool | None

    @property
    def passed(self) -> bool:
        return self.tokens_agree is not False and all(one is None or one.allowed for one in self.differences.values())


def measure(folder: ParityFolder, model: CogVLM2) -> list[Line]:
    """The image part's line, where there are pictures, then one for each case.

    Raises:
        FolderError: a prompt cannot belong to this checkpoint.
    """
    _check(folder, model)
    lines = []
    features: Tensor | None = None
    if folder.images.pictures:
        line, features = measure_images(folder.images, model)
        lines.append(line)
    pictures = {
        (case.name, number): find_picture(case, number, features, model)
        for case in folder.cases
        for number in range(len(case.rows))
    }
    for case in folder.cases:
        chosen = [pictures[case.name, number] for number in range(len(case.rows))]
        expected = [
            _corrected(row, picture, folder.cases, pictures, features, model) if row.padded_right else row.published
            for row, picture in zip(case.rows, chosen, strict=True)
        ]
        given = read(case.rows, chosen, features, model)
        lines.append(compare_case(case, given, expected, model.dtype))
    return lines


def measure_images(images: ImagePart, model: CogVLM2) -> tuple[Line, Tensor]:
    """The image part's line, and the features (images, image_tokens, hidden_size)."""
    pixels = [to_pixels(picture, model.config.vision) for picture in images.pictures]
    vision = model.model.vision
    with Recorded(vision.patch_embedding, vision.transformer.layers[0], vision.transformer) as recorded:
        features = model.image_features(torch.stack(pixels))
    given = dict(zip(IMAGE_PARTS, (*(torch.cat(parts) for parts in recorded.outputs), features), strict=True))
    # Pixels are computed in fp32 whatever the checkpoint's dtype, and a folder may leave them out.
    compared = [difference(*pair, torch.float32) for pair in zip(pixels, images.pixels, strict=False)]
    differences = {"pixels": worst(compared)}
    for name in IMAGE_PARTS:
        expected = images.parts.get(name)
        differences[name] = None if expected is None else difference(given[name], expected, model.dtype)
    return Line("image part", differences, None), features


def find_picture(case: Case, number: int, features: Tensor | None, model: CogVLM2) -> int | None:
    """Which picture a row was given; None for text.

    Folders do not say it outright. It is one that gives what is expected, so nothing is forgiven by looking for it.
    Where none does, or several do, it is the one that the case's name stands for, else the nearest.
    """
    row = case.rows[number]
    if features is None or IMAGE not in row.prompt.token_types:
        return None
    expected = replace(row.published, step_logits=None)
    named = USUAL_PICTURES.get(case.name, ())[number : number + 1]

    def unlikely(picture: int) -> tuple[bool, bool, float]:
        given = prefill_rows([row], features[picture, None], model)
        found = worst([one for one in compare(given, [expected], model.dtype).values() if one is not None])
        off, largest = (not found.allowed, found.largest) if found is not None else (False, 0.0)
        return off, picture not in named, largest

    return min(range(len(features)), key=unlikely)


def _corrected(
    row: Row,
    picture: int | None,
    cases: Sequence[Case],
    pictures: Mapping[RowId, int | None],
    features: Tensor | None,
    model: CogVLM2,
) -> Results:
    """What is right for a row padded on the right, whose decode steps the published code gets wrong.

    That is what the case with this row alone has or, where there is none, what the model itself gives on it alone.
    """
    for case in cases:
        single = case.rows[0]
        same = (single.prompt.token_ids, single.prompt.token_types) == (row.prompt.token_ids, row.prompt.token_types)
        if len(case.rows) == 1 and same and pictures[case.name, 0] == picture:
            right = single.published
            break
    else:
        right = read([row], [picture], features, model)[0]
    return replace(row.published, step_logits=right.step_logits, tokens=right.tokens)


def read(rows: Sequence[Row], pictures: Sequence[int | None], features: Tensor | None, model: CogVLM2) -> list[Results]:
    """Read the rows as one batch, and decode greedily as many tokens as were published, past any stop token."""
    chosen = [picture for picture in pictures if picture is not None]
    given = features[chosen] if features is not None and chosen else None
    return [
        replace(prompt, step_logits=step_logits, tokens=tokens)
        for prompt, (tokens, step_logits) in zip(
            prefill_rows(rows, given, model), decode_rows(rows, given, model), strict=True
        )
    ]


def prefill_rows(rows: Sequence[Row], features: Tensor | None, model: CogVLM2) -> list[Results]:
    """Everything but the steps; features (images, image_tokens, hidden_size) of the rows that have one."""
    batch = collate([row.prompt for row in rows], model.config.pad_token_id, model.device)
    cache = allocate_cache(model.config, len(rows), batch.token_ids.shape[1], model.dtype, model.device)
    with Recorded(*model.model.layers) as recorded:
        last = model.prefill(batch, features, cache)
    return [
        Results(
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
    """Each row's tokens, and its logits (steps, vocab_size), by cogdoc's own decoding loop."""
    steps = len(rows[0].published.tokens)
    # The loop does not read its last token: with one more it reads the last that counts, whose logits were published.
    with Recorded(model.lm_head) as recorded:
        read = prefill(model, [row.prompt for row in rows], features, steps + 1)
        completions = collect(decode(read, steps + 1, stop_token_ids=()), len(rows))
    logits = torch.cat([said.view(len(rows), 1, -1) for said in recorded.outputs[0]], dim=1).float()
    return [(done.token_ids[:steps], logits[row]) for row, done in enumerate(completions)]


def compare_case(case: Case, given: Sequence[Results], expected: Sequence[Results], dtype: torch.dtype) -> Line:
    agree = all(mine.tokens == theirs.tokens for mine, theirs in zip(given, expected, strict=True))
    return Line(case.name, compare(given, expected, dtype), agree and case.listed)


def compare(given: Sequence[Results], expected: Sequence[Results], dtype: torch.dtype) -> dict[str, Difference | None]:
    """The worst differences over rows and layers, by column."""
    found: dict[str, list[Difference]] = {column: [] for column in CASE_COLUMNS}
    for mine, theirs in zip(given, expected, strict=True):
        pairs: list[tuple[str, Tensor | None, Tensor | None]] = [
            *(("hidden", mine.hidden.get(layer), tensor) for layer, tensor in theirs.hidden.items()),
            ("keys", mine.first_keys, theirs.first_keys),
            ("values", mine.first_values, theirs.first_values),
            ("prompt logits", mine.prompt_logits, theirs.prompt_logits),
            ("step logits", mine.step_logits, theirs.step_logits),
        ]
        for column, one, other in pairs:
            if other is not None:
                found[column].append(difference(one, other, dtype))
    return {column: worst(differences) for column, differences in found.items()}


def difference(given: Tensor | None, expected: Tensor, dtype: torch.dtype) -> Difference:
    """Of a tensor that was computed in `dtype`, from what is expected."""
    if given is None or given.shape != expected.shape:
        return Difference(math.inf, False)
    wanted = expected.float()
    largest = (given.float() - wanted).abs().max().item()
    limit = FP32_LIMIT if dtype == torch.float32 else ROUNDINGS * torch.finfo(dtype).eps / 2 * wanted.abs().max().item()
    return Difference(math.inf if math.isnan(largest) else largest, largest <= limit)


def worst(differences: Sequence[Difference]) -> Difference | None:
    if not differences:
        return None
    return Difference(max(one.largest for one in differences), all(one.allowed for one in differences))


class Recorded:
    """While it is entered, collects what each of some modules puts out, call by call."""

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
            if images and not folder.images.pictures:
                raise FolderError(f"{folder.path}: {case.name}: has an image, but there is no img_0")
            if images not in (0, config.image_tokens):
                raise FolderError(f"{folder.path}: {case.name}: {images} image tokens, not {config.image_tokens}")
            if not prompt.token_ids or max(prompt.token_ids) >= config.vocab_size:
                raise FolderError(f"{folder.path}: {case.name}: a prompt is empty, or not of this vocabulary")
