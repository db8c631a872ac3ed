"""A small random model in memory, with prompts, image features and answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.configuration import ModelConfig, VisionConfig
from cogdoc.cogvlm2.decoding import GREEDY, Completion, collect, decode
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import Prompt, build_prompt
from cogdoc.cogvlm2.sampling import Sampling

VOCAB = 97
CONTEXT = 64
IMAGES = 3


@cache
def small_model() -> CogVLM2:
    """A model of two layers in fp32, scaled so that the answers to different prompts differ.

    Its weights are uniform, since torch draws other normal numbers on processors with other vector instructions.
    """
    config = ModelConfig(
        hidden_size=48,
        intermediate_size=64,
        num_layers=2,
        num_heads=6,
        num_kv_heads=2,
        vocab_size=VOCAB,
        max_positions=CONTEXT,
        rms_norm_eps=1e-5,
        rotary_base=10_000.0,
        bos_token_id=50,
        eos_token_ids=(1,),
        pad_token_id=2,
        tied_embeddings=False,
        template="chat",
        vision=VisionConfig(
            hidden_size=24,
            intermediate_size=32,
            num_layers=2,
            num_heads=2,
            patch_size=4,
            image_size=16,
            in_channels=3,
            num_positions=17,
            layer_norm_eps=1e-6,
        ),
    )
    model = CogVLM2(config)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 or name.endswith(".bias"):
                draw(parameter, parameter.shape[-1] ** -0.5, generator)
        draw(model.model.embed_tokens.weight, 1, generator)
        draw(model.lm_head.weight, 0.5, generator)
    return model.eval().requires_grad_(False)


@cache
def small_features() -> Tensor:
    """(IMAGES, image_tokens, hidden_size)."""
    pixels = torch.empty(IMAGES, 3, 16, 16)
    draw(pixels, 1, torch.Generator().manual_seed(6))
    return small_model().image_features(pixels)


def draw(tensor: Tensor, deviation: float, generator: torch.Generator) -> None:
    """Fill `tensor` with uniform numbers of mean 0 and this standard deviation."""
    tensor.uniform_(-(3**0.5) * deviation, 3**0.5 * deviation, generator=generator)


def prompt(text: Sequence[int], with_image: bool) -> Prompt:
    return build_prompt(small_model().config, text, with_image)


def answer(
    prompts: Sequence[Prompt],
    images: Sequence[int],
    max_new_tokens: int = 12,
    sampling: Sampling | Sequence[Sampling] = GREEDY,
    stop: Sequence[int] = (),
) -> list[Completion]:
    """Decode prompts as one batch; `images` are the indices of the features of the rows with an image."""
    features = small_features()[list(images)] if images else None
    batch = prefill(small_model(), prompts, features, max_new_tokens=max_new_tokens)
    return collect(decode(batch, max_new_tokens, stop, sampling), len(prompts))
