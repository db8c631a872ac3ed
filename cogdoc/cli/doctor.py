"""`cogdoc doctor`: shows what this machine can do."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cogdoc.cogvlm2.tensor_memory import Device
    from cogdoc.documents.confinement.confine import Part
    from cogdoc.engines.cuda_devices import Card
    from cogdoc.engines.selection import EngineSelection

HELP = """Show what this machine can do: libraries, memory, GPU, models that fit, the engine that `auto` takes and why.

\b
  cogdoc doctor
"""

LIBRARIES = (
    "pymupdf",
    "rapidocr",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "pillow-jxl-plugin",
    "torch",
    "transformers",
    "bitsandbytes",
    "huggingface_hub",
)
GB = 1e9
GIB = 2**30


def doctor() -> None:
    from cogdoc.documents.sandbox import try_sandbox
    from cogdoc.engines.cuda_devices import cuda_cards
    from cogdoc.engines.registry import select_engine
    from cogdoc.results.printable import printable

    selection = select_engine()
    cards = cuda_cards()
    free = _free_memory(cards)
    rows = [
        ("cogdoc", version("cogdoc")),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("processor", f"{os.cpu_count() or 1} cores"),
        ("memory", _memory()),
        ("GPU", _gpu(cards, free)),
        *((library, _version(library)) for library in LIBRARIES),
        ("Tesseract", _tesseract()),
        *_sandbox_rows(try_sandbox()),
        *_model_rows(),
        *_context_rows(free),
        ("engine", f"{selection.name}: {selection.reason}"),
        ("next", _suggestion(selection, cards)),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        sys.stdout.write(f"{name:<{width}}  {printable(value)}\n")


def _sandbox_rows(parts: Sequence[Part]) -> Iterator[tuple[str, str]]:
    yield "sandbox", f"limits {', '.join(part.name for part in parts if part.holds) or 'nothing'}"
    for part in parts:
        if not part.holds:
            yield "no sandbox", f"for {part.name}, which needs {part.needs}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"


def _tesseract() -> str:
    from cogdoc.documents.tesseract import data_folder, has_library, languages_in

    if not has_library():
        return "not installed, pip install 'cogdoc[tesseract]' for --ocr tesseract"
    languages = languages_in(data_folder())
    return f"for --ocr tesseract, with languages {', '.join(languages)}" if languages else "no language is installed"


def _memory() -> str:
    import psutil

    memory = psutil.virtual_memory()
    return f"{memory.total / GIB:.1f} GiB, {memory.available / GIB:.1f} GiB free"


def _free_memory(cards: tuple[Card, ...]) -> list[int] | str:
    """The free bytes of each card, or why torch cannot use them. Without a card, torch is not imported."""
    if not cards:
        return []
    try:
        import torch
    except ImportError as error:
        return f"torch cannot be imported: {error}"
    if not torch.cuda.is_available():
        return "torch cannot use it: is it built for CUDA, and the driver new enough?"
    return [int(torch.cuda.mem_get_info(index)[0]) for index in range(torch.cuda.device_count())]


def _gpu(cards: tuple[Card, ...], free: list[int] | str) -> str:
    if not cards:
        return "none that CUDA can use"
    if isinstance(free, str):
        return f"{', '.join(card.name for card in cards)}, but {free}"
    return ", ".join(
        f"{card.name}, {card.memory / GIB:.0f} GiB, {bytes_free / GIB:.0f} free"
        for card, bytes_free in zip(cards, free, strict=False)
    )


def _model_rows() -> Iterator[tuple[str, str]]:
    from cogdoc.models.checkpoint_folders import find_checkpoint
    from cogdoc.models.description import describe
    from cogdoc.models.published_models import MODELS

    checkpoints = {name: folder for name in MODELS if (folder := find_checkpoint(name)) is not None}
    if not checkpoints:
        yield "models", "none on this machine"
    for name, folder in checkpoints.items():
        description = describe(folder)
        yield f"model {name}", f"{folder}, {description.size / GB:.1f} GB, {description.weights}"


def _context_rows(free: list[int] | str) -> Iterator[tuple[str, str]]:
    """The context lengths at which the published CogVLM2 fits the free memory of each card, and of the CPU."""
    import psutil

    for index, memory in enumerate(free if isinstance(free, list) else ()):
        yield f"on GPU {index}", _contexts(memory, "cuda")
    yield "on the CPU", _contexts(psutil.virtual_memory().available, "cpu")


def _contexts(memory: int, device: Device) -> str:
    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.models.description import fitting_context
    from cogdoc.models.published_models import QUANTIZATIONS

    fitting = {
        "bf16" if quantization == "none" else quantization: fitting_context(PUBLISHED, quantization, memory, device)
        for quantization in QUANTIZATIONS
    }
    contexts = [f"{name} {context:,}" for name, context in fitting.items() if context]
    if not contexts:
        return f"CogVLM2 does not fit the {memory / GIB:.1f} GiB that are free"
    note = ", though a page takes minutes" if device == "cpu" else ""
    return f"CogVLM2 fits with a context of {', '.join(contexts)} tokens{note}"


def _suggestion(selection: EngineSelection, cards: tuple[Card, ...]) -> str:
    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.engines.registry import FALLBACK
    from cogdoc.models.checkpoint_folders import find_checkpoint
    from cogdoc.models.description import fitting_context
    from cogdoc.models.published_models import MODELS

    question = 'cogdoc ask report.pdf "total revenue?"'
    if selection.name != FALLBACK:
        return question
    if any(fitting_context(PUBLISHED, "nf4", card.memory) for card in cards) and not any(map(find_checkpoint, MODELS)):
        return f"{question}; cogdoc model pull downloads CogVLM2, which fits this GPU"
    return question
