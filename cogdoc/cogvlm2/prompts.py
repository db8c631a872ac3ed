"""Prompts: the templates, and the token layout with ids, types and positions. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cogdoc.cogvlm2.configuration import ModelConfig, Template
from cogdoc.errors import TooLargeError

TEXT, IMAGE = 0, 1
"""Token types."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question and the model's answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Token ids with their types (TEXT or IMAGE) and positions, all of the same length, without padding."""

    token_ids: tuple[int, ...]
    token_types: tuple[int, ...]
    positions: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.token_ids)


def apply_template(template: Template, question: str, history: Sequence[Turn] = ()) -> str:
    """Render the text of a prompt. As published, the `base` template ignores the history."""
    if template == "base":
        return question
    cue = {"chat": "Answer:", "vqa": "Short answer:"}[template]
    past = "".join(f"Question: {turn.question} {cue} {turn.answer}\n" for turn in history)
    return f"{past}Question: {question} {cue}"


def build_prompt(config: ModelConfig, text_ids: Sequence[int], with_image: bool) -> Prompt:
    """Lay out a prompt: bos, the placeholders of the image (pad ids) if there is one, and the text.

    Raises:
        TooLargeError: the prompt would be longer than the model's context.
    """
    image = config.image_tokens if with_image else 0
    ids = (config.bos_token_id, *[config.pad_token_id] * image, *text_ids)
    types = (TEXT, *[IMAGE] * image, *[TEXT] * len(text_ids))
    check_length(len(ids), config.max_positions)
    return Prompt(ids, types, token_positions(types))


def check_length(length: int, most: int) -> None:
    """Check that a prompt of `length` tokens fits the context.

    Raises:
        TooLargeError: it is longer than `most`.
    """
    if length > most:
        raise TooLargeError(
            f"the prompt has {length:,} tokens, the model reads at most {most:,}",
            "ask about less text at a time",
        )


def token_positions(types: Sequence[int]) -> tuple[int, ...]:
    """Compute positions from token types: the patches of an image share one, every other token has its own.

    Patches are the image tokens between boi and eoi, the first and the last token of an image.
    """
    positions: list[int] = []
    for index in range(len(types)):
        shares = _is_patch(types, index) and _is_patch(types, index - 1)
        positions.append(positions[-1] + (not shares) if positions else 0)
    return tuple(positions)


def vision_expert_tokens(types: Sequence[int]) -> list[int]:
    """Indices of the tokens of the vision experts: image tokens that another image token follows.

    These are boi and all patches; eoi goes to the language experts, which other implementations get wrong.
    """
    return [i for i in range(len(types) - 1) if types[i] == types[i + 1] == IMAGE]


def _is_patch(types: Sequence[int], index: int) -> bool:
    return 0 < index < len(types) - 1 and types[index - 1] == types[index] == types[index + 1] == IMAGE
