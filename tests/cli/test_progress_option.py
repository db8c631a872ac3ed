"""`--progress`: lines of JSON for programs, and a line on a terminal also for one document and one question."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from running import run_at_a_terminal
from small_pdfs import save_pdf

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def long_document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document whose text takes a few seconds to read."""
    text = "\n".join(f"Line {n} of a page with many words that have to be read" for n in range(28))
    return save_pdf(tmp_path_factory.mktemp("long") / "long.pdf", *[text] * 150)


def test_programs_get_lines_of_json_from_the_start_to_the_end(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    ended = cogdoc("ocr", bill, "bad.pdf", "--to", "out/", "--progress", "json", "--quiet")
    events = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events] == ["progress"] * (len(events) - 1) + ["end"]
    assert (events[0]["files"]["known"], events[0]["reading"]) == (0, None)
    assert events[-1]["files"] == {"known": 2, "all_known": True, "done": 2, "failed": 1}
    assert events[-1]["pages"] == {"known": 1, "all_known": True, "done": 1}


def test_a_terminal_shows_the_page_of_a_long_document_before_its_answer(long_document: Path) -> None:
    code, shown = run_at_a_terminal("ask", str(long_document), "Who is the chairman?")
    assert code == 0
    assert "of 150 pages" in shown
    assert "long.pdf page " in shown
