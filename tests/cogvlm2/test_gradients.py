"""Gradients through the vision tower, both experts and adapters equal those of the naive reference."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from naive_reference import NaiveCogVLM2
from parity_folders import PAD, Sizes, random_weights, raw_config
from torch import Tensor
from torch.nn import functional

from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import Prompt, build_prompt

SIZE = Sizes()
TARGETS = torch.tensor([20, 21, 22])
LIMIT = {"atol": 2e-5, "rtol": 1e-3}
# The layer's output at image tokens is not used, since no text follows from it.
UNUSED = ("layers.1.self_attn.vision_expert_dense", "layers.1.mlp.vision_mlp")


def training_weights() -> dict[str, Tensor]:
    return {
        name: value.requires_grad_() for name, value in random_weights(SIZE, torch.Generator().manual_seed(9)).items()
    }


def pixels() -> Tensor:
    side = SIZE.patch * SIZE.grid
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(10))


def prompt() -> Prompt:
    return build_prompt(parse_config(raw_config(SIZE)), [10, 11, 12, 13], with_image=True)


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """The gradients of the naive reference."""
    weights = training_weights()
    reference = NaiveCogVLM2(raw_config(SIZE), weights)
    features = reference.image_features(pixels()[0])["image_features"]
    own = prompt()
    logits = reference.prefill(own.token_ids, own.token_types, own.positions, features).logits
    functional.cross_entropy(logits[-len(TARGETS) :], TARGETS).backward()
    return {name: value.grad for name, value in weights.items() if "inv_freq" not in name}


def compare(gradients: dict[str, Tensor | None], expected: dict[str, Tensor]) -> None:
    for name, gradient in expected.items():
        found = gradients[name]
        assert found is not None, name
        torch.testing.assert_close(found, gradient, **LIMIT, msg=lambda text, name=name: f"{name}: {text}")
        if not any(part in name for part in UNUSED):
            assert float(gradient.abs().max()) > 0, name


def test_gradients_equal_those_of_the_naive_reference(expected: dict[str, Tensor]) -> None:
    model = CogVLM2(parse_config(raw_config(SIZE)))
    model.load_state_dict(training_weights())
    batch = collate([prompt()], PAD, model.device)
    cache = allocate_cache(model.config, 1, batch.token_ids.shape[1], model.dtype, model.device)
    hidden = model.prefill(batch, model.image_features(pixels()), cache)
    functional.cross_entropy(model.logits(hidden)[0, -len(TARGETS) :], TARGETS).backward()
    compare({name: parameter.grad for name, parameter in model.named_parameters()}, expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("padding", ["none", "left", "right"])
def test_gradients_in_transformers_equal_those_of_the_naive_reference(
    expected: dict[str, Tensor], padding: str
) -> None:
    model = transformers_model()
    model(**training_inputs(padding)).loss.backward()
    compare({name: parameter.grad for name, parameter in model.named_parameters()}, expected)


@pytest.mark.filterwarnings("ignore")
def test_gradients_of_adapters_follow_from_those_of_their_weights(expected: dict[str, Tensor]) -> None:
    from peft import LoraConfig, get_peft_model

    targets = ["vision_expert_query_key_value", "language_mlp.down_proj", "attention.dense"]
    adapted = get_peft_model(transformers_model(), LoraConfig(r=2, lora_alpha=6, target_modules=targets))
    adapted(**training_inputs("left")).loss.backward()
    modules = {name: module for name, module in adapted.named_modules() if hasattr(module, "lora_B")}
    assert len(modules) == 3 * 2
    for name, module in modules.items():
        weight_gradient = expected[f"{name.removeprefix('base_model.model.')}.weight"]  # (out, in)
        down = module.lora_A["default"].weight  # (rank, in)
        gradient = 3.0 * weight_gradient @ down.detach().T
        torch.testing.assert_close(module.lora_B["default"].weight.grad, gradient, **LIMIT)


def transformers_model() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cogdoc.cogvlm2.transformers import CogVLM2Config, CogVLM2ForConditionalGeneration
    model = CogVLM2ForConditionalGeneration(CogVLM2Config(**raw_config(SIZE)))
    model.load_state_dict(training_weights())
    return model.train()


def training_inputs(padding: str) -> dict[str, Tensor]:
    own = prompt()
    labels = [-100] * (len(own) - len(TARGETS) + 1) + TARGETS.tolist()
    # The last target has no input token after it: transformers shifts labels, so one more token is run.
    rows = {
        "input_ids": ([*own.token_ids, 9], PAD),
        "token_type_ids": ([*own.token_types, 0], 0),
        "attention_mask": ([1] * (len(own) + 1), 0),
        "labels": (labels, -100),
    }
    before = {"none": 0, "left": 3, "right": 0}[padding]
    after = 3 if padding == "right" else 0
    inputs = {name: torch.tensor([[filler] * before + row + [filler] * after]) for name, (row, filler) in rows.items()}
    return inputs | {"pixel_values": pixels()}
