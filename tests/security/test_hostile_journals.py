"""Journals that an attacker prepared cost neither endless time nor memory."""

from __future__ import annotations

import sqlite3
import tracemalloc
import zlib
from contextlib import closing
from pathlib import Path

import pytest
from running import Cogdoc

from cogdoc.batch import journal
from cogdoc.batch.journal import Journal
from cogdoc.results.output.folders import open_private_folder
from cogdoc.results.records import SourceInfo

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


def change(folder: Path, script: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / "journal.sqlite", isolation_level=None)) as database:
        if values:
            database.execute(script, values)
        else:
            database.executescript(script)


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [
        f"CREATE TRIGGER t BEFORE INSERT ON runs BEGIN INSERT INTO results {ENDLESS} SELECT x,x,x,x,x,x FROM c; END",
        f"DROP TABLE runs; CREATE VIEW runs AS {ENDLESS} SELECT x AS key, x AS finished FROM c",
        "CREATE TRIGGER t AFTER INSERT ON files BEGIN DELETE FROM runs; END",
        "DROP TABLE runs; CREATE TABLE runs (key)",
    ],
)
def test_journal_with_foreign_tables_is_refused(cogdoc: Cogdoc, blank: Path, script: str) -> None:
    assert cogdoc("ocr", blank, "--to", "out/").code == 0
    before = (blank.parent / "out" / "blank.pdf.md").read_bytes()
    change(blank.parent / "out" / ".cogdoc", script)
    result = cogdoc("ocr", blank, "--to", "out/")
    assert result.code == 5
    assert "the journal is damaged: its tables are not cogdoc's" in result.err
    assert (blank.parent / "out" / "blank.pdf.md").read_bytes() == before


def test_journal_that_was_interrupted_while_it_was_created_is_completed(tmp_path: Path) -> None:
    open_journal(tmp_path).close()
    change(tmp_path / ".cogdoc", "DROP TABLE files; DROP TABLE results")
    completed = open_journal(tmp_path)
    assert completed.items(SourceInfo(path="a.pdf", sha256="0" * 64, page_count=1)) == set()
    completed.close()


def test_records_that_unpack_to_any_size_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MAX_RECORDS", 1 << 20)
    source = SourceInfo(path="a.pdf", sha256="0" * 64, page_count=1)
    open_journal(tmp_path).close()
    bomb = zlib.compress(bytes(100 << 20), 9)
    change(tmp_path / ".cogdoc", "INSERT INTO results VALUES ('key', 'a.pdf', ?, '1', 0, ?)", source.sha256, bomb)
    opened = open_journal(tmp_path)
    tracemalloc.start()
    items = opened.items(source)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    opened.close()
    assert items == set()
    assert peak < 10 << 20


def open_journal(folder: Path) -> Journal:
    with open_private_folder(folder / ".cogdoc") as opened:
        return Journal(opened, "journal", "key", folder, restart=False, retry_failed=False)
