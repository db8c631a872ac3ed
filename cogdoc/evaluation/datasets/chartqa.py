"""ChartQA: questions about charts, by people and by machine (Masry et al., "ChartQA", Findings of ACL 2022)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, file_in, json_rows, picture, text, texts

COLUMNS = ("image", "query", "label", "human_or_machine")
SETS = ("human", "augmented")
"""Who wrote the questions, in the order of the classes 0 and 1 of the Parquet files."""


def read(path: Path) -> Iterator[Case]:
    """The folder `test`, with test_human.json, test_augmented.json and `png`, or the folder above it.

    Or one of the two files, for its half alone. Or the Parquet files of HuggingFaceM4/ChartQA.
    """
    if is_parquet(path):
        for number, row in enumerate(parquet_rows(shards(path, ("test",)), COLUMNS), start=1):
            yield _case(row, number, _set_of(row), (picture(row, "image"),))
        return
    files = (
        [path] if path.is_file() else [file_in(path, f"test_{name}.json", f"test/test_{name}.json") for name in SETS]
    )
    yield from by_document(
        _case(row, number, "human" if "human" in file.name else "augmented", file.parent / "png" / text(row, "imgname"))
        for file in files
        for number, row in enumerate(json_rows(file), start=1)
    )


def _set_of(row: Row) -> str:
    return SETS[int(text(row, "human_or_machine") == "1")]


def _case(row: Row, number: int, group: str, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=f"{group}-{number}",
        group=group,
        document=document,
        task=Task.ASK,
        metric="relaxed",
        question=text(row, "query"),
        truth={"answers": texts(row, "label")},
    )
