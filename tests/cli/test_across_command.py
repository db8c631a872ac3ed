"""`cogdoc ask --across`: one result from all documents, in every format, resumed like other runs."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from running import run_at_a_terminal
from small_pdfs import save_pdf

import cogdoc as api

TOTALS = {"a": "EUR 112.50", "b": "EUR 1,240.00", "c": "EUR 88.05"}


@pytest.fixture(scope="module")
def invoices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three invoices, and a letter that has no total."""
    folder = tmp_path_factory.mktemp("invoices")
    for name, total in TOTALS.items():
        save_pdf(folder / f"{name}.pdf", f"Arden Supplies Ltd\nINVOICE\nInvoice number: {name}-1047\nTotal: {total}")
    save_pdf(folder / "letter.pdf", "Dear Ann, thank you for the flowers. Yours, Bob")
    return folder


def test_sum_of_a_folder_with_the_document_that_has_none_named(cogdoc: Any, invoices: Path) -> None:
    ended = cogdoc("ask", invoices, "sum of all totals", "--across")
    assert (ended.code, ended.out) == (0, "1440.55 EUR\n")
    assert f"left out, without a value: {invoices / 'letter.pdf'}" in ended.err
    assert cogdoc("ask", invoices, "sum of all totals", "--across", "--strict", "--quiet").code == 10


def test_a_document_is_the_answer(cogdoc: Any, invoices: Path) -> None:
    assert cogdoc("ask", invoices, "which invoice has the highest total?", "--across").out == f"{invoices / 'b.pdf'}\n"


def test_every_operand_in_json_and_csv(cogdoc: Any, invoices: Path) -> None:
    files = sorted(invoices.glob("?.pdf"))
    result = json.loads(cogdoc("ask", *files, "sum of all totals", "--across", "--out", "json").out)
    assert (result["task"], result["found"], result["value"]["number"]) == ("across", True, 1440.55)
    assert [operand["text"] for operand in result["operands"]] == list(TOTALS.values())
    assert all(operand["page"] == 1 and len(operand["box"]) == 4 for operand in result["operands"])
    rows = list(csv.DictReader(cogdoc("ask", *files, "sum of all totals", "--across", "--out", "csv").out.splitlines()))
    assert [row["role"] for row in rows] == ["operand", "operand", "operand", "sum"]
    assert (rows[-1]["answer"], rows[-1]["value"], rows[-1]["unit"]) == ("1440.55 EUR", "1440.55", "EUR")


def test_result_file_is_one_for_all_and_not_a_folder(cogdoc: Any, invoices: Path, tmp_path: Path) -> None:
    target = tmp_path / "sum.md"
    assert cogdoc("ask", invoices, "sum of all totals", "--across", "--to", target).code == 0
    assert target.read_text().startswith("**sum of all totals** 1440.55 EUR")
    assert "| letter.pdf" in target.read_text().replace(str(invoices) + "/", "")
    assert cogdoc("ask", invoices, "highest total", "--across", "--to", target).code == 6, "another question's result"
    ended = cogdoc("ask", invoices, "sum of all totals", "--across", "--to", f"{tmp_path}/")
    assert ended.code == 2
    assert "one result for all" in ended.err


def test_a_file_that_fails_is_named_and_its_failure_counts(cogdoc: Any, invoices: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    ended = cogdoc("ask", invoices / "a.pdf", broken, "sum of all totals", "--across")
    assert (ended.code, ended.out) == (1, "112.50 EUR\n")
    assert f"left out, without a value: {broken}" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-q", "one", "-q", "two"), "takes one question"),
        (("-q", "difference between the totals"), "names of two files"),
    ],
)
def test_what_cannot_be_computed_is_a_usage_error(
    cogdoc: Any, invoices: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = cogdoc("ask", invoices, "--across", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_terminal_shows_that_a_sum_is_doubtful(invoices: Path) -> None:
    code, shown = run_at_a_terminal("ask", str(invoices), "sum of all totals", "--across", "--quiet")
    assert code == 0
    assert shown.startswith("1440.55 EUR")


def test_from_python(invoices: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 and no more")
    result = api.ask_across([invoices / "a.pdf", (invoices / "c.pdf").read_bytes(), broken], "sum of all totals")
    assert result.text == "200.55 EUR"
    assert [operand.source for operand in result.operands] == [str(invoices / "a.pdf"), "<bytes>"]
    assert [missing.source for missing in result.missing] == [str(broken)]
