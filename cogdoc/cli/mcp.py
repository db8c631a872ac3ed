"""`cogdoc mcp`: serves documents to programs that speak the Model Context Protocol."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.engine_options import EngineOptions
from cogdoc.cli.messages import announce, warn
from cogdoc.engines.registry import DEFAULT_SECONDS
from cogdoc.errors import ExitCode, MissingError

HELP = """Serve the documents of folders to agents, by the Model Context Protocol over standard input and output.

\b
  cogdoc mcp ~/Documents/reports
  cogdoc mcp invoices contracts --engine cogvlm2

Nothing outside of these folders can be read: links are not followed. The tools are documents, ask, ocr, \
chart, extract and search_pages; pages are resources. docs/mcp.md says how programs start it.
"""


@dataclass(frozen=True, slots=True)
class McpOptions(EngineOptions):
    """The options of `mcp`."""

    ocr: shared.OcrEngine = "rapidocr"
    language: shared.Language = None
    jobs: shared.Jobs = None
    timeout: shared.Timeout = DEFAULT_SECONDS
    cache: shared.Cache = None
    quiet: shared.Quiet = False
    verbose: shared.Verbose = False


@shared.with_options
def mcp(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="FOLDER...", help="Folders whose documents may be read.")
    ] = None,
    top_pages: Annotated[
        int,
        typer.Option(
            "--top-pages", envvar="COGDOC_TOP_PAGES", min=1, metavar="N", help="How many pages to search for an answer."
        ),
    ] = 5,
    *,
    options: McpOptions,
) -> None:
    from cogdoc.cli.run_task import default_jobs
    from cogdoc.cli.workers import start_workers
    from cogdoc.documents.tesseract import tesseract_for
    from cogdoc.engines.registry import load_engine, select_engine

    if find_spec("mcp") is None:
        raise MissingError("the library for the protocol is not installed", 'pip install "cogdoc[mcp]"')
    from cogdoc.mcp_server.folders import AllowedFolders
    from cogdoc.mcp_server.reader import Reader
    from cogdoc.mcp_server.server import build_server

    allowed = AllowedFolders(list(folders or ()))
    tesseract = tesseract_for(options.ocr, options.language)
    selection = select_engine(replace(options.engine_request, at_a_time=options.jobs))
    announce(selection, verbose=options.verbose, quiet=options.quiet)
    with _ending_at_once(), ExitStack() as stack:
        engine = load_engine(selection, options.timeout)
        stack.callback(engine.close)
        workers = start_workers(default_jobs(options.jobs), options.timeout, cache=options.cache, quiet=options.quiet)
        stack.callback(workers.close)
        build_server(Reader(allowed, engine, workers, tesseract, top_pages)).run()


@contextmanager
def _ending_at_once() -> Iterator[None]:
    """End the process when a signal has unwound everything: the SDK's thread waits for input, and would keep it."""
    try:
        yield
    except Exception:
        raise
    except KeyboardInterrupt:
        warn("interrupted")
        os._exit(ExitCode.INTERRUPTED)
    except BaseException:  # SIGTERM or SIGHUP
        warn("terminated")
        os._exit(ExitCode.TERMINATED)
