"""`cogdoc chat`, through pipes and at a pseudo-terminal, with the pocket CogVLM2, the built-in engine and a server."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chat_server import Asked, Reply, chat_server
from running import COMMAND, Cogdoc, clean_environment
from small_pdfs import save_pdf

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
MODEL = ("--model", POCKET / "model", "--quantization", "none")


@pytest.fixture
def story(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "story.pdf", "Foxes\nThe fox sleeps all winter", "Bears\nThe bear eats 40 salmon a day")


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *arguments: str | Path, cwd: Path) -> None:
        self._side, program = pty.openpty()

        def take_terminal() -> None:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run unattended
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*COMMAND, "chat", *map(str, arguments)],
            stdin=program,
            stdout=program,
            stderr=program,
            cwd=cwd,
            env=clean_environment(TERM="dumb"),
            preexec_fn=take_terminal,
        )
        os.close(program)
        self.shown = ""

    def type(self, text: str) -> None:
        self.shown = ""
        os.write(self._side, text.encode())

    def wait_for(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        """Wait until something was shown since the last line was typed."""
        deadline = time.monotonic() + seconds
        while (match := re.search(pattern, self.shown)) is None:
            assert time.monotonic() < deadline, f"{pattern!r} is not in {self.shown!r}"
            if select.select([self._side], [], [], 0.2)[0]:
                self.shown += os.read(self._side, 65536).decode(errors="replace")
        return match

    def press(self, key: str, pattern: str) -> None:
        """Press a key until something is shown: one that comes while a prompt is drawn can get lost."""
        self.type(key)
        for _ in range(10):
            try:
                self.wait_for(pattern, 3)
                return
            except AssertionError:
                os.write(self._side, key.encode())
        self.wait_for(pattern)

    def end(self) -> int:
        """Press Ctrl-D until the program ends; its exit code."""
        deadline, next_press = time.monotonic() + 60, 0.0
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if time.monotonic() > next_press:
                    os.write(self._side, b"\x04")
                    next_press = time.monotonic() + 3
                if select.select([self._side], [], [], 0.2)[0]:
                    self.shown += os.read(self._side, 65536).decode(errors="replace")
            except OSError:  # nobody has the other side anymore
                break
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._side)


@contextmanager
def terminal(*arguments: str | Path, cwd: Path) -> Iterator[Terminal]:
    opened = Terminal(*arguments, cwd=cwd)
    try:
        yield opened
    finally:
        opened.close()


# Through pipes


@pytest.mark.slow
def test_questions_in_a_pipe_are_answered_line_by_line(cogdoc: Cogdoc) -> None:
    ended = cogdoc("chat", POCKET / "forms.pdf", *MODEL, stdin=b"What is the total?\n\nWhat is the date?\n")
    assert (ended.code, ended.out) == (0, "55.41\n9 May\n")
    assert "[page 2: Total 55.41]" in ended.err


@pytest.mark.slow
def test_commands_work_in_a_pipe_and_mistakes_do_not_end_the_chat(cogdoc: Cogdoc, tmp_path: Path) -> None:
    lines = ("/pages", "/page 1", "What is the total?", "/page 9", "/dance", "/ocr 2", "/save said.md", "/save said.md")
    command = ("chat", POCKET / "forms.pdf", "--engine", "builtin")
    ended = cogdoc(*command, stdin="\n".join((*lines, "/quit", "never asked")).encode())
    assert ended.code == 1
    assert ended.out.startswith("1: Number 7336\n2: Total 55.41\n")
    assert "29.56" in ended.out, "the text of page 2"
    assert "answers each question by itself" in ended.err
    for complaint in ("there is no page 9: the document has 2", "there is no command /dance", "exists already"):
        assert complaint in ended.err
    saved = (tmp_path / "said.md").read_text()
    assert "**What is the total?**" in saved
    assert "never asked" not in saved


@pytest.mark.slow
def test_a_chat_about_nothing_needs_a_model(cogdoc: Cogdoc) -> None:
    ended = cogdoc("chat", "--engine", "builtin", stdin=b"Hello\n")
    assert (ended.code, ended.out) == (2, "")
    assert "answers from documents only" in ended.err
    ended = cogdoc("chat", *MODEL, "--max-tokens", "20", stdin=b"Hello\n/page 1\n")
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 1
    assert "there is no document" in ended.err


@pytest.mark.slow
def test_a_model_hears_what_was_said_about_the_page(cogdoc: Cogdoc, story: Path) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply([f"answer {len(asked.body['messages'])}"], [-0.1])

    questions = (
        b"What does the bear eat?\nHow many?\n/page 1\nWho sleeps?\n/page auto\n/clear\nWhat does the bear eat?\n"
    )
    with chat_server(answer) as server:
        ended = cogdoc("chat", story, "--engine", server.url, stdin=questions)
        said = [[message["content"] for message in asked.body["messages"]] for asked in server.questions]
        pictures = [asked.body["messages"][0]["content"][0]["image_url"]["url"] for asked in server.questions]
    assert ended.code == 0
    assert ended.out == "answer 1\nanswer 3\nanswer 1\nanswer 1\n"
    first, second, third, fourth = said
    assert first[0][1]["text"] == "What does the bear eat?"
    assert (second[0][1]["text"], *second[1:]) == ("What does the bear eat?", "answer 1", "How many?")
    assert pictures[0] == pictures[1] == pictures[3] != pictures[2], "a question without a page of its own stays"
    assert third[0][1]["text"] == "Who sleeps?"
    assert len(fourth) == 1


def test_an_answer_that_fails_does_not_end_the_chat(cogdoc: Cogdoc, blank: Path) -> None:
    replies = [Reply(status=500, message="boom", headers={"x-should-retry": "false"}), Reply(["fine"], [-0.1])]
    with chat_server(lambda _asked: replies.pop(0)) as server:
        ended = cogdoc("chat", blank, "--engine", server.url, stdin=b"One?\nTwo?\n")
    assert (ended.code, ended.out) == (1, "fine\n")
    assert "(status 500): boom" in ended.err
    assert "Traceback" not in ended.err


# At a terminal


@pytest.mark.slow
def test_at_a_terminal_answers_stream_and_ctrl_c_stops_only_them(blank: Path) -> None:
    slow = Reply([f"word{number} " for number in range(20_000)], pause=lambda: time.sleep(0.01))
    replies = [slow, Reply(["and on"], [-0.1])]
    with chat_server(lambda _asked: replies.pop(0)) as server:
        with terminal(blank, "--engine", server.url, cwd=blank.parent) as chat:
            chat.wait_for(r"seer about .*blank.*1 page; /help lists the commands\r\n.*> ")
            chat.type("Tell me everything\n")
            chat.wait_for("word20 ")
            chat.type("\x03")
            chat.wait_for(r"\[stopped\]\r\n.*> ")
            assert server.vanished.wait(60), "the server stops as well"
            chat.type("Go on\n")
            chat.wait_for("and on")
            chat.wait_for("> ")
            chat.press("\x03", "Ctrl-D or /quit ends")
            assert chat.end() == 0
        last = server.questions[-1].body["messages"]
    assert last[1]["content"].startswith("word0 word1 "), "what was said until then counts"
    assert "Traceback" not in chat.shown


@pytest.mark.slow
def test_the_pocket_model_talks_at_a_terminal(tmp_path: Path) -> None:
    with terminal(POCKET / "form-1.png", *MODEL, cwd=tmp_path) as chat:
        chat.wait_for("> ")
        chat.type("What is the total?\n")
        chat.wait_for(r"84\.04\r\n.*\[page 1: Total 84\.04\]")
        chat.type("/save said.md\n")
        chat.wait_for("saved as said.md")
        chat.type("/help\n")
        chat.wait_for("/page auto")
        chat.type("/quit\n")
        assert chat.end() == 0
    assert "84.04" in (tmp_path / "said.md").read_text()
