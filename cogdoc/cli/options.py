"""The options that commands share, each declared once. `--help` shows which can be set as `COGDOC_<NAME>`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import typer

from cogdoc.cli.engine_options import EngineOptions
from cogdoc.cli.output_choice import choose_formats
from cogdoc.cli.warm import KeepAlive, Warm
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.documents.tesseract import Tesseract, tesseract_for
from cogdoc.engines.registry import DEFAULT_SECONDS
from cogdoc.engines.selection import EngineRequest
from cogdoc.results.output_formats import OutputFormat, formats_of

_WHERE = "What to read"
_RESULT = "Results"
MAX_COUNT = 1_000_000_000
"""The largest number that options take which count something: no document or list has more."""

_LIMITS = "Limits"

Sources = Annotated[list[str] | None, typer.Argument(metavar="SOURCE...", help="Files, folders, patterns, or -.")]
MinConfidence = Annotated[
    float,
    typer.Option(
        "--min-confidence",
        envvar="COGDOC_MIN_CONFIDENCE",
        min=0.0,
        max=1.0,
        metavar="P",
        help="Give no answer that is right with a lower probability than this; JSON names it as withheld.",
        show_default=False,
    ),
]
Pages = Annotated[
    str | None,
    typer.Option(
        "--pages",
        envvar="COGDOC_PAGES",
        metavar="LIST",
        help="Pages to read: numbers, counted from 1, or printed labels, such as 1,3-5,8-,iv.",
        rich_help_panel=_WHERE,
    ),
]
OcrEngine = Annotated[
    Literal["rapidocr", "tesseract"],
    typer.Option(
        "--ocr",
        envvar="COGDOC_OCR",
        help="What reads scans: RapidOCR for Latin, Chinese and Japanese script, or Tesseract if it is installed.",
        rich_help_panel=_WHERE,
    ),
]
Language = Annotated[
    str | None,
    typer.Option(
        "--language",
        envvar="COGDOC_LANGUAGE",
        metavar="LANGUAGES",
        help="The languages for --ocr tesseract, such as deu+rus; eng by default.",
        rich_help_panel=_WHERE,
    ),
]
Hidden = Annotated[
    bool,
    typer.Option(
        "--hidden",
        envvar="COGDOC_HIDDEN",
        help="Read text too that pages do not show: covered, white, transparent, clipped, or in a layer that is off.",
        rich_help_panel=_WHERE,
    ),
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from",
        metavar="FILE|-",
        help="Read the names of sources from FILE, one per line.",
        rich_help_panel=_WHERE,
    ),
]
NulSeparated = Annotated[
    bool, typer.Option("-0", "--null", help="Names in --files-from end with NUL bytes.", rich_help_panel=_WHERE)
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--password-file",
        envvar="COGDOC_PASSWORD_FILE",
        metavar="FILE",
        help="A file whose first line is the password of encrypted files.",
        rich_help_panel=_WHERE,
    ),
]
AskPassword = Annotated[
    bool,
    typer.Option(
        "--password",
        help="Ask at the terminal for the password of encrypted files.",
        rich_help_panel=_WHERE,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        envvar="COGDOC_TO",
        metavar="PATH",
        help="Write to a file, or to a folder with one file per source and format, instead of standard output.",
        rich_help_panel=_RESULT,
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", envvar="COGDOC_OVERWRITE", help="Replace existing files.", rich_help_panel=_RESULT),
]
RetryFailed = Annotated[
    bool,
    typer.Option("--retry-failed", help="Read again what failed in an earlier run.", rich_help_panel=_RESULT),
]
ShardOption = Annotated[
    str | None,
    typer.Option(
        "--shard",
        envvar="COGDOC_SHARD",
        metavar="I/N",
        help="Read only share I of N of the files; set by SLURM's variables if they exist.",
        rich_help_panel=_WHERE,
    ),
]
LogJson = Annotated[
    Path | None,
    typer.Option(
        "--log-json",
        envvar="COGDOC_LOG_JSON",
        metavar="FILE",
        help="Append the outcome of every file as JSON Lines; --to writes them to .cogdoc by default.",
        rich_help_panel=_RESULT,
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        envvar="COGDOC_JOBS",
        min=1,
        metavar="N",
        help="How many pages to read at the same time; by default the number of cores, at most 8.",
        rich_help_panel=_LIMITS,
    ),
]
ClusterAddress = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        envvar="COGDOC_CLUSTER",
        metavar="auto|HOST:PORT",
        help="Use the machines of a Ray cluster that see the same files.",
        rich_help_panel=_LIMITS,
    ),
]
Timeout = Annotated[
    float,
    typer.Option(
        "--timeout",
        envvar="COGDOC_TIMEOUT",
        min=0.1,
        max=1e6,
        metavar="SECONDS",
        help="How long one page may take, and how long a transfer may stall (60 at most).",
        rich_help_panel=_LIMITS,
    ),
]
MaxPages = Annotated[
    int | None,
    typer.Option(
        "--max-pages",
        envvar="COGDOC_MAX_PAGES",
        min=1,
        max=MAX_COUNT,
        metavar="N",
        help="Refuse documents with more selected pages than this. By default, the first 10000 pages, or 1000 frames "
        "of an animation, are read.",
        rich_help_panel=_LIMITS,
    ),
]
MaxMegapixels = Annotated[
    float,
    typer.Option(
        "--max-megapixels",
        envvar="COGDOC_MAX_MEGAPIXELS",
        min=0.01,
        max=1e6,
        metavar="N",
        help="Refuse larger images.",
        rich_help_panel=_LIMITS,
    ),
]
SandboxMode = Annotated[
    Literal["auto", "strict"],
    typer.Option(
        "--sandbox",
        envvar="COGDOC_SANDBOX",
        help="strict: read only if this system has every part of the sandbox, each file in a process of its own.",
        rich_help_panel=_LIMITS,
    ),
]
Cache = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache",
        help="Keep what pages say for the next run. By default, of all files but those that a password opens.",
        show_default=False,
        rich_help_panel=_LIMITS,
    ),
]
FailFast = Annotated[
    bool,
    typer.Option("--fail-fast", envvar="COGDOC_FAIL_FAST", help="Stop at the first failure.", rich_help_panel=_LIMITS),
]
ProgressOption = Annotated[
    Literal["auto", "json", "none"],
    typer.Option(
        "--progress",
        envvar="COGDOC_PROGRESS",
        help="How far a run is, on standard error: auto shows a line on a terminal, json writes a line of JSON a "
        "second for programs.",
        rich_help_panel=_RESULT,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", envvar="COGDOC_QUIET", help="Show errors only.")]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", envvar="COGDOC_VERBOSE", help="Show tracebacks, the engine, its work, and PDFs' attachments."
    ),
]


@dataclass(frozen=True, slots=True)
class RunOptions(EngineOptions):
    """The options of commands that run a task: `ask`, `ocr`, `chart`, `tables`."""

    pages: Pages = None
    ocr: OcrEngine = "rapidocr"
    language: Language = None
    hidden: Hidden = False
    files_from: FilesFrom = None
    nul_separated: NulSeparated = False
    password_file: PasswordFile = None
    ask_password: AskPassword = False
    out: list[str] | None = None
    """Names of output formats, perhaps several with commas; `out_option` declares it for each command."""
    to: To = None
    overwrite: Overwrite = False
    retry_failed: RetryFailed = False
    log_json: LogJson = None
    shard: ShardOption = None
    jobs: Jobs = None
    cluster: ClusterAddress = None
    timeout: Timeout = DEFAULT_SECONDS
    max_pages: MaxPages = None
    max_megapixels: MaxMegapixels = MAX_MEGAPIXELS
    sandbox: SandboxMode = "auto"
    cache: Cache = None
    fail_fast: FailFast = False
    warm: Warm = True
    keep_alive: KeepAlive = None
    progress: ProgressOption = "auto"
    quiet: Quiet = False
    verbose: Verbose = False

    @property
    def engine_request(self) -> EngineRequest:
        """As many requests go to a server at a time as pages are read."""
        # Without arguments, `super` would not know the class that slots make of this one.
        return replace(super(RunOptions, self).engine_request, at_a_time=self.jobs)

    @property
    def tesseract(self) -> Tesseract | None:
        """Tesseract if it is to run OCR.

        Raises:
            UsageError: `language` is given without Tesseract, or is not a list of languages.
            MissingError: Tesseract or a language of it is not installed.
        """
        return tesseract_for(self.ocr, self.language)

    @property
    def selection(self) -> PageSelection:
        """The pages to read.

        Raises:
            UsageError: `pages` is not a list of pages.
        """
        return parse_page_selection(self.pages) if self.pages else PageSelection()

    def formats(self, task: str) -> tuple[OutputFormat, ...]:
        """What to write, at least one.

        Raises:
            UsageError: `out`, or the ending of `to`, names no format that results of the task can be written in.
        """
        return choose_formats(task, self.out or (), self.to)


def out_option(task: str) -> Any:
    """Declare `--out` for a command, with the formats of its task in the help and in shell completion."""
    formats = formats_of(task)
    choices = "; ".join(f"{output.name}: {output.help}" for output in formats)

    def complete(incomplete: str) -> list[tuple[str, str]]:
        before, comma, begun = incomplete.rpartition(",")
        return [(f"{before}{comma}{output.name}", output.help) for output in formats if output.name.startswith(begun)]

    return Annotated[
        list[str] | None,
        typer.Option(
            "--out",
            envvar="COGDOC_OUT",
            metavar="FORMAT[,FORMAT]",
            help=f"Formats of the output; by default the one that --to ends with, such as .json, else "
            f"{formats[0].name}. Several write a file each to the folder --to. {choices}.",
            autocompletion=complete,
            rich_help_panel=_RESULT,
        ),
    ]


def with_run_options(task: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`with_options` for the command of a task, whose `--out` names the formats of that task."""
    return partial(with_options, replaced={"out": out_option(task)})


def with_search_options(command: Callable[..., None]) -> Callable[..., None]:
    """`with_options` for a search, which needs no model and has one result for all documents."""
    omitted = {option.name for option in fields(EngineOptions)} | _OF_LONG_RUNS
    return with_options(command, {"out": out_option("search")}, frozenset(omitted))


_OF_LONG_RUNS = {"retry_failed", "shard", "cluster", "warm", "keep_alive"}


def with_options(
    command: Callable[..., None], replaced: Mapping[str, Any] | None = None, omitted: frozenset[str] = frozenset()
) -> Callable[..., None]:
    """Replace the parameter `options` of a command, a dataclass of this file, by a command-line option for each field.

    Args:
        replaced: the annotations of fields that the command declares differently.
        omitted: the names of fields that the command has no options for; they have their defaults.
    """
    command_parameters = inspect.signature(command, eval_str=True).parameters
    group = command_parameters["options"].annotation
    types = {**get_type_hints(group, include_extras=True), **(replaced or {})}
    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=types[field.name]
        )
        for field in fields(group)
        if field.name not in omitted
    ]

    def run(**arguments: Any) -> None:
        options = group(**{parameter.name: arguments.pop(parameter.name) for parameter in shared})
        command(**arguments, options=options)

    parameters: list[inspect.Parameter] = []
    for name, parameter in command_parameters.items():
        parameters += shared if name == "options" else [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run
