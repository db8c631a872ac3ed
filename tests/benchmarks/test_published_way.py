"""The baseline of speed comparisons gives what the published code gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from parity_folders import FIXTURES
from safetensors.torch import load_file

from benchmarks import published_way
from benchmarks.parity.__main__ import load

FP32_FIXTURES = [folder for folder in FIXTURES if "bf16" not in folder.name]
LIMIT = 5e-5


@pytest.mark.parametrize("folder", FP32_FIXTURES, ids=lambda folder: folder.name)
def test_the_published_way_gives_what_the_fixtures_hold(folder: Path) -> None:
    model, expected = load(folder), load_file(folder / "expected.safetensors")
    for case, image in {"text": None, "single1": 0, "single2": 1, "image_long": 2}.items():
        own = {key.removeprefix(f"{case}."): tensor for key, tensor in expected.items() if key.startswith(f"{case}.")}
        features = None
        if image is not None:
            features = published_way.image_features(model, expected[f"pixel_values_{image}"][None])
            torch.testing.assert_close(features[0], expected["image_features"][image], atol=LIMIT, rtol=0)
        ids, types = own["input_ids"][0].tolist(), own["token_type_ids"][0].tolist()
        logits, run = published_way.prefill(model, ids, types, features)
        torch.testing.assert_close(logits[0], own["prefill_logits"][0], atol=LIMIT, rtol=0)
        tokens = own["tokens"][0].tolist()
        for token, step_logits in zip(tokens[:-1], own["step_logits"][0][1:], strict=False):
            torch.testing.assert_close(published_way.step(model, run, token)[0, 0], step_logits, atol=LIMIT, rtol=0)
