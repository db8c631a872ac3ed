"""`cogdoc serve`: keeps an engine loaded, and answers other programs over HTTP."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cogdoc.cli import engine_options
from cogdoc.cli import options as shared
from cogdoc.cli.warm import Warm
from cogdoc.documents.rendering import MAX_MEGAPIXELS
from cogdoc.engines.registry import DEFAULT_SECONDS
from cogdoc.engines.selection import AUTO, EngineRequest
from cogdoc.errors import MissingError, OutputError, UsageError
from cogdoc.serve import defaults

if TYPE_CHECKING:
    from cogdoc.serve.settings import ServeSettings

HELP = """Keep an engine loaded, and answer other programs over HTTP.

\b
  cogdoc serve
  cogdoc serve --port 9000 --engine builtin
  cogdoc serve --stop
  curl -F file=@report.pdf -F question="total revenue?" http://127.0.0.1:8765/v1/ask

Listens on this machine only. Ends by Ctrl-C or SIGTERM, once the running requests are finished.
"""

_ACCESS = "Access"
_LIMITS = "Limits"

NEEDED = ("fastapi", "uvicorn", "python_multipart", "jsonschema", "prometheus_client")


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
    warm: Warm = True
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
    ] = defaults.HOST,
    port: Annotated[
        int, typer.Option("--port", envvar="COGDOC_PORT", min=0, max=65535, help="The port; 0 takes any free one.")
    ] = defaults.PORT,
    keys_file: Annotated[
        Path | None,
        typer.Option(
            "--keys-file",
            envvar="COGDOC_KEYS_FILE",
            metavar="FILE",
            help="API keys, one a line, each with a name and limits if you like: KEY alice pages=50 requests=2. "
            "COGDOC_SERVE_KEYS adds keys.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="A name under which clients may address the server, besides its own; can be repeated.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    allowed_origin: Annotated[
        list[str] | None,
        typer.Option(
            "--allowed-origin",
            metavar="ORIGIN",
            help="The origin of web pages elsewhere that may use the server; can be repeated.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    picture_host: Annotated[
        list[str] | None,
        typer.Option(
            "--picture-host",
            metavar="HOST|*",
            help="Fetch pictures of chat requests from this host, or with * from every public one; can be repeated. "
            "By default, only pictures in the requests themselves are read.",
            rich_help_panel=_ACCESS,
        ),
    ] = None,
    max_upload: Annotated[
        int,
        typer.Option(
            "--max-upload",
            envvar="COGDOC_MAX_UPLOAD",
            min=1,
            max=100_000,
            metavar="MB",
            help="Refuse larger requests.",
            rich_help_panel=_LIMITS,
        ),
    ] = defaults.UPLOAD_MEGABYTES,
    max_pages: Annotated[
        int,
        typer.Option(
            "--max-pages",
            envvar="COGDOC_MAX_PAGES",
            min=1,
            max=shared.MAX_COUNT,
            metavar="N",
            help="Refuse documents with more selected pages.",
            rich_help_panel=_LIMITS,
        ),
    ] = defaults.PAGES,
    max_seconds: Annotated[
        int,
        typer.Option(
            "--max-seconds",
            envvar="COGDOC_MAX_SECONDS",
            min=1,
            max=1_000_000,
            metavar="N",
            help="How long the work of one request may take; jobs may take longer.",
            rich_help_panel=_LIMITS,
        ),
    ] = defaults.SECONDS,
    max_waiting: Annotated[
        int,
        typer.Option(
            "--max-waiting",
            envvar="COGDOC_MAX_WAITING",
            min=0,
            max=100_000,
            metavar="N",
            help="How many requests may wait; further ones get 429.",
            rich_help_panel=_LIMITS,
        ),
    ] = defaults.WAITING,
    jobs_folder: Annotated[
        Path | None,
        typer.Option(
            "--jobs-folder",
            envvar="COGDOC_JOBS_FOLDER",
            metavar="FOLDER",
            help="Where jobs are kept until a later server finishes them; by default in the user's state folder, by "
            "port.",
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    keep_jobs: Annotated[
        int,
        typer.Option(
            "--keep-jobs",
            envvar="COGDOC_KEEP_JOBS",
            min=0,
            max=36500,
            metavar="DAYS",
            help="How long jobs are kept after their end.",
            rich_help_panel=_LIMITS,
        ),
    ] = defaults.KEEP_JOBS_DAYS,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop your servers on this machine, also those that --keep-alive left.")
    ] = False,
    *,
    options: ServeOptions,
) -> None:
    if stop:
        from cogdoc.cli.stopping import stop_servers

        stop_servers(quiet=options.quiet)
        return
    if not all(map(_is_installed, NEEDED)):
        raise MissingError("cogdoc serve needs packages that are not installed", "pip install 'cogdoc[serve]'")
    from cogdoc.serve.gate.host_check import allowed_hosts
    from cogdoc.serve.grants import Grant
    from cogdoc.serve.keys import read_keys
    from cogdoc.serve.listening import is_loopback
    from cogdoc.serve.picture_hosts import PictureHosts
    from cogdoc.serve.settings import ServeSettings

    grant = Grant(upload_bytes=max_upload << 20, pages=max_pages, seconds=float(max_seconds))
    keys = read_keys(keys_file, os.environ, grant)
    loopback = is_loopback(host)
    if not loopback and not keys:
        raise UsageError(
            f"--host {host}: other machines could use the server without a key",
            "write keys to a file, and name it with --keys-file; openssl rand -hex 32 makes one",
        )
    settings = ServeSettings(
        grant=grant,
        waiting=max_waiting,
        keys=keys,
        hosts=allowed_hosts(host, loopback=loopback, others=allowed_host or ()),
        origins=frozenset(origin.lower().rstrip("/") for origin in allowed_origin or ()),
        jobs_folder=jobs_folder or _jobs_folder(port),
        keep_jobs_seconds=keep_jobs * 86400.0,
        max_megapixels=options.max_megapixels,
        picture_hosts=PictureHosts(frozenset(name.lower() for name in picture_host or ())),
    )
    _run(host, port, settings, options)


def _run(host: str, port: int, settings: ServeSettings, options: ServeOptions) -> None:
    from cogdoc.cli.messages import announce, warn
    from cogdoc.cli.progress import loading_line
    from cogdoc.cli.run_task import STRICT, default_jobs
    from cogdoc.cli.workers import start_workers
    from cogdoc.engines.registry import load_engine, select_engine
    from cogdoc.engines.warm.offering import EngineOffer
    from cogdoc.serve import server
    from cogdoc.serve.jobs.store import JobStore
    from cogdoc.serve.listening import address_of, open_socket
    from cogdoc.serve.logs import start_logging
    from cogdoc.serve.service import Service

    start_logging(quiet=options.quiet)
    selection = select_engine(options.engine_request)
    offer = EngineOffer.of(selection, options.engine_request) if options.warm else None
    announce(selection, verbose=options.verbose, quiet=options.quiet)
    with ExitStack() as stack:
        listener = stack.enter_context(open_socket(host, port))
        store = JobStore(settings.jobs_folder) if settings.jobs_folder is not None else None
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
        address = address_of(host, listener.getsockname()[1])
        service = Service(engine, workers, settings)
        if offer is not None:
            try:
                service.lender = offer.lend(engine, address=address)
            except OutputError as error:
                warn(f"other commands cannot use the engine: {error.message}")
        if not options.quiet:
            warn(f"serves {service.model_name} on {address} until Ctrl-C")
        server.serve(service, store or JobStore(service.uploads.path / "jobs"), [listener])


def _jobs_folder(port: int) -> Path | None:
    """Where the jobs of a server at this port are kept; nowhere for a port that nobody knows beforehand."""
    if not port:
        return None
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "cogdoc" / f"jobs-{port}"


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # it is blocked
        return False
