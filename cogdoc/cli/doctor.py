"""`cogdoc doctor`"""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

HELP = """Say what this machine can do: what is installed, memory, GPU, and which engine `auto` takes and why.

\b
  cogdoc doctor
"""

LIBRARIES = (
    "pymupdf",
    "rapidocr",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "torch",
    "transformers",
    "bitsandbytes",
)


def doctor() -> None:
    from cogdoc.engines.choice import choose_engine

    choice = choose_engine()
    rows = [
        ("cogdoc", version("cogdoc")),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("processor", f"{os.cpu_count() or 1} cores"),
        ("memory", _memory()),
        ("GPU", _gpu()),
        *((library, _version(library)) for library in LIBRARIES),
        ("engine", f"{choice.name}: {choice.reason}"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        sys.stdout.write(f"{name:<{width}}  {value}\n")


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    return f"{memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} GiB free"


def _gpu() -> str:
    try:
        import torch
    except ImportError as error:
        return f"unknown, since torch cannot be imported: {error}"
    if not torch.cuda.is_available():
        return "none that torch can use"
    devices = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    return ", ".join(f"{device.name}, {device.total_memory / 2**30:.0f} GiB" for device in devices)
