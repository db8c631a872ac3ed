"""Reads benchmarks of multiple-choice questions about pictures: MMMU and MMBench.

Yue et al., "MMMU", CVPR 2024: college exams. Liu et al., "MMBench", ECCV 2024: questions that are repeated with rotated
options.
"""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task, language_of
from cogdoc.evaluation.datasets.dataset_rows import Row, file_in, list_field, picture, text
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards
from cogdoc.evaluation.datasets.tsv import TsvFile

PICTURES = tuple(f"image_{number}" for number in range(1, 8))
MMMU_COLUMNS = ("id", "question", "options", "answer", "question_type", *PICTURES)
_PLACEHOLDER = re.compile(r"<image (\d)>")
_SUBJECT = re.compile(r"^[^_]+_(.+)_\d+$")


def read_mmmu(path: Path) -> Iterator[Case]:
    """The folder of MMMU/MMMU (Parquet files in a folder a subject) or lmms-lab/MMMU, or one file; validation split."""
    for row in parquet_rows(shards(path, ("validation",), of_several_folders=True), MMMU_COLUMNS):
        yield _mmmu_case(row)


def _mmmu_case(row: Row) -> Case:
    name = text(row, "id")
    subject = _SUBJECT.match(name)
    pictures = tuple(picture(row, column) for column in PICTURES if row.values.get(column) is not None)
    if not pictures:
        raise InputError(f"{row.where}: image_1 is missing")
    question, answer = _without_placeholders(text(row, "question")), text(row, "answer")
    choice = text(row, "question_type") == "multiple-choice"
    options: dict[str, str] = {}
    if choice:
        texts = list_field(row, "options")
        options = {
            letter: _without_placeholders(str(text)) for letter, text in zip(ascii_uppercase, texts, strict=False)
        }
        if answer not in options:
            raise InputError(f"{row.where}: answer {answer!r} is none of its options")
    return Case(
        id=name,
        group=subject[1] if subject else "MMMU",
        document=pictures,
        task=Task.ASK,
        metric="choice" if choice else "open",
        question=with_options(question, options),
        truth={"answer": answer, "options": options} if choice else {"answers": _accepted(answer)},
    )


def _without_placeholders(question: str) -> str:
    """The question with placeholders such as `<image 2>`, the document's second page, as plain text."""
    return _PLACEHOLDER.sub(r"[image \1]", question)


def _accepted(answer: str) -> list[str]:
    """The accepted answers; several are written as a list in Python's notation."""
    if answer.startswith("[") and answer.endswith("]"):
        try:
            return [str(element) for element in literal_eval(answer)]
        except (ValueError, SyntaxError):
            pass
    return [answer]


ROTATION_STEP = 1_000_000
"""A rotation of a question has the question's index plus a multiple of this."""
_MAX_REFERENCE_LENGTH = 64
"""A picture field of at most this many characters is the index of the row that has the picture."""
_NO_VALUE = ("", "nan")
"""How a missing value is written; "nan" comes from pandas."""
MMBENCH_COLUMNS = (
    "index",
    "question",
    "hint",
    *ascii_uppercase,
    "answer",
    "image",
    "category",
    "l2-category",
    "L2-category",
)


def read_mmbench(path: Path) -> Iterator[Case]:
    """MMBench_DEV_EN.tsv, MMBench_DEV_CN.tsv or another file of that form with answers, or a folder with just one.

    Or the Parquet files of lmms-lab/MMBench (its folder `en` or `cn`), dev split.
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("dev", "validation")), MMBENCH_COLUMNS):
            yield _mmbench_case(row, picture(row, "image"))
        return
    with TsvFile(_table(path)) as table:
        for row in table.rows():
            yield _mmbench_case(row, _picture(row, table))


def _table(path: Path) -> Path:
    tables = sorted(file.name for file in path.glob("*.tsv"))
    if len(tables) > 1:
        raise InputError(f"{path}: contains several tables: {', '.join(tables)}", "name one")
    return file_in(path, "*.tsv")


def _picture(row: Row, table: TsvFile) -> bytes:
    image = text(row, "image")
    if len(image) > _MAX_REFERENCE_LENGTH:
        return picture(row, "image")
    holder = table.find("index", image)
    if holder is None or len(text(holder, "image")) <= _MAX_REFERENCE_LENGTH:
        raise InputError(f"{row.where}: image refers to row {image!r}, which has no picture")
    return picture(holder, "image")


def _mmbench_case(row: Row, image: bytes) -> Case:
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
        unit=str(int(index) % ROTATION_STEP),
    )


def _optional(row: Row, name: str) -> str:
    field = row.values.get(name)
    return "" if field is None or str(field) in _NO_VALUE else str(field)


def with_options(question: str, options: Mapping[str, str], hint: str = "") -> str:
    """Hint, question and options such as `A. text`, one a line."""
    lines = [hint, question, *(f"{letter}. {option}" for letter, option in options.items())]
    return "\n".join(line.strip() for line in lines if line.strip())
