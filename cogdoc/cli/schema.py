"""`cogdoc schema`: prints the JSON Schema of the output."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from cogdoc.cli.completion import complete_command_with_schema
from cogdoc.errors import UsageError

HELP = """Print the JSON Schema of the output, of one command or of all.

\b
  cogdoc schema > cogdoc.schema.json
  cogdoc schema ask
"""


def schema(
    command: Annotated[
        str | None,
        typer.Argument(
            metavar="[COMMAND]", autocompletion=complete_command_with_schema, help="Such as ask; all by default."
        ),
    ] = None,
) -> None:
    from cogdoc.results.json_schema import COMMANDS, json_schema

    if command is not None and command not in COMMANDS:
        raise UsageError(f"{command}: has no schema", f"commands: {', '.join(COMMANDS)}")
    sys.stdout.write(json.dumps(json_schema(command), indent=2, ensure_ascii=False) + "\n")
