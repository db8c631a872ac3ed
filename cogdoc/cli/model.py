"""`cogdoc model`: CogVLM2's checkpoints on this machine"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli.messages import report, warn
from cogdoc.errors import ExitCode, MissingError, OutputExistsError, ResourceError, UsageError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from cogdoc.models.description import Description
    from cogdoc.models.names import Model

HELP = """Get CogVLM2's checkpoints, see what they take, check them.

\b
  cogdoc model pull                the English model: 39 GB
  cogdoc model show chat           which memory holds it
  cogdoc model list                what is here
"""

PULL_HELP = """Download a model. What arrived is kept if the connection breaks: pull again, and it goes on from there.

\b
  cogdoc model pull                              English, 16 bits: 39 GB
  cogdoc model pull --int4                       English, 4 bits
  cogdoc model pull --chinese                    Chinese and English
  cogdoc model pull chat --from modelscope
  cogdoc model pull --to /data/cogvlm2 --revision 1a2b3c

Prints the folder. HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE are honoured, and a model in the Hugging Face
cache is used where it lies. Nothing but pull ever uses the network.
"""

LIST_HELP = """List the models that have a name, and what of them is here.

\b
  cogdoc model list
"""

SHOW_HELP = """Show a model's size, the memory it takes part by part, and what fits which card.

\b
  cogdoc model show chat
  cogdoc model show ./my-checkpoint
"""

VERIFY_HELP = """Check a model: hashes recorded when it came, every tensor's name and shape, the tokenizer.

\b
  cogdoc model verify chat
  cogdoc model verify ./my-checkpoint

Each fault is a line on standard error, and the exit code is 3.
"""

QUANTIZE_HELP = """Write a quantized copy of a model: it starts faster and takes a third of the disk.

\b
  cogdoc model quantize chat --to ./chat-nf4
  cogdoc model quantize chat --to ./chat-int8 --quantization int8
"""

REMOVE_HELP = """Delete a model that cogdoc pulled or quantized; anything else is left alone.

\b
  cogdoc model remove chat
  cogdoc model remove ./chat-nf4 --yes
"""

MB, GB = 1e6, 1e9
GIB = 2**30
SPARE_BYTES = GIB

app = typer.Typer(help=HELP, no_args_is_help=True, rich_markup_mode="rich")

Name = Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="A name that `model list` shows, or a folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", envvar="COGDOC_QUIET", help="Neither progress nor notes.")]


class Source(StrEnum):
    HUGGINGFACE = "huggingface"
    MODELSCOPE = "modelscope"


class Bits(StrEnum):
    NF4 = "nf4"
    INT8 = "int8"


@app.command("pull", help=PULL_HELP)
def pull(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="chat (the default) or chinese.")] = None,
    chinese: Annotated[bool, typer.Option("--chinese", help="The Chinese and English model.")] = False,
    int4: Annotated[bool, typer.Option("--int4", help="Its published 4-bit checkpoint.")] = False,
    source: Annotated[Source, typer.Option("--from", help="Where it comes from.")] = Source.HUGGINGFACE,
    revision: Annotated[
        str | None,
        typer.Option("--revision", metavar="REVISION", help="A commit, tag or branch, not the main one."),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="A new folder to put it in.")] = None,
    offline: Annotated[bool, typer.Option("--offline", envvar="COGDOC_OFFLINE", help="Never use the network.")] = False,
    quiet: Quiet = False,
) -> None:
    from cogdoc.models.names import complaint, models_folder

    model = _wanted(name, chinese=chinese, int4=int4)
    target = to or models_folder() / model.folder
    here = _already_here(model, target, revision, elsewhere=to is None)
    if here is not None:
        if not quiet:
            warn(f"{model.name} is here already")
        sys.stdout.write(f"{here}\n")
        return
    if target.exists():
        raise OutputExistsError(
            f"{target}: exists, but is not whole: {complaint(target)}", "remove it, then pull again"
        )
    if offline or _hub_is_offline():
        raise MissingError(f"the model {model.name} is not on this machine, and may not be pulled offline")

    from cogdoc.models.downloading import pull as download
    from cogdoc.models.hubs import list_model

    listing = list_model(model, source.value, revision)
    if not quiet:
        at = f" at {listing.commit}" if listing.commit else ""
        warn(f"pulling {listing.repository}{at}: {_size(listing.size)} into {target}")
    with _byte_line(quiet=quiet) as progress:
        download(listing, target, progress)
    sys.stdout.write(f"{target}\n")


@app.command("list", help=LIST_HELP)
def list_models() -> None:
    from cogdoc.models.description import describe
    from cogdoc.models.names import MODELS, complaint, find_checkpoint, models_folder, partial_folder

    rows = [("NAME", "MODEL", "SIZE", "WEIGHTS", "WHERE")]
    for model in MODELS.values():
        folder = find_checkpoint(model.name)
        home = models_folder() / model.folder
        partial = partial_folder(home)
        if folder is not None:
            description = describe(folder)
            state = (_size(description.size), description.weights, str(folder))
        elif home.exists():
            state = ("-", "-", f"not whole: {complaint(home)}")
        elif partial.is_dir():
            size = sum(path.stat().st_size for path in partial.iterdir())
            state = (_size(size), "-", f"broke off; go on with: cogdoc model pull {model.name}")
        else:
            state = ("-", "-", f"not here; get it with: cogdoc model pull {model.name}")
        rows.append((model.name, model.meaning, *state))
    _print_table(rows)


@app.command("show", help=SHOW_HELP)
def show(name: Name) -> None:
    from cogdoc.models.description import describe, memory_parts
    from cogdoc.models.names import checkpoint_folder
    from cogdoc.models.provenance import read_record

    folder = checkpoint_folder(name)
    description = describe(folder)
    config = description.config
    record = read_record(folder)
    facts = [("folder", str(folder))]
    if record is not None:
        commit = record.commit or record.revision
        facts.append(("from", f"{record.source}: {record.repository}" + (f" at {commit}" if commit else "")))
    facts += [
        ("parameters", f"{description.parameters:,}"),
        ("on disk", f"{_size(description.size)} in {description.files} files"),
        ("weights", description.weights),
        ("context", f"{config.max_positions:,} tokens, of which a picture takes {config.image_tokens:,}"),
    ]
    _print_table(facts)
    first, *others = description.choices
    columns = {each: memory_parts(config, each) for each in (first, *others)}
    unit, name_of_unit = (GB, "GB") if description.size >= GB else (MB, "MB")
    header = (f"memory on a GPU, in {name_of_unit}", *(_called(each) for each in columns))
    rows = [
        (part, *(f"{sizes[index][1] / unit:.2f}" for sizes in columns.values()))
        for index, (part, _) in enumerate(columns[first])
    ]
    sys.stdout.write("\n")
    _print_table([header, *rows])
    sys.stdout.write("\n")
    _print_table(_fitting_rows(description))


@app.command("verify", help=VERIFY_HELP)
def verify(name: Name, quiet: Quiet = False) -> None:
    from cogdoc.models.names import existing_folder, find_model

    folder = existing_folder(name)

    from cogdoc.models.verifying import verify as check

    with _byte_line(quiet=quiet) as progress:
        verified, errors = check(folder, progress)
    for error in errors:
        report(error)
    if verified is None:
        if find_model(name) is not None:
            warn(f"to get it again: cogdoc model remove {name}, then cogdoc model pull {name}")
        raise typer.Exit(ExitCode.MISSING)
    hashed = f"{verified.hashed} files have the recorded hash" if verified.hashed else "no hashes are recorded for it"
    sys.stdout.write(f"{folder}: whole: {verified.tensors:,} tensors, {verified.parameters:,} parameters; {hashed}\n")


@app.command("quantize", help=QUANTIZE_HELP)
def quantize(
    name: Name,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A new folder for it.")],
    quantization: Annotated[Bits, typer.Option("--quantization", help="4 or 8 bits.")] = Bits.NF4,
    quiet: Quiet = False,
) -> None:
    from cogdoc.cogvlm2.memory import plan
    from cogdoc.models.description import describe
    from cogdoc.models.names import checkpoint_folder

    folder = checkpoint_folder(name)
    if to.exists():
        raise OutputExistsError(f"{to}: exists")
    needed = plan(describe(folder).config, quantization.value).weights
    _require_disk(to, needed)

    from cogdoc.cogvlm2.writing import write_quantized
    from cogdoc.models.provenance import record_folder

    with _count_line(quiet=quiet) as progress:
        write_quantized(folder, to, quantization.value, progress=progress)
    record_folder(to, "quantized", str(folder))
    sys.stdout.write(f"{to}\n")


@app.command("remove", help=REMOVE_HELP)
def remove(
    name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False, quiet: Quiet = False
) -> None:
    from cogdoc.models.removing import plan_removal
    from cogdoc.models.removing import remove as delete

    removal = plan_removal(name)
    question = f"Delete {len(removal.files)} files, {_size(removal.size)}, in {removal.folder}?"
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("remove asks before it deletes, but standard input is no terminal", "--yes says so")
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise typer.Exit(ExitCode.PARTIAL)
    for path in delete(removal):
        if not quiet:
            warn(f"{path}: is not cogdoc's, and stays")


def _wanted(name: str | None, *, chinese: bool, int4: bool) -> Model:
    from cogdoc.models.names import MODELS, find_model

    model = find_model(name or ("chinese" if chinese else "chat"))
    if model is None:
        raise UsageError(f"there is no model named {name!r} to pull", f"models: {', '.join(MODELS)}")
    if chinese and not model.name.startswith("chinese"):
        raise UsageError(f"{name} is not the Chinese model", "leave one of the two out")
    return MODELS[f"{model.name}-int4"] if int4 and not model.quantized else model


def _already_here(model: Model, target: Path, revision: str | None, *, elsewhere: bool) -> Path | None:
    """The whole checkpoint that a pull would get; one in the Hugging Face cache counts unless a place is named."""
    from cogdoc.models.names import complaint, find_checkpoint
    from cogdoc.models.provenance import read_record

    if complaint(target):
        return find_checkpoint(model.name) if elsewhere and revision is None else None
    record = read_record(target)
    if revision is not None and (record is None or revision not in (record.revision, record.commit)):
        raise OutputExistsError(f"{target}: holds another revision", f"cogdoc model remove {model.name}, then pull")
    return target


def _hub_is_offline() -> bool:
    """By huggingface_hub's own variables, without importing it."""
    value = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return value.upper() in ("1", "ON", "YES", "TRUE")


def _fitting_rows(description: Description) -> list[Sequence[str]]:
    import psutil

    from cogdoc.engines.cuda_devices import cuda_cards
    from cogdoc.models.description import CARDS, fitting_context

    def row(place: str, memory: int, device: str) -> Sequence[str]:
        contexts = (
            fitting_context(description.config, each, memory, "cuda" if device == "cuda" else "cpu")
            for each in description.choices
        )
        return (place, *(f"{context:,}" if context else "-" for context in contexts))

    return [
        ("tokens that fit", *map(_called, description.choices)),
        *(row(f"a card of {memory // GIB} GiB", memory, "cuda") for memory in CARDS),
        *(row(f"{card.name}, {card.memory / GIB:.0f} GiB, here", card.memory, "cuda") for card in cuda_cards()),
        row("this machine's CPU, free memory", psutil.virtual_memory().available, "cpu"),
    ]


def _size(count: int) -> str:
    return f"{count / GB:.1f} GB" if count >= GB else f"{count / MB:.1f} MB"


def _called(quantization: str) -> str:
    return "bf16" if quantization == "none" else quantization


def _require_disk(destination: Path, needed: int) -> None:
    parent = next(path for path in destination.absolute().parents if path.exists())
    free = shutil.disk_usage(parent).free
    if free < needed + SPARE_BYTES:
        raise ResourceError(f"{parent}: {free / GB:.1f} GB free, but {needed / GB:.1f} GB are needed and 1 to spare")


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


@contextmanager
def _byte_line(*, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Bytes, rate and time left on a terminal's standard error; nothing anywhere else."""
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
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as shown:

        def advance(file: str, done: int, total: int) -> None:
            nonlocal task
            if task is None:
                task = shown.add_task(file, total=total)
            shown.update(task, description=file, completed=done)

        yield advance


@contextmanager
def _count_line(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Tensors done on a terminal's standard error."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False) as shown:
        task = shown.add_task("quantizing", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
