"""`cogdoc model merge`: a checkpoint with a fine-tune in its weights."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cogdoc.cli.completion import complete_model
from cogdoc.cli.progress import count_progress
from cogdoc.errors import OutputExistsError

HELP = """Write a copy of a model with a LoRA adapter merged into its weights.

\b
  cogdoc model merge chat ./my-adapter ./my-model
  cogdoc ask invoice.pdf "What is the total?" --model ./my-model

The adapter is one that PEFT saved. Without merging, --adapter applies it when a model is loaded, to quantized ones too.
"""


def merge(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FOLDER", autocompletion=complete_model, help="The full model that the adapter was trained on."
        ),
    ],
    adapter: Annotated[Path, typer.Argument(metavar="ADAPTER", help="The folder of the adapter.")],
    to: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder for the merged model.")],
    quiet: Annotated[bool, typer.Option("--quiet", envvar="COGDOC_QUIET", help="No progress and no notes.")] = False,
) -> None:
    from cogdoc.cogvlm2.memory import plan
    from cogdoc.engines.torch_build import require_torch
    from cogdoc.models.checkpoint_folders import checkpoint_folder
    from cogdoc.models.description import describe
    from cogdoc.models.disk_space import require_disk_space

    folder = checkpoint_folder(name)
    require_torch()
    if os.path.lexists(to):
        raise OutputExistsError(f"{to}: exists")
    require_disk_space(to, plan(describe(folder).config, "none").weights)

    from cogdoc.cogvlm2.merging import write_merged
    from cogdoc.models.provenance import record_hashes

    with count_progress("merging", quiet=quiet) as progress:
        write_merged(folder, adapter, to, progress)
    record_hashes(to, "merged", f"{folder} {adapter}")
    sys.stdout.write(f"{to}\n")
