"""Which engine a request selects, and that a model that cannot run is refused before it is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from cogdoc.cli.messages import announce
from cogdoc.cogvlm2.precision import VisionPrecision
from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.engines import cuda_devices
from cogdoc.engines.cogvlm2 import fitting
from cogdoc.engines.cogvlm2.placement import quantizing_device
from cogdoc.engines.cogvlm2.settings import CogVLM2Settings
from cogdoc.engines.cuda_devices import Card, Cards, find_cards
from cogdoc.engines.registry import select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import CheckpointError, MissingError, ResourceError, UsageError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without any model."""
    monkeypatch.setenv("COGDOC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return tmp_path / "home"


@pytest.fixture
def full_size(home: Path) -> Path:
    """A folder that looks like the published checkpoint as long as nobody reads its 39 GB."""
    folder = home / "models" / "cogvlm2-llama3-chat-19B"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG_JSON))
    for name in ("tokenizer.json", "model.safetensors"):
        (folder / name).touch()
    return folder


def with_cards(monkeypatch: pytest.MonkeyPatch, *gigabytes: int, capability: tuple[int, int] = (8, 6)) -> None:
    """Pretend that the machine has such cards."""
    cards = tuple(Card(n, f"Card {size}", size << 30, size << 30, capability) for n, size in enumerate(gigabytes))
    monkeypatch.setattr(cuda_devices, "find_cards", lambda: Cards(cards, absence="" if cards else "no GPU"))
    monkeypatch.setattr(cuda_devices, "check_with_torch", lambda found: found)


@pytest.mark.usefixtures("home")
def test_without_weights_auto_takes_the_built_in_engine() -> None:
    selection = select_engine()
    assert selection.name == "builtin"
    assert "model pull" in selection.reason
    assert not selection.announce


def test_weights_without_a_gpu_are_mentioned_and_not_used(full_size: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch)
    selection = select_engine()
    assert selection.name == "builtin"
    assert selection.announce
    assert full_size.name in selection.reason


@pytest.mark.parametrize(("gigabytes", "name"), [(24, "cogvlm2"), (16, "cogvlm2"), (12, "builtin"), (8, "builtin")])
def test_auto_takes_the_model_where_the_card_has_room(
    full_size: Path, monkeypatch: pytest.MonkeyPatch, gigabytes: int, name: str
) -> None:
    with_cards(monkeypatch, gigabytes)
    selection = select_engine()
    assert selection.name == name
    assert selection.announce
    if name == "cogvlm2":
        vision: VisionPrecision = "bf16" if gigabytes == 24 else "quantized"
        settings = selection.settings
        assert isinstance(settings, CogVLM2Settings)
        chosen = (
            settings.checkpoint,
            settings.quantization,
            settings.vision,
            settings.device,
            settings.stores_features,
        )
        assert chosen == (full_size, "nf4", vision, "cuda:0", True)
        assert settings.room.rows == (8 if gigabytes == 24 else 4)


@pytest.mark.parametrize(("gigabytes", "quantization"), [(8, None), (16, "int8"), (24, "none")])
@pytest.mark.usefixtures("full_size")
def test_a_card_that_is_too_small_is_refused_with_the_plans_figures(
    monkeypatch: pytest.MonkeyPatch, gigabytes: int, quantization: str | None
) -> None:
    with_cards(monkeypatch, gigabytes)
    with pytest.raises(ResourceError, match=rf"needs \d+\.\d GB \(\d+\.\d of them weights.*Card {gigabytes} has"):
        select_engine(EngineRequest("cogvlm2", None, quantization))


@pytest.mark.usefixtures("full_size")
def test_a_vision_tower_that_is_too_precise_for_the_card_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 16)
    with pytest.raises(ResourceError, match=r"nf4, the vision tower in bf16\), and Card 16 has") as raised:
        select_engine(EngineRequest("cogvlm2", vision_precision="bf16"))
    assert "--offload" in (raised.value.hint or "")


@pytest.mark.parametrize(("double", "name"), [(True, "cogvlm2"), (False, "builtin")])
def test_single_scales_of_4_bit_weights_are_planned_for(
    full_size: Path, monkeypatch: pytest.MonkeyPatch, double: bool, name: str
) -> None:
    """They take 0.9 GB more, which a card with 14.0 GB does not have."""
    with_cards(monkeypatch, 13)
    quantized = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_use_double_quant": double}
    (full_size / "config.json").write_text(json.dumps(CONFIG_JSON | {"quantization_config": quantized}))
    assert select_engine().name == name


@pytest.mark.parametrize("requested", [None, "nf4"])
def test_a_published_4_bit_checkpoint_is_named_fp4(
    full_size: Path, monkeypatch: pytest.MonkeyPatch, requested: str | None
) -> None:
    with_cards(monkeypatch, 80)
    published = {"load_in_4bit": True, "bnb_4bit_quant_type": "fp4", "bnb_4bit_compute_dtype": "float32"}
    (full_size / "config.json").write_text(json.dumps(CONFIG_JSON | {"quantization_config": published}))
    selection = select_engine(EngineRequest("cogvlm2", quantization=requested))
    assert isinstance(selection.settings, CogVLM2Settings)
    assert (selection.settings.quantization, selection.settings.vision) == ("fp4", "quantized")


def test_the_precision_of_a_quantized_checkpoint_is_that_of_its_weights(
    full_size: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_cards(monkeypatch, 80)
    quantized = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "llm_int8_skip_modules": ["lm_head"]}
    stored = CONFIG_JSON | {"quantization_config": quantized}
    (full_size / "config.json").write_text(json.dumps(stored))
    settings = select_engine().settings
    assert isinstance(settings, CogVLM2Settings)
    assert (settings.quantization, settings.vision) == ("nf4", "quantized")


@pytest.mark.usefixtures("full_size")
def test_a_model_is_spread_over_cards_only_where_none_is_large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 24, 24, 24)
    settings = select_engine(EngineRequest("cogvlm2", quantization="none")).settings
    assert isinstance(settings, CogVLM2Settings)
    assert settings.device == "cuda:0"
    assert set(settings.layer_devices) == {"cuda:0", "cuda:1"}
    assert settings.room.rows == 8
    alone = select_engine(EngineRequest("cogvlm2")).settings
    assert isinstance(alone, CogVLM2Settings)
    assert (alone.layer_devices, alone.vision) == ((), "bf16")
    with_cards(monkeypatch, 16, 16)
    with pytest.raises(ResourceError, match=r"needs 41\.3 GB"):
        select_engine(EngineRequest("cogvlm2", quantization="none"))
    with_cards(monkeypatch, 12, 12, capability=(7, 5))
    old = select_engine(EngineRequest("cogvlm2", vision_precision="quantized")).settings
    assert isinstance(old, CogVLM2Settings)
    assert (set(old.layer_devices), old.compute) == ({"cuda:0", "cuda:1"}, "float16")


def test_a_start_that_quantizes_names_the_command_that_keeps_the_copy(
    full_size: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_cards(monkeypatch, 24)
    selection = select_engine(EngineRequest("cogvlm2"))
    command = (
        f"cogdoc model quantize {full_size} --to {full_size.name}-nf4 --vision-precision bf16, "
        f"and then --model ./{full_size.name}-nf4"
    )
    assert (
        selection.settings.advice == f"each start reads 39 GB and quantizes them; to keep a quantized copy: {command}"
    )
    announce(selection, verbose=False, quiet=False)
    assert capsys.readouterr().err == ""  # not on a terminal
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    announce(selection, verbose=False, quiet=True)
    announce(selection, verbose=False, quiet=False)
    assert capsys.readouterr().err == f"cogdoc: {selection.settings.advice}\n"
    int8 = select_engine(EngineRequest("cogvlm2", quantization="int8")).settings.advice or ""
    assert f"--to {full_size.name}-int8 --quantization int8, and" in int8
    with_cards(monkeypatch, 80)
    assert select_engine(EngineRequest("cogvlm2", quantization="none")).settings.advice is None
    stored = CONFIG_JSON | {"quantization_config": {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}}
    (full_size / "config.json").write_text(json.dumps(stored))
    assert select_engine(EngineRequest("cogvlm2")).settings.advice is None


@pytest.mark.parametrize(
    ("name", "gigabytes", "expected"),
    [
        ("auto", (), "cpu"),
        ("auto", (24, 80), "cuda:1"),
        ("auto", (1,), "cpu"),
        ("cpu", (24,), "cpu"),
        ("cuda", (24, 80), "cuda:1"),
        ("cuda:0", (24, 80), "cuda:0"),
        ("cuda", (), ResourceError),
        ("cuda:2", (24,), ResourceError),
        ("gpu", (24,), UsageError),
    ],
)
def test_the_device_for_quantizing(
    monkeypatch: pytest.MonkeyPatch, name: str, gigabytes: tuple[int, ...], expected: str | type[Exception]
) -> None:
    with_cards(monkeypatch, *gigabytes)
    if isinstance(expected, str):
        assert quantizing_device(name) == expected
    else:
        with pytest.raises(expected, match="--device"):
            quantizing_device(name)


@pytest.mark.usefixtures("full_size")
def test_a_small_card_offloads_on_request_and_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 12)
    with pytest.raises(ResourceError) as raised:
        select_engine(EngineRequest("cogvlm2"))
    assert raised.value.hint == "--offload keeps weights in main memory and needs 8.1 GB on the GPU"
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=20 << 30))
    settings = select_engine(EngineRequest("cogvlm2", offload=True)).settings
    assert isinstance(settings, CogVLM2Settings)
    assert (settings.offload, settings.vision) == (True, "bf16")
    assert select_engine(EngineRequest(offload=True)).name == "cogvlm2"
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=4 << 30))
    with pytest.raises(ResourceError, match=r"keeps 12.6 GB in main memory, and 4.3 GB are free"):
        select_engine(EngineRequest("cogvlm2", offload=True))


@pytest.mark.usefixtures("full_size")
@pytest.mark.parametrize(("capability", "compute"), [((7, 5), "float16"), ((8, 0), "bfloat16")])
def test_the_dtype_is_one_that_the_card_has(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], compute: str
) -> None:
    with_cards(monkeypatch, 24, capability=capability)
    settings = select_engine(EngineRequest("cogvlm2")).settings
    assert isinstance(settings, CogVLM2Settings)
    assert settings.compute == compute


@pytest.mark.usefixtures("full_size")
@pytest.mark.parametrize(
    ("instructions", "gigabytes", "compute", "vision"),
    [
        (True, 64, "bfloat16", "bf16"),
        (False, 64, "float32", "bf16"),
        (False, 26, "float32", "bf16"),
        (False, 22, "bfloat16", "bf16"),
        (False, 18, "float32", "quantized"),
    ],
)
def test_a_cpu_without_bf16_instructions_computes_in_fp32_where_the_memory_allows_it(
    monkeypatch: pytest.MonkeyPatch, instructions: bool, gigabytes: int, compute: str, vision: VisionPrecision
) -> None:
    with_cards(monkeypatch)
    monkeypatch.setattr(fitting, "has_bf16_instructions", lambda: instructions)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=gigabytes << 30))
    settings = select_engine(EngineRequest("cogvlm2")).settings
    assert isinstance(settings, CogVLM2Settings)
    assert (settings.compute, settings.vision) == (compute, vision)


@pytest.mark.usefixtures("full_size")
def test_the_built_in_engine_is_selected_by_name_whatever_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with_cards(monkeypatch, 80)
    assert select_engine(EngineRequest("builtin")).name == "builtin"


@pytest.mark.usefixtures("home")
def test_impossible_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="not on this machine"):
        select_engine(EngineRequest("cogvlm2"))
    with pytest.raises(MissingError, match="neither a model nor a folder"):
        select_engine(EngineRequest(model="gpt"))
    with pytest.raises(CheckpointError, match="config"):
        select_engine(EngineRequest(model=str(tmp_path)))
    with pytest.raises(UsageError, match="no engine named"):
        select_engine(EngineRequest("clever"))
    with pytest.raises(UsageError, match="none of nf4, int8, none"):
        select_engine(EngineRequest("cogvlm2", "chat", "int3"))
    with pytest.raises(UsageError, match="none of bf16, quantized"):
        select_engine(EngineRequest("cogvlm2", "chat", vision_precision="nf4"))
    with pytest.raises(UsageError, match="has no model"):
        select_engine(EngineRequest("builtin", "chat"))
    with pytest.raises(UsageError, match="--adapter is for the engine cogvlm2"):
        select_engine(EngineRequest("builtin", adapter="folder"))


def test_cards_are_those_that_torch_sees() -> None:
    import torch

    assert len(find_cards().usable) == torch.cuda.device_count()
