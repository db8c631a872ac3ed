"""`cogdoc ps`: lists the servers of this user."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cogdoc.cli.completion import complete_names
from cogdoc.errors import UsageError

if TYPE_CHECKING:
    from cogdoc.engines.warm.servers import RunningServer

HELP = """List the servers of yours that run on this machine: `cogdoc serve`, and what `--keep-alive` left behind.

\b
  cogdoc ps
  cogdoc ps --out json
"""

FORMATS = ("text", "json")
COLUMNS = ("process", "model", "since", "memory", "requests", "used by", "address")
GB = 1e9


def ps(
    out: Annotated[
        str, typer.Option("--out", metavar="FORMAT", help="text or json.", autocompletion=complete_names(FORMATS))
    ] = "text",
) -> None:
    if out not in FORMATS:
        raise UsageError(f"--out: {out!r} is none of {', '.join(FORMATS)}")
    from cogdoc.cli.messages import warn
    from cogdoc.engines.warm.servers import find_servers

    found = find_servers()
    for problem in found.problems:
        warn(problem)
    if out == "json":
        sys.stdout.write(json.dumps([_entry(server) for server in found.servers], indent=2) + "\n")
        return
    rows = [COLUMNS, *map(_row, found.servers)] if found.servers else []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{line.rstrip()}\n")


def _entry(server: RunningServer) -> dict[str, Any]:
    described = server.description
    if described is None:
        return {"pid": server.pid, "problem": server.problem}
    lent = described.lent
    return {
        "pid": server.pid,
        "version": described.version,
        "model": described.model,
        "checkpoint": lent.identity.checkpoint if lent is not None else None,
        "engine": lent.info.model_dump(mode="json", exclude_none=True) if lent is not None else None,
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(described.since)),
        "memory": described.memory,
        "requests": described.activity.requests,
        "running": described.activity.running,
        "commands": described.activity.commands,
        "address": described.address,
        "keep_alive": described.keep_alive,
    }


def _row(server: RunningServer) -> tuple[str, ...]:
    from cogdoc.cli.durations import in_words
    from cogdoc.results.printable import printable

    described = server.description
    if described is None:
        return (str(server.pid), server.problem, "", "", "", "", "")
    memory = ", ".join(
        f"{size / GB:.1f} GB" + (f" on {name}" if name != "process" else "") for name, size in described.memory.items()
    )
    commands = described.activity.commands
    idle = f"ends after {in_words(described.keep_alive)} without use" if described.keep_alive is not None else ""
    return (
        str(server.pid),
        printable(described.model),
        time.strftime("%Y-%m-%d %H:%M", time.localtime(described.since)),
        memory,
        str(described.activity.requests),
        f"{commands} command{'s' * (commands != 1)}",
        printable(described.address or idle),
    )
