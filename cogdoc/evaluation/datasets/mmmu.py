"""MMMU: college exam questions with pictures (Yue et al., "MMMU", CVPR 2024)."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets.choices import with_options
from cogdoc.evaluation.datasets.parquet import parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, literal_list, picture, text

PICTURES = tuple(f"image_{number}" for number in range(1, 8))
COLUMNS = ("id", "question", "options", "answer", "question_type", *PICTURES)
_PLACEHOLDER = re.compile(r"<image (\d)>")
_SUBJECT = re.compile(r"^[^_]+_(.+)_\d+$")


def read(path: Path) -> Iterator[Case]:
    """The folder of MMMU/MMMU (Parquet files in a folder a subject) or lmms-lab/MMMU, or one file; validation split."""
    for row in parquet_rows(shards(path, ("validation",), of_several_folders=True), COLUMNS):
        yield _case(row)


def _case(row: Row) -> Case:
    name = text(row, "id")
    subject = _SUBJECT.match(name)
    pictures = tuple(picture(row, column) for column in PICTURES if row.values.get(column) is not None)
    if not pictures:
        raise InputError(f"{row.where}: image_1 is missing")
    question, answer = _without_placeholders(text(row, "question")), text(row, "answer")
    choice = text(row, "question_type") == "multiple-choice"
    options: dict[str, str] = {}
    if choice:
        given = literal_list(row, "options")
        options = {letter: _without_placeholders(str(one)) for letter, one in zip(ascii_uppercase, given, strict=False)}
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
    """`<image 2>` is the second page of the document, and named in a way that reads as text."""
    return _PLACEHOLDER.sub(r"[image \1]", question)


def _accepted(answer: str) -> list[str]:
    """Open questions with several right answers list them as Python would write it."""
    if answer.startswith("[") and answer.endswith("]"):
        try:
            return [str(one) for one in literal_eval(answer)]
        except (ValueError, SyntaxError):
            pass
    return [answer]
