"""Memory that runs out while loading, reading a picture or writing: an error in words, and the run goes on.

A card's allocator is simulated by one that refuses what exceeds a limit; on the CPU, the system's real one refuses.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from allocations import Allocations
from llama3_tokenizer import save_llama3_tokenizer
from PIL import Image
from running import clean_environment
from safetensors.torch import save_file
from small_pdfs import save_pdf

from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.out_of_memory import wanted_memory
from cogdoc.cogvlm2.scheduler import Scheduler
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model, load_model
from cogdoc.engines.cogvlm2.settings import settings_for
from cogdoc.engines.selection import EngineRequest
from cogdoc.engines.vision.vision_model import GenerationOptions, PageImage, Prompt
from cogdoc.errors import ResourceError, as_cogdoc_error, is_out_of_memory

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
READ = Prompt("Read all text on this page.")
OPTIONS = GenerationOptions(max_new_tokens=24, time_limit=60)
ON_CUDA = "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 23.64 GiB"

pytestmark = pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint")


class SimulatedCard(Allocations):
    """A device on which at most `limit` bytes are alive at a time."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = super().__torch_dispatch__(func, types, args, kwargs)
        if self.current > self.limit:
            del result
            raise torch.OutOfMemoryError(ON_CUDA)
        return result


@pytest.fixture(scope="module")
def session() -> CogVLM2Session:
    return load_session(POCKET / "model")


@pytest.fixture
def model(session: CogVLM2Session) -> Iterator[CogVLM2Model]:
    model = CogVLM2Model(session)
    yield model
    model.close()


@contextmanager
def on_card(card: SimulatedCard) -> Iterator[None]:
    """Models whose first request comes now run on the card: in torch, each thread has its own simulation."""
    run = Scheduler._run

    def run_on_card(scheduler: Scheduler) -> None:
        with card:
            run(scheduler)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Scheduler, "_run", run_on_card)
        yield


def form(number: int = 1) -> PageImage:
    return PageImage(np.asarray(Image.open(POCKET / f"form-{number}.png").convert("RGB")))


@contextmanager
def failing(module: torch.nn.Module, fails: Callable[[torch.Tensor], bool]) -> Iterator[None]:
    """Let a module run out of memory on inputs for which `fails` returns true."""

    def check(_: object, inputs: tuple[torch.Tensor, ...]) -> None:
        if fails(inputs[0]):
            raise torch.OutOfMemoryError(ON_CUDA)

    hook = module.register_forward_pre_hook(check)
    try:
        yield
    finally:
        hook.remove()


def first_layer(session: CogVLM2Session) -> torch.nn.Module:
    return session.model.model.layers[0]


def test_a_picture_that_does_not_fit_is_an_error_that_keeps_nothing(model: CogVLM2Model) -> None:
    card = SimulatedCard(limit=200_000)
    with (
        on_card(card),
        pytest.raises(ResourceError, match=r"while reading a picture \(20.00 MiB more were asked for\)") as caught,
    ):
        model.generate([form(2)], READ, OPTIONS)
    assert card.peak > 200_000
    assert card.current == 0, "memory is released while the error is still alive"
    assert caught.value.__context__ is None
    assert "\n" not in caught.value.message
    card.limit = 1e12
    assert "84.04" in model.generate([form()], READ, OPTIONS).text


def test_an_answer_that_does_not_fit_is_an_error_that_keeps_nothing(
    model: CogVLM2Model, session: CogVLM2Session
) -> None:
    card = SimulatedCard(limit=1e12)
    with (
        on_card(card),
        failing(first_layer(session), lambda hidden: hidden.shape[1] == 1),
        pytest.raises(ResourceError, match="while writing an answer"),
    ):
        model.generate([form(2)], READ, OPTIONS)
    assert card.current == 0


@pytest.mark.parametrize("stage", ["reading", "writing"])
def test_what_fails_once_is_done_with_less_memory(model: CogVLM2Model, session: CogVLM2Session, stage: str) -> None:
    plain = model.generate([form()], READ, OPTIONS)
    failures = 0

    def fail_once(hidden: torch.Tensor) -> bool:
        nonlocal failures
        failing_now = failures == 0 and (hidden.shape[1] == 1) == (stage == "writing")
        failures += failing_now
        return failing_now

    with failing(first_layer(session), fail_once):
        again = model.generate([form()], READ, OPTIONS)
    assert failures == 1
    assert again.text == plain.text


def test_after_a_failure_no_draft_is_verified(model: CogVLM2Model, session: CogVLM2Session) -> None:
    plain = model.generate([form()], READ, OPTIONS)
    lengths: list[int] = []

    def note(hidden: torch.Tensor) -> bool:
        lengths.append(hidden.shape[1])
        return len(lengths) == 3  # the image, the text, the first step

    options = GenerationOptions(max_new_tokens=24, time_limit=60, draft=plain.text)
    with failing(first_layer(session), note):
        again = model.generate([form()], READ, options)
    assert lengths[2] > 1, "a draft was being verified"
    # After the picture and what was written already, a token at a time.
    assert set(lengths[5:]) == {1}
    assert again.text == plain.text


def test_text_that_was_streamed_is_not_streamed_again(model: CogVLM2Model, session: CogVLM2Session) -> None:
    streamed: list[str] = []
    options = GenerationOptions(max_new_tokens=24, time_limit=60, on_text=streamed.append)
    steps = 0

    def fail_third_step(hidden: torch.Tensor) -> bool:
        nonlocal steps
        steps += hidden.shape[1] == 1
        return hidden.shape[1] == 1 and steps == 3

    with failing(first_layer(session), fail_third_step):
        text = model.generate([form()], READ, options).text
    assert "".join(streamed).strip() == text
    assert text == model.generate([form()], READ, OPTIONS).text


def test_a_model_that_does_not_fit_is_an_error_with_the_plans_figures() -> None:
    folder = POCKET / "model"
    settings = settings_for(folder, EngineRequest(model=str(folder)))
    with SimulatedCard(limit=1.5 * (folder / "model.safetensors").stat().st_size) as card:
        with pytest.raises(ResourceError, match=r"while loading the model .*needs \d+\.\d GB by plan") as caught:
            load_model(settings, load_tokenizer(folder))
        assert card.current == 0
    assert caught.value.exit_code == 7


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError(ON_CUDA), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
        (OSError(12, "Cannot allocate memory"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (OSError(2, "No such file"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_every_library_has_its_own_words_for_it(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (torch.OutOfMemoryError(ON_CUDA), "there is not enough GPU memory"),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), "not enough memory"),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_memory_that_runs_out_anywhere_else_is_no_bug(error: Exception, said: str) -> None:
    described = as_cogdoc_error(error)
    assert described.exit_code == 7
    assert said in described.message


def test_the_size_that_was_asked_for_is_told() -> None:
    assert wanted_memory(torch.OutOfMemoryError(ON_CUDA)) == "20.00 MiB"
    refused = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 419430400 bytes. Error code 12"
    assert wanted_memory(RuntimeError(refused)) == "419430400 bytes"
    assert wanted_memory(MemoryError()) is None


def large_checkpoint(folder: Path, inner: int, vocab: int) -> Path:
    """A checkpoint for 9,217 patches: its MLP needs 18 KB for each of `inner`, its vocabulary 128 bytes a token."""
    folder.mkdir()
    ids = save_llama3_tokenizer(folder)
    raw = {
        "architectures": ["CogVLMForCausalLM"],
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_multi_query_heads": 1,
        "rms_norm_eps": 1e-5,
        "max_position_embeddings": 4096,
        "vocab_size": max(vocab, ids.vocab_size),
        "bos_token_id": ids.bos,
        "eos_token_id": [ids.eos],
        "pad_token_id": ids.pad,
        "torch_dtype": "bfloat16",
        "vision_config": {
            "hidden_size": 16,
            "intermediate_size": inner,
            "num_hidden_layers": 1,
            "num_heads": 1,
            "patch_size": 14,
            "image_size": 1344,
            "num_positions": 9217,
            "in_channels": 3,
            "layer_norm_eps": 1e-6,
        },
    }
    (folder / "config.json").write_text(json.dumps(raw))
    torch.manual_seed(0)
    save_file(CogVLM2(parse_config(raw)).to(torch.bfloat16).state_dict(), folder / "model.safetensors")
    return folder


@cache
def kilobytes_of_libraries() -> int:
    """The private memory of a process that has imported the model's libraries: builds of torch differ by far."""
    program = """
import re
import cogdoc.cli.run_task, cogdoc.engines.cogvlm2.cogvlm2_model
print(re.search(r"VmData:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""
    command = [sys.executable, "-c", program]
    return int(subprocess.run(command, env=clean_environment(), capture_output=True, check=True).stdout)


def run_with_memory(megabytes: int, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command with a limit for the private memory of each of its processes, beside that of the libraries."""
    command = [sys.executable, "-m", "cogdoc", *map(str, arguments)]
    limit = kilobytes_of_libraries() + megabytes * 1024
    return subprocess.run(
        ["/bin/sh", "-c", f'ulimit -d {limit} && exec "$@"', "sh", *command],
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's limit for private memory")
def test_the_page_fails_and_the_run_goes_on_where_the_system_gives_no_memory(tmp_path: Path) -> None:
    model = large_checkpoint(tmp_path / "model", inner=32_768, vocab=0)
    bill = save_pdf(tmp_path / "bill.pdf", "Total due: $98.76", "")
    ended = run_with_memory(700, "ocr", bill, "--model", model, "--out", "jsonl")
    first, second = map(json.loads, ended.stdout.splitlines())
    assert first["error"]["kind"] == "resource"
    # The exact number depends on the threads.
    assert re.search(r"out of main memory while reading a picture \(6\d{8} bytes more", first["error"]["message"])
    assert second["error"] is None
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's limit for private memory")
def test_a_model_for_which_the_system_gives_no_memory_is_refused_in_a_line(tmp_path: Path) -> None:
    model = large_checkpoint(tmp_path / "model", inner=16, vocab=900_000)
    bill = save_pdf(tmp_path / "bill.pdf", "Total due: $98.76")
    ended = run_with_memory(200, "ocr", bill, "--model", model)
    assert (ended.returncode, ended.stdout) == (7, "")
    assert "out of main memory while loading the model" in ended.stderr
    assert "GB by plan" in ended.stderr
    assert "Traceback" not in ended.stderr
    ended = run_with_memory(200, "model", "quantize", model, "--to", tmp_path / "copy")
    assert (ended.returncode, ended.stdout) == (7, "")
    assert "there is not enough memory" in ended.stderr
    assert not (tmp_path / "copy").exists()
