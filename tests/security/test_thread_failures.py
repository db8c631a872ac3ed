"""Whatever ends a thread is an error of its document: the run goes on with the others and never waits forever."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import tokenizers
from small_pdfs import save_pdf

from cogdoc.batch.document_threads import OpenOptions, RunningSource, run_sources
from cogdoc.documents.document import Document
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import expand_sources
from cogdoc.errors import CogdocError, ExitCode

WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for name in ("first", "second", "third"):
        save_pdf(folder / f"{name}.pdf", name)
    return folder


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def panic() -> None:
    """Raise the panic of a Rust library: a `BaseException` that is no `Exception`."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    split = tokenizers.Regex(r"(?:x+x+)+y")
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(split, "isolated")  # type: ignore[assignment]
    tokenizer.encode("x" * 100)


def run(folder: Path, sandbox: Sandbox, failing: str, error: BaseException | None) -> list[RunningSource[str]]:
    """Read the names of the documents; the work on `failing` raises `error`, or a real panic."""

    def work(document: Document) -> Iterator[str]:
        yield document.source.path.stem
        if document.source.path.stem == failing:
            if error is None:
                panic()
            else:
                raise error

    finished = []
    for running in run_sources(expand_sources([str(folder)]), OpenOptions(), work, sandbox):
        running.wait_until_open()
        assert list(running.results()) == [Path(running.info.path).stem]
        finished.append(running)
    return finished


def within_seconds(function: object) -> None:
    """Call a function in a thread of its own, so that a wait without end fails the test."""
    failures: list[BaseException] = []

    def call() -> None:
        try:
            function()  # type: ignore[operator]
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive(), "waits forever"
    if failures:
        raise failures[0]


class OtherError(BaseException):
    """Stands for whatever a native library may raise."""


def test_a_panic_of_a_rust_library_fails_its_document_and_no_other(folder: Path, sandbox: Sandbox) -> None:
    def check() -> None:
        first, second, third = run(folder, sandbox, "second", None)
        assert (first.error, third.error) == (None, None)
        assert second.error is not None
        assert second.error.exit_code is ExitCode.BUG
        assert "PanicException" in second.error.message
        assert "\n" not in second.error.message

    within_seconds(check)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (OtherError("several\nlines"), ExitCode.BUG),
        (GeneratorExit(), ExitCode.BUG),
        (RecursionError(), ExitCode.BUG),
        (MemoryError(), ExitCode.RESOURCES),
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_error_of_a_thread_fails_its_document(
    folder: Path, sandbox: Sandbox, error: BaseException, exit_code: ExitCode
) -> None:
    def check() -> None:
        first, second, third = run(folder, sandbox, "first", error)
        assert isinstance(first.error, CogdocError)
        assert first.error.exit_code is exit_code
        assert "\n" not in first.error.message
        assert (second.error, third.error) == (None, None)

    within_seconds(check)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(7)], ids=lambda value: type(value).__name__)
def test_what_ends_a_program_ends_the_run_from_a_thread_too(
    folder: Path, sandbox: Sandbox, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        within_seconds(lambda: run(folder, sandbox, "first", error))


def test_a_thread_that_cannot_start_fails_its_document_alone(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start
    document_threads = []

    def start_or_refuse(thread: threading.Thread) -> None:
        if thread.name == "cogdoc-document":
            document_threads.append(thread)
            if len(document_threads) == 1:
                raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_refuse)
    errors = []
    for running in run_sources(expand_sources([str(folder)]), OpenOptions(), lambda _: iter("x"), sandbox):
        running.wait_until_open()
        list(running.results())
        errors.append(running.error)
    assert [error and error.exit_code for error in errors] == [ExitCode.RESOURCES, None, None]


def test_a_thread_that_ends_without_a_word_fails_its_document(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    class Unrepeatable(Exception):  # noqa: N818
        """Fails again when the thread reports it, as running out of memory can."""

    def work(_: Document) -> Iterator[str]:
        monkeypatch.setattr(RunningSource, "_send", lambda *_: (_ for _ in ()).throw(Unrepeatable()))
        raise Unrepeatable
        yield

    def check() -> None:
        (first, *_) = sources = list(expand_sources([str(folder / "first.pdf")]))
        assert sources == [first]
        for running in run_sources(sources, OpenOptions(), work, sandbox):
            running.wait_until_open()
            assert list(running.results()) == []
            assert running.error is not None
            assert running.error.exit_code is ExitCode.RESOURCES

    within_seconds(check)


@pytest.mark.slow
def test_a_panic_while_an_actor_of_a_cluster_starts_is_an_error_of_the_run() -> None:
    pytest.importorskip("ray", reason="the extra cogdoc[ray] is not installed")
    from cogdoc.batch.cluster.pool import Pool

    def check() -> None:
        with pytest.raises(CogdocError, match="PanicException"):
            Pool(panic, 2, what="workers", report=lambda _: None)

    within_seconds(check)


@pytest.mark.slow
def test_a_panic_in_an_actor_is_an_answer_to_the_driver() -> None:
    pytest.importorskip("ray", reason="the extra cogdoc[ray] is not installed")
    from cogdoc.batch.cluster.refusal import refuse_panic

    with pytest.raises(ZeroDivisionError):
        refuse_panic(ZeroDivisionError())
    with pytest.raises(SystemExit):
        refuse_panic(SystemExit())
    with pytest.raises(BaseException, match="retry-limit") as caught:
        panic()
    assert refuse_panic(caught.value).as_error().exit_code is ExitCode.BUG
