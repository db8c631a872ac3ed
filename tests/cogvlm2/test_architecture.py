"""The architecture has the published tensors, routing and positions, and without an image it is a Llama."""

from __future__ import annotations

import json
import warnings
from math import prod
from pathlib import Path

import pytest
import torch
from parity_folders import BOS, PAD, Sizes, random_weights, raw_config
from torch import Tensor

from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import build_prompt, token_positions, vision_expert_tokens
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.rotary import compute_rotation, inverse_frequencies

SHAPES = Path(__file__).parents[3] / "shared" / "cogvlm2" / "tensor_shapes.json"

PARAMETERS = {
    "vision transformer": 4_279_387_392,
    "patch, CLS and position embeddings": 17_574_144,
    "downsampling convolution": 12_846_848,
    "gated adapter": 183_508_992,
    "boi + eoi": 8_192,
    "visual experts": 6_979_518_464,
    "language layers and norms": 6_979_588_096,
    "token embedding + output head": 1_050_673_152,
    "rotary inv_freq buffers": 2_048,
}


@pytest.fixture(scope="module")
def shapes() -> dict[str, list[int]]:
    with torch.device("meta"):
        model = CogVLM2(PUBLISHED)
    return {name: list(tensor.shape) for name, tensor in model.state_dict().items()}


def part_of(name: str) -> str:
    parts = {
        "model.vision.transformer.": "vision transformer",
        "model.vision.patch_embedding.": "patch, CLS and position embeddings",
        "model.vision.conv.": "downsampling convolution",
        "model.vision.linear_proj.": "gated adapter",
        "model.vision.boi": "boi + eoi",
        "model.vision.eoi": "boi + eoi",
        "model.embed_tokens.": "token embedding + output head",
        "lm_head.": "token embedding + output head",
    }
    for prefix, part in parts.items():
        if name.startswith(prefix):
            return part
    if name.endswith("inv_freq"):
        return "rotary inv_freq buffers"
    return "visual experts" if ".vision_" in name else "language layers and norms"


@pytest.mark.skipif(not SHAPES.is_file(), reason="the list of the published tensors is not available")
def test_names_and_shapes_are_exactly_the_published_ones(shapes: dict[str, list[int]]) -> None:
    published = json.loads(SHAPES.read_text(encoding="utf-8"))
    assert len(shapes) == 1221
    assert shapes == published


def test_every_part_has_as_many_parameters_as_published(shapes: dict[str, list[int]]) -> None:
    counted = dict.fromkeys(PARAMETERS, 0)
    for name, shape in shapes.items():
        counted[part_of(name)] += prod(shape)
    assert counted == PARAMETERS
    assert sum(counted.values()) == 19_503_107_328
    assert len(shapes) == 1221


def test_an_image_takes_2306_tokens_and_3_positions() -> None:
    config = PUBLISHED
    prompt = build_prompt(config, [50, 60], with_image=True)
    assert prompt.token_ids == (128000, *[128002] * 2306, 50, 60)
    assert prompt.token_types == (0, *[1] * 2306, 0, 0)
    assert prompt.positions == (0, 1, *[2] * 2304, 3, 4, 5)
    assert build_prompt(config, [50, 60], with_image=False).positions == (0, 1, 2)


@pytest.mark.parametrize(
    ("types", "positions", "vision"),
    [
        pytest.param([0, 0, 0], (0, 1, 2), [], id="text"),
        pytest.param([0, 1, 1, 1, 1, 1, 0, 0], (0, 1, 2, 2, 2, 3, 4, 5), [1, 2, 3, 4], id="as prompts are laid out"),
        pytest.param([0, 1, 1, 1, 0], (0, 1, 2, 3, 4), [1, 2], id="one patch"),
        pytest.param([1, 1, 1, 1, 0, 0], (0, 1, 1, 2, 3, 4), [0, 1, 2], id="image at the start"),
        pytest.param([0, 0, 0, 1, 1, 1, 1, 0], (0, 1, 2, 3, 4, 4, 5, 6), [3, 4, 5], id="image after text"),
        pytest.param([0, 1, 1, 1, 1], (0, 1, 2, 2, 3), [1, 2, 3], id="image at the end"),
        pytest.param([1, 1, 1, 1], (0, 1, 1, 2), [0, 1, 2], id="image alone"),
    ],
)
def test_patches_share_a_position_and_eoi_goes_to_the_language_experts(
    types: list[int], positions: tuple[int, ...], vision: list[int]
) -> None:
    assert token_positions(types) == positions
    assert vision_expert_tokens(types) == vision


def test_a_batch_routes_each_row_by_its_own_types() -> None:
    config = parse_config(raw_config(Sizes(grid=2)))
    text, image = build_prompt(config, [7, 8, 9], with_image=False), build_prompt(config, [7], with_image=True)
    batch = collate([text, image, text], PAD, torch.device("cpu"))
    assert batch.token_ids.tolist() == [[BOS, 7, 8, 9, PAD], [BOS, PAD, PAD, PAD, 7], [BOS, 7, 8, 9, PAD]]
    assert batch.image_indices.tolist() == [6, 7, 8]
    assert batch.routing is not None
    assert batch.routing.vision.tolist() == [6, 7]
    assert batch.routing.language.tolist() == [0, 1, 2, 3, 5, 8, 9, 10, 11, 12, 13], "without padding"
    assert collate([text, text], PAD, torch.device("cpu")).routing is None


def test_rotary_angles_in_bf16_have_the_documented_error() -> None:
    exact = inverse_frequencies(128, 500_000.0)
    position = torch.tensor([[511]])
    rough = compute_rotation(position, exact.bfloat16())
    right = compute_rotation(position, exact)
    assert rough.cos.dtype == torch.bfloat16
    assert right.cos.dtype == torch.float32
    angles = position.bfloat16() * exact.bfloat16()
    assert ((angles.float() - position * exact).abs() > 0.1).sum() == 12
    assert (rough.cos.float() - right.cos).abs().max() > 0.5


def as_llama(size: Sizes, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the language experts with the names of a Llama, with query, key and value split."""
    kv = size.kv_heads * size.head_dim
    renamed = {}
    for name, tensor in weights.items():
        if name.startswith("model.vision.") or ".vision_" in name or name.endswith("inv_freq"):
            continue
        if name.endswith("language_expert_query_key_value.weight"):
            prefix = name.removesuffix("language_expert_query_key_value.weight")
            for letter, part in zip("qkv", tensor.split([size.hidden, kv, kv]), strict=True):
                renamed[f"{prefix}{letter}_proj.weight"] = part
        else:
            renamed[name.replace("language_expert_dense", "o_proj").replace("language_mlp.", "")] = tensor
    return renamed


@pytest.mark.slow
@pytest.mark.parametrize("size", [Sizes(heads=8, kv_heads=2, layers=3), Sizes(kv_heads=4), Sizes(kv_heads=1)])
def test_text_alone_gives_the_logits_of_the_llama_of_transformers(size: Sizes) -> None:
    weights = random_weights(size, torch.Generator().manual_seed(1))
    with warnings.catch_warnings():
        # cogdoc cannot fix warnings of transformers and its imports.
        warnings.simplefilter("ignore")
        from transformers import LlamaConfig, LlamaForCausalLM

        llama = LlamaForCausalLM(
            LlamaConfig(
                hidden_size=size.hidden,
                intermediate_size=size.intermediate,
                num_hidden_layers=size.layers,
                num_attention_heads=size.heads,
                num_key_value_heads=size.kv_heads,
                vocab_size=size.vocab,
                rms_norm_eps=1e-5,
                max_position_embeddings=8192,
                rope_parameters={"rope_type": "default", "rope_theta": 500_000.0},
                tie_word_embeddings=False,
            )
        ).eval()
        llama.load_state_dict(as_llama(size, weights))
        ids = torch.randint(6, size.vocab, (700,), generator=torch.Generator().manual_seed(2)).tolist()
        with torch.inference_mode():
            expected = llama(input_ids=torch.tensor([[BOS, *ids]])).logits[0]
    with torch.device("meta"):
        model = CogVLM2(parse_config(raw_config(size)))
    model.load_state_dict(weights, assign=True)
    with torch.inference_mode():
        # The second row is shorter and padded. Its last tokens follow in steps of one and three tokens.
        prompts = [
            build_prompt(model.config, ids, with_image=False),
            build_prompt(model.config, ids[:-5], with_image=False),
        ]
        cache = allocate_cache(model.config, 2, 705, torch.float32, torch.device("cpu"))
        hidden = model.prefill(collate(prompts, PAD, torch.device("cpu")), None, cache)
        torch.testing.assert_close(model.logits(hidden[0]), expected, atol=5e-5, rtol=0)
        torch.testing.assert_close(model.logits(hidden[1, :696]), expected[:696], atol=5e-5, rtol=0)
        for following in ([696], [697], [698, 699, 700]):
            slots = torch.tensor([[cache.slots - 1] * len(following), following])
            tokens = torch.tensor([[0] * len(following), [ids[slot - 1] for slot in following]])
            after = model.logits(model.decode_step(tokens, slots, slots, cache))
            torch.testing.assert_close(after[1], expected[following], atol=5e-5, rtol=0)
