"""`cogdoc cache`: shows and clears what is kept of documents that were read."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli.standard_streams import help_markup
from cogdoc.errors import InputError, OutputError
from cogdoc.results.printable import printable

if TYPE_CHECKING:
    from cogdoc.documents.reading_cache.cache_database import CacheDatabase

HELP = """Show and clear what is kept of documents, so that each page is read once.

\b
  cogdoc cache show
  cogdoc cache clear
  cogdoc cache clear secret.pdf
"""

SHOW_HELP = """Show where the cache is, what it holds and how large it may become.

COGDOC_CACHE names another folder, or is "off"; COGDOC_CACHE_GB sets the size, 2 by default.
"""

CLEAR_HELP = """Remove what is kept, of all documents or of those that you name.

\b
  cogdoc cache clear
  cogdoc cache clear secret.pdf
"""

MB = 1e6

app = typer.Typer(no_args_is_help=True, rich_markup_mode=help_markup())


@app.command("show", help=SHOW_HELP)
def show() -> None:
    with _opened() as cache:
        if cache is None:
            sys.stdout.write("off\n")
            return
        content = cache.content()
        rows = [
            ("file", str(cache.path)),
            ("documents", f"{content.documents:,}"),
            ("results", f"{content.results:,}"),
            ("size", f"{content.size / MB:,.1f} MB of {cache.limit / MB:,.0f}"),
        ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        sys.stdout.write(f"{name:<{width}}  {printable(value)}\n")


@app.command("clear", help=CLEAR_HELP)
def clear(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="Documents to forget.")] = None,
) -> None:
    from cogdoc.cli.messages import warn

    with _opened() as cache:
        if cache is None:
            warn("the cache is off: there is nothing to remove")
        elif not files:
            cache.clear()
        else:
            for document in [_hash(file) for file in files]:
                cache.remove_document(document)


def _hash(file: Path) -> bytes:
    from cogdoc.documents.file_hash import file_hash

    try:
        return file_hash(file)
    except InputError as error:
        raise InputError(f"{file}: {error.message}", error.hint) from None


@contextmanager
def _opened() -> Iterator[CacheDatabase | None]:
    from cogdoc.documents.reading_cache.cache_place import open_cache

    cache = open_cache()
    if cache is None:
        yield None
        return
    try:
        if cache.problem:
            raise OutputError(cache.problem, "remove the file, or name another folder with COGDOC_CACHE")
        yield cache
    finally:
        cache.close()
