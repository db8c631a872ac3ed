"""Random forms with questions and answers, as batches for training."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import Dataset

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.language import Routing
from cogdoc.cogvlm2.model import PromptBatch
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.tokenizer import Tokenizer
from samples.pocket.form_questions import QuestionAnswer, random_question, random_transcription
from samples.pocket.forms import draw, patch_maps, random_form, random_style


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures, and several prompts with their answers about each."""

    pixels: Tensor
    """(pictures, 3, image_size, image_size)"""
    patch_classes: Tensor
    """(pictures, 2, grid, grid): the character and the line's label that each patch shows, see `patch_maps`."""
    picture_indices: Tensor
    """(rows): the picture that each row is about."""
    prompts: PromptBatch
    """(rows, length): prompts followed by their answers."""
    sources: Tensor
    """(targets): indices into the flattened tokens of those that must predict an answer's token."""
    targets: Tensor
    """(targets): the token ids to predict."""
    weights: Tensor
    """(targets): loss weights: an answer of n tokens weighs sqrt(n), so that long ones do not dominate."""


@dataclass(frozen=True, slots=True)
class BatchSize:
    """Pictures in a batch, and questions about each besides the transcription."""

    pictures: int
    questions: int


class FormBatches(Dataset[Batch]):
    """Batches by index, each generated from the seed and its index, so that a stopped run can continue anywhere."""

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer, size: BatchSize, seed: int) -> None:
        self._config = config
        self._tokenizer = tokenizer
        self._size = size
        self._seed = seed

    def __getitem__(self, index: int) -> Batch:
        rng = random.Random(f"{self._seed} {index}")
        forms = [random_form(rng) for _ in range(self._size.pictures)]
        pictures = [draw(form, random_style(rng)) for form in forms]
        grid = self._config.vision.grid
        entries = [
            (picture, ask(rng, form))
            for picture, form in enumerate(forms)
            for ask in (random_transcription, *[random_question] * self._size.questions)
        ]
        prompts, sources, targets, weights = build_training_prompts(
            self._config, self._tokenizer, [entry for _, entry in entries]
        )
        return Batch(
            pixels=torch.stack([to_pixels(picture, self._config.vision) for picture in pictures]),
            patch_classes=torch.stack([torch.from_numpy(patch_maps(form, grid)) for form in forms]),
            picture_indices=torch.tensor([picture for picture, _ in entries]),
            prompts=prompts,
            sources=sources,
            targets=targets,
            weights=weights,
        )


def build_training_prompts(
    config: ModelConfig, tokenizer: Tokenizer, entries: Sequence[QuestionAnswer]
) -> tuple[PromptBatch, Tensor, Tensor, Tensor]:
    """Prompts with their answers, and `sources`, `targets` and `weights` as in `Batch`.

    Gives the same prompts as `cogdoc.cogvlm2.model.collate`, but faster, since every prompt starts with an image.
    """
    image_prompt = build_prompt(config, (), with_image=True)
    texts = [tokenizer.encode(apply_template(entry.template, entry.question)) for entry in entries]
    answers = [[*tokenizer.encode(entry.answer), config.eos_token_ids[0]] for entry in entries]
    # The last token of an answer is only predicted, never an input.
    lengths = [len(image_prompt) + len(text) + len(answer) - 1 for text, answer in zip(texts, answers, strict=True)]
    rows, longest = len(entries), max(lengths)
    token_ids = torch.full((rows, longest), config.pad_token_id)
    token_ids[:, 0] = config.bos_token_id
    sources: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    for row, (text, answer) in enumerate(zip(texts, answers, strict=True)):
        token_ids[row, len(image_prompt) : lengths[row]] = torch.tensor(text + answer[:-1])
        first = row * longest + len(image_prompt) + len(text) - 1
        sources += range(first, first + len(answer))
        targets += answer
        weights += [len(answer) ** -0.5] * len(answer)
    text_positions = torch.arange(1, longest - len(image_prompt) + 1) + image_prompt.positions[-1]
    indices = torch.arange(rows * longest).view(rows, longest)
    is_real = torch.arange(longest) < torch.tensor(lengths)[:, None]
    image_end = len(image_prompt) - 1
    prompts = PromptBatch(
        token_ids=token_ids,
        positions=torch.cat((torch.tensor(image_prompt.positions), text_positions)).expand(rows, -1),
        lengths=tuple(lengths),
        image_indices=indices[:, 1 : image_end + 1].flatten(),
        routing=Routing(
            language=torch.cat((indices[:, 0], indices[:, image_end:][is_real[:, image_end:]])),
            vision=indices[:, 1:image_end].flatten(),
        ),
    )
    return prompts, torch.tensor(sources), torch.tensor(targets), torch.tensor(weights)
