"""MM-Vet: free answers that a language model grades (Yu et al., "MM-Vet", ICML 2024)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.rows import Row, file_in, json_content, text, texts


def read(path: Path) -> Iterator[Case]:
    """mm-vet.json, or the folder it is in, with `images` beside it."""
    file = file_in(path, "mm-vet.json", "mm-vet/mm-vet.json")
    content = json_content(file)
    if not isinstance(content, Mapping):
        raise InputError(f"{file}: no object of questions")
    yield from by_document(_case(name, values, file) for name, values in content.items())


def _case(name: str, values: object, file: Path) -> Case:
    where = f"{file}: {name}"
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: not an object")
    row = Row(where, values)
    return Case(
        id=name,
        group=", ".join(sorted(texts(row, "capability"))),
        document=file.parent / "images" / text(row, "imagename"),
        task=Task.ASK,
        metric="graded-elsewhere",
        question=text(row, "question"),
        truth={"answers": texts(row, "answer")},
    )
