"""DocVQA: questions about scanned pages (Mathew et al., "DocVQA: A Dataset for VQA on Document Images", WACV 2021)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, file_in, folder_beside, json_rows, picture, text, texts

COLUMNS = ("questionId", "question", "answers", "image")


def read(path: Path) -> Iterator[Case]:
    """val_v1.0.json or val_v1.0_withQT.json, or the folder it is in, with `documents` beside it or one level up.

    The pictures may also lie in `spdocvqa_images`. Or the Parquet files of lmms-lab/DocVQA (its folder `DocVQA`).
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("validation", "val")), COLUMNS):
            yield _case(row, (picture(row, "image"),))
        return
    names = ("val_v1.0_withQT.json", "val_v1.0.json")
    file = file_in(path, *names, *(f"spdocvqa_qas/{name}" for name in names), *(f"val/{name}" for name in names))
    pictures = folder_beside(file, "documents", "spdocvqa_images")
    rows = json_rows(file, "data")
    yield from by_document(_case(row, pictures / PurePosixPath(text(row, "image")).name) for row in rows)


def _case(row: Row, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=text(row, "questionId"),
        group="validation",
        document=document,
        task=Task.ASK,
        metric="anls",
        question=text(row, "question"),
        truth={"answers": texts(row, "answers")},
    )
