"""The registry of output formats: what `--out` accepts, the endings of each format's files, and its renderer.

A new format is a module in `cogdoc/results/renderers/` and an entry in `FORMATS`. Renderers are imported when they are
used, so that `--help` and shell completion stay fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from cogdoc.results.page_picture import PageArea
    from cogdoc.results.records import AnyRecord
    from cogdoc.results.renderers.renderer import OpenPart, Renderer

EVERY_TASK = ("ask", "ocr", "chart", "extract", "tables")
"""The tasks with a result for each document."""

_ALL = (*EVERY_TASK, "search")


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A format that results can be written in."""

    name: str
    """What `--out` accepts."""
    suffix: str
    """What the name of an output file ends in, without the dot."""
    help: str
    renderer: str
    """The class that writes the format, as `module:class`; it is called with a stream and a `RenderContext`."""
    other_endings: tuple[str, ...] = ()
    """Further endings of a file's name that mean this format, without the dot."""
    binary: bool = False
    """Whether the renderer's stream takes bytes."""
    bare: bool = False
    """Whether it has answers without their confidence, unless a terminal shows them."""
    searchable: bool = False
    """Whether it is the document itself, with the text that was read; the renderer is a `DocumentRenderer`."""
    file_per_table: bool = False
    """Whether each table is a file of its own, if every source has its own files; the source's file lists them."""
    tasks: tuple[str, ...] = EVERY_TASK
    default_of: tuple[str, ...] = ()
    """The tasks that write this format unless `--out` names another."""
    areas: str = ""
    """The function that says which pictures of pages a record is shown with, as `module:function`; empty for none."""
    answers_about_charts: bool = True
    """Whether it can write answers beside the chart they are about."""


_HERE = "cogdoc.results.renderers"

FORMATS: dict[str, OutputFormat] = {
    output.name: output
    for output in (
        OutputFormat(
            "text",
            "txt",
            "plain text",
            f"{_HERE}.text:TextRenderer",
            bare=True,
            tasks=_ALL,
            default_of=("ask", "search"),
        ),
        OutputFormat(
            "values",
            "tsv",
            "answers in full, and in plain form for programs",
            f"{_HERE}.values:ValuesRenderer",
            bare=True,
            tasks=("ask",),
        ),
        OutputFormat(
            "md",
            "md",
            "Markdown",
            f"{_HERE}.markdown:MarkdownRenderer",
            other_endings=("markdown",),
            default_of=("ocr", "chart", "tables"),
        ),
        OutputFormat(
            "json", "json", "one JSON text", f"{_HERE}.json:JsonRenderer", tasks=_ALL, default_of=("extract",)
        ),
        OutputFormat(
            "jsonl",
            "jsonl",
            "a line of JSON for each result",
            f"{_HERE}.jsonl:JsonLinesRenderer",
            other_endings=("ndjson",),
            tasks=_ALL,
        ),
        OutputFormat(
            "csv",
            "csv",
            "rows for a spreadsheet",
            f"{_HERE}.csv:CsvRenderer",
            tasks=("ask", "chart", "extract", "tables", "search"),
            answers_about_charts=False,
            file_per_table=True,
        ),
        OutputFormat(
            "xlsx",
            "xlsx",
            "a workbook with a sheet for each table",
            f"{_HERE}.xlsx:XlsxRenderer",
            binary=True,
            tasks=("tables",),
        ),
        OutputFormat(
            "pdf",
            "pdf",
            "the document with invisible text on its scans, to search and select",
            f"{_HERE}.pdf:PdfRenderer",
            binary=True,
            searchable=True,
            tasks=("ocr",),
        ),
        OutputFormat(
            "html",
            "html",
            "a page to look at, with pictures",
            f"{_HERE}.html:HtmlRenderer",
            other_endings=("htm",),
            areas="cogdoc.results.html.pictures_shown:areas_of",
            tasks=("ask", "ocr", "chart", "extract"),
        ),
    )
}


def formats_of(task: str) -> Sequence[OutputFormat]:
    """The formats that results of a task can be written in, its default first."""
    formats = (output for output in FORMATS.values() if task in output.tasks)
    return sorted(formats, key=lambda output: task not in output.default_of)


def format_by_ending(ending: str, task: str) -> OutputFormat | None:
    """The format of files whose names end in `ending`, without the dot, if the task's results can be written in it."""
    ending = ending.casefold()
    return next((output for output in formats_of(task) if ending in (output.suffix, *output.other_endings)), None)


def areas_shown_in(formats: Iterable[OutputFormat]) -> Callable[[AnyRecord], list[PageArea]] | None:
    """What says which pictures of pages a record is shown with in any of the formats; None if they show none."""
    functions = [_load(output.areas) for output in formats if output.areas]
    if not functions:
        return None
    return lambda record: list(dict.fromkeys(area for areas_of in functions for area in areas_of(record)))


def make_renderer(
    output: OutputFormat,
    stream: TextIO,
    *,
    several_sources: bool = False,
    several_questions: bool = False,
    open_part: OpenPart | None = None,
    images: str = "",
) -> Renderer:
    """A renderer that writes to `stream`, or to its bytes if the format is binary.

    Args:
        several_sources: results of more than one source go to this stream.
        several_questions: more than one question was asked of each source.
        open_part: opens further files of the source, for a format with a file for each table.
        images: the folder of the files of pictures, as a path from the place of the output.
    """
    from cogdoc.results.renderers.renderer import RenderContext

    context = RenderContext(several_sources, several_questions, open_part, images)
    renderer: Renderer = _load(output.renderer)(stream.buffer if output.binary else stream, context)
    return renderer


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
