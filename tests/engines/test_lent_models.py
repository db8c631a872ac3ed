"""Models that are lent over a socket: the same results, freed rows, lost servers, and who may connect."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from waiting import wait_until

from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Sampling,
    VisionModel,
)
from cogdoc.engines.warm import borrowed_model
from cogdoc.engines.warm.borrowed_model import BorrowedModel
from cogdoc.engines.warm.borrowing import find_warm_engine
from cogdoc.engines.warm.generation_messages import generation_request
from cogdoc.engines.warm.identity import identity_of
from cogdoc.engines.warm.lender import Lender
from cogdoc.engines.warm.offering import EngineOffer
from cogdoc.engines.warm.servers import connect, find_servers
from cogdoc.errors import OutputError, TimeLimitError, TooLargeError
from cogdoc.results.usage_counts import Usage

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
REQUEST = EngineRequest(model=str(POCKET / "model"))
PROMPT = Prompt("What is the total?", short_answer=True)
OPTIONS = GenerationOptions(max_new_tokens=60, time_limit=60)

pytestmark = [
    pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint"),
    pytest.mark.skipif(sys.platform != "linux", reason="models are lent on Linux"),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the sockets of the test are."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "cogdoc"


@pytest.fixture(scope="module")
def engine() -> Iterator[VisionEngine]:
    engine = load_engine(select_engine(REQUEST))
    assert isinstance(engine, VisionEngine)
    yield engine
    engine.close()


@pytest.fixture
def lender(engine: VisionEngine) -> Iterator[Lender]:
    lender = EngineOffer.of(select_engine(REQUEST), REQUEST).lend(engine)
    yield lender
    lender.close()


@pytest.fixture
def image() -> PageImage:
    return PageImage(np.asarray(Image.open(POCKET / "form-1.png").convert("RGB")))


def borrow(load_own: Callable[[], VisionModel] | None = None, lines: list[str] | None = None) -> BorrowedModel:
    """The model of the only server, found and connected as commands do it."""
    search = find_warm_engine(REQUEST, (lines if lines is not None else []).append)
    assert search.selection is not None, search.notes
    engine = search.selection.settings.load(60)
    assert isinstance(engine, VisionEngine)
    assert isinstance(engine.model, BorrowedModel)
    if load_own is not None:
        engine.model._load_own = load_own
    return engine.model


class Watched:
    """Options that note what they are told."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.texts: list[str] = []
        self.tokens: list[list[Hashable]] = []
        self.usages: list[Usage] = []
        self._stop_after = stop_after

    def options(self) -> GenerationOptions:
        return replace(OPTIONS, on_text=self.texts.append, stop=self._stop, on_usage=self.usages.append)

    def _stop(self, tokens: Sequence[Hashable]) -> bool:
        self.tokens.append(list(tokens))
        return len(tokens) == self._stop_after


@pytest.mark.usefixtures("lender")
@pytest.mark.parametrize("stop_after", [None, 2])
def test_a_lent_model_generates_what_it_does_itself(
    engine: VisionEngine, image: PageImage, stop_after: int | None
) -> None:
    prompt = Prompt("Read the form.")
    own, lent = Watched(stop_after), Watched(stop_after)
    expected = engine.model.generate([image], prompt, own.options())
    borrowed = borrow()
    assert borrowed.generate([image], prompt, lent.options()) == expected
    assert expected.finish_reason is (FinishReason.CONDITION if stop_after else FinishReason.STOP)
    assert (lent.texts, lent.tokens) == (own.texts, own.tokens)
    assert [usage.generated_tokens for usage in lent.usages] == [usage.generated_tokens for usage in own.usages]
    assert borrowed.limits == engine.model.limits
    assert borrowed.count_tokens("a few words") == engine.model.count_tokens("a few words")
    sampling = replace(OPTIONS, sampling=Sampling(temperature=1.0, seed=7), draft="Total 84.04")
    assert borrowed.generate([image], prompt, sampling) == engine.model.generate([image], prompt, sampling)
    borrowed.close()


@pytest.mark.usefixtures("lender")
def test_errors_of_the_model_are_those_of_the_command(image: PageImage) -> None:
    borrowed = borrow()
    with pytest.raises(TooLargeError):
        borrowed.generate([image], Prompt("total " * 2000), OPTIONS)
    with pytest.raises(TimeLimitError, match=r"longer than 0\.001 s"):
        borrowed.generate([image], PROMPT, replace(OPTIONS, time_limit=0.001))
    borrowed.close()
    with pytest.raises(TimeLimitError, match="closed"):
        borrowed.generate([image], PROMPT, OPTIONS)


@pytest.mark.usefixtures("lender")
def test_two_commands_use_the_model_side_by_side(engine: VisionEngine, image: PageImage) -> None:
    expected = engine.model.generate([image], PROMPT, OPTIONS)
    results: list[Generation] = []

    def use() -> None:
        borrowed = borrow()
        results.extend(borrowed.generate([image], PROMPT, OPTIONS) for _ in range(3))
        borrowed.close()

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.text for result in results] == [expected.text] * 6


def test_a_command_that_vanishes_frees_the_model(lender: Lender, image: PageImage, folder: Path) -> None:
    (server,) = find_servers().servers
    channel = connect(folder, server.socket)
    channel.send(*generation_request([image], PROMPT, Watched().options()))
    # The server asks for the verdict on the first token, so it is in the middle of the answer.
    while channel.receive()[0]["type"] != "tokens":
        pass
    assert lender.describe().activity.running == 1
    channel.close()
    wait_until(lambda: lender.describe().activity.running == 0)


@pytest.mark.usefixtures("lender")
def test_a_cancelled_request_returns_what_was_generated(image: PageImage) -> None:
    borrowed = borrow()
    generation = borrowed.generate([image], PROMPT, replace(OPTIONS, cancelled=lambda: True))
    assert generation.finish_reason in (FinishReason.CANCELLED, FinishReason.STOP)
    borrowed.close()


def test_a_closing_server_finishes_what_runs(
    engine: VisionEngine, lender: Lender, image: PageImage, folder: Path
) -> None:
    borrowed = borrow(lambda: engine.model)
    closing = threading.Thread(target=lender.close)

    def close_and_go_on(text: str) -> None:  # noqa: ARG001  of the protocol
        if closing.ident is None:
            closing.start()
            wait_until(lambda: list(folder.glob("*.sock")) == [])

    generation = borrowed.generate([image], Prompt("Read the form."), replace(OPTIONS, on_text=close_and_go_on))
    closing.join()
    assert generation == engine.model.generate([image], Prompt("Read the form."), OPTIONS)
    assert borrowed._own is None
    borrowed.close()


@pytest.fixture
def process() -> Iterator[int]:
    """A server in a process of its own, as `--keep-alive` leaves it behind."""
    order = {"request": asdict(REQUEST), "seconds": 60.0, "keep_alive": 60.0}
    started = subprocess.run(
        [sys.executable, "-m", "cogdoc.cli.background_server"],
        input=json.dumps(order).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    (ready,) = (said for line in started.stdout.splitlines() if (said := json.loads(line))["type"] == "ready")
    yield ready["pid"]
    os.kill(ready["pid"], signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_command_goes_on_alone_if_the_server_is_lost_within_an_answer(
    engine: VisionEngine, image: PageImage, process: int, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(borrowed_model, "SILENT_SECONDS", 2.5)
    lines: list[str] = []
    borrowed = borrow(lambda: engine.model, lines)
    texts: list[str] = []

    def lose_server(text: str) -> None:
        if not texts:
            os.kill(process, number)
        texts.append(text)

    watched = Watched()
    options = replace(watched.options(), on_text=lose_server)
    generation = borrowed.generate([image], Prompt("Read the form."), options)
    assert generation == engine.model.generate([image], Prompt("Read the form."), OPTIONS)
    assert "".join(texts).strip() == generation.text
    assert len(watched.usages) == 1
    (line,) = lines
    assert "the model is loaded for this command alone" in line
    assert borrowed.generate([image], PROMPT, OPTIONS) == engine.model.generate([image], PROMPT, OPTIONS)
    assert borrowed.count_tokens("words") == engine.model.count_tokens("words")
    if number == signal.SIGSTOP:
        assert find_servers().servers[0].problem == "does not answer within 3 s"


@pytest.mark.usefixtures("lender")
def test_a_folder_that_others_reach_into_is_not_used(folder: Path) -> None:
    folder.chmod(0o755)
    search = find_warm_engine(REQUEST, print)
    assert search.selection is None
    assert search.notes == (f"{folder}: other users can reach into it",)
    folder.chmod(0o700)
    assert find_warm_engine(REQUEST, print).selection is not None
    moved = folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(moved)
    assert find_warm_engine(REQUEST, print).selection is None
    folder.unlink()
    moved.rename(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.usefixtures("lender")
def test_a_folder_or_a_socket_of_another_user_is_not_used(folder: Path) -> None:
    (path,) = folder.glob("*.sock")
    os.chown(path, 12345, -1)
    assert find_servers().servers == ()
    os.chown(path, 0, -1)
    os.chown(folder, 12345, -1)
    assert find_servers().problems == (f"{folder}: belongs to another user",)
    os.chown(folder, 0, -1)
    assert len(find_servers().servers) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user_gets_no_reply(lender: Lender, folder: Path) -> None:
    (path,) = folder.glob("*.sock")
    # The permissions keep another user away; here they are lifted, so that only the check of the peer is left.
    for parent in (path, folder, *folder.parents[:-1]):
        if parent.stat().st_uid == 0 and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o007)
    code = f"""if True:
        import os, socket
        os.setgid(12345); os.setuid(12345)
        connection = socket.socket(socket.AF_UNIX)
        connection.connect({str(path)!r})
        print(connection.recv(1))
    """
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "b''\n"
    folder.chmod(0o700)
    assert lender.describe().activity.requests == 0


def test_files_that_are_no_sockets_and_sockets_of_the_dead_are_recognized(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    hostile = folder / "1-aa.sock"
    hostile.write_text("not a socket")
    link = folder / "2-bb.sock"
    link.symlink_to(hostile)
    stale = folder / "3-cc.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stale))
    assert find_servers().servers == ()
    assert sorted(folder.iterdir()) == [hostile, link]


def test_a_server_that_talks_nonsense_is_not_used(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "1-aa.sock"))
        listener.listen()

        def reply() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=reply)
        thread.start()
        search = find_warm_engine(REQUEST, print)
        thread.join()
    assert search.selection is None
    assert search.notes == (f"the server {os.getpid()} is not used: it ends",)


def test_no_server_is_offered_without_a_private_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, engine: VisionEngine
) -> None:
    taken = tmp_path / "cogdoc"
    taken.write_text("a file")
    monkeypatch.setattr("cogdoc.engines.warm.private_folder.folder_paths", lambda: [taken])
    with pytest.raises(OutputError, match="no private folder"):
        EngineOffer.of(select_engine(REQUEST), REQUEST).lend(engine)


def test_only_a_model_that_answers_the_same_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for file in (POCKET / "model").iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    own = identity_of(copy, REQUEST)
    assert own.difference(identity_of(copy, REQUEST), "bf16") is None
    assert own.difference(identity_of(POCKET / "model", REQUEST), "bf16") == "another checkpoint"
    quantized = replace(REQUEST, quantization="nf4")
    assert own.difference(identity_of(copy, quantized), "bf16") == "another quantization"
    for precision, difference in (("bf16", None), ("quantized", "another vision precision")):
        asked = replace(REQUEST, vision_precision=precision)
        assert own.difference(identity_of(copy, asked), "bf16") == difference
    (copy / "tokenizer.json").write_text((copy / "tokenizer.json").read_text() + " ")
    assert own.difference(identity_of(copy, REQUEST), "bf16") == "another state of the checkpoint's files"
    own = identity_of(copy, REQUEST)
    os.utime(copy / "model.safetensors", (1, 1))
    assert own.difference(identity_of(copy, REQUEST), "bf16") == "another state of the checkpoint's files"
    own = identity_of(copy, REQUEST)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert own.difference(identity_of(copy, REQUEST), "bf16") == "another value of CUDA_VISIBLE_DEVICES"
