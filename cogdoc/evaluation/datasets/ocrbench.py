"""OCRBench: a thousand questions to pictures with text (Liu et al., "OCRBench", Science China 2024)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.language import language_of
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, file_in, folder_beside, json_rows, picture, text, texts

COLUMNS = ("dataset", "question", "question_type", "answer", "image")
FORMULAS = "hme100k"
"""The source whose answers are LaTeX, compared without spaces and with case."""


def read(path: Path) -> Iterator[Case]:
    """OCRBench.json, or the folder it is in, with `OCRBench_Images` beside it or one level up.

    Or the Parquet files of echo840/OCRBench.
    """
    if is_parquet(path):
        for number, row in enumerate(parquet_rows(shards(path, ("test",)), COLUMNS), start=1):
            yield _case(row, number, (picture(row, "image"),))
        return
    file = file_in(path, "OCRBench.json", "OCRBench/OCRBench.json")
    pictures = folder_beside(file, "OCRBench_Images")
    rows = enumerate(json_rows(file), start=1)
    yield from by_document(_case(row, number, pictures / text(row, "image_path")) for number, row in rows)


def _case(row: Row, number: int, document: Path | tuple[bytes, ...]) -> Case:
    source, question = text(row, "dataset_name", "dataset"), text(row, "question")
    return Case(
        # The rows' own numbers count within their sources, and repeat.
        id=f"{number}-{source}",
        group=text(row, "type", "question_type"),
        document=document,
        task=Task.ASK,
        metric="ocrbench-formula" if source.casefold() == FORMULAS else "ocrbench",
        question=question,
        truth={"answers": texts(row, "answers", "answer")},
        language=language_of(question),
    )
