"""Finds a running server whose model answers as the requested one would, instead of loading that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cogdoc.engines.cogvlm2.entry import DEFAULT_MODEL, CogVLM2Entry
from cogdoc.engines.registry import find_entry, load_engine, select_engine
from cogdoc.engines.selection import AUTO, EngineRequest, EngineSelection, Progress
from cogdoc.engines.warm.private_folder import may_have_servers
from cogdoc.errors import CogdocError, ResourceError

if TYPE_CHECKING:
    from cogdoc.engines.protocol import Engine
    from cogdoc.engines.vision.vision_model import VisionModel
    from cogdoc.engines.warm.description import LentModel
    from cogdoc.engines.warm.servers import RunningServer


@dataclass(frozen=True, slots=True)
class WarmSearch:
    """What came of the search for a server."""

    selection: EngineSelection | None
    """The engine with the server's model; None if there is no server to use."""
    notes: tuple[str, ...] = ()
    """Why servers that run are not used."""


@dataclass(frozen=True, slots=True)
class BorrowedSettings:
    """Implements `cogdoc.engines.selection.EngineSettings`."""

    server: RunningServer
    lent: LentModel
    request: EngineRequest
    """For the model itself, if the server is lost."""
    report: Callable[[str], None] = field(compare=False)
    """Receives a line if the server is lost."""
    keep_alive: float | None = None
    """Seconds for which a background server stays from now on when nobody uses it."""
    advice: None = None
    notice: None = None

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:
        from cogdoc.engines.vision.engine import VisionEngine
        from cogdoc.engines.warm.borrowed_model import BorrowedModel
        from cogdoc.engines.warm.channel import ChannelClosedError
        from cogdoc.engines.warm.servers import REPLY_SECONDS, connect

        server = self.server
        try:
            session = connect(server.folder, server.socket)
            session.send({"type": "borrow", "keep_alive": self.keep_alive})
            if not session.wait(REPLY_SECONDS):
                raise ChannelClosedError
            session.receive()
        except (OSError, ChannelClosedError):
            self.report("the server that kept the model loaded has ended: the model is loaded for this command alone")
            return load_engine(select_engine(self.request), seconds, progress)
        model = BorrowedModel(
            self.lent.limits,
            session,
            lambda: connect(server.folder, server.socket),
            lambda: _own_model(self.request, seconds),
            self.report,
        )
        return VisionEngine(model, self.lent.info, seconds, self.request.generation)


def find_warm_engine(
    request: EngineRequest, report: Callable[[str], None], keep_alive: float | None = None
) -> WarmSearch:
    """Look for a server to use. Loads nothing, and fails for no reason: what is wrong is found again without a server.

    Args:
        report: receives a line if the server is lost later.
        keep_alive: see `BorrowedSettings.keep_alive`.
    """
    if not _may_be_lent(request) or not may_have_servers():
        return WarmSearch(None)
    from cogdoc.engines.warm.servers import find_servers

    found = find_servers()
    notes = list(found.problems)
    if not found.servers:
        return WarmSearch(None, tuple(notes))
    with suppress(CogdocError, OSError):
        from cogdoc.engines.warm.identity import identity_of

        checkpoint = _checkpoint_of(request)
        if checkpoint is None:
            return WarmSearch(None, tuple(notes))
        wanted = identity_of(checkpoint, request)
        own = replace(request, engine=CogVLM2Entry.name, model=str(checkpoint))
        for server in found.servers:
            lent = server.description.lent if server.description is not None else None
            if server.description is None:
                notes.append(f"the server {server.pid} is not used: it {server.problem}")
            elif lent is None:
                notes.append(f"the server {server.pid} is not used: it runs another engine")
            elif difference := lent.identity.difference(wanted, lent.vision):
                notes.append(f"the server {server.pid} is not used: it has {difference}")
            else:
                reason = f"the process {server.pid} keeps {server.description.model} loaded"
                settings = BorrowedSettings(server, lent, own, report, keep_alive)
                return WarmSearch(EngineSelection(CogVLM2Entry.name, reason, settings), tuple(notes))
    return WarmSearch(None, tuple(notes))


def _may_be_lent(request: EngineRequest) -> bool:
    """Whether a request may lead to a model that can be lent. Asks no hardware."""
    entry = find_entry(request)
    return entry.name == CogVLM2Entry.name if entry is not None else request.engine == AUTO


def _checkpoint_of(request: EngineRequest) -> Path | None:
    """The checkpoint that a request loads, if the memory suffices.

    Raises:
        MissingError: it is not on this machine.
    """
    from cogdoc.engines import cuda_devices
    from cogdoc.models.checkpoint_folders import checkpoint_folder, find_checkpoint
    from cogdoc.models.published_models import MODELS

    if find_entry(request) is not None:
        return checkpoint_folder(request.model or DEFAULT_MODEL)
    # As for `auto` without a server: a published model, and on a GPU only.
    checkpoint = next(filter(None, map(find_checkpoint, MODELS)), None)
    return checkpoint if checkpoint is not None and cuda_devices.find_cards().usable else None


def _own_model(request: EngineRequest, seconds: float) -> VisionModel:
    from cogdoc.engines.vision.engine import VisionEngine

    engine = load_engine(select_engine(request), seconds)
    if not isinstance(engine, VisionEngine):
        raise ResourceError("the model of the server that was lost cannot be loaded")
    return engine.model
