"""Machines with cards that are not there: a fake of NVIDIA's libraries, compiled here, and of builds of torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_name("fake_nvidia.c")
ROOT = Path(__file__).parents[2]
GIB = 2**30

COMPILER = shutil.which("cc") or shutil.which("gcc")


@dataclass(frozen=True)
class FakeCard:
    """A card, with its memory in GiB."""

    name: str = "RTX 3090"
    memory: float = 24
    free: float | None = None
    capability: tuple[int, int] = (8, 6)
    uuid: str = "00112233445566778899aabbccddee00"
    processes: tuple[tuple[int, float], ...] = ()
    """The id of each other process on it, and its memory in GiB."""


@dataclass(frozen=True)
class FakeTorch:
    """A build of torch: what its `version.py` states, and what it answers once it is imported."""

    cuda: str | None = "12.8"
    hip: str | None = None
    kernels: tuple[str, ...] = ("sm_75", "sm_80", "sm_86", "sm_90")
    devices: int = 8
    warning: str = ""
    import_error: str = ""


@dataclass
class FakeMachine:
    """A machine that child processes see in their environment."""

    libraries: Path
    folder: Path
    cards: Sequence[FakeCard] = ()
    torch: FakeTorch | None = field(default_factory=FakeTorch)
    """None for the real one."""
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COGDOC_", "CUDA_"))}
        cards = (
            f"{card.name}|{int(card.memory * GIB)}|{int((card.memory if card.free is None else card.free) * GIB)}"
            f"|{card.capability[0]}|{card.capability[1]}|{card.uuid}"
            for card in self.cards
        )
        processes = (
            f"{index}|{pid}|{int(memory * GIB)}"
            for index, card in enumerate(self.cards)
            for pid, memory in card.processes
        )
        path = [str(ROOT)] if self.torch is None else [str(write_torch(self.folder, self.torch)), str(ROOT)]
        return kept | {
            "LD_LIBRARY_PATH": str(self.libraries),
            "PYTHONPATH": os.pathsep.join(path),
            "FAKE_CARDS": "\n".join(cards),
            "FAKE_PROCESSES": "\n".join(processes),
            "COGDOC_HOME": str(self.folder / "home"),
            "HF_HOME": str(self.folder / "hub"),
            "COLUMNS": "200",
            **self.settings,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python on this machine."""
        return subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, env=self.environment(), check=False
        )


def compile_libraries(folder: Path) -> Path:
    """Compile the fake of `libcuda.so.1` and `libnvidia-ml.so.1`."""
    assert COMPILER is not None
    for name in ("libcuda.so.1", "libnvidia-ml.so.1"):
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O0", "-o", folder / name, SOURCE], check=True)
    return folder


def write_torch(folder: Path, build: FakeTorch) -> Path:
    """A package that answers as a build of torch does, as far as engine selection asks it."""
    package = folder / "packages" / "torch"
    package.mkdir(parents=True, exist_ok=True)
    (package / "version.py").write_text(
        f"from typing import Optional\n__version__ = '9.9'\ncuda: Optional[str] = {build.cuda!r}\n"
        f"hip: Optional[str] = {build.hip!r}\n"
    )
    code = f"""
        import warnings
        error, warning, devices = {build.import_error!r}, {build.warning!r}, {build.devices!r}
        if error:
            raise OSError(error)

        class cuda:
            @staticmethod
            def is_available():
                if warning:
                    warnings.warn(warning)
                return devices > 0

            @staticmethod
            def device_count():
                return devices

            @staticmethod
            def get_arch_list():
                return list({build.kernels!r})

            @staticmethod
            def mem_get_info(index):
                return (5 << 30, 24 << 30)
    """
    (package / "__init__.py").write_text(textwrap.dedent(code))
    return package.parent
