"""TextVQA: questions about text in photographs (Singh et al., "Towards VQA Models That Can Read", CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, file_in, folder_beside, json_rows, picture, text, texts

COLUMNS = ("question_id", "question", "answers", "image")


def read(path: Path) -> Iterator[Case]:
    """TextVQA_0.5.1_val.json, or the folder it is in, with `train_images` beside it or one level up.

    The pictures may also lie in `train_val_images/train_images` or `images/train_images`. Or the Parquet files of
    lmms-lab/textvqa.
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("validation", "val")), COLUMNS):
            yield _case(row, (picture(row, "image"),))
        return
    file = file_in(path, "TextVQA_*_val.json", "annotations/TextVQA_*_val.json")
    pictures = folder_beside(file, "train_images", "train_val_images/train_images", "images/train_images")
    rows = json_rows(file, "data")
    yield from by_document(_case(row, pictures / f"{text(row, 'image_id')}.jpg") for row in rows)


def _case(row: Row, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=text(row, "question_id"),
        group="validation",
        document=document,
        task=Task.ASK,
        metric="vqa",
        question=text(row, "question"),
        truth={"answers": texts(row, "answers")},
    )
