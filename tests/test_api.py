"""`import cogdoc`: the same jobs as on the command line, with the same results as in its JSON."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import threading
from datetime import date
from decimal import Decimal
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from pydantic import BaseModel
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


class Bill(BaseModel):
    invoice_no: str
    total_due: Decimal
    due_date: date | None = None


@pytest.mark.slow
def test_fields_become_an_instance_of_a_model(bill: Path) -> None:
    found = cogdoc.extract(bill, Bill)
    assert found.value == Bill(invoice_no="A-1047", total_due=Decimal("98.76"))
    assert found.fields["total_due"].page == 2
    assert found.fields["due_date"].reason == "not-found"
    incomplete = cogdoc.extract(bill, Bill, pages="1")
    assert (incomplete.value, incomplete.problems) == (None, ("total_due: Field required",))
    assert incomplete.values["invoice_no"] == "A-1047"
    every = cogdoc.extract(bill, cogdoc.load_preset("auto"))
    assert "A-1047" in (every.value or {}).values()


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
    with pytest.raises(cogdoc.CogdocError, match="no page has the label"):
        cogdoc.ocr(samples / "blank.png", pages="all")


def test_password_opens_an_encrypted_file(samples: Path) -> None:
    (page,) = cogdoc.ocr(samples / "encrypted.pdf", password="cogdoc")
    assert "1,742" in page.text


def test_all_public_names_are_there_and_no_others() -> None:
    assert dir(cogdoc) == sorted(cogdoc.__all__)
    assert all(getattr(cogdoc, name) is not None for name in cogdoc.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        cogdoc.nonsense  # noqa: B018


# Sources


@pytest.mark.slow
def test_a_document_may_be_in_memory_or_behind_an_address(bill: Path) -> None:
    data = bill.read_bytes()
    expected = [page.text for page in cogdoc.ocr(bill)]
    with bill.open("rb") as file:
        for source, name in (
            (str(bill), str(bill)),
            (data, "<bytes>"),
            (bytearray(data), "<bytes>"),
            (io.BytesIO(data), "<bytes>"),
            (file, str(bill)),
            (f"file://{bill}", f"file://{bill}"),
        ):
            pages = cogdoc.ocr(source)
            assert [page.text for page in pages] == expected
            assert pages[0].source.path == name
            assert pages[0].source.sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.slow
def test_a_web_address_is_fetched_as_on_the_command_line(bill: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(bill.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}/{bill.name}"
        answer = cogdoc.ask(address, "total due?").answer
        with pytest.raises(cogdoc.CogdocError, match="no such file"):
            cogdoc.open(f"{address}.gone")
        server.shutdown()
    assert answer is not None
    assert answer.text == "$98.76"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "RGBA"])
def test_a_picture_of_pillow_is_a_page(mode: str, samples: Path) -> None:
    with Image.open(samples / "pocket" / "form-1.png") as picture:
        converted = picture.convert(mode)
    (page,) = cogdoc.ocr(converted)
    assert "84.04" in page.text
    assert page.source.path == "<image>"


def test_what_cannot_be_a_document_is_refused(tmp_path: Path) -> None:
    for source, message in (
        (b"", "empty"),
        (io.BytesIO(), "empty"),
        (io.StringIO("text"), "binary mode"),
        (7, "int is nothing that can be read"),
        (None, "NoneType"),
        (b"hello", "."),
        (f"file://{tmp_path}/gone.pdf", "no such file"),
        ("nothing://x", "unknown"),
    ):
        with pytest.raises(cogdoc.CogdocError, match=message):
            cogdoc.open(source)  # type: ignore[arg-type]


# Opened documents


def test_an_opened_document_is_closed_at_the_end_of_its_block(bill: Path) -> None:
    with cogdoc.open(bill.read_bytes()) as document:
        copy = document._document.request.path
        assert copy.exists()
        assert repr(document) == "<OpenedDocument '<bytes>', 2 pages, engine builtin>"
    assert not copy.exists()
    assert repr(document) == "<OpenedDocument '<bytes>', closed, engine builtin>"
    with pytest.raises(cogdoc.CogdocError, match="is closed"):
        document.ocr()
    document.close()


def test_top_pages_limits_the_search(bill: Path) -> None:
    with cogdoc.open(bill) as document:
        assert document.ask("total due?", top_pages=1).answer is not None
        with pytest.raises(cogdoc.CogdocError, match="top_pages"):
            document.ask("total due?", top_pages=0)


def test_options_of_weights_reach_the_engine(bill: Path) -> None:
    with pytest.raises(cogdoc.CogdocError, match="--quantization"):
        cogdoc.ask(bill, "total due?", engine="cogvlm2", quantization="int3")
    with pytest.raises(cogdoc.CogdocError, match="outside of this machine"):
        cogdoc.ask(bill, "total due?", engine="http://203.0.113.7/v1")


def test_records_are_shown_in_one_line(bill: Path, samples: Path) -> None:
    (first, _) = cogdoc.ocr(bill)
    assert repr(first) == str(first)
    assert repr(first).startswith(f"<PageRecord {bill} page 1, 'Invoice number: A-1047', confidence ")
    answer = repr(cogdoc.ask(bill, "total due?"))
    assert answer.startswith("<AnswerRecord 'total due?': '$98.76', page 2, confidence 0.")
    absent = repr(cogdoc.ask(bill, "Who is the pilot of the aircraft?"))
    assert absent.startswith("<AnswerRecord 'Who is the pilot of the aircraft?': not found")
    (chart,) = cogdoc.chart(samples / "charts" / "bar.png")
    assert "bar chart" in repr(chart)
    assert "\n" not in repr(chart)
