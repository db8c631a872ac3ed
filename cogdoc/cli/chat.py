"""`cogdoc chat`: a conversation about a document, or about none."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from cogdoc.cli import options as shared
from cogdoc.cli.engine_options import EngineOptions
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.engines.registry import DEFAULT_SECONDS

HELP = """Talk about a document, page by page, or about anything with a model alone.

\b
  cogdoc chat report.pdf --engine cogvlm2
  cogdoc chat photo.jpg --engine http://localhost:8000/v1
  cogdoc chat --model chat                    without a document
  echo "Who signed it?" | cogdoc chat letter.pdf

CogVLM2 and models on servers remember what was said; the built-in engine answers each question by itself. /help \
lists the commands, Ctrl-C stops an answer, Ctrl-D ends.
"""


@dataclass(frozen=True, slots=True)
class ChatOptions(EngineOptions):
    """The options of `chat`."""

    ocr: shared.OcrEngine = "rapidocr"
    language: shared.Language = None
    hidden: shared.Hidden = False
    password_file: shared.PasswordFile = None
    ask_password: shared.AskPassword = False
    jobs: shared.Jobs = None
    timeout: shared.Timeout = DEFAULT_SECONDS
    max_megapixels: shared.MaxMegapixels = MAX_MEGAPIXELS
    cache: shared.Cache = None
    quiet: shared.Quiet = False
    verbose: shared.Verbose = False


@shared.with_options
def chat(
    file: Annotated[str | None, typer.Argument(metavar="[FILE]", help="The document: a path or an address.")] = None,
    *,
    options: ChatOptions,
) -> None:
    from cogdoc.cli.chat_session import ChatSession
    from cogdoc.cli.messages import announce
    from cogdoc.cli.passwords import read_password
    from cogdoc.cli.progress import loading_line
    from cogdoc.cli.run_task import default_jobs
    from cogdoc.cli.workers import start_workers
    from cogdoc.documents.any_source import local_file
    from cogdoc.documents.document import Document
    from cogdoc.documents.open_request import OpenRequest
    from cogdoc.documents.tesseract import tesseract_for
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.tasks.conversation import start_conversation

    tesseract = tesseract_for(options.ocr, options.language)
    password = read_password(options.password_file, ask=options.ask_password)
    request = replace(options.engine_request, conversation=True, at_a_time=options.jobs)
    selection = select_engine(request)
    announce(selection, verbose=options.verbose, quiet=options.quiet)
    with ExitStack() as stack:
        workers = start_workers(
            default_jobs(options.jobs),
            options.timeout,
            cache=options.cache,
            max_megapixels=options.max_megapixels,
            quiet=options.quiet,
        )
        stack.callback(workers.close)
        document = None
        if file is not None:
            source, path = stack.enter_context(local_file(file))
            opened = OpenRequest(path, password, options.max_megapixels, tesseract, source.remote, options.hidden)
            document = Document(source, opened, workers)
        with loading_line(quiet=options.quiet) as loaded:
            engine = load_engine(selection, options.timeout, loaded)
        stack.callback(engine.close)
        conversation = start_conversation(document, engine, options.generation)
        session = ChatSession(conversation, document, engine, quiet=options.quiet)
        raise typer.Exit(session.run())
