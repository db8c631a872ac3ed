"""The `cogdoc` command: registers the subcommands, and turns every error and signal into an exit code."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from types import FrameType
from typing import Annotated, NoReturn

import typer
from typer.main import get_command

from cogdoc.batch.stopping import StoppedRun
from cogdoc.cli import (
    ask,
    bench,
    cache,
    chart,
    chat,
    completion,
    doctor,
    extract,
    mcp,
    model,
    ocr,
    ps,
    samples,
    schema,
    search,
    serve,
    tables,
)
from cogdoc.cli import eval as evaluation
from cogdoc.cli.messages import report, report_traceback, warn
from cogdoc.cli.standard_streams import drop_unwritten_results, help_markup, prepare_streams
from cogdoc.errors import CogdocError, ExitCode, ResourceError, UsageError, as_cogdoc_error

HELP = """Answers, text and numbers out of documents, on your own machine.

\b
Try it:
  cogdoc samples
  cogdoc ask cogdoc-samples/report.pdf "What was the total revenue in 2024?"
  cogdoc ocr cogdoc-samples/receipt.jpg
  cogdoc chart cogdoc-samples/charts/pie.png --out csv
"""

app = typer.Typer(
    name="cogdoc",
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=help_markup(),
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("ask", help=ask.HELP)(ask.ask)
app.command("ocr", help=ocr.HELP)(ocr.ocr)
app.command("chart", help=chart.HELP)(chart.chart)
app.command("extract", help=extract.HELP)(extract.extract)
app.command("tables", help=tables.HELP)(tables.tables)
app.command("search", help=search.HELP)(search.search)
app.command("chat", help=chat.HELP, short_help="Talk about a document, page by page.")(chat.chat)
app.command("eval", help=evaluation.HELP, short_help="Measure how well an engine reads.")(evaluation.evaluation)
app.command("serve", help=serve.HELP)(serve.serve)
app.command("ps", help=ps.HELP, short_help="List your servers on this machine.")(ps.ps)
app.add_typer(model.app, name="model", help=model.HELP, short_help="Get, check, quantize and remove models.")
app.add_typer(cache.app, name="cache", help=cache.HELP, short_help="Show and clear what is kept of documents.")
app.command("mcp", help=mcp.HELP, short_help="Serve documents to agents, by MCP.")(mcp.mcp)
app.command("bench", help=bench.HELP, short_help="Measure how fast this machine reads.")(bench.bench)
app.command("samples", help=samples.HELP, short_help="Copy documents to try cogdoc with.")(samples.samples)
app.command("doctor", help=doctor.HELP, short_help="Show what this machine can do.")(doctor.doctor)
app.command("schema", help=schema.HELP)(schema.schema)


def _print_version(requested: bool) -> None:
    if requested:
        from importlib.metadata import version

        sys.stdout.write(f"cogdoc {version('cogdoc')}\n")
        raise typer.Exit


@app.callback()
def _common(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


class _Terminated(BaseException):
    """SIGTERM or SIGHUP arrived. Unwinds the stack, so that temporary files are removed and child processes end."""


def main() -> NoReturn:
    """Run the command line and exit with its exit code."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        # What the parent ignores stays ignored: nohup and service managers rely on it.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_terminate)
    # Typer would have pydantic search all packages for plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    prepare_streams()
    code = _run(sys.argv[1:])
    drop_unwritten_results()
    if code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED):
        _exit_at_once(code)
    sys.exit(code)


def _exit_at_once(code: int) -> NoReturn:
    """Exit without Python's own end, which would abort where a stopped command left a thread in native code."""
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(code)


def _run(arguments: list[str]) -> int:
    try:
        code = _invoke(arguments)
        sys.stdout.flush()
    except CogdocError as error:
        report(error)
        return int(error.exit_code)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer does not export it
            sys.stdout.write(f"{error.message}\n" if error.message else "")  # empty if it was shown on a terminal
        elif error.message:
            # The library that checks values names its exception in front of the message.
            report(UsageError(error.format_message().replace("Value error, ", ""), "see --help"))
        return int(ExitCode.USAGE)
    except StoppedRun as stopped:
        interrupted = stopped.signal == signal.SIGINT
        word = "interrupted" if interrupted else "terminated"
        warn(f"{word}; the same command continues from here" if stopped.resumable else word)
        return int(ExitCode.INTERRUPTED if interrupted else ExitCode.TERMINATED)
    except KeyboardInterrupt:
        warn("interrupted")
        # Python remembers an interrupt that came through `exec` of text, as importing data classes does, until the next
        # `exec`; `python -m` would then end by the signal instead of with this exit code.
        exec("")
        return int(ExitCode.INTERRUPTED)
    except _Terminated:
        warn("terminated")
        return int(ExitCode.TERMINATED)
    except BrokenPipeError:
        # The program that reads the output has closed the pipe.
        return int(ExitCode.OK)
    except OSError as error:
        warn(f"input or output failed: {error}")
        return int(ExitCode.INPUT_OUTPUT)
    except SystemExit:
        raise
    except BaseException as error:  # panics of Rust libraries are no `Exception`
        described = as_cogdoc_error(error)
        if isinstance(described, ResourceError):
            report(described)
            return int(described.exit_code)
        warn(f"a bug: {type(error).__name__}: {error}")
        if "-v" in arguments or "--verbose" in arguments or "COGDOC_VERBOSE" in os.environ:
            report_traceback(error)
        else:
            warn("run again with -v for the traceback, and please report it")
        return int(ExitCode.BUG)
    return code


def _invoke(arguments: list[str]) -> int:
    command = get_command(app)
    if completion.VARIABLE in os.environ:
        completion.join_split_options(os.environ)
        command.main(prog_name="cogdoc")  # prints the completions and exits
    # `command.main` would handle Ctrl-C and a closed pipe itself.
    try:
        with command.make_context("cogdoc", arguments) as context:
            command.invoke(context)
    except typer.Exit as end:
        return int(end.exit_code)
    return int(ExitCode.OK)


def _on_terminate(_signal: int, _frame: FrameType | None) -> None:
    raise _Terminated
