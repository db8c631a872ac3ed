"""`cogdoc tables`: a file for each table, one that lists them, and what stays when a document or a file changes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pymupdf
import pytest

pytestmark = pytest.mark.slow


def write_lists(path: Path, *titles: str) -> None:
    """A PDF with a page for each title, and a table below it."""
    with pymupdf.open() as file:
        for title in titles:
            page = file.new_page()
            page.insert_text((70, 70), title, fontsize=14)
            for index, row in enumerate((("Item", "Quantity"), ("Steel part", "12"), ("Copper part", "7"))):
                y = 110 + 18 * index
                for x, text in zip((70, 300), row, strict=True):
                    page.insert_text((x, y), text, fontsize=10)
                page.draw_line((65, y + 5), (400, y + 5), width=0.4)
        file.save(path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_folder_gets_a_csv_file_for_each_table_and_a_list(cogdoc: Any, tmp_path: Path) -> None:
    write_lists(tmp_path / "stock.pdf", "Stock in May", "Stock in June")
    command = ("tables", "stock.pdf", "--out", "csv,xlsx,json", "--to", "out")
    assert (cogdoc(*command).code, cogdoc(*command).err) == (0, "")
    parts = [f"stock.pdf.page-{page}-table-1.csv" for page in (1, 2)]
    assert names(tmp_path / "out") == ["stock.pdf.csv", "stock.pdf.json", *parts, "stock.pdf.xlsx"]
    with (tmp_path / "out" / "stock.pdf.csv").open(newline="") as file:
        listed = list(csv.DictReader(file))
    assert [(row["file"], row["pages"], row["caption"]) for row in listed] == [
        (parts[0], "1", "Stock in May"),
        (parts[1], "2", "Stock in June"),
    ]
    assert (tmp_path / "out" / parts[0]).read_text().split() == [
        "Item,Quantity",
        "Steel",
        "part,12",
        "Copper",
        "part,7",
    ]
    # The file of a table that the document no longer has is removed; a file of the user's stays.
    (tmp_path / "out" / "stock.pdf.page-9-table-1.csv").write_text("mine")
    write_lists(tmp_path / "stock.pdf", "Stock in July")
    assert cogdoc(*command).code == 0
    assert [name for name in names(tmp_path / "out") if "page" in name] == [parts[0], "stock.pdf.page-9-table-1.csv"]
    # A file that the user changed is not replaced, and then nothing of the run stays.
    (tmp_path / "out" / parts[0]).write_text("mine")
    write_lists(tmp_path / "stock.pdf", "Stock in August")
    before = (tmp_path / "out" / "stock.pdf.json").read_bytes()
    assert cogdoc(*command).code == 6
    assert (tmp_path / "out" / parts[0]).read_text() == "mine"
    assert (tmp_path / "out" / "stock.pdf.json").read_bytes() == before


def test_one_table_on_standard_output_is_plain_csv_and_markdown_names_it(cogdoc: Any, tmp_path: Path) -> None:
    write_lists(tmp_path / "stock.pdf", "Stock in May")
    assert cogdoc("tables", "stock.pdf", "--out", "csv").out == "Item,Quantity\r\nSteel part,12\r\nCopper part,7\r\n"
    shown = cogdoc("tables", "stock.pdf").out
    assert shown.startswith("## Page 1, table 1: Stock in May\n\n| Item | Quantity |\n")


def test_a_document_without_tables_says_so(cogdoc: Any, bill: Path) -> None:
    ended = cogdoc("tables", bill, "--out", "json")
    assert (ended.code, ended.err) == (0, f"cogdoc: {bill}: no tables\n")
    (record,) = json.loads(ended.out)["records"]
    assert (record["table"], record["flags"]) == (None, ["no-table"])
