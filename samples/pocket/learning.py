"""What the pocket model learns from: batches of forms with questions, and how wrong it is about them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.language import Routing
from cogdoc.cogvlm2.model import CogVLM2, PromptBatch
from cogdoc.cogvlm2.pixels import to_pixels
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.tokenizer import Tokenizer
from samples.pocket.forms import CHARACTERS, LABELS, draw, patch_maps, random_form, random_print
from samples.pocket.questions import Asked, random_question, random_transcription

KINDS = (len(CHARACTERS) + 1, len(LABELS) + 1)
"""What a patch can show: a character of a line with a label, or nothing, which is 0 for both."""
BLANK_WEIGHT = 0.1
"""What a patch that shows nothing counts for: most do."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures, and several prompts with their answers about each."""

    pixels: Tensor
    """(pictures, 3, image_size, image_size)"""
    shown: Tensor
    """(pictures, 2, grid, grid): the character and the line's label that each patch shows."""
    pictures: Tensor
    """(rows): which picture a row is about."""
    prompts: PromptBatch
    """(rows, length): prompts with their answers behind them."""
    sources: Tensor
    """(targets): indices into the flattened tokens of those behind which an answer's token must follow."""
    targets: Tensor
    """(targets): that token."""
    weights: Tensor
    """(targets): what it counts for: a long answer counts more than a short one, but not by as much as it is longer."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """How large a batch is: pictures, and questions about each beside the transcription."""

    pictures: int
    questions: int


class Forms(Dataset[Batch]):
    """Batches by number, each made up anew from the seed and its number, so that a run can be taken up anywhere."""

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer, amounts: Amounts, seed: int) -> None:
        self._config = config
        self._tokenizer = tokenizer
        self._amounts = amounts
        self._seed = seed

    def __getitem__(self, number: int) -> Batch:
        chance = random.Random(f"{self._seed} {number}")
        forms = [random_form(chance) for _ in range(self._amounts.pictures)]
        pictures = [draw(form, random_print(chance)) for form in forms]
        grid = self._config.vision.grid
        asked = [
            (picture, ask(chance, form))
            for picture, form in enumerate(forms)
            for ask in (random_transcription, *[random_question] * self._amounts.questions)
        ]
        prompts, sources, targets, weights = lay_out_answered(
            self._config, self._tokenizer, [entry for _, entry in asked]
        )
        return Batch(
            pixels=torch.stack([to_pixels(picture, self._config.vision) for picture in pictures]),
            shown=torch.stack([torch.from_numpy(patch_maps(form, grid)) for form in forms]),
            pictures=torch.tensor([picture for picture, _ in asked]),
            prompts=prompts,
            sources=sources,
            targets=targets,
            weights=weights,
        )


def lay_out_answered(
    config: ModelConfig, tokenizer: Tokenizer, asked: Sequence[Asked]
) -> tuple[PromptBatch, Tensor, Tensor, Tensor]:
    """Prompts with their answers, and `sources`, `targets` and `weights` as in `Batch`.

    The prompts are what `cogdoc.cogvlm2.model.collate` would make of them, faster, as all begin with an image.
    """
    empty = build_prompt(config, (), with_image=True)
    texts = [tokenizer.encode(apply_template(entry.template, entry.question)) for entry in asked]
    answers = [[*tokenizer.encode(entry.answer), config.eos_token_ids[0]] for entry in asked]
    # The last token of an answer is never read.
    lengths = [len(empty) + len(text) + len(answer) - 1 for text, answer in zip(texts, answers, strict=True)]
    rows, longest = len(asked), max(lengths)
    token_ids = torch.full((rows, longest), config.pad_token_id)
    token_ids[:, 0] = config.bos_token_id
    sources: list[int] = []
    targets: list[int] = []
    weights: list[float] = []
    for row, (text, answer) in enumerate(zip(texts, answers, strict=True)):
        token_ids[row, len(empty) : lengths[row]] = torch.tensor(text + answer[:-1])
        first = row * longest + len(empty) + len(text) - 1
        sources += range(first, first + len(answer))
        targets += answer
        weights += [len(answer) ** -0.5] * len(answer)
    behind = torch.arange(1, longest - len(empty) + 1) + empty.positions[-1]
    slots = torch.arange(rows * longest).view(rows, longest)
    real = torch.arange(longest) < torch.tensor(lengths)[:, None]
    image_end = len(empty) - 1
    prompts = PromptBatch(
        token_ids=token_ids,
        positions=torch.cat((torch.tensor(empty.positions), behind)).expand(rows, -1),
        lengths=tuple(lengths),
        image_indices=slots[:, 1 : image_end + 1].flatten(),
        routing=Routing(
            language=torch.cat((slots[:, 0], slots[:, image_end:][real[:, image_end:]])),
            vision=slots[:, 1:image_end].flatten(),
        ),
    )
    return prompts, torch.tensor(sources), torch.tensor(targets), torch.tensor(weights)


class PatchHeads(nn.Module):
    """Tell what each patch shows, from the tower's output and from the image tokens.

    Without this, answers alone would have to teach the tower to read, and stay guesses for hours. The heads are not
    part of the checkpoint.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.patch = nn.Linear(config.vision.hidden_size, sum(KINDS))
        self.token = nn.Linear(config.hidden_size, 4 * sum(KINDS))

    def forward(self, patches: Tensor, tokens: Tensor, shown: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and the share of characters that the tower's output gives right.

        Args:
            patches: (pictures, grid * grid, vision width).
            tokens: (pictures, grid * grid / 4, hidden_size), each of 2 x 2 patches.
            shown: (pictures, 2, grid, grid).
        """
        by_patch = self.patch(patches).flatten(0, 1).split(KINDS, dim=-1)
        by_token = self.token(tokens).view(-1, sum(KINDS)).split(KINDS, dim=-1)
        loss = torch.zeros(())
        for kind in range(len(KINDS)):
            weight = torch.ones(KINDS[kind])
            weight[0] = BLANK_WEIGHT
            in_tokens = functional.pixel_unshuffle(shown[:, kind : kind + 1], 2).flatten(2).transpose(1, 2)
            loss = loss + functional.cross_entropy(by_patch[kind], shown[:, kind].flatten(), weight)
            loss = loss + functional.cross_entropy(by_token[kind], in_tokens.flatten(), weight)
        characters = shown[:, 0].flatten()
        right = by_patch[0].argmax(-1) == characters
        return loss, right[characters > 0].float().mean()


@dataclass(frozen=True, slots=True)
class Losses:
    answers: Tensor
    patches: Tensor
    characters_right: Tensor
    """Share of them."""

    def __str__(self) -> str:
        return (
            f"answers {float(self.answers.detach()):.3f}  patches {float(self.patches.detach()):.3f} "
            f"({float(self.characters_right):.1%} of characters right)"
        )


def losses(model: CogVLM2, heads: PatchHeads, batch: Batch) -> Losses:
    """How wrong the model is about a batch's answers, and about what the patches of its pictures show."""
    tower = model.model.vision
    patches = tower.transformer(tower.patch_embedding(batch.pixels))  # (pictures, 1 + grid * grid, width)
    features = tower.project(patches)  # (pictures, image_tokens, hidden_size)
    seen, right = heads(patches[:, 1:], features[:, 1:-1], batch.shown)
    rows, length = batch.prompts.token_ids.shape
    cache = allocate_cache(model.config, rows, length, model.dtype, model.device)
    hidden = model.prefill(batch.prompts, features[batch.pictures], cache)
    logits = model.logits(hidden.flatten(0, 1)[batch.sources])
    wrong = functional.cross_entropy(logits, batch.targets, reduction="none")
    return Losses((wrong * batch.weights).sum() / batch.weights.sum(), seen, right)
