"""Without PyTorch, which the core does not install, everything but CogVLM2 works, and CogVLM2 says what to install."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from checkpoint_files import make_checkpoint
from running import CommandResult, clean_environment

WITHOUT_TORCH = """
import sys
sys.modules.update(torch=None, bitsandbytes=None)
from cogdoc.cli.app import main
sys.argv[0] = "cogdoc"
main()
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint") / "model")


def run(*arguments: str | Path) -> CommandResult:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)],
        env=clean_environment(PYTHONPATH=str(Path(__file__).parents[2])),
        capture_output=True,
        text=True,
        check=False,
    )
    return CommandResult(done.returncode, done.stdout, done.stderr)


def test_the_built_in_engine_answers(bill: Path) -> None:
    ended = run("ask", bill, "total due?")
    assert (ended.code, ended.out, ended.err) == (0, "$98.76\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "BILL", "total due?", "--model", "CHECKPOINT"),
        ("model", "verify", "CHECKPOINT"),
        ("model", "quantize", "CHECKPOINT", "--to", "COPY"),
        ("model", "merge", "CHECKPOINT", "ADAPTER", "COPY"),
        ("bench", "--only", "cogvlm2", "--seconds", "1"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_what_needs_it_names_the_package_to_install(
    bill: Path, checkpoint: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    paths = {"BILL": bill, "CHECKPOINT": checkpoint, "COPY": tmp_path / "copy", "ADAPTER": tmp_path}
    ended = run(*(paths.get(argument, argument) for argument in arguments))
    assert (ended.code, ended.out) == (3, "")
    assert "Traceback" not in ended.err
    assert "CogVLM2 needs PyTorch, which is not installed" in ended.err
    assert 'pip install "cogdoc[model]"' in ended.err


def test_doctor_and_the_models_are_shown(checkpoint: Path) -> None:
    doctor = run("doctor")
    assert (doctor.code, doctor.err) == (0, "")
    assert "builtin: " in doctor.out
    shown = run("model", "show", checkpoint)
    assert (shown.code, shown.err) == (0, "")
