"""The options for servers that keep a model loaded, and the engine of a run that may use one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli.durations import duration

if TYPE_CHECKING:
    from cogdoc.engines.selection import EngineRequest, EngineSelection

Warm = Annotated[
    bool,
    typer.Option(
        "--warm/--no-warm",
        envvar="COGDOC_WARM",
        help="Use the model that a running cogdoc serve of yours keeps loaded, if it is the same.",
        rich_help_panel="Limits",
    ),
]
KeepAlive = Annotated[
    str | None,
    typer.Option(
        "--keep-alive",
        metavar="TIME",
        help="Leave the model loaded in a background process that ends when it was not used for TIME, such as 10m.",
        rich_help_panel="Limits",
    ),
]


def select_warm_engine(
    request: EngineRequest, *, keep_alive: str | None, verbose: bool, quiet: bool
) -> EngineSelection | None:
    """The engine with the model of a server that runs, or that is started to be left behind; None without a server.

    Raises:
        UsageError: `keep_alive` is no time.
        CogdocError: the server that is to be left behind cannot load the model.
    """
    from cogdoc.cli.messages import warn
    from cogdoc.engines.warm.borrowing import find_warm_engine

    seconds = duration(keep_alive) if keep_alive is not None else None
    search = find_warm_engine(request, warn, seconds)
    if verbose:
        for note in search.notes:
            warn(note)
    if search.selection is not None or seconds is None:
        return search.selection
    from cogdoc.cli.background import start_background_server

    return start_background_server(request, seconds, verbose=verbose, quiet=quiet)
