"""The operations and bytes of reading and writing, against the shapes of real layers."""

from __future__ import annotations

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cogdoc.cogvlm2.batch import prefill_prefix
from cogdoc.cogvlm2.model_work import prefix_flop, step_bytes, vision_flop
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.measuring.random_model import random_model, sizes


def test_a_picture_takes_117_tflop_and_a_token_five_gb_at_the_published_sizes() -> None:
    assert round(vision_flop(PUBLISHED) / 1e12) == 118
    assert round(step_bytes(PUBLISHED, "nf4", 1, "bf16") / 1e9, 1) == 4.7
    # 0.3 GB of keys and values at the length of a page
    assert round(step_bytes(PUBLISHED, "nf4", PUBLISHED.image_tokens + 32, "bf16") / 1e9, 1) == 5.0


def test_operations_are_those_that_torch_counts() -> None:
    config = sizes(toy=True)
    model = random_model(config, "none", "bf16", torch.device("cpu"))
    pixels = torch.zeros(1, 3, config.vision.image_size, config.vision.image_size)
    # torch counts all products but those of the CPU's attention kernel.
    vision = config.vision
    attention = 4 * vision.num_positions**2 * vision.hidden_size * vision.num_layers
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        features = model.image_features(pixels)
    assert counter.get_total_flops() + attention == vision_flop(config)
    prompt = build_prompt(config, (), with_image=True)
    attention = 2 * len(prompt) ** 2 * config.hidden_size * (config.num_layers - 1)
    with FlopCounterMode(display=False) as counter:
        prefill_prefix(model, prompt, features)
    assert counter.get_total_flops() + attention == prefix_flop(config, len(prompt))


def test_a_step_reads_the_weights_of_text_and_the_cache() -> None:
    config = sizes(toy=True)
    model = random_model(config, "none", "bf16", torch.device("cpu"))
    text = [
        parameter
        for name, parameter in nn.Module.named_parameters(model)
        if "vision" not in name and "embed_tokens" not in name
    ]
    cache = 2 * config.num_layers * (9 + 1) * config.kv_size * 2
    read = sum(parameter.nbytes for parameter in text) + cache
    assert abs(step_bytes(config, "none", 9, "bf16") / read - 1) < 0.01
