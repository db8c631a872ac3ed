"""Corners of runs that are cut short and gone on with: what they must neither lose nor pass off as done."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_a_question_asked_twice_is_answered_twice(cogdoc: Any, bill: Path, tmp_path: Path) -> None:
    asked = ("-q", "Invoice number?", "-q", "Invoice number?", "-q", "Total due?")
    ended = cogdoc("ask", bill, *asked, "--engine", "builtin", "--to", "answers.txt")
    assert ended.code == 0
    assert [line.split("\t")[0] for line in (tmp_path / "answers.txt").read_text().splitlines()] == [*asked[1::2]]
