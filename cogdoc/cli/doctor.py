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
    from rich.console import Console
    from rich.table import Table

    from cogdoc.engines.choice import choose_engine

    choice = choose_engine()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("cogdoc", version("cogdoc"))
    table.add_row("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    table.add_row("processor", f"{os.cpu_count() or 1} cores")
    table.add_row("memory", _memory())
    table.add_row("GPU", _gpu())
    for library in LIBRARIES:
        table.add_row(library, _version(library))
    table.add_row("engine", f"{choice.name}: {choice.reason}")
    Console(file=sys.stdout, highlight=False).print(table)


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
