"""The dialogue of `cogdoc chat`: lines in, answers and the replies to commands out, at a terminal or through pipes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from cogdoc.cli.messages import report, warn
from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import CogdocError, ExitCode, OutputError, UsageError, as_cogdoc_error
from cogdoc.parsing.page import Page
from cogdoc.results.certainty import Certainty
from cogdoc.results.flags import Flag
from cogdoc.results.markdown.inline import escape_lines
from cogdoc.results.markdown.pictures import markdown_comment
from cogdoc.results.printable import printable, well_formed
from cogdoc.tasks.conversation import AnswerListener, Conversation, Reply
from cogdoc.tasks.ocr import transcribe

T = TypeVar("T")

PROMPT = "> "
MAX_LISTED = 200
"""Pages that /pages lists."""

POLL_SECONDS = 0.1

COMMANDS = """\
/page N      ask about page N from now on
/page auto   let each question find its page again
/pages       list the pages by their first lines
/ocr [N]     the text of the page, or of page N
/clear       forget what was said
/save FILE   save the conversation as Markdown
/help        this list
/quit        end, as Ctrl-D does; Ctrl-C stops an answer"""


class ChatSession:
    """Reads questions and commands until the input ends."""

    def __init__(
        self, conversation: Conversation, document: Document | None, engine: Engine, *, quiet: bool = False
    ) -> None:
        self._conversation = conversation
        self._document = document
        self._engine = engine
        self._quiet = quiet
        self._at_terminal = os.isatty(0) and os.isatty(1)
        self._replies: list[Reply] = []
        self._failed = False
        self._commands: dict[str, Callable[[str], None]] = {
            "/page": self._page,
            "/pages": self._pages,
            "/ocr": self._ocr,
            "/clear": self._clear,
            "/save": self._save,
            "/help": lambda _: self._show(COMMANDS),
        }

    def run(self) -> ExitCode:
        """Talk until the input ends or /quit.

        Returns:
            PARTIAL if a question or command failed and nobody was at the terminal to see it.
        """
        self._greet()
        while (line := self._read_line()) is not None:
            text = line.strip()
            if text in ("/quit", "/exit"):
                break
            if text:
                self._handle(text)
        return ExitCode.PARTIAL if self._failed and not self._at_terminal else ExitCode.OK

    def _greet(self) -> None:
        if self._quiet:
            return
        if not self._conversation.streams:
            warn("the built-in engine answers each question by itself; CogVLM2 and models on servers remember")
        if not self._at_terminal:
            return
        about = "no document"
        if self._document is not None:
            count = self._document.page_count
            about = f"{self._document.source.name}, {count} page{'' if count == 1 else 's'}"
        name = self._engine.info.checkpoint or self._engine.info.name
        self._show(printable(f"{name} about {about}; /help lists the commands"))
        with suppress(ImportError):
            import readline  # noqa: F401  lines can be edited and recalled

    def _read_line(self) -> str | None:
        while True:
            try:
                if self._at_terminal:
                    return well_formed(input(PROMPT))
                line = sys.stdin.readline()
                return well_formed(line) if line else None
            except EOFError:
                self._show("")
                return None
            except KeyboardInterrupt:
                if not self._at_terminal:
                    raise
                self._show("\nCtrl-D or /quit ends")
            except UnicodeDecodeError:
                raise UsageError("standard input is not UTF-8") from None

    def _handle(self, text: str) -> None:
        """Answer a question or run a command; failures are reported, and the chat goes on."""
        try:
            if not text.startswith("/"):
                self._ask(text)
                return
            name, _, argument = text.partition(" ")
            command = self._commands.get(name)
            if command is None:
                raise UsageError(f"there is no command {name}", "/help lists them")
            command(argument.strip())
        except CogdocError as error:
            self._failed = True
            report(error)

    def _ask(self, question: str) -> None:
        pieces: list[str] = []

        def show_piece(piece: str) -> None:
            shown = piece if pieces else piece.lstrip()
            if shown:
                pieces.append(shown)
                self._write(shown)

        def show_page(number: int) -> None:
            self._note(f"page {number}")

        reply = self._interruptible(
            lambda cancelled: self._conversation.ask(question, AnswerListener(show_page, show_piece, cancelled))
        )
        if reply is None:
            self._note("stopped")
            return
        self._replies.append(reply)
        if not pieces:
            self._write("not found" if reply.text is None else reply.text)
        self._write("\n")
        self._describe(reply)

    def _describe(self, reply: Reply) -> None:
        if reply.is_stopped:
            self._note("stopped")
        for found in reply.evidence[:1]:
            self._note(f"page {found.label}: {found.text}")
        if reply.flags:
            unsure = {Flag.LOW_CONFIDENCE.value: Certainty.UNSURE.value}
            self._note(", ".join(unsure.get(flag, flag) for flag in reply.flags))

    def _interruptible(self, work: Callable[[Callable[[], bool]], T]) -> T | None:
        """Run `work` in a thread, and have it cancelled by Ctrl-C; None if it does not end soon then.

        Raises:
            CogdocError: as `work` does.
        """
        stopped, done = threading.Event(), threading.Event()
        outcome: list[T] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                outcome.append(work(stopped.is_set))
            except BaseException as error:  # panics of Rust libraries are no `Exception`
                failures.append(error)
            finally:
                done.set()

        threading.Thread(target=run, name="cogdoc-chat", daemon=True).start()
        try:
            while not done.wait(POLL_SECONDS):
                pass
        except KeyboardInterrupt:
            stopped.set()
            if not self._at_terminal:
                raise
            self._show("")
            # An engine that cannot be stopped goes on, and what it has read helps the next question.
            if not done.wait(5 if self._conversation.streams else 0):
                return None
        if failures:
            raise as_cogdoc_error(failures[0])
        return outcome[0]

    def _page(self, argument: str) -> None:
        if argument in ("auto", ""):
            self._conversation.look_at(None)
            self._note("each question finds its page")
        elif argument.isdecimal():
            self._conversation.look_at(int(argument))
            self._note(f"questions are about page {int(argument)}")
        else:
            raise UsageError("/page takes a number, or auto")

    def _pages(self, _argument: str) -> None:
        document = self._opened()

        def list_pages(cancelled: Callable[[], bool]) -> bool:
            for number in range(1, min(document.page_count, MAX_LISTED) + 1):
                if cancelled():
                    return False
                try:
                    text = Page(document, number).text()
                    first = next((line.text for line in text.lines if line.text.strip()), "(no text)")
                    label = f" ({text.label})" if text.label != str(number) else ""
                except CogdocError as error:
                    first, label = f"({error.message})", ""
                self._show(printable(f"{number}{label}: {first[:80]}"))
            return True

        if self._interruptible(list_pages) and document.page_count > MAX_LISTED:
            self._note(f"{document.page_count - MAX_LISTED} more pages")

    def _ocr(self, argument: str) -> None:
        document = self._opened()
        if argument and not argument.isdecimal():
            raise UsageError("/ocr takes a number, or nothing for the page that was asked about")
        number = int(argument) if argument else self._conversation.page or 1
        selection = PageSelection(((number, number),))
        records = self._interruptible(lambda _: list(transcribe(document, self._engine, selection)))
        if records is None:
            self._note("stopped")
            return
        for record in records:
            if record.error is not None:
                raise CogdocError(record.error.message, record.error.hint)
            self._show(printable(record.markdown, keep_newlines=True))

    def _clear(self, _argument: str) -> None:
        self._conversation.clear()
        self._note("what was said is forgotten")

    def _save(self, argument: str) -> None:
        if not argument:
            raise UsageError("/save takes the name of a file")
        path = Path(argument).expanduser()
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(self._transcript())
        except FileExistsError:
            raise OutputError(f"{path}: exists already", "name another file") from None
        except (OSError, ValueError) as error:
            raise OutputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
        self._note(f"saved as {path}")

    def _transcript(self) -> str:
        """The conversation as Markdown."""
        about = self._document.source.name if self._document is not None else "no document"
        parts = [markdown_comment(about)]
        for reply in self._replies:
            page = f" (page {reply.page})" if reply.page is not None else ""
            stopped = " (stopped)" if reply.is_stopped else ""
            parts.append(f"**{escape_lines(reply.question)}**{page}")
            parts.append(f"{reply.text if reply.text is not None else 'not found'}{stopped}")
        return "\n\n".join(parts) + "\n"

    def _opened(self) -> Document:
        if self._document is None:
            raise UsageError("there is no document")
        return self._document

    def _show(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def _write(self, piece: str) -> None:
        sys.stdout.write(printable(piece, keep_newlines=True))
        sys.stdout.flush()

    def _note(self, text: str) -> None:
        """Say something that is no answer: on standard error, so that pipes have answers only."""
        if not self._quiet:
            sys.stderr.write(f"  [{printable(text)}]\n")
            sys.stderr.flush()
