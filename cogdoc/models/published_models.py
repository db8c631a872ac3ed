"""The published CogVLM2 checkpoints, their repositories on two hubs, and the names that users may give for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cogdoc.cogvlm2.quantized_parts import Quantization

Hub = Literal["huggingface", "modelscope"]

QUANTIZATIONS: tuple[Quantization, ...] = ("nf4", "int8", "none")
"""The ways to load the weights of an unquantized checkpoint."""


@dataclass(frozen=True, slots=True)
class Model:
    """A published checkpoint. It is pulled from the first repository of a hub; the others are tried if that is gone."""

    name: str
    description: str
    """Its languages and precision, for `model list`."""
    huggingface: tuple[str, ...]
    modelscope: tuple[str, ...]
    quantized: bool
    """Whether it is one of the published 4-bit checkpoints: FP4 without double quantization, the vision tower too."""

    @property
    def folder(self) -> str:
        """The name of its folder among the pulled models."""
        return self.huggingface[0].rpartition("/")[2]

    def repositories(self, hub: Hub) -> tuple[str, ...]:
        return self.huggingface if hub == "huggingface" else self.modelscope


def _published(name: str, repository: str, description: str) -> Model:
    owners = ("THUDM", "zai-org")
    return Model(
        name=name,
        description=description,
        huggingface=tuple(f"{owner}/{repository}" for owner in owners),
        modelscope=(f"ZhipuAI/{repository}",),
        quantized=name.endswith("-int4"),
    )


MODELS = {
    model.name: model
    for model in (
        _published("chat", "cogvlm2-llama3-chat-19B", "English, 16 bits"),
        _published("chinese", "cogvlm2-llama3-chinese-chat-19B", "Chinese and English, 16 bits"),
        _published("chat-int4", "cogvlm2-llama3-chat-19B-int4", "English, FP4 in 4 bits"),
        _published("chinese-int4", "cogvlm2-llama3-chinese-chat-19B-int4", "Chinese and English, FP4 in 4 bits"),
    )
}


def find_model(name: str) -> Model | None:
    """The published checkpoint of this name: its short name, or its repository's with or without the owner."""
    for model in MODELS.values():
        if name in (model.name, model.folder, *model.huggingface, *model.modelscope):
            return model
    return None
