"""The processor: images and prompts to the model's inputs, conversations to prompts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import BatchFeature, ProcessorMixin
from transformers.image_utils import load_image

from cogdoc.cogvlm2.configuration import Template
from cogdoc.cogvlm2.pixels import square_pixels
from cogdoc.cogvlm2.prompts import IMAGE, TEXT, Turn, apply_template
from cogdoc.cogvlm2.transformers.configuration import CogVLM2Config

NO_LOSS = -100

# What callers of processors pass by habit; prompts have one form, and are always padded to the longest.
IGNORED = {"padding", "add_special_tokens", "return_mm_token_type_ids", "videos", "audio"}

CHAT_TEMPLATE = """
{%- macro text_of(message) -%}
{%- if message.content is string -%}{{ message.content }}{%- else -%}
{%- for part in message.content if part.type == "text" -%}{{ part.text }}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- set form = template if template is defined and template else "DEFAULT" -%}
{%- set cue = {"chat": "Answer:", "vqa": "Short answer:", "base": ""}[form] -%}
{%- for message in messages -%}
{%- if message.role not in ("user", "assistant") -%}
{{ raise_exception("CogVLM2 knows the roles user and assistant, not " + message.role) }}
{%- elif form == "base" -%}
{%- if loop.last -%}{{ text_of(message) }}{%- endif -%}
{%- elif message.role == "user" -%}
{{ "Question: " + text_of(message) + " " + cue }}
{%- else -%}
{{ " " + text_of(message) + "\\n" }}
{%- endif -%}
{%- endfor -%}
"""


class CogVLM2Processor(ProcessorMixin):
    """Makes inputs of images and prompts. A prompt has one image, in front of its text, or none.

    Text that spells a control token is encoded as ordinary characters, as everywhere in cogdoc.
    """

    def __init__(
        self,
        tokenizer: Any = None,
        image_size: int = 1344,
        image_tokens: int = 2306,
        bos_token_id: int = 128000,
        eos_token_id: int = 128001,
        image_token_id: int = 128002,
        default_template: Template = "chat",
        chat_template: str | None = None,
    ) -> None:
        self.image_size = image_size
        self.image_tokens = image_tokens
        self.bos_token_id = bos_token_id
        self.eos_token_id = eos_token_id
        self.image_token_id = image_token_id
        self.default_template = default_template
        super().__init__(tokenizer, chat_template=chat_template or CHAT_TEMPLATE.replace("DEFAULT", default_template))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs: Any) -> CogVLM2Processor:
        """Load the processor of a model folder; published folders have none, so `config.json` gives its sizes."""
        config = kwargs.pop("config", None)
        stored, _ = cls.get_processor_dict(pretrained_model_name_or_path, **kwargs)
        if "image_size" not in stored:
            if config is None:
                config = CogVLM2Config.from_pretrained(pretrained_model_name_or_path)
            sizes = config.sizes()
            kwargs = {
                "image_size": sizes.vision.image_size,
                "image_tokens": sizes.image_tokens,
                "bos_token_id": sizes.bos_token_id,
                "eos_token_id": sizes.eos_token_ids[0],
                "image_token_id": sizes.pad_token_id,
                "default_template": sizes.template,
            } | kwargs
        processor: CogVLM2Processor = super().from_pretrained(pretrained_model_name_or_path, **kwargs)
        return processor

    def __call__(
        self,
        images: Any = None,
        text: str | Sequence[str] | None = None,
        *,
        template: Template | None = None,
        history: Sequence[tuple[str, str]] = (),
        answer: str | Sequence[str] | None = None,
        padding_side: Literal["left", "right"] = "left",
        return_tensors: str = "pt",
        **kwargs: Any,
    ) -> BatchFeature:
        """Make the inputs of prompts.

        Args:
            images: an image, a list with one for each prompt (None for text alone), or nested lists as of
                `apply_chat_template`. An image is one of PIL, an array (height, width, 3) of bytes, a path or an
                address.
            text: prompts, complete as `apply_chat_template` returns them, or questions if there is a `template`.
            history: earlier questions with their answers, for `template`.
            answer: for training: the answers to learn, which are appended; the result then has `labels`.

        Returns:
            `input_ids`, `attention_mask` and `token_type_ids`, each (batch, length), `pixel_values` (images, 3,
            image_size, image_size) if there is an image, and `labels` (batch, length) if there are answers.

        Raises:
            ValueError: there is no text, or the number of images or answers is not that of the prompts.
        """
        if unknown := sorted(set(kwargs) - IGNORED):
            raise ValueError(f"CogVLM2Processor has no option {', '.join(unknown)}")
        if return_tensors != "pt":
            raise ValueError(f"CogVLM2Processor returns tensors of PyTorch, not {return_tensors!r}")
        if text is None:
            raise ValueError("a prompt needs text")
        prompts = [text] if isinstance(text, str) else list(text)
        if template is not None:
            turns = [Turn(*turn) for turn in history]
            prompts = [apply_template(template, question, turns) for question in prompts]
        rows = _image_rows(images, len(prompts))
        answers = [answer] if isinstance(answer, str) else None if answer is None else list(answer)
        if answers is not None and len(answers) != len(prompts):
            raise ValueError(f"{len(prompts)} prompts, but {len(answers)} answers")
        ids, types, labels = [], [], []
        for index, (prompt, image) in enumerate(zip(prompts, rows, strict=True)):
            placeholders = 0 if image is None else self.image_tokens
            head = [self.bos_token_id, *[self.image_token_id] * placeholders, *self._encode(prompt)]
            tail = [] if answers is None else [*self._encode(answers[index]), self.eos_token_id]
            ids.append(head + tail)
            types.append([TEXT, *[IMAGE] * placeholders, *[TEXT] * (len(head) + len(tail) - placeholders - 1)])
            labels.append([NO_LOSS] * len(head) + tail)
        ones = [[1] * len(row) for row in ids]
        data = {
            "input_ids": _pad(ids, self.image_token_id, padding_side),
            "attention_mask": _pad(ones, 0, padding_side),
            "token_type_ids": _pad(types, TEXT, padding_side),
        }
        pictures = [image for image in rows if image is not None]
        if pictures:
            data["pixel_values"] = torch.stack([square_pixels(image, self.image_size) for image in pictures])
        if answers is not None:
            data["labels"] = _pad(labels, NO_LOSS, padding_side)
        return BatchFeature(data)

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        return ids

    @property
    def model_input_names(self) -> list[str]:
        return ["input_ids", "attention_mask", "token_type_ids", "pixel_values"]


def _pad(rows: list[list[int]], filler: int, side: Literal["left", "right"]) -> Tensor:
    longest = max(len(row) for row in rows)
    paddings = [[filler] * (longest - len(row)) for row in rows]
    return torch.tensor(
        [pad + row if side == "left" else row + pad for row, pad in zip(rows, paddings, strict=True)], dtype=torch.long
    )


def _image_rows(images: Any, prompts: int) -> list[Image.Image | None]:
    """The image of each prompt."""
    if images is None:
        return [None] * prompts
    rows = list(images) if isinstance(images, (list, tuple)) else [images]
    if prompts == 1 and len(rows) == 1 and isinstance(rows[0], (list, tuple)):
        rows = [list(rows[0])]
    if len(rows) != prompts:
        raise ValueError(f"{prompts} prompts, but {len(rows)} images; use None for a prompt without an image")
    return [_image_of(row) for row in rows]


def _image_of(row: Any) -> Image.Image | None:
    if isinstance(row, (list, tuple)):
        if len(row) > 1:
            raise ValueError(f"CogVLM2 reads one image in a conversation, not {len(row)}")
        row = row[0] if row else None
    if row is None or isinstance(row, Image.Image):
        return row
    if isinstance(row, np.ndarray):
        return Image.fromarray(row)
    loaded: Image.Image = load_image(str(row))
    return loaded
