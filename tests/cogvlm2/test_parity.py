"""The model gives what the parity fixtures hold, and what a naive implementation gives for random sizes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_reference import NaiveCogVLM2
from parity_folders import FIRST_TEXT_ID, FIXTURES, PAD, Sizes, random_weights, raw_config, sizes
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from benchmarks.parity.__main__ import main
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import Arithmetic, parse_config
from cogdoc.cogvlm2.model import CogVLM2, collate
from cogdoc.cogvlm2.prompts import Prompt, build_prompt

LIMIT = 5e-5
RANDOM_LIMIT = 1e-3
"""For sizes and weights that each run draws anew: some of them magnify rounding. Mistakes are far larger."""

SMALL = Sizes(layers=1, vision_layers=1, grid=2)
FP32_FIXTURES = [folder for folder in FIXTURES if "bf16" not in folder.name]


@pytest.fixture(autouse=True)
def _inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
def test_the_model_gives_what_the_fixtures_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    output = capsys.readouterr().out
    assert ("bfloat16, published arithmetic" if "bf16" in folder.name else "float32, precise arithmetic") in output


@pytest.mark.parametrize("folder", FP32_FIXTURES, ids=lambda folder: folder.name)
def test_the_naive_reference_gives_what_the_fixtures_hold(folder: Path) -> None:
    expected = load_file(folder / "expected.safetensors")
    raw = json.loads((folder / "config.json").read_text())
    reference = NaiveCogVLM2(raw, load_file(folder / "model.safetensors"))
    pixels = [reference.pixels(Image.open(folder / f"img_{number}.png")) for number in range(3)]
    parts = [reference.image_features(one) for one in pixels]
    for number in range(3):
        assert torch.equal(pixels[number], expected[f"pixel_values_{number}"])
        for name, tensor in parts[number].items():
            torch.testing.assert_close(tensor, expected[name][number], atol=LIMIT, rtol=0)
    images = {"text": None, "image": 0, "single1": 0, "image_long": 2, "single2": 1}
    for case, image in images.items():
        own = {key.removeprefix(f"{case}."): tensor for key, tensor in expected.items() if key.startswith(f"{case}.")}
        ids, types = own["input_ids"][0].tolist(), own["token_type_ids"][0].tolist()
        positions = reference.positions(types)
        assert positions == own["position_ids"][0].tolist()
        features = None if image is None else parts[image]["image_features"]
        outputs = reference.prefill(ids, types, positions, features)
        for layer, hidden in enumerate(outputs.hidden):
            torch.testing.assert_close(hidden, own[f"hidden_{layer}"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(outputs.first_keys, own["kv0_k"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(outputs.first_values, own["kv0_v"][0], atol=LIMIT, rtol=0)
        torch.testing.assert_close(outputs.logits, own["prefill_logits"][0], atol=LIMIT, rtol=0)
        tokens, logits = reference.decode(ids, types, positions, features, own["tokens"].shape[1])
        assert tokens == own["tokens"][0].tolist()
        torch.testing.assert_close(logits, own["step_logits"][0], atol=LIMIT, rtol=0)


def build(size: Sizes, weights: dict[str, Tensor], arithmetic: Arithmetic = "precise") -> CogVLM2:
    with torch.device("meta"):
        model = CogVLM2(parse_config(raw_config(size)), arithmetic)
    model.load_state_dict(weights, assign=True)
    return model.eval().requires_grad_(False)


def prefill_and_step(
    model: CogVLM2, prompts: list[Prompt], features: Tensor | None, following: list[list[int]]
) -> list[Tensor]:
    """The logits (length + steps, vocab_size) of each row, with the tokens of `following` run one at a time."""
    batch = collate(prompts, PAD, model.device)
    steps = len(following[0])
    cache = allocate_cache(model.config, len(prompts), batch.token_ids.shape[1] + steps, model.dtype, model.device)
    hidden = model.prefill(batch, features, cache)
    rows = [[model.logits(hidden[row, :length])] for row, length in enumerate(batch.lengths)]
    slots = torch.tensor(batch.lengths)[:, None]
    positions = torch.tensor([prompt.positions[-1] + 1 for prompt in prompts])[:, None]
    for step in range(steps):
        tokens = torch.tensor([row[step] for row in following])[:, None]
        logits = model.logits(model.decode_step(tokens, positions + step, slots + step, cache))
        for row, row_logits in zip(rows, logits, strict=True):
            row.append(row_logits)
    return [torch.cat(row) for row in rows]


@pytest.mark.slow
@settings(max_examples=25)
@given(sizes(), st.data())
def test_mixed_batches_of_any_sizes_give_what_the_naive_reference_gives(size: Sizes, data: st.DataObject) -> None:
    with torch.inference_mode():
        generator = torch.Generator().manual_seed(data.draw(st.integers(0, 1000)))
        weights = random_weights(size, generator)
        model, reference = build(size, weights), NaiveCogVLM2(raw_config(size), weights)
        rows = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=1, max_size=4))
        pixels = torch.randn(len(rows), 3, *[size.patch * size.grid] * 2, generator=generator)
        features = model.image_features(pixels)
        prompts, following, expected = [], [], []
        for row, (with_image, length) in enumerate(rows):
            text = torch.randint(FIRST_TEXT_ID, size.vocab, (length + 3,), generator=generator).tolist()
            prompts.append(build_prompt(model.config, text[:length], with_image))
            following.append(text[length:])
            types = [*prompts[-1].token_types, 0, 0, 0]
            naive = reference.image_features(pixels[row])["image_features"]
            torch.testing.assert_close(features[row], naive, atol=RANDOM_LIMIT, rtol=RANDOM_LIMIT)
            outputs = reference.prefill(
                [*prompts[-1].token_ids, *text[length:]],
                types,
                reference.positions(types),
                naive if with_image else None,
            )
            expected.append(outputs.logits)
        with_image = [row for row, (image, _) in enumerate(rows) if image]
        logits = prefill_and_step(model, prompts, features[with_image] if with_image else None, following)
        for mine, theirs in zip(logits, expected, strict=True):
            torch.testing.assert_close(mine, theirs, atol=RANDOM_LIMIT, rtol=RANDOM_LIMIT)


def test_each_norm_has_its_own_epsilon() -> None:
    """Only small activations show it: here the variances are about as large as the epsilon."""
    scales = {"embed_tokens.weight": 3e-3, "linear_proj.linear_proj.weight": 3e-3, "attention.dense": 1e-3, "fc2": 1e-3}
    weights = random_weights(SMALL, torch.Generator().manual_seed(6))
    for name in weights:
        weights[name] *= next((factor for part, factor in scales.items() if part in name), 1)
    model, reference = build(SMALL, weights), NaiveCogVLM2(raw_config(SMALL), weights)
    pixels = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(7))
    expected = reference.image_features(pixels[0])["image_features"]
    torch.testing.assert_close(model.image_features(pixels)[0], expected, atol=LIMIT, rtol=0)
    prompt = build_prompt(model.config, range(10, 20), with_image=False)
    (logits,) = prefill_and_step(model, [prompt], None, [[]])
    outputs = reference.prefill(prompt.token_ids, prompt.token_types, prompt.positions, None)
    torch.testing.assert_close(logits, outputs.logits, atol=LIMIT, rtol=0)


def test_shared_key_heads_act_as_copies_for_each_query_head() -> None:
    shared = Sizes(heads=8, kv_heads=2, head_dim=6)
    separate = replace(shared, kv_heads=8)
    weights = random_weights(shared, torch.Generator().manual_seed(3))

    def repeat_heads(name: str, tensor: Tensor) -> Tensor:
        if "expert_query_key_value" not in name:
            return tensor
        query, *pairs = tensor.split([48, 12, 12])
        return torch.cat([query, *(pair.unflatten(0, (2, 6)).repeat_interleave(4, 0).flatten(0, 1) for pair in pairs)])

    copied = {name: repeat_heads(name, tensor) for name, tensor in weights.items()}
    model = build(shared, weights)
    features = model.image_features(torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(4)))
    prompts = [build_prompt(model.config, range(10, 20), with_image=True)]
    (mine,) = prefill_and_step(model, prompts, features, [[30, 31]])
    (theirs,) = prefill_and_step(build(separate, copied), prompts, features, [[30, 31]])
    torch.testing.assert_close(mine, theirs, atol=LIMIT, rtol=0)


def test_the_two_arithmetics_differ_only_in_bf16() -> None:
    size = Sizes(head_dim=32)
    weights = random_weights(size, torch.Generator().manual_seed(5))
    bf16 = {name: tensor.bfloat16() for name, tensor in weights.items()}
    prompts = [build_prompt(parse_config(raw_config(size)), [7 + i % 100 for i in range(300)], with_image=False)]

    def logits(weights: dict[str, Tensor], arithmetic: Arithmetic) -> Tensor:
        return prefill_and_step(build(size, weights, arithmetic), prompts, None, [[9, 9]])[0]

    torch.testing.assert_close(logits(weights, "published"), logits(weights, "precise"), atol=LIMIT, rtol=0)
    truth = logits({name: tensor.float() for name, tensor in bf16.items()}, "float32")
    published, default = (
        (logits(bf16, arithmetic) - truth).square().mean().sqrt() for arithmetic in ("published", "precise")
    )
    assert default < 0.7 * published
    naive = NaiveCogVLM2(raw_config(size), bf16)
    ids, types = [*prompts[0].token_ids, 9, 9], [0] * 303
    as_published = naive.prefill(ids, types, naive.positions(types), None).logits
    assert (logits(bf16, "published") - as_published).square().mean().sqrt() < 0.5 * published
