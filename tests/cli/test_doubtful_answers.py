"""Doubtful answers at a terminal, in a pipe, and with --min-confidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from running import run_at_a_terminal

QUESTION = "Who signed the report?"
GUESS = "Tarnholm Instruments plc"


def test_a_terminal_shows_doubt_beside_the_answer(samples: Path, readings: Path) -> None:
    code, shown = run_at_a_terminal("ask", str(samples / "report.pdf"), QUESTION, COGDOC_CACHE=str(readings))
    assert code == 0
    assert GUESS in shown
    assert "(unsure)" in shown
    assert "cogdoc:" not in shown, "a note beside it would only repeat it"


def test_a_pipe_has_the_bare_answer_and_standard_error_the_doubt(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ask", samples / "report.pdf", QUESTION)
    assert (ended.code, ended.out) == (0, f"{GUESS}\n")
    assert ended.err.startswith(f"cogdoc: {samples / 'report.pdf'}: unsure, ")
    assert cogdoc("ask", samples / "report.pdf", QUESTION, "--quiet").err == ""


def test_min_confidence_turns_doubtful_answers_into_refusals(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ask", samples / "report.pdf", QUESTION, "--min-confidence", "0.6", "--strict", "--out", "json")
    assert ended.code == 10
    assert ": withheld, " in ended.err
    (record,) = json.loads(ended.out)["records"]
    answer = record["answer"]
    assert (answer["text"], answer["found"], answer["confidence"]) == (None, False, None)
    assert answer["withheld"]["text"] == GUESS
    assert answer["withheld"]["confidence"] < 0.5 < answer["p_answerable"]


def test_min_confidence_applies_to_questions_about_charts(cogdoc: Any, samples: Path) -> None:
    chart = samples / "charts" / "bar.png"
    arguments = ("chart", chart, "-q", "Which year had the highest value?", "--out", "json")
    (given,) = json.loads(cogdoc(*arguments).out)["records"][0]["answers"]
    (withheld,) = json.loads(cogdoc(*arguments, "--min-confidence", "1").out)["records"][0]["answers"]
    assert given["found"]
    assert (withheld["found"], withheld["withheld"]["text"]) == (False, given["text"])


def test_a_probability_is_between_0_and_1(cogdoc: Any, samples: Path) -> None:
    assert cogdoc("ask", samples / "report.pdf", QUESTION, "--min-confidence", "60").code == 2
