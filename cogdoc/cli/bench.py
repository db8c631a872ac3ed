"""`cogdoc bench`: measures how fast this machine reads, with pages and weights of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cogdoc.cli import engine_options
from cogdoc.cli import options as shared
from cogdoc.cli.completion import complete_names
from cogdoc.errors import OutputExistsError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from cogdoc.measuring.model_choice import ModelChoice
    from cogdoc.measuring.report import BenchReport, Figure

HELP = """Measure how fast this machine reads: pages a minute, and what CogVLM2 makes of the card or the processor.

\b
  cogdoc bench
  cogdoc bench --only builtin --out md
  cogdoc bench --model ./cogvlm2-nf4 --picture bench.svg

The built-in engine reads generated pages: their text layer, their layout, scans. CogVLM2 reads generated pictures, \
with the checkpoint that is on this machine or random weights of the published sizes, which are as fast; on a CPU, \
where a picture takes ten minutes, only some of its layers run, and the figures are computed for all. Nothing is \
downloaded, and nothing is kept.
"""
FORMATS = ("md", "json")
SECONDS = 90.0
BUILTIN_SHARE = 0.4
"""Of the time, where CogVLM2 is measured too."""

Only = Literal["builtin", "cogvlm2"]
Size = Literal["auto", "published", "small"]


def bench(
    *,
    only: Annotated[Only | None, typer.Option("--only", help="Measure one engine.")] = None,
    model: engine_options.Model = None,
    quantization: engine_options.Quantization = None,
    size: Annotated[
        Size, typer.Option("--size", help="The sizes of random weights; auto takes the published ones if they fit.")
    ] = "auto",
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=1, max=1e6, metavar="N", help="About how long to measure; loading comes on top."),
    ] = SECONDS,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            metavar="|".join(FORMATS),
            autocompletion=complete_names(FORMATS),
            help="The format of the result; a table on a terminal.",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Draw the figures too, to a .png or .svg file.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing picture.")] = False,
    jobs: shared.Jobs = None,
    quiet: shared.Quiet = False,
) -> None:
    from importlib.metadata import version

    from cogdoc.cli.messages import warn
    from cogdoc.measuring.report import BenchReport

    if out not in (None, *FORMATS):
        raise UsageError(f"--out: figures cannot be written as {out!r}", f"formats: {', '.join(FORMATS)}")
    if picture is not None and picture.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"--picture: {picture} is neither a .png nor an .svg file")
    if picture is not None and not overwrite and picture.exists():
        raise OutputExistsError(f"{picture}: exists already", "add --overwrite to replace it")
    choice = _choose(only, size, model, quantization)
    if not quiet:
        warn(_intention(choice, only, seconds))
    started = time.perf_counter()
    figures: list[Figure] = []
    with _status(quiet=quiet) as show:
        if only != "cogvlm2":
            show("the built-in engine")
            figures += _pages(jobs, seconds * (1.0 if choice is None else BUILTIN_SHARE))
        if choice is not None:
            show("CogVLM2")
            from cogdoc.measuring.model_speed import measure_model

            figures += measure_model(choice, seconds * (1.0 if only else 1 - BUILTIN_SHARE))
    report = BenchReport(
        version=version("cogdoc"),
        machine=_machine(choice),
        seconds=round(time.perf_counter() - started, 1),
        figures=tuple(figures),
        notes=tuple(filter(None, [choice.note])) if choice is not None else (),
    )
    _print(report, out)
    if picture is not None:
        _draw(report, picture, overwrite=overwrite)


def _choose(only: Only | None, size: Size, model: str | None, quantization: str | None) -> ModelChoice | None:
    """The model to measure; None if only pages are, as without PyTorch where nothing names a model."""
    from cogdoc.cli.messages import warn
    from cogdoc.engines.torch_build import MODEL_EXTRA, has_torch, require_torch
    from cogdoc.measuring.model_choice import choose_model
    from cogdoc.models.published_models import QUANTIZATIONS

    if quantization not in (None, *QUANTIZATIONS):
        raise UsageError(f"--quantization: there is no {quantization!r}", f"choices: {', '.join(QUANTIZATIONS)}")
    if size != "auto" and model is not None:
        raise UsageError("--size is about random weights, and --model names a checkpoint")
    if only == "builtin":
        return None
    if only is None and model is None and not has_torch():
        warn(f"CogVLM2 is not measured, since it needs PyTorch, which is not installed: {MODEL_EXTRA}")
        return None
    require_torch()
    return choose_model(size, model, quantization)


def _intention(choice: ModelChoice | None, only: Only | None, seconds: float) -> str:
    pages = "" if only == "cogvlm2" else "how fast generated pages are read (text layer, layout, OCR)"
    model = "" if choice is None else f"{choice.what} on {choice.device}"
    what = ", then ".join(filter(None, (pages, model)))
    return f"measures {what}: about {seconds:.0f} s, and what loading takes; Ctrl-C ends it"


def _pages(jobs: int | None, seconds: float) -> list[Figure]:
    from cogdoc.cli.run_task import default_jobs
    from cogdoc.documents.sandbox import Sandbox
    from cogdoc.measuring.page_speed import measure_pages

    with Sandbox(default_jobs(jobs)) as workers:
        return list(measure_pages(workers, seconds))


def _status(*, quiet: bool) -> AbstractContextManager[_Show]:
    return _Show(shown=not quiet and sys.stderr.isatty())


class _Show:
    """What is being measured, on a terminal."""

    def __init__(self, *, shown: bool) -> None:
        self._status = None
        if shown:
            from rich.console import Console

            self._status = Console(stderr=True).status("")

    def __enter__(self) -> _Show:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, part: str) -> None:
        if self._status is not None:
            self._status.update(f"measuring {part}")


def _machine(choice: ModelChoice | None) -> dict[str, str]:
    import os
    import platform

    import psutil

    machine = {
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "processor": f"{_processor()}, {os.cpu_count() or 1} cores",
        "memory": f"{psutil.virtual_memory().total / 1e9:.0f} GB",
    }
    if choice is not None:
        from importlib.metadata import version

        machine["libraries"] = f"torch {version('torch')}, bitsandbytes {version('bitsandbytes')}"
        if choice.device != "cpu":
            from cogdoc.engines.cuda_devices import find_cards

            machine["card"] = ", ".join(card.name for card in find_cards().all if card.device == choice.device)
    return machine


def _processor() -> str:
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _print(report: BenchReport, out: str | None) -> None:
    from cogdoc.measuring.report import as_markdown
    from cogdoc.results.printable import printable

    if out is None and sys.stdout.isatty():
        _print_table(report)
        return
    text = report.model_dump_json(indent=2, by_alias=True) if out == "json" else as_markdown(report)
    sys.stdout.write(f"{printable(text, keep_newlines=True)}\n")


def _print_table(report: BenchReport) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from cogdoc.measuring.report import HEADER, rows

    console = Console()
    table = Table(caption="; ".join(report.machine.values()))
    for name in HEADER:
        table.add_column(name, justify="right" if name in ("value", "share of the limit") else "left")
    for cells in rows(report):
        table.add_row(*map(Text, cells))
    console.print(table)
    for note in report.notes:
        console.print(Text(note))


def _draw(report: BenchReport, path: Path, *, overwrite: bool) -> None:
    from cogdoc.measuring.picture import as_png, as_svg, draw
    from cogdoc.results.output.destination import open_output

    drawing = draw(report)
    with open_output(path, overwrite=overwrite) as stream:
        if path.suffix.lower() == ".svg":
            stream.write(as_svg(drawing))
        else:
            stream.buffer.write(as_png(drawing))
