"""Many sources: results in order for any number of workers, and a source that fails stops no other."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from small_pdfs import save_pdf

from cogdoc.batch.accounting import RunCounts
from cogdoc.batch.document_threads import OpenOptions, RunningSource, run_sources
from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.sources import Source, UnresolvedSource, expand_sources
from cogdoc.errors import DamagedError, EncryptedError, ExitCode, InputError, TooLargeError, UsageError
from cogdoc.parsing.page import Page
from cogdoc.results.records import AnyRecord, EngineInfo, PageRecord
from cogdoc.tasks.describe import describe_page, describe_source

EVERY_PAGE = PageSelection()
Result = tuple[RunningSource, list[AnyRecord]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven good files of one to three pages, and a damaged, an empty and an encrypted one among them."""
    folder = tmp_path_factory.mktemp("batch")
    for number in (1, 2, 4, 5, 7, 9, 10):
        save_pdf(folder / f"{number}.pdf", *(f"File {number}, page {page + 1}" for page in range(1 + number % 3)))
    (folder / "3.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "6.png").touch()
    pymupdf.open(folder / "9.pdf").save(
        folder / "8.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x", owner_pw="x"
    )
    return folder


@pytest.fixture(scope="module", params=[1, 2])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(jobs=request.param) as sandbox:
        yield sandbox


def read_page_text(document: Document, selection: PageSelection = EVERY_PAGE) -> Iterator[AnyRecord]:
    """Yield the text of the pages without their layout, which is quick."""
    for number in document.page_numbers(selection):
        words = Page(document, number).text()
        yield PageRecord(
            source=describe_source(document),
            engine=EngineInfo(name="words", version="0"),
            page=describe_page(words),
            text=words.text,
        )


def run(sandbox: Sandbox, *arguments: str, options: OpenOptions | None = None) -> list[Result]:
    options = options or OpenOptions()
    work = partial(read_page_text, selection=options.selection)
    results: list[Result] = []
    for source in run_sources(expand_sources(arguments), options, work, sandbox):
        source.wait_until_open()
        results.append((source, list(source.results())))
    return results


def described(records: list[AnyRecord]) -> list[dict[str, Any]]:
    return [record.model_dump(exclude={"timings"}) for record in records]


@pytest.mark.slow
def test_results_and_errors_come_in_the_order_of_the_sources(sandbox: Sandbox, folder: Path) -> None:
    results = run(sandbox, str(folder), "gone.pdf", str(folder / "1.pdf"))
    assert [Path(source.info.path).name for source, _ in results] == [
        *("1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf", "6.png", "7.pdf", "8.pdf", "9.pdf", "10.pdf"),
        *("gone.pdf", "1.pdf"),
    ]
    kinds = {Path(source.info.path).name: type(source.error) for source, _ in results if source.error}
    assert kinds == {"3.pdf": DamagedError, "6.png": DamagedError, "8.pdf": EncryptedError, "gone.pdf": InputError}
    for source, records in results:
        number = Path(source.info.path).stem
        pages = [] if source.error else [f"File {number}, page {page + 1}" for page in range(1 + int(number) % 3)]
        assert [record.text for record in records if isinstance(record, PageRecord)] == pages


@pytest.mark.slow
def test_number_of_workers_does_not_change_the_results(folder: Path) -> None:
    outcomes = []
    for jobs in (1, 2):
        with Sandbox(jobs=jobs) as sandbox:
            outcomes.append([(source.info, described(records)) for source, records in run(sandbox, str(folder))])
    assert outcomes[0] == outcomes[1]


def test_selection_applies_to_each_document_separately(sandbox: Sandbox, folder: Path) -> None:
    options = OpenOptions(selection=parse_page_selection("3"))
    results = run(sandbox, str(folder / "1.pdf"), str(folder / "2.pdf"), options=options)
    assert isinstance(results[0][0].error, UsageError)
    assert [record.text for record in results[1][1] if isinstance(record, PageRecord)] == ["File 2, page 3"]


def test_page_limit_refuses_documents_with_more_selected_pages(sandbox: Sandbox, folder: Path) -> None:
    two, three = str(folder / "1.pdf"), str(folder / "2.pdf")
    results = run(sandbox, two, three, options=OpenOptions(max_pages=2))
    assert (results[0][0].error, len(results[0][1])) == (None, 2)
    assert isinstance(results[1][0].error, TooLargeError)
    assert "3 pages are more than --max-pages 2" in results[1][0].error.message
    selected = run(sandbox, three, options=OpenOptions(max_pages=2, selection=parse_page_selection("2-")))
    assert len(selected[0][1]) == 2


def test_file_that_disappears_before_it_is_opened_is_an_error_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    source = Source(tmp_path / "vanished.pdf", "vanished.pdf", Path("vanished.pdf"))
    (running,) = run_sources([source], OpenOptions(), read_page_text, sandbox)
    running.wait_until_open()
    assert isinstance(running.error, InputError)
    assert list(running.results()) == []


def test_bug_in_a_task_fails_only_its_source(sandbox: Sandbox, folder: Path) -> None:
    def broken(*_: object) -> Iterator[AnyRecord]:
        raise ZeroDivisionError
        yield

    for source in run_sources(expand_sources([str(folder / "1.pdf")]), OpenOptions(), broken, sandbox):
        source.wait_until_open()
        assert list(source.results()) == []
        assert source.error is not None
        assert source.error.exit_code is ExitCode.BUG
        assert isinstance(source.error.__cause__, ZeroDivisionError)


def test_abandoned_run_leaves_no_threads(sandbox: Sandbox, folder: Path) -> None:
    import threading

    def document_threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "cogdoc-document"]

    sources = [source for source in expand_sources([str(folder)]) if not isinstance(source, UnresolvedSource)]
    running = run_sources(sources, OpenOptions(), read_page_text, sandbox)
    next(running)
    assert document_threads()
    running.close()  # type: ignore[attr-defined]
    for thread in document_threads():
        thread.join(timeout=60)
    assert document_threads() == []


@pytest.mark.parametrize(
    ("succeeded", "failures", "expected"),
    [
        (3, [], ExitCode.OK),
        (0, [], ExitCode.NO_INPUT),
        (1, [ExitCode.ENCRYPTED], ExitCode.PARTIAL),
        (0, [ExitCode.ENCRYPTED, ExitCode.ENCRYPTED], ExitCode.ENCRYPTED),
        (0, [ExitCode.TIME_LIMIT], ExitCode.TIME_LIMIT),
        (0, [ExitCode.ENCRYPTED, ExitCode.OUTPUT_EXISTS], ExitCode.NO_INPUT),
    ],
)
def test_exit_code_follows_from_successes_and_failures(
    succeeded: int, failures: list[ExitCode], expected: ExitCode
) -> None:
    assert RunCounts(succeeded=succeeded, failures=failures).exit_code() is expected
