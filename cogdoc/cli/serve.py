"""`cogdoc serve`: keeps an engine loaded, and answers other programs over HTTP."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Annotated

import typer

from cogdoc.cli import engine_options
from cogdoc.cli import options as shared
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.engines.registry import DEFAULT_SECONDS
from cogdoc.engines.selection import AUTO, EngineRequest
from cogdoc.errors import MissingError, UsageError

HELP = """Keep an engine loaded, and answer other programs over HTTP.

\b
  cogdoc serve
  cogdoc serve --port 9000 --engine builtin
  curl -F file=@report.pdf -F question="total revenue?" http://127.0.0.1:8765/v1/ask

Listens on this machine only. Ends by Ctrl-C or SIGTERM, once the running requests are finished.
"""

NEEDED = ("fastapi", "uvicorn", "python_multipart", "jsonschema")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of `serve`."""

    engine: engine_options.Engine = AUTO
    model: engine_options.Model = None
    quantization: engine_options.Quantization = None
    vision_precision: engine_options.VisionPrecision = None
    adapter: engine_options.Adapter = None
    offload: engine_options.Offload = False
    allow_remote: engine_options.AllowRemote = False
    jobs: shared.Jobs = None
    timeout: shared.Timeout = DEFAULT_SECONDS
    max_megapixels: shared.MaxMegapixels = MAX_MEGAPIXELS
    sandbox: shared.SandboxMode = "auto"
    cache: shared.Cache = None
    quiet: shared.Quiet = False
    verbose: shared.Verbose = False

    @property
    def engine_request(self) -> EngineRequest:
        return EngineRequest(
            self.engine,
            self.model,
            self.quantization,
            self.vision_precision,
            self.adapter,
            offload=self.offload,
            allow_remote=self.allow_remote,
        )


@shared.with_options
def serve(
    host: Annotated[
        str, typer.Option("--host", envvar="COGDOC_HOST", metavar="ADDRESS", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", envvar="COGDOC_PORT", min=0, max=65535, help="The port; 0 takes any free one.")
    ] = 8765,
    picture_host: Annotated[
        list[str] | None,
        typer.Option(
            "--picture-host",
            metavar="HOST|*",
            help="Fetch pictures of chat requests from this host, or with * from every public one; can be repeated. "
            "By default, only pictures in the requests themselves are read.",
        ),
    ] = None,
    *,
    options: ServeOptions,
) -> None:
    if not all(map(_is_installed, NEEDED)):
        raise MissingError("cogdoc serve needs packages that are not installed", "pip install 'cogdoc[serve]'")
    from cogdoc.cli.messages import announce, warn
    from cogdoc.cli.progress import loading_line
    from cogdoc.cli.run_task import STRICT, default_jobs
    from cogdoc.cli.workers import start_workers
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.serve import server
    from cogdoc.serve.listening import address_of, is_loopback, open_socket
    from cogdoc.serve.picture_hosts import PictureHosts
    from cogdoc.serve.service import Service
    from cogdoc.serve.settings import ServeSettings

    if not is_loopback(host):
        raise UsageError(f"--host {host}: other machines could reach the server", "name an address such as 127.0.0.1")
    settings = ServeSettings(
        max_megapixels=options.max_megapixels,
        picture_hosts=PictureHosts(frozenset(name.lower() for name in picture_host or ())),
    )
    selection = select_engine(options.engine_request)
    announce(selection, verbose=options.verbose, quiet=options.quiet)
    with ExitStack() as stack:
        listener = stack.enter_context(open_socket(host, port))
        with loading_line(quiet=options.quiet) as loaded:
            engine = load_engine(selection, options.timeout, loaded)
        stack.callback(engine.close)
        workers = start_workers(
            default_jobs(options.jobs),
            options.timeout,
            cache=options.cache,
            max_megapixels=options.max_megapixels,
            strict=options.sandbox == STRICT,
            quiet=options.quiet,
        )
        stack.callback(workers.close)
        service = Service(engine, workers, settings)
        if not options.quiet:
            warn(f"serves {service.model_name} on {address_of(host, listener.getsockname()[1])} until Ctrl-C")
        server.serve(service, [listener])


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # it is blocked
        return False
