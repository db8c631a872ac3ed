"""MMBench: multiple choice, asked again with its options moved round (Liu et al., "MMBench", ECCV 2024)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets.choices import with_options
from cogdoc.evaluation.datasets.language import language_of
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, file_in, picture, text
from cogdoc.evaluation.datasets.tsv import TsvFile

CIRCLE = 1_000_000
"""A question that is asked again has its index plus a multiple of this."""
_LONGEST_REFERENCE = 64
"""A picture field of at most this many characters is the index of the row that has the picture."""
_NOTHING = ("", "nan")
"""What stands for no value, as pandas writes it."""
COLUMNS = ("index", "question", "hint", *ascii_uppercase, "answer", "image", "category", "l2-category", "L2-category")


def read(path: Path) -> Iterator[Case]:
    """MMBench_DEV_EN.tsv, MMBench_DEV_CN.tsv or another file of that form with answers, or a folder with just one.

    Or the Parquet files of lmms-lab/MMBench (its folder `en` or `cn`), dev split.
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("dev", "validation")), COLUMNS):
            yield _case(row, picture(row, "image"))
        return
    with TsvFile(_table(path)) as table:
        for row in table.rows():
            yield _case(row, _picture(row, table))


def _table(path: Path) -> Path:
    tables = sorted(file.name for file in path.glob("*.tsv"))
    if len(tables) > 1:
        raise InputError(f"{path}: holds several tables: {', '.join(tables)}", "name one")
    return file_in(path, "*.tsv")


def _picture(row: Row, table: TsvFile) -> bytes:
    image = text(row, "image")
    if len(image) > _LONGEST_REFERENCE:
        return picture(row, "image")
    holder = table.find("index", image)
    if holder is None or len(text(holder, "image")) <= _LONGEST_REFERENCE:
        raise InputError(f"{row.where}: image refers to row {image!r}, which has no picture")
    return picture(holder, "image")


def _case(row: Row, image: bytes) -> Case:
    index, question, answer = text(row, "index"), text(row, "question"), text(row, "answer")
    if not index.isdecimal():
        raise InputError(f"{row.where}: index {index!r} is not a number")
    options = {letter: option for letter in ascii_uppercase if (option := _optional(row, letter))}
    if answer not in options:
        raise InputError(f"{row.where}: answer {answer!r} is none of its options")
    return Case(
        id=index,
        group=_optional(row, "l2-category") or _optional(row, "L2-category") or _optional(row, "category") or "MMBench",
        document=(image,),
        task=Task.ASK,
        metric="inferred-choice",
        question=with_options(question, options, hint=_optional(row, "hint")),
        truth={"answer": answer, "options": options},
        language=language_of(question),
        unit=str(int(index) % CIRCLE),
    )


def _optional(row: Row, name: str) -> str:
    found = row.values.get(name)
    return "" if found is None or str(found) in _NOTHING else str(found)
