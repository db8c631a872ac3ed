"""The training loss of the pocket model: of its answers, and of two auxiliary heads that classify patches."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.model import CogVLM2
from samples.pocket.forms import CHARACTERS, LABELS
from training.pocket.form_batches import Batch

CLASSES = (len(CHARACTERS) + 1, len(LABELS) + 1)
"""Classes of a patch: its character and its line's label; class 0 of both is a blank patch."""
BLANK_WEIGHT = 0.1
"""Loss weight of blank patches, which are the majority."""


@dataclass(frozen=True, slots=True)
class Losses:
    answers: Tensor
    patches: Tensor
    character_accuracy: Tensor

    def __str__(self) -> str:
        return (
            f"answers {float(self.answers.detach()):.3f}  patches {float(self.patches.detach()):.3f} "
            f"({float(self.character_accuracy):.1%} of characters right)"
        )


class PatchHeads(nn.Module):
    """Classify what each patch shows, from the vision tower's output and from the image tokens.

    Without these heads the loss of the answers alone must teach the tower to read, and answers stay guesses for hours.
    The heads are not part of the checkpoint.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.patch = nn.Linear(config.vision.hidden_size, sum(CLASSES))
        self.token = nn.Linear(config.hidden_size, 4 * sum(CLASSES))

    def forward(self, patches: Tensor, tokens: Tensor, patch_classes: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and the accuracy of characters as classified from the tower's output.

        Args:
            patches: (pictures, grid * grid, vision width).
            tokens: (pictures, grid * grid / 4, hidden_size), each covering 2 x 2 patches.
            patch_classes: (pictures, 2, grid, grid).
        """
        by_patch = self.patch(patches).flatten(0, 1).split(CLASSES, dim=-1)
        by_token = self.token(tokens).view(-1, sum(CLASSES)).split(CLASSES, dim=-1)
        loss = torch.zeros(())
        for kind in range(len(CLASSES)):
            weight = torch.ones(CLASSES[kind])
            weight[0] = BLANK_WEIGHT
            in_tokens = functional.pixel_unshuffle(patch_classes[:, kind : kind + 1], 2).flatten(2).transpose(1, 2)
            loss = loss + functional.cross_entropy(by_patch[kind], patch_classes[:, kind].flatten(), weight)
            loss = loss + functional.cross_entropy(by_token[kind], in_tokens.flatten(), weight)
        characters = patch_classes[:, 0].flatten()
        right = by_patch[0].argmax(-1) == characters
        return loss, right[characters > 0].float().mean()


def training_losses(model: CogVLM2, heads: PatchHeads, batch: Batch) -> Losses:
    """Cross-entropy of a batch's answers, and of the classes of its pictures' patches."""
    tower = model.model.vision
    patches = tower.transformer(tower.patch_embedding(batch.pixels))  # (pictures, 1 + grid * grid, width)
    features = tower.project(patches)  # (pictures, image_tokens, hidden_size)
    patch_loss, accuracy = heads(patches[:, 1:], features[:, 1:-1], batch.patch_classes)
    rows, length = batch.prompts.token_ids.shape
    cache = allocate_cache(model.config, rows, length, model.dtype, model.device)
    hidden = model.prefill(batch.prompts, features[batch.picture_indices], cache)
    logits = model.logits(hidden.flatten(0, 1)[batch.sources])
    token_losses = functional.cross_entropy(logits, batch.targets, reduction="none")
    return Losses((token_losses * batch.weights).sum() / batch.weights.sum(), patch_loss, accuracy)
