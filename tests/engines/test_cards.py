"""Which cards are used, and what is said about the others, with a fake of NVIDIA's libraries."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fake_nvidia import COMPILER, FakeCard, FakeMachine, FakeTorch, compile_libraries

from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.engines.torch_build import has_kernels, read_torch_build

pytestmark = pytest.mark.skipif(
    COMPILER is None or not sys.platform.startswith("linux"), reason="needs a C compiler on Linux"
)

SELECT = """
import json, sys
from cogdoc.engines.registry import select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import CogdocError
auto = select_engine()
print(json.dumps({"engine": auto.name, "reason": auto.reason, "announced": auto.announce,
    "device": getattr(auto.settings, "device", None), "torch": "torch" in sys.modules}))
try:
    named = select_engine(EngineRequest("cogvlm2"))
    print(json.dumps({"code": 0, "device": named.settings.device}))
except CogdocError as error:
    print(json.dumps({"code": int(error.exit_code), "message": error.message, "hint": error.hint}))
"""


@dataclass(frozen=True)
class Selection:
    """What `auto` selects on a machine, and what a model gets that was named."""

    auto: dict[str, Any]
    named: dict[str, Any]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_libraries(tmp_path_factory.mktemp("libraries"))


@pytest.fixture
def machine(libraries: Path, tmp_path: Path) -> FakeMachine:
    """A machine with an RTX 3090 and what looks like the English model as long as nobody reads its 39 GB."""
    folder = tmp_path / "home" / "models" / "cogvlm2-llama3-chat-19B"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG_JSON))
    for name in ("tokenizer.json", "model.safetensors"):
        (folder / name).touch()
    return FakeMachine(libraries, tmp_path, cards=[FakeCard()])


def select(machine: FakeMachine) -> Selection:
    ended = machine.run("-c", SELECT)
    assert ended.stderr == ""
    auto, named = map(json.loads, ended.stdout.splitlines())
    return Selection(auto, named)


def test_a_card_that_torch_can_use_is_taken(machine: FakeMachine) -> None:
    selection = select(machine)
    assert selection.auto["engine"] == "cogvlm2"
    assert "RTX 3090" in selection.auto["reason"]
    assert selection.named == {"code": 0, "device": "cuda:0"}


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (FakeTorch(cuda=None), "torch 9.9 is built for the CPU only"),
        (FakeTorch(cuda=None, hip="6.2"), "is built for ROCm"),
        (FakeTorch(cuda="13.0"), "is built for CUDA 13.0, and the driver supports CUDA 12.8 at most"),
        (FakeTorch(kernels=("sm_90", "sm_100")), "no kernels for compute capability 8.6, only sm_90 sm_100"),
        (FakeTorch(import_error="libcudart.so.12: cannot open"), "it cannot be imported: libcudart.so.12"),
        (FakeTorch(devices=0, warning="CUDA initialization: busy"), "does not use them: CUDA initialization: busy"),
        (FakeTorch(devices=0), "it finds no device"),
    ],
    ids=["cpu build", "rocm build", "old driver", "no kernels", "broken", "not available", "no device"],
)
def test_a_card_that_torch_cannot_use_is_named_with_the_reason(
    machine: FakeMachine, build: FakeTorch, message: str
) -> None:
    machine.torch = build
    selection = select(machine)
    assert (selection.auto["engine"], selection.auto["announced"]) == ("builtin", True)
    assert message in selection.auto["reason"]
    assert selection.named["code"] == 3
    assert message in selection.named["message"]
    assert "RTX 3090" in selection.named["message"]
    assert "CUDA_VISIBLE_DEVICES=" in selection.named["hint"]


def test_a_driver_that_does_not_start_is_a_fault_of_the_machine(machine: FakeMachine) -> None:
    machine.settings = {"FAKE_ERROR": "803"}
    selection = select(machine)
    assert selection.auto["engine"] == "builtin"
    assert selection.named["code"] == 7
    assert "error 803, system has unsupported display driver" in selection.named["message"]


def test_torch_is_not_imported_without_need(machine: FakeMachine) -> None:
    machine.cards = ()
    assert not select(machine).auto["torch"], "there is no card"
    machine.cards = [FakeCard(memory=8)]
    assert not select(machine).auto["torch"], "the card is too small"
    machine.cards, machine.torch = [FakeCard()], FakeTorch(cuda=None)
    assert not select(machine).auto["torch"], "it is built for the CPU"
    machine.torch = FakeTorch()
    assert select(machine).auto["torch"]


@pytest.mark.parametrize("visible", ["", "-1"])
def test_hidden_cards_are_said_and_the_cpu_is_used(machine: FakeMachine, visible: str) -> None:
    machine.cards = [FakeCard(), FakeCard(uuid="01" * 16)]
    machine.settings = {"CUDA_VISIBLE_DEVICES": visible}
    selection = select(machine)
    assert selection.auto["engine"] == "builtin"
    assert "CUDA_VISIBLE_DEVICES hides all 2 cards" in selection.auto["reason"]
    assert "GPU" not in selection.named.get("message", "")


@pytest.mark.parametrize(
    ("visible", "chosen"),
    [
        (None, "big"),
        ("0", "first"),
        ("2,0", "third"),
        ("GPU-02020202", "third"),
        ("MIG-01010101-0101-0101-0101-010101010101", "big"),
    ],
)
def test_of_several_visible_cards_the_one_with_most_free_memory_is_taken(
    machine: FakeMachine, visible: str | None, chosen: str
) -> None:
    machine.cards = [
        FakeCard("first", 24, free=16, uuid="00" * 16),
        FakeCard("big", 80, uuid="01" * 16, capability=(9, 0)),
        FakeCard("third", 24, free=20, uuid="02" * 16),
    ]
    machine.settings = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    selection = select(machine)
    assert selection.auto["reason"].endswith(f", {chosen}")
    assert selection.auto["device"] == ("cuda:1" if visible is None else "cuda:0")


def test_a_card_without_kernels_leaves_the_others(machine: FakeMachine) -> None:
    machine.cards = [FakeCard("old", 80, capability=(6, 1)), FakeCard("new", 24, uuid="01" * 16)]
    selection = select(machine)
    assert selection.auto["device"] == "cuda:1"
    assert selection.auto["reason"].endswith("fits GPU 1, new")


def test_cards_that_are_too_small_alone_are_taken_together_and_said_to_be(machine: FakeMachine) -> None:
    machine.cards = [FakeCard("left", 12, uuid="00" * 16), FakeCard("right", 12, free=11, uuid="01" * 16)]
    selection = select(machine)
    assert selection.auto["engine"] == "cogvlm2"
    assert selection.auto["reason"].endswith("fits GPU 0, left and GPU 1, right together")
    assert selection.named == {"code": 0, "device": "cuda:0"}
    shown = machine.run("-m", "cogdoc", "model", "show", "chat").stdout
    assert "GPUs together: for reading pages, their layers fit in nf4" in shown
    machine.settings = {"CUDA_VISIBLE_DEVICES": "1"}
    assert select(machine).named["code"] == 7


def test_old_cards_are_refused_what_they_have_no_kernels_for_and_told_how_they_compute(machine: FakeMachine) -> None:
    machine.cards = [FakeCard("TITAN V", 32, capability=(7, 0)), FakeCard("T4", 16, uuid="01" * 16, capability=(7, 5))]
    machine.torch = FakeTorch(kernels=("sm_60", "sm_70", "sm_75", "sm_80"))
    assert select(machine).auto["device"] == "cuda:0"
    machine.cards = machine.cards[:1]
    code = SELECT.replace('EngineRequest("cogvlm2")', 'EngineRequest("cogvlm2", None, "int8")')
    refused = json.loads(machine.run("-c", code).stdout.splitlines()[1])
    assert refused["code"] == 3
    assert refused["message"] == "int8 needs a GPU of compute capability 7.5, and TITAN V has 7.0"
    shown = machine.run("-m", "cogdoc", "model", "show").stdout
    assert "GPU 0 here: TITAN V, computes in fp16, attention in chunks, has no kernels for int8 (from 7.5)" in shown
    rows = {line.split("  ")[0]: line.split() for line in shown.splitlines()}
    assert rows["int8"][-2] == "-"
    assert rows["nf4"][-2] == "8,192"
    doctor = machine.run("-m", "cogdoc", "doctor").stdout
    assert "compute capability 7.0, computes in fp16, attention in chunks, has no kernels for int8" in doctor
    machine.cards = [FakeCard("K80", 12, capability=(3, 7))]
    shown = machine.run("-m", "cogdoc", "model", "show").stdout
    assert "K80, cannot be used: torch 9.9 has no kernels for compute capability 3.7" in shown


def test_memory_that_others_hold_does_not_count_and_they_are_named(machine: FakeMachine) -> None:
    holders = ((4711, 12.5), (815, 2.0))
    machine.cards = [replace(FakeCard(), free=9.5, processes=holders)]
    selection = select(machine)
    assert selection.auto["engine"] == "builtin"
    assert selection.named["code"] == 7
    for said in (
        "needs 13.9 GB (11.7 of them weights, nf4)",
        "RTX 3090 has 10.2 GB of 25.8 GB free",
        "program-4711 (4711) holds 13.4 GB, program-815 (815) holds 2.1 GB",
    ):
        assert said in selection.named["message"]


def test_without_nvml_torch_is_asked_for_the_free_memory(machine: FakeMachine) -> None:
    machine.settings = {"FAKE_NVML_ERROR": "1"}
    selection = select(machine)
    assert selection.named["code"] == 7
    assert "RTX 3090 has 5.4 GB of 25.8 GB free" in selection.named["message"]


def test_doctor_and_the_command_line_give_the_same_answer(machine: FakeMachine) -> None:
    machine.cards = [FakeCard("old", 24, capability=(6, 1)), FakeCard("new", 24, free=20, uuid="01" * 16)]
    ended = machine.run("-m", "cogdoc", "doctor")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = {line.split("  ")[0]: line for line in ended.stdout.splitlines()}
    assert "no kernels for compute capability 6.1" in rows["GPU 0"]
    assert "new has 21.5 GB of 25.8 GB free, compute capability 8.6" in rows["GPU 1"]
    assert "8,192 in nf4; 8,192 in nf4, vision bf16" in rows["on GPU 1"]
    assert "on GPU 0" not in rows
    assert "cogvlm2: cogvlm2-llama3-chat-19B is on this machine, and fits GPU 1, new" in rows["engine"]
    machine.torch = FakeTorch(cuda=None)
    page = machine.folder / "page.txt"
    page.write_text("nothing")
    ended = machine.run("-m", "cogdoc", "ask", "--engine", "cogvlm2", str(page), "what?")
    assert ended.returncode == 3
    assert ended.stderr.splitlines()[0] == "cogdoc: torch cannot use old, new: torch 9.9 is built for the CPU only"
    assert "Traceback" not in ended.stderr
    said = machine.run("-m", "cogdoc", "doctor").stdout
    assert "torch cannot use old, new: torch 9.9 is built for the CPU only" in said


def test_a_mac_is_told_why_its_gpu_is_not_used(machine: FakeMachine) -> None:
    machine.cards = ()
    code = (
        "import sys, platform, cogdoc.engines.cuda_devices as devices;"
        "sys.platform = 'darwin'; platform.machine = lambda: 'arm64'; print(devices.find_cards().absence)"
    )
    assert machine.run("-c", code).stdout.startswith("Apple's GPU is not used: the fast 4-bit kernels")


@pytest.mark.parametrize(
    ("kernels", "capability", "driver", "runs"),
    [
        (["sm_80"], (8, 6), (12, 8), True),
        (["sm_86"], (8, 0), (12, 8), False),
        (["sm_80"], (9, 0), (12, 8), False),
        (["compute_80"], (9, 0), (12, 8), True),
        (["compute_80"], (9, 0), (12, 4), False),
        (["compute_80"], (7, 5), (12, 8), False),
        (["sm_90a"], (9, 0), (12, 8), True),
        (["sm_100a"], (10, 3), (12, 8), False),
        (["sm_100f"], (10, 3), (12, 8), True),
        (["sm_100"], (10, 3), (12, 8), True),
        (["sm_120"], (12, 1), None, True),
        (["gfx90a"], (9, 0), (12, 8), False),
    ],
)
def test_kernels_run_on_newer_cards_of_their_generation_and_ptx_on_all_newer_ones(
    kernels: list[str], capability: tuple[int, int], driver: tuple[int, int] | None, runs: bool
) -> None:
    assert has_kernels(kernels, capability, (12, 8), driver) == runs


def test_the_installed_torch_is_read_without_importing_it() -> None:
    import torch

    build = read_torch_build()
    assert build is not None
    assert build.version == torch.__version__
    assert build.cuda == (tuple(map(int, torch.version.cuda.split("."))) if torch.version.cuda else None)
