"""`cogdoc search`: the pages of documents that match words or a question."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TextIO

import typer

from cogdoc.cli import options as shared
from cogdoc.errors import ExitCode, UsageError
from cogdoc.results.printable import well_formed

HELP = """Find the pages of documents that match words or a question.

\b
The last argument is what to look for:
  cogdoc search contracts/ "notice period"
  cogdoc search *.pdf "What is the interest rate?" --out json
  cogdoc search report.pdf 营业收入 --limit 5

Prints the best pages of all documents first, with the lines that have the words. Words match in other forms, \
and where OCR misread a letter. The exit code is 0 if a page matches, and 10 if none does. Needs no model; what \
pages say is kept for the next search.
"""


@shared.with_search_options
def search(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="SOURCE... WORDS", help="Files, folders, patterns, or -.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, metavar="N", help="How many pages to list.")
    ] = 20,
    *,
    options: shared.RunOptions,
) -> None:
    from cogdoc.cli.run_task import run_task
    from cogdoc.results.output_formats import OutputFormat
    from cogdoc.results.renderers.renderer import Renderer
    from cogdoc.results.renderers.search import write_search
    from cogdoc.results.search_matches import SearchResult
    from cogdoc.tasks.search_documents import SearchCollector, SearchTask

    arguments = list(sources or ())
    if len(arguments) < (1 if options.files_from else 2):
        raise UsageError("what to look for?", 'for example: cogdoc search reports/ "total revenue"')
    query = well_formed(arguments.pop())
    if not query.strip():
        raise UsageError("there are no words to look for")
    found = False

    def combine(stream: TextIO, output: OutputFormat) -> Renderer:
        def write(result: SearchResult) -> None:
            nonlocal found
            found = bool(result.matches)
            write_search(result, output.name, stream, several_sources=result.documents > 1 or len(arguments) > 1)

        return SearchCollector(query, limit, write)

    task = SearchTask(query, options.selection)
    code = run_task(task, arguments, replace(options, engine="builtin", warm=False), combine=combine)
    raise typer.Exit(ExitCode.NOT_FOUND if code is ExitCode.OK and not found else code)
