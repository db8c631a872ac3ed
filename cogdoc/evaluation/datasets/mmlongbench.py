"""Reads MMLongBench-Doc: questions about long PDF files (Ma et al., "MMLongBench-Doc", NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import NOT_ANSWERABLE, Case, Task, by_document
from cogdoc.evaluation.datasets.dataset_rows import (
    Row,
    file_in,
    folder_beside,
    json_rows,
    list_field,
    page_numbers,
    text,
)
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards

COLUMNS = ("doc_id", "question", "answer", "answer_format", "evidence_pages")

ANSWER_TYPES = ("Int", "Float", "Str", "List", "None")
"""Values of `answer_format`; each type of answer has its own comparison."""


def read_mmlongbench(path: Path) -> Iterator[Case]:
    """samples.json, or the folder `data` it is in, with `documents` beside it.

    Or the Parquet file of yubo2333/MMLongBench-Doc, with `documents` beside it or one level up.
    """
    if is_parquet(path):
        files = shards(path, ("train", "test"))
        file, rows = files[0], parquet_rows(files, COLUMNS)
    else:
        file = file_in(path, "samples.json", "data/samples.json")
        rows = json_rows(file)
    documents = folder_beside(file, "documents")
    yield from by_document(_case(row, number, documents) for number, row in enumerate(rows, start=1))


def answer_type(row: Row) -> str:
    """The `answer_format` of a row.

    Raises:
        InputError: it is missing, or not one of `ANSWER_TYPES`.
    """
    format_name = text(row, "answer_format")
    if format_name not in ANSWER_TYPES:
        raise InputError(f"{row.where}: unknown answer_format {format_name!r}", f"formats: {', '.join(ANSWER_TYPES)}")
    return format_name


def _case(row: Row, number: int, documents: Path) -> Case:
    answer = text(row, "answer")
    pages = page_numbers(row, list_field(row, "evidence_pages"), "evidence_pages")
    unanswerable = answer == NOT_ANSWERABLE
    group = "unanswerable" if unanswerable else "single page" if len(pages) == 1 else "across pages"
    return Case(
        id=str(number),
        group=group,
        document=documents / text(row, "doc_id"),
        task=Task.ASK,
        metric="mmlongbench",
        question=text(row, "question"),
        truth={
            "answer": answer,
            "answer_type": answer_type(row),
            "evidence_pages": pages,
            "unanswerable": unanswerable,
        },
    )
