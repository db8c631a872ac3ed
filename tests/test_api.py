"""`import cogdoc`: the same jobs as on the command line, with the same results as in its JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_pdfs import save_pdf

import cogdoc


@pytest.fixture
def bill(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "bill.pdf", "Invoice number: A-1047", "Total due: $98.76")


@pytest.mark.slow
def test_one_question_gives_one_answer_with_its_place(bill: Path) -> None:
    record = cogdoc.ask(bill, "invoice number?")
    assert isinstance(record, cogdoc.AnswerRecord)
    assert record.answer is not None
    assert record.answer.text == "A-1047"
    assert record.answer.evidence[0].page == 1


@pytest.mark.slow
def test_opened_document_does_several_jobs(bill: Path) -> None:
    document = cogdoc.open(str(bill))
    assert document.page_count == 2
    answers = [record.answer for record in document.ask_all(["invoice number?", "total due?"])]
    assert [answer.text for answer in answers if answer] == ["A-1047", "$98.76"]
    assert [page.text for page in document.ocr("2")] == ["Total due: $98.76"]
    assert [record.flags for record in document.chart(pages="1")] == [("not-a-chart",)]


def test_pages_limit_where_an_answer_is_looked_for(bill: Path) -> None:
    answer = cogdoc.ask(bill, "invoice number?", pages="2").answer
    assert answer is not None
    assert answer.text != "A-1047"


@pytest.mark.slow
def test_results_are_those_of_the_command_line(bill: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "cogdoc", "ocr", str(bill), "--out", "jsonl"], capture_output=True, check=True
    ).stdout
    for line, record in zip(printed.splitlines(), cogdoc.ocr(bill), strict=True):
        theirs, ours = json.loads(line), json.loads(record.model_dump_json())
        assert theirs | {"timings": {}} == ours | {"timings": {}}


def test_errors_are_exceptions_of_one_family(tmp_path: Path, samples: Path) -> None:
    for path, kind in [(tmp_path / "gone.pdf", "input"), (samples / "encrypted.pdf", "encrypted")]:
        with pytest.raises(cogdoc.CogdocError) as caught:
            cogdoc.ocr(path)
        assert caught.value.kind == kind
    with pytest.raises(cogdoc.CogdocError, match="out of range"):
        cogdoc.ocr(samples / "blank.png", pages="2")
    with pytest.raises(cogdoc.CogdocError, match="not a page"):
        cogdoc.ocr(samples / "blank.png", pages="all")


def test_password_opens_an_encrypted_file(samples: Path) -> None:
    (page,) = cogdoc.ocr(samples / "encrypted.pdf", password="cogdoc")
    assert "1,742" in page.text


def test_all_public_names_are_there_and_no_others() -> None:
    assert dir(cogdoc) == sorted(cogdoc.__all__)
    assert all(getattr(cogdoc, name) is not None for name in cogdoc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        cogdoc.nonsense  # noqa: B018
