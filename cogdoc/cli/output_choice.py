"""Chooses the formats of the output, from `--out` or from the ending of `--to`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cogdoc.errors import UsageError
from cogdoc.results.output.destination import names_folder
from cogdoc.results.output_formats import OutputFormat, format_by_ending, formats_of
from cogdoc.storage import is_address

WITH_IMAGES = ("md", "json", "jsonl")
"""The formats that link or name the files of pictures."""


def choose_formats(task: str, out: Sequence[str], to: str | None) -> tuple[OutputFormat, ...]:
    """The formats to write: those that `--out` names, else the one of the file `--to`, else the task's default.

    Args:
        out: the values of `--out`, each with one name, or several with commas between them.

    Raises:
        UsageError: a name or an ending is of no format that the task's results can be written in.
    """
    known = {output.name: output for output in formats_of(task)}
    names = [name.strip() for value in out for name in value.split(",") if name.strip()]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise UsageError(f"--out: {task} cannot be written as {unknown!r}", f"formats: {', '.join(known)}")
    if names:
        return tuple(known[name] for name in dict.fromkeys(names))
    return (_format_of_file(task, to) or next(iter(known.values())),)


def _format_of_file(task: str, to: str | None) -> OutputFormat | None:
    ending = Path(to).suffix if to is not None and not names_folder(to) else ""
    output = format_by_ending(ending[1:], task)
    # Without asking its server, an address such as s3://bucket/v1.2 may be a folder as well as a file.
    if output is None and ending and to is not None and not is_address(to):
        endings = ", ".join(f".{known.suffix}" for known in formats_of(task))
        raise UsageError(
            f"--to: {to}: {task} has no format of files that end with {ending}",
            f"endings: {endings}; or name the format with --out",
        )
    return output


def check_formats(task: str, formats: Sequence[OutputFormat], *, has_questions: bool) -> None:
    """
    Raises:
        UsageError: one of the formats holds charts but not the answers about them.
    """
    unfit = next((output for output in formats if not output.answers_about_charts), None)
    if task == "chart" and has_questions and unfit is not None:
        names = ", ".join(output.name for output in formats_of(task) if output.answers_about_charts)
        raise UsageError(f"--out {unfit.name} holds the chart's table, not answers", f"with -q use one of {names}")


def check_place(
    formats: Sequence[OutputFormat], to: str | None, *, folder: bool, several: bool, terminal: bool
) -> None:
    """
    Args:
        folder: whether every source gets its own files.
        several: whether there may be more than one source.
        terminal: whether the output is shown on a terminal.

    Raises:
        UsageError: there are several formats for one place, several documents for one file, or bytes for a terminal.
    """
    if len(formats) > 1 and not folder:
        place = "standard output" if to is None else f"{to}, a file,"
        names = " and ".join(output.name for output in formats)
        raise UsageError(f"{place} takes one format, not {names}", "name a folder, such as --to results/")
    if terminal and (formats[0].binary or formats[0].areas):
        raise UsageError(f"{formats[0].name} is not text for a terminal", f"name a file: --to FILE.{formats[0].suffix}")
    if several and not folder and formats[0].searchable:
        raise UsageError(
            f"a {formats[0].name} file holds one document, and there may be several", "name a folder, such as --to out/"
        )


def check_images(images: str, formats: Sequence[str], to: str | None) -> None:
    """
    Raises:
        UsageError: no format shows the files of `--images`, or they are elsewhere than what links to them.
    """
    if not any(name in WITH_IMAGES for name in formats):
        raise UsageError(f"--images: {formats[0]} names no files of pictures", f"formats: {', '.join(WITH_IMAGES)}")
    if is_address(images) or (to is not None and is_address(to)):
        raise UsageError("--images writes files on this machine only", "name folders on this machine")
    if Path(images).exists() and not Path(images).is_dir():
        raise UsageError(f"--images: {images} is not a folder")
