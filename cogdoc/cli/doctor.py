"""`cogdoc doctor`: shows what this machine can do."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cogdoc.cogvlm2.tensor_memory import Device
    from cogdoc.documents.confinement.confine import Part
    from cogdoc.engines.cuda_devices import Card, Cards
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
    "openai",
    "mcp",
)
EXTRAS = {
    "torch": "model",
    "bitsandbytes": "model",
    "transformers": "transformers",
    "openai": "remote",
    "mcp": "mcp",
}
"""The extra that installs a library which the core does without."""

SERVER_SECONDS = 10.0
GB = 1e9
GIB = 2**30


def doctor() -> None:
    from importlib.metadata import version

    from cogdoc.documents.sandbox import try_sandbox
    from cogdoc.engines.cuda_devices import check_with_torch, find_cards
    from cogdoc.engines.registry import select_engine
    from cogdoc.results.printable import printable

    selection = select_engine()
    cards = check_with_torch(find_cards())
    rows = [
        ("cogdoc", version("cogdoc")),
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("processor", f"{os.cpu_count() or 1} cores"),
        ("memory", _memory()),
        *_gpu_rows(cards),
        *((library, _version(library)) for library in LIBRARIES),
        ("Tesseract", _tesseract()),
        *_sandbox_rows(try_sandbox()),
        *_model_rows(),
        *_context_rows(cards),
        ("engine", f"{selection.name}: {selection.reason}"),
        *_server_rows(),
        *_warm_rows(),
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
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return f"not installed, pip install 'cogdoc[{EXTRAS[library]}]'" if library in EXTRAS else "not installed"


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


def _gpu_rows(cards: Cards) -> Iterator[tuple[str, str]]:
    from cogdoc.engines.cogvlm2.placement import describe_memory
    from cogdoc.engines.cogvlm2.verdicts import card_verdict

    if not cards.all:
        yield "GPU", cards.absence if cards.problem is None else cards.problem.message
        return
    for card in cards.all:
        capability = f"compute capability {card.capability[0]}.{card.capability[1]}"
        verdict = f", {card_verdict(card)}" if cards.problem is None else ""
        yield f"GPU {card.index}", f"{describe_memory(card)}, {capability}{verdict}"
    if cards.problem is not None:
        yield "no GPU", f"{cards.problem.message} ({cards.problem.hint})"


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


def _context_rows(cards: Cards) -> Iterator[tuple[str, str]]:
    """The context lengths at which the published CogVLM2 fits the free memory of each card, and of the CPU."""
    import psutil

    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.engines.cogvlm2.verdicts import fitting_together
    from cogdoc.models.description import PRECISIONS

    for card in sorted(cards.usable, key=lambda card: card.index):
        yield f"on GPU {card.index}", _contexts(card.free, "cuda", card)
    if together := fitting_together(PUBLISHED, PRECISIONS, cards):
        yield "on all GPUs", f"CogVLM2 fits together, for reading pages, in {'; '.join(together)}"
    yield "on the CPU", _contexts(psutil.virtual_memory().available, "cpu", None)


def _server_rows() -> Iterator[tuple[str, str]]:
    """The server that the environment names as the engine, and whether it answers."""
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.engines.remote.address import is_server_address
    from cogdoc.engines.selection import EngineRequest
    from cogdoc.errors import CogdocError

    named = os.environ.get("COGDOC_ENGINE", "")
    if not is_server_address(named):
        return
    request = EngineRequest(named, os.environ.get("COGDOC_MODEL"), allow_remote="COGDOC_ALLOW_REMOTE" in os.environ)
    try:
        engine = load_engine(select_engine(request), SERVER_SECONDS)
    except CogdocError as error:
        yield "server", f"{error.message} ({error.hint})" if error.hint else error.message
        return
    engine.close()
    yield "server", f"{engine.info.server} serves {engine.info.checkpoint}, as COGDOC_ENGINE says"


def _warm_rows() -> Iterator[tuple[str, str]]:
    """The servers of this user, whose models other commands use."""
    from cogdoc.engines.warm.servers import find_servers

    found = find_servers()
    for problem in found.problems:
        yield "no warm engine", problem
    for server in found.servers:
        if server.description is None:
            yield "warm engine", f"the process {server.pid} {server.problem}"
            continue
        where = f" and answers on {server.description.address}" if server.description.address else ""
        yield "warm engine", f"process {server.pid} keeps {server.description.model} loaded{where}"


def _contexts(memory: int, device: Device, card: Card | None) -> str:
    from cogdoc.cogvlm2.card_arithmetic import runs_on
    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.models.description import PRECISIONS, fitting_context

    fitting = {
        precision.name: fitting_context(PUBLISHED, precision, memory, device)
        for precision in PRECISIONS
        if card is None or runs_on(precision.quantization, card.capability)
    }
    contexts = [f"{context:,} in {name}" for name, context in fitting.items() if context]
    if not contexts:
        return f"CogVLM2 does not fit the {memory / GIB:.1f} GiB that are free"
    note = ", though a page takes minutes" if device == "cpu" else ""
    return f"CogVLM2 fits, with a context in tokens of {'; '.join(contexts)}{note}"


def _suggestion(selection: EngineSelection, cards: Cards) -> str:
    from cogdoc.cogvlm2.published import PUBLISHED
    from cogdoc.engines.registry import FALLBACK
    from cogdoc.models.checkpoint_folders import find_checkpoint
    from cogdoc.models.description import PRECISIONS, fitting_context
    from cogdoc.models.published_models import MODELS

    question = 'cogdoc ask report.pdf "total revenue?"'
    if selection.name != FALLBACK:
        return question
    fits = any(fitting_context(PUBLISHED, PRECISIONS[0], card.memory) for card in cards.usable)
    if fits and not any(map(find_checkpoint, MODELS)):
        return f"{question}; cogdoc model pull downloads CogVLM2, which fits this GPU"
    return question
