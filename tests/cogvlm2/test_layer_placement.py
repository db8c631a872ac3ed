"""One model over several cards: which card gets which layers, and that every tensor is where it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from passes import bare
from small_checkpoints import outputs, random_weights, save_checkpoint

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.layer_placement import CardLoad, card_load, place_layers
from cogdoc.cogvlm2.loading import DeviceMap, load_model
from cogdoc.cogvlm2.memory import RUNTIME_BYTES, MemoryPlan
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.cogvlm2.reading_memory import reading_context, reading_plan

GIB = 2**30


def bf16(config: ModelConfig) -> MemoryPlan:
    return reading_plan(config, "none", "cuda")


def test_bf16_fits_two_cards_of_24_gib() -> None:
    """41 GB by the plan of one card: 21.3 and 21.2 with the activations on both, so that 4 GB stay free on each."""
    load = card_load(PUBLISHED, bf16)
    placed = place_layers(load, 32, [24 * GIB, 24 * GIB])
    assert placed == (0,) * 11 + (1,) * 21
    assert [round(load.on(card, 2, placed.count(card)) / 1e9, 1) for card in (0, 1)] == [21.3, 21.2]
    assert place_layers(load, 32, [24 * GIB, 16 * GIB]) is None


def test_a_cards_load_is_the_bytes_of_its_tensors() -> None:
    load, planned = card_load(PUBLISHED, bf16), bf16(PUBLISHED)
    devices = DeviceMap.of(["cuda:0"] * 11 + ["cuda:1"] * 21, PUBLISHED, offload=False)
    model = bare(PUBLISHED, torch.bfloat16)
    weights: Counter[int | None] = Counter()
    for name, tensor in model.state_dict().items():
        weights[devices.computing(name).index] += tensor.nbytes
    cache = allocate_cache(PUBLISHED, 1, reading_context(PUBLISHED), torch.bfloat16, torch.device("meta"))
    prefix = allocate_cache(PUBLISHED, 1, PUBLISHED.image_tokens, torch.bfloat16, torch.device("meta"))
    layer = sum(each.keys[0].nbytes + each.values[0].nbytes for each in (cache, prefix))
    features = 2 * PUBLISHED.image_tokens * PUBLISHED.hidden_size
    activations = max(planned.prompt.size, planned.step.size)
    first = weights[0] + 11 * layer + features + max(planned.vision.size, activations) + RUNTIME_BYTES
    last = weights[1] + 21 * layer + activations + RUNTIME_BYTES
    norm = 2 * PUBLISHED.hidden_size
    assert first <= load.on(0, 2, 11) <= first + norm
    assert last <= load.on(1, 2, 21) <= last + norm


@given(
    load=st.builds(CardLoad, *[st.integers(0, 4 * GIB)] * 3, st.integers(GIB // 8, GIB)),
    layers=st.integers(2, 40),
    free=st.lists(st.integers(0, 32 * GIB), min_size=2, max_size=5),
)
def test_what_is_placed_fits_and_what_fits_is_placed(load: CardLoad, layers: int, free: list[int]) -> None:
    placed = place_layers(load, layers, free)
    rooms = [(memory - load.on(card, len(free), 0)) // load.layer for card, memory in enumerate(free)]
    possible = len(free) <= layers and min(rooms) >= 1 and sum(rooms) >= layers
    assert (placed is not None) == possible
    if placed is not None:
        counts = [placed.count(card) for card in range(len(free))]
        assert list(placed) == sorted(placed)
        assert len(placed) == layers
        assert all(1 <= count <= room for count, room in zip(counts, rooms, strict=True))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("full") / "checkpoint", random_weights())


def answer(model: CogVLM2) -> list[int]:
    features = model.image_features(torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(2)))
    batch = prefill(model, [build_prompt(model.config, [9, 10], with_image=True)], features, max_new_tokens=5)
    return list(collect(decode(batch, 5, ()), 1)[0].token_ids)


def test_each_tensor_is_on_the_device_of_its_layer(full: Path) -> None:
    model = load_model(full, device=["cpu", "meta"])
    assert [device.type for device in model.layer_devices] == ["cpu", "meta"]
    second = {name for name, tensor in model.state_dict().items() if tensor.is_meta}
    assert second == {
        name for name in model.state_dict() if name.startswith(("model.layers.1.", "model.norm.", "lm_head."))
    }
    with pytest.raises(ValueError, match="3 devices for 2 layers"):
        load_model(full, device=["cpu"] * 3)
    with pytest.raises(ValueError, match="from one device only"):
        load_model(full, device=["cpu", "meta"], offload=True)


def test_every_operator_has_its_tensors_on_one_device() -> None:
    script = Path(__file__).with_name("fake_devices.py")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "every operator had its tensors on one device\n"


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
@pytest.mark.parametrize("quantization", ["none", "nf4", "int8"])
def test_two_cards_give_what_one_gives(full: Path, quantization: Any) -> None:
    one = load_model(full, quantization=quantization, device="cuda:0")
    two = load_model(full, quantization=quantization, device=["cuda:0", "cuda:1"])
    assert all(map(torch.equal, (each.cpu() for each in outputs(two)), (each.cpu() for each in outputs(one))))
    assert answer(two) == answer(one)
