"""`cogdoc model`: pull, list, check, quantize and remove CogVLM2's checkpoints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli import merge
from cogdoc.cli.completion import complete_model, complete_names
from cogdoc.cli.messages import report, warn
from cogdoc.cli.model_show import print_table, size_in_words
from cogdoc.cli.progress import count_progress
from cogdoc.cli.standard_streams import help_markup
from cogdoc.errors import CheckpointError, ExitCode, MissingError, OutputExistsError, UsageError
from cogdoc.results.printable import printable

if TYPE_CHECKING:
    from rich.progress import TaskID

    from cogdoc.models.published_models import Model

HELP = """Get CogVLM2's checkpoints, see the memory that they need, check them.

\b
  cogdoc model pull                the English model: 39 GB
  cogdoc model show chat           the memory that it needs
  cogdoc model list                what is on this machine
"""

PULL_HELP = """Download a model. If the connection breaks, pull again: the download resumes.

\b
  cogdoc model pull                              English, 16 bits: 39 GB
  cogdoc model pull --int4                       English, 4 bits
  cogdoc model pull --chinese                    Chinese and English
  cogdoc model pull chat --from modelscope
  cogdoc model pull --to /data/cogvlm2 --revision 1a2b3c

Prints the folder. HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE are respected, and a model in the Hugging Face
cache is used in place. No other command uses the network.
"""

LIST_HELP = """List the models that have a name, and whether they are on this machine.

\b
  cogdoc model list
"""

SHOW_HELP = """Show a model's size, the memory of each part, and the tokens that fit common cards and yours.

\b
  cogdoc model show                all published models, before any download
  cogdoc model show chat
  cogdoc model show ./my-checkpoint
"""

VERIFY_HELP = """Check a model: the recorded hashes, the name and shape of each tensor, the tokenizer.

\b
  cogdoc model verify chat
  cogdoc model verify ./my-checkpoint

Each fault is a line on standard error, and the exit code is 3.
"""

QUANTIZE_HELP = """Write a quantized copy of a model: it starts faster and needs a third of the disk space.

\b
  cogdoc model quantize chat --to ./chat-nf4
  cogdoc model quantize chat --to ./chat-nf4 --vision-precision bf16    the vision tower in 16 bits: 7 GB more
  cogdoc model quantize chat --to ./chat-int8 --quantization int8
"""

REMOVE_HELP = """Delete a model that cogdoc pulled or quantized, and nothing else.

\b
  cogdoc model remove chat
  cogdoc model remove ./chat-nf4 --yes
"""

MB, GB = 1e6, 1e9
GIB = 2**30

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode=help_markup())

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FOLDER", autocompletion=complete_model, help="A name that `model list` shows, or a folder."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", envvar="COGDOC_QUIET", help="No progress and no notes.")]


class HubName(StrEnum):
    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


class TargetQuantization(StrEnum):
    NF4 = "nf4"
    INT8 = "int8"


class TargetVision(StrEnum):
    BF16 = "bf16"
    QUANTIZED = "quantized"


@app.command("pull", help=PULL_HELP)
def pull(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", autocompletion=complete_model, help="chat (the default) or chinese.")
    ] = None,
    chinese: Annotated[bool, typer.Option("--chinese", help="The Chinese and English model.")] = False,
    int4: Annotated[bool, typer.Option("--int4", help="The published 4-bit checkpoint.")] = False,
    source: Annotated[HubName, typer.Option("--from", help="The hub to download from.")] = HubName.HUGGINGFACE,
    revision: Annotated[
        str | None,
        typer.Option("--revision", metavar="REVISION", help="A commit, tag or branch instead of the main branch."),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="A new folder for it.")] = None,
    offline: Annotated[bool, typer.Option("--offline", envvar="COGDOC_OFFLINE", help="Never use the network.")] = False,
    quiet: Quiet = False,
) -> None:
    from cogdoc.models.checkpoint_folders import find_defect, models_folder

    model = _model_to_pull(name, chinese=chinese, int4=int4)
    target = to or models_folder() / model.folder
    existing = _existing_checkpoint(model, target, revision, use_cache=to is None)
    if existing is not None:
        if not quiet:
            warn(f"{model.name} is already on this machine")
        sys.stdout.write(f"{existing}\n")
        return
    if os.path.lexists(target):
        raise OutputExistsError(
            f"{target}: exists, but is incomplete: {find_defect(target)}", "remove it, then pull again"
        )
    if offline or _hub_is_offline():
        raise MissingError(f"the model {model.name} is not on this machine, and may not be pulled offline")

    from cogdoc.engines.torch_build import MODEL_EXTRA, has_torch
    from cogdoc.models.downloading import pull as download
    from cogdoc.models.hubs import list_model

    listing = list_model(model, source.value, revision)
    if not quiet:
        commit = f" at {listing.commit}" if listing.commit else ""
        warn(f"pulling {listing.repository}{commit}: {size_in_words(listing.size)} into {target}")
        if not has_torch():
            warn(f"to run it, CogVLM2 needs PyTorch, which is not installed: {MODEL_EXTRA}")
    with _byte_progress(quiet=quiet) as progress:
        download(listing, target, progress)
    sys.stdout.write(f"{target}\n")


@app.command("list", help=LIST_HELP)
def list_models() -> None:
    from cogdoc.models.checkpoint_folders import find_checkpoint, find_defect, models_folder, partial_folder
    from cogdoc.models.description import describe
    from cogdoc.models.published_models import MODELS

    rows = [("NAME", "MODEL", "SIZE", "WEIGHTS", "WHERE")]
    for model in MODELS.values():
        folder = find_checkpoint(model.name)
        target = models_folder() / model.folder
        partial = partial_folder(target)
        if folder is not None:
            description = describe(folder)
            state = (size_in_words(description.size), description.weights, str(folder))
        elif target.exists():
            state = ("-", "-", f"incomplete: {find_defect(target)}")
        elif partial.is_dir():
            size = sum(path.lstat().st_size for path in partial.iterdir())
            state = (size_in_words(size), "-", f"interrupted; resume with: cogdoc model pull {model.name}")
        else:
            state = ("-", "-", f"not on this machine; get it with: cogdoc model pull {model.name}")
        rows.append((model.name, model.description, *state))
    print_table(rows)


@app.command("show", help=SHOW_HELP)
def show(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FOLDER]", autocompletion=complete_model, help="A model; by default, all published ones."
        ),
    ] = None,
) -> None:
    from cogdoc.cli.model_show import show_model, show_published

    if name is None:
        show_published()
    else:
        show_model(name)


@app.command("verify", help=VERIFY_HELP)
def verify(name: Name, quiet: Quiet = False) -> None:
    from cogdoc.engines.torch_build import require_torch
    from cogdoc.models.checkpoint_folders import existing_folder
    from cogdoc.models.published_models import find_model

    folder = existing_folder(name)
    require_torch()

    from cogdoc.models.verifying import verify as check

    with _byte_progress(quiet=quiet) as progress:
        verified, errors = check(folder, progress)
    for error in errors:
        report(error)
    if verified is None:
        if find_model(name) is not None:
            warn(f"to get it again: cogdoc model remove {name}, then cogdoc model pull {name}")
        raise typer.Exit(ExitCode.MISSING)
    hashed = f"{verified.hashed} files have the recorded hash" if verified.hashed else "no hashes are recorded for it"
    sys.stdout.write(
        f"{folder}: complete: {verified.tensors:,} tensors, {verified.parameters:,} parameters; {hashed}\n"
    )


@app.command("quantize", help=QUANTIZE_HELP)
def quantize(
    name: Name,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A new folder for it.")],
    quantization: Annotated[
        TargetQuantization, typer.Option("--quantization", help="4 or 8 bits.")
    ] = TargetQuantization.NF4,
    vision_precision: Annotated[
        TargetVision, typer.Option("--vision-precision", help="Quantize the vision tower too, or leave it in bf16.")
    ] = TargetVision.QUANTIZED,
    device: Annotated[
        str,
        typer.Option(
            "--device",
            metavar="auto|cpu|cuda|cuda:N",
            autocompletion=complete_names(("auto", "cpu", "cuda")),
            help="Where to quantize; a GPU if there is one.",
        ),
    ] = "auto",
    quiet: Quiet = False,
) -> None:
    from cogdoc.cogvlm2.memory import plan
    from cogdoc.engines.cogvlm2.placement import quantizing_device
    from cogdoc.engines.torch_build import require_torch
    from cogdoc.models.checkpoint_folders import checkpoint_folder
    from cogdoc.models.description import describe
    from cogdoc.models.disk_space import require_disk_space

    folder = checkpoint_folder(name)
    require_torch()
    if os.path.lexists(to):
        raise OutputExistsError(f"{to}: exists")
    needed = plan(describe(folder).config, quantization.value, vision=vision_precision.value).weights
    require_disk_space(to, needed)
    used = quantizing_device(device)

    from cogdoc.cogvlm2.writing import write_quantized
    from cogdoc.models.provenance import record_hashes

    with count_progress("quantizing", quiet=quiet) as progress:
        write_quantized(folder, to, quantization.value, used, progress, vision_precision.value)
    record_hashes(to, "quantized", str(folder))
    sys.stdout.write(f"{to}\n")


app.command("merge", help=merge.HELP)(merge.merge)


@app.command("remove", help=REMOVE_HELP)
def remove(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, quiet: Quiet = False
) -> None:
    from cogdoc.models.removing import plan_removal
    from cogdoc.models.removing import remove as delete

    removal = plan_removal(name)
    question = f"Delete {len(removal.files)} files, {size_in_words(removal.size)}, in {removal.folder}?"
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("remove asks before it deletes, but standard input is not a terminal", "add --yes")
        sys.stderr.write(f"{printable(question)} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise typer.Exit(ExitCode.PARTIAL)
    for path in delete(removal):
        if not quiet:
            warn(f"{path}: was not written by cogdoc, so it remains")


def _model_to_pull(name: str | None, *, chinese: bool, int4: bool) -> Model:
    from cogdoc.models.published_models import MODELS, find_model

    model = find_model(name or ("chinese" if chinese else "chat"))
    if model is None:
        from cogdoc.cogvlm2.relatives import relative_of_repository

        relative = relative_of_repository(name or "")
        if relative is not None:
            raise CheckpointError(f"{name}: {relative.refusal}", f"models: {', '.join(MODELS)}")
        raise UsageError(f"there is no model named {name!r} to pull", f"models: {', '.join(MODELS)}")
    if chinese and not model.name.startswith("chinese"):
        raise UsageError(f"{name} is not the Chinese model", "omit the name or --chinese")
    return MODELS[f"{model.name}-int4"] if int4 and not model.quantized else model


def _existing_checkpoint(model: Model, target: Path, revision: str | None, *, use_cache: bool) -> Path | None:
    """The complete checkpoint that a pull would download, in `target` or, if `use_cache`, in the Hugging Face cache."""
    from cogdoc.models.checkpoint_folders import find_checkpoint, find_defect
    from cogdoc.models.provenance import read_provenance

    if find_defect(target):
        return find_checkpoint(model.name) if use_cache and revision is None else None
    provenance = read_provenance(target)
    if revision is not None and (provenance is None or revision not in (provenance.revision, provenance.commit)):
        raise OutputExistsError(f"{target}: holds another revision", f"cogdoc model remove {model.name}, then pull")
    return target


def _hub_is_offline() -> bool:
    """Whether huggingface_hub's environment variables forbid the network; importing it would take long."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in ("1", "ON", "YES", "TRUE")


@contextmanager
def _byte_progress(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar with bytes, rate and time left, if standard error is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    task: TaskID | None = None
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:

        def advance(file: str, done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = bar.add_task(printable(file), total=total)
            bar.update(task, description=printable(file), completed=done)

        yield advance
