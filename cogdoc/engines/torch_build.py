"""What the installed build of torch can use: read from its metadata, and for kernels asked of torch itself."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cogdoc.errors import MissingError

Version = tuple[int, int]

MODEL_EXTRA = 'pip install "cogdoc[model]"'

_ARCHITECTURE = re.compile(r"(sm|compute)_(\d+)(\d)([af]?)")


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """The version of torch, and the versions of CUDA and ROCm that it is built for, None if it is not."""

    version: str
    cuda: Version | None
    hip: str | None


@dataclass(frozen=True, slots=True)
class TorchAnswer:
    """What torch says about CUDA: the devices that it counts, the kernels it has, and what went wrong."""

    devices: int
    kernels: tuple[str, ...]
    """Such as `sm_90` for cards of compute capability 9.0, and `compute_90`, which drivers compile for newer ones."""
    failure: str | None = None


def read_torch_build() -> TorchBuild | None:
    """Read `torch/version.py` without importing torch; None if there is no torch.

    A build without that file is taken for one without CUDA.
    """
    try:
        spec = find_spec("torch")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    try:
        source = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
        values = dict(_constants(ast.parse(source)))
    except (OSError, ValueError, SyntaxError):
        values = {}
    return TorchBuild(
        values.get("__version__") or "of unknown version", _version(values.get("cuda")), values.get("hip")
    )


def has_torch() -> bool:
    """Whether PyTorch is installed; cogdoc's core does without it."""
    return read_torch_build() is not None


def require_torch() -> None:
    """Raise MissingError where PyTorch is not installed, before anything imports it."""
    if not has_torch():
        raise MissingError("CogVLM2 needs PyTorch, which is not installed", MODEL_EXTRA)


def ask_torch() -> TorchAnswer:
    """Import torch, which takes seconds, and ask it. This creates no CUDA context."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import torch

            devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
            kernels = tuple(torch.cuda.get_arch_list())
    except Exception as error:  # a broken installation may raise any of them: missing libraries, wrong versions
        return TorchAnswer(0, (), f"it cannot be imported: {_first_line(error)}")
    if devices:
        return TorchAnswer(devices, kernels)
    reasons = [_first_line(warning.message) for warning in caught if "CUDA" in str(warning.message)]
    return TorchAnswer(0, kernels, reasons[0] if reasons else "it finds no device")


def free_memory(index: int) -> int | None:
    """The free bytes of a device, from torch, which creates a CUDA context for it; None if that fails."""
    import torch

    try:
        return int(torch.cuda.mem_get_info(index)[0])
    except RuntimeError:
        return None


def has_kernels(kernels: Iterable[str], capability: Version, build: Version, driver: Version | None) -> bool:
    """Whether any of torch's kernels runs on a card.

    Binary kernels run on cards of the same major capability that are not older (with the suffix `a` on exactly that
    one). The driver compiles PTX for newer cards, if it is at least as new as the CUDA version torch is built for.
    Source: https://docs.nvidia.com/cuda/cuda-c-programming-guide/#application-compatibility
    """
    compiles = driver is None or driver >= build
    for name in kernels:
        match = _ARCHITECTURE.fullmatch(name)
        if match is None:
            continue
        kind, major, minor, suffix = match.groups()
        target = int(major), int(minor)
        if suffix == "a":
            runs = capability == target
        elif kind == "sm" or suffix == "f":
            runs = capability[0] == target[0] and capability >= target
        else:
            runs = compiles and capability >= target
        if runs:
            return True
    return False


def _constants(module: ast.Module) -> Iterable[tuple[str, str | None]]:
    for statement in module.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                yield target.id, value.value if isinstance(value.value, str) else None


def _version(text: str | None) -> Version | None:
    match = re.match(r"(\d+)\.(\d+)", text or "")
    return (int(match[1]), int(match[2])) if match else None


def _first_line(error: object) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
