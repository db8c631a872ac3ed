"""The reading cache: a page is read once, and what is kept never changes a result."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pymupdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_pdfs import save_pdf

from cogdoc.documents.document import open_path, read_facts
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.reading_cache.cache_database import CacheDatabase
from cogdoc.documents.reading_cache.caching_workers import CachingWorkers
from cogdoc.documents.sandbox import Sandbox
from cogdoc.documents.tesseract import Tesseract
from cogdoc.documents.workers import Workers
from cogdoc.errors import CogdocError, OutputError
from cogdoc.parsing.page import Page

LIMIT = 10**8

OpenCache = Callable[..., CachingWorkers]


class NoWorkersError(AssertionError):
    """Workers were started, although all results were kept."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def cached(tmp_path: Path, sandbox: Sandbox) -> Iterator[OpenCache]:
    """Opens the cache of the test as a new process would; with `may_start=False`, everything has to be kept already."""
    opened: list[CacheDatabase] = []

    def start(may_start: bool) -> Workers:
        if not may_start:
            raise NoWorkersError
        return sandbox

    def open_cache(*, may_start: bool = True, strict: bool = False, with_passwords: bool = False) -> CachingWorkers:
        opened.append(CacheDatabase(tmp_path / "cache" / "readings.sqlite", LIMIT))
        return CachingWorkers(lambda: start(may_start), 1, opened[-1], strict=strict, with_passwords=with_passwords)

    yield open_cache
    for database in opened:
        database.close()


def text_of_first_page(file: Path, workers: Workers, password: str | None = None, *, hidden: bool = False) -> str:
    return Page(open_path(file, workers, password, hidden=hidden), 1).layout().page_text.text


def test_what_was_read_once_is_not_read_again(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40", "second page")
    first = Page(open_path(file, cached()), 1).layout()
    assert Page(open_path(file, cached(may_start=False)), 1).layout() == first


def test_pages_are_told_apart(tmp_path: Path, cached: OpenCache) -> None:
    document = open_path(save_pdf(tmp_path / "a.pdf", "one", "two"), cached())
    assert [Page(document, number).text().text for number in (1, 2)] == ["one", "two"]
    document = open_path(tmp_path / "a.pdf", cached(may_start=False))
    assert [Page(document, number).text().text for number in (2, 1)] == ["two", "one"]


def test_a_copy_with_another_name_is_known(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40")
    text = text_of_first_page(file, cached())
    copy = tmp_path / "b.bin"
    copy.write_bytes(file.read_bytes())
    assert text_of_first_page(copy, cached(may_start=False)) == text


def test_a_changed_file_is_read_anew(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "before")
    workers = cached()
    assert text_of_first_page(file, workers) == "before"
    save_pdf(file, "after")
    assert text_of_first_page(file, workers) == "after"


def test_options_that_change_what_is_read_are_told_apart(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40")
    text_of_first_page(file, cached())
    with pytest.raises(NoWorkersError):
        text_of_first_page(file, cached(may_start=False), hidden=True)
    # What a process read that had read other documents before is not taken for that of a process of its own.
    with pytest.raises(NoWorkersError):
        text_of_first_page(file, cached(may_start=False, strict=True))


def test_files_that_a_password_opens_are_kept_only_if_asked(tmp_path: Path, cached: OpenCache) -> None:
    file = tmp_path / "secret.pdf"
    with pymupdf.open(save_pdf(tmp_path / "a.pdf", "Total 312.40")) as plain:
        plain.save(file, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret")
    for with_passwords in (False, True):
        text = text_of_first_page(file, cached(with_passwords=with_passwords), "secret")
        workers = cached(may_start=False, with_passwords=with_passwords)
        if with_passwords:
            assert text_of_first_page(file, workers, "secret") == text
        else:
            with pytest.raises(NoWorkersError):
                text_of_first_page(file, workers, "secret")


def test_what_a_password_opened_needs_it_again(tmp_path: Path, cached: OpenCache) -> None:
    file = tmp_path / "secret.pdf"
    with pymupdf.open(save_pdf(tmp_path / "a.pdf", "Total 312.40")) as plain:
        plain.save(file, encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="secret")
    text_of_first_page(file, cached(with_passwords=True), "secret")
    for password in (None, "wrong"):
        with pytest.raises(CogdocError, match="password"):
            text_of_first_page(file, cached(with_passwords=True), password)


def test_other_data_of_tesseract_is_told_apart(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40")
    data = tmp_path / "deu.traineddata"

    def read(*, may_start: bool) -> None:
        open_path(file, cached(may_start=may_start), tesseract=Tesseract(("deu",), str(tmp_path)))

    data.write_bytes(b"fast")
    read(may_start=True)
    read(may_start=False)
    data.write_bytes(b"better")
    with pytest.raises(NoWorkersError):
        read(may_start=False)


def test_the_result_of_another_key_is_not_taken(tmp_path: Path) -> None:
    """A damaged index of the database finds another row than that of the key."""
    path = tmp_path / "readings.sqlite"
    database = CacheDatabase(path, LIMIT)
    database.put(b"key 1", b"document", b"page 1")
    database.put(b"key 2", b"document", b"page 2")
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE readings SET result = (SELECT result FROM readings WHERE key = ?)", [b"key 2"])
    assert (database.get(b"key 1"), database.get(b"key 2")) == (None, b"page 2")
    database.close()


@pytest.mark.parametrize("seed", range(4))
def test_damage_of_any_kind_never_changes_a_result(tmp_path: Path, seed: int) -> None:
    """Random damage of the database, or of the log that a killed process left beside it."""
    random = Random(seed)
    results = {bytes([number]) * 32: random.randbytes(20) * random.randrange(900) for number in range(30)}
    database = CacheDatabase(tmp_path / "new" / "readings.sqlite", LIMIT)
    for key, result in results.items():
        database.put(key, key, result)
    for number in range(10):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "new", folder)
        file = random.choice(sorted(folder.iterdir()))
        content = bytearray(file.read_bytes())
        for _ in range(random.choice([1, 20, 400])):
            content[random.randrange(len(content))] = random.randrange(256)
        file.write_bytes(content[: random.choice([random.randrange(len(content)), len(content)])])
        damaged = CacheDatabase(folder / "readings.sqlite", LIMIT)
        for key, result in results.items():
            assert damaged.get(key) in (None, result)
            damaged.put(key, key, result)
        damaged.close()
    database.close()


@pytest.mark.parametrize(
    "damage", [b"", b"no zlib", zlib.compress(b"[]"), zlib.compress(b'[{"number": "x"}]'), zlib.compress(b"[" * 9)[:-2]]
)
def test_a_damaged_result_is_read_anew(tmp_path: Path, cached: OpenCache, damage: bytes) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40")
    text_of_first_page(file, cached())
    with closing(sqlite3.connect(tmp_path / "cache" / "readings.sqlite")) as database, database:
        database.execute("UPDATE readings SET result = ?", [damage])
    assert text_of_first_page(file, cached()) == "Total 312.40"
    assert text_of_first_page(file, cached(may_start=False)) == "Total 312.40"


def test_a_damaged_database_is_replaced(tmp_path: Path, cached: OpenCache) -> None:
    file = save_pdf(tmp_path / "a.pdf", "Total 312.40")
    workers = cached()
    text_of_first_page(file, workers)
    workers._cache.close()
    database = tmp_path / "cache" / "readings.sqlite"
    content = database.read_bytes()
    database.write_bytes(content[:100] + b"\xff" * (len(content) - 100))
    assert text_of_first_page(file, cached()) == "Total 312.40"
    assert text_of_first_page(file, cached(may_start=False)) == "Total 312.40"


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "readings.sqlite"
    file.write_bytes(b"my letters")
    database = CacheDatabase(file, LIMIT)
    database.put(b"key", b"document", b"result")
    assert database.get(b"key") is None
    assert database.problem == f"{file}: is not a reading cache of cogdoc"
    assert file.read_bytes() == b"my letters"


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    database = CacheDatabase(tmp_path / "file" / "readings.sqlite", LIMIT)
    database.put(b"key", b"document", b"result")
    assert database.get(b"key") is None
    assert database.problem is not None
    assert database.problem.startswith(f"{database.path}: cannot be used: ")


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of Unix")
def test_others_cannot_read_it(tmp_path: Path) -> None:
    database = CacheDatabase(tmp_path / "new" / "readings.sqlite", LIMIT)
    database.put(b"key", b"document", b"result")
    files = list((tmp_path / "new").iterdir())
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    database.close()


def test_what_is_removed_is_gone_from_the_file(tmp_path: Path) -> None:
    database = CacheDatabase(tmp_path / "readings.sqlite", LIMIT)
    results = {bytes([number]): os.urandom(5000) for number in range(20)}
    for key, result in results.items():
        database.put(key, key, result)
    assert database.remove_document(b"\x03") == 1
    assert database.get(b"\x03") is None
    assert database.get(b"\x04") == results[b"\x04"]
    database.clear()
    content = database.content()
    assert (content.documents, content.results) == (0, 0)
    database.close()
    remains = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not any(result[100:200] in remains for result in results.values())


def test_whoever_removes_learns_that_it_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.documents.reading_cache.cache_database.BUSY_SECONDS", 0.1)
    database = CacheDatabase(tmp_path / "readings.sqlite", LIMIT)
    database.put(b"key", b"document", b"result")
    with closing(sqlite3.connect(tmp_path / "readings.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for remove in (database.clear, lambda: database.remove_document(b"document")):
            with pytest.raises(OutputError, match="nothing was removed"):
                remove()
    database.close()


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(0, 60_000), min_size=1, max_size=40))
def test_it_stays_below_its_limit_and_keeps_the_newest(
    sizes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    limit = 300_000
    database = CacheDatabase(tmp_path_factory.mktemp("cache") / "readings.sqlite", limit)
    for number, size in enumerate(sizes):
        result = os.urandom(size)
        database.put(number.to_bytes(4), b"document", result)
        assert database.get(number.to_bytes(4)) == result
    database.close()
    assert database.content().size <= limit


def test_processes_share_it(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from cogdoc.documents.reading_cache.cache_database import CacheDatabase
database = CacheDatabase(Path(sys.argv[1]), 10**8)
for number in range(100):
    key = number.to_bytes(4)
    assert database.get(key) in (None, key * 500), number
    database.put(key, b"document", key * 500)
database.close()
"""
    path = tmp_path / "readings.sqlite"
    started = [subprocess.Popen([sys.executable, "-c", program, str(path)]) for _ in range(3)]
    assert [process.wait(300) for process in started] == [0, 0, 0]
    database = CacheDatabase(path, LIMIT)
    assert all(database.get(number.to_bytes(4)) == number.to_bytes(4) * 500 for number in range(100))
    database.close()


def test_errors_are_not_kept(tmp_path: Path, cached: OpenCache) -> None:
    file = tmp_path / "broken.pdf"
    file.write_bytes(b"%PDF-1.7\nnothing")
    for _ in range(2):
        workers = cached()
        assert workers.submit(read_facts, OpenRequest(file)).exception() is not None
    assert workers._cache.content().results == 0
