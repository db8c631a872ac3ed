"""Maps names to engines, and selects the engine for a request. Selecting loads nothing.

A new engine is a file with an `EngineEntry` and a line in `_ALL`; CONTRIBUTING.md has the steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cogdoc.cogvlm2.precision import VISION_PRECISIONS
from cogdoc.engines.builtin.entry import BuiltinEntry
from cogdoc.engines.cogvlm2.entry import CogVLM2Entry
from cogdoc.engines.entry import EngineEntry, Offer
from cogdoc.engines.generation import refuse_options
from cogdoc.engines.remote.entry import RemoteEntry
from cogdoc.engines.selection import AUTO, EngineRequest, EngineSelection, Progress
from cogdoc.errors import UsageError
from cogdoc.models.published_models import QUANTIZATIONS

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine

_ALL: tuple[EngineEntry, ...] = (
    CogVLM2Entry(),
    RemoteEntry(),
    BuiltinEntry(),
)

ENTRIES = {entry.name: entry for entry in _ALL}
"""In the order in which `auto` asks them for an offer."""

FALLBACK = BuiltinEntry.name
"""The engine that `auto` selects if no entry makes an offer."""

DEFAULT_SECONDS = 300.0
"""How long one answer may take unless the caller says otherwise."""


def engine_arguments() -> tuple[str, ...]:
    """What `EngineRequest.engine` may be, for help, completion and messages."""
    return (AUTO, *sorted((entry.argument for entry in ENTRIES.values()), key=str.lower))


def find_entry(request: EngineRequest) -> EngineEntry | None:
    """The entry that `request` asks for; None if it leaves the choice to `auto`, or names no engine."""
    return next((entry for entry in ENTRIES.values() if entry.accepts(request)), None)


def select_engine(request: EngineRequest | None = None) -> EngineSelection:
    """Select the requested engine, or with `auto` the best one that this machine can run.

    Raises:
        UsageError: there is no engine or quantization of that name, or a model for an engine that has none.
        MissingError, CheckpointError: the model is not on this machine, or is not CogVLM2.
        ResourceError: the model was requested, and this machine does not have enough memory for it.
        ServerError: the host of the requested server is not known.
    """
    request = request or EngineRequest()
    entry = find_entry(request)
    if entry is None and request.engine != AUTO:
        arguments = ", ".join(engine_arguments())
        raise UsageError(f"--engine: there is no engine named {request.engine!r}", f"engines: {arguments}")
    if request.quantization not in (None, *QUANTIZATIONS):
        raise UsageError(f"--quantization: {request.quantization!r} is none of {', '.join(QUANTIZATIONS)}")
    if request.vision_precision not in (None, *VISION_PRECISIONS):
        known = ", ".join(VISION_PRECISIONS)
        raise UsageError(f"--vision-precision: {request.vision_precision!r} is none of {known}")
    if entry is None:
        return _select_automatically(request)
    return EngineSelection(entry.name, "requested", entry.configure(request))


def select_fallback(reason: str, *, announce: bool = False, request: EngineRequest | None = None) -> EngineSelection:
    """Select the engine that runs on any machine; `reason` says why not another one.

    Raises:
        UsageError: `request` has options that need another engine.
    """
    if request is not None:
        refuse_options(request.generation, f"auto takes the built-in engine: {reason}")
    return EngineSelection(FALLBACK, reason, ENTRIES[FALLBACK].configure(EngineRequest(FALLBACK)), announce)


def load_engine(
    selection: EngineSelection, seconds: float = DEFAULT_SECONDS, progress: Progress | None = None
) -> Engine:
    """Load the selected engine in this process.

    Args:
        seconds: how long one answer may take, for engines that can take long.

    Raises:
        CogdocError: it cannot be loaded; the subclass says why.
    """
    return selection.settings.load(seconds, progress)


def _select_automatically(request: EngineRequest) -> EngineSelection:
    declined = Offer(None, "no other engine is installed")
    for entry in ENTRIES.values():
        offer = entry.offer(request)
        if offer is None:
            continue
        if offer.settings is not None:
            return EngineSelection(entry.name, offer.reason, offer.settings, offer.announce)
        declined = offer
    return select_fallback(declined.reason, announce=declined.announce, request=request)
