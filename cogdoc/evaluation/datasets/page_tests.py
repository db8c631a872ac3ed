"""Reads tests of pages in the form of olmOCR-bench: own files of them, or the benchmark as it is distributed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task, by_document
from cogdoc.evaluation.datasets.dataset_rows import Row, json_lines, language_of_row, row_id, text, value

PAGE_TESTS = {
    "present": ("text",),
    "absent": ("text",),
    "order": ("before", "after"),
    "table": ("cell",),
    "math": ("math",),
    "baseline": (),
}
"""The types of tests, with the text fields that each requires."""


def read_page_tests(path: Path) -> Iterator[Case]:
    """A JSON Lines file of tests, or a folder of such files as olmOCR-bench has them, beside their folder `pdfs`.

    A line has `file` (relative to it; or `pdf`, relative to a folder `pdfs` beside it), `page` from 1, and `type`
    (present, absent, order, table, math or baseline) with the fields of that type. As in the benchmark, each PDF of a
    folder has a baseline test, also where no line says so.
    """
    if not path.is_dir():
        yield from by_document(_read_file(path).values())
        return
    files = sorted(path.glob("*.jsonl"))
    if not files:
        raise InputError(f"{path}: contains no *.jsonl")
    cases = [case for file in files for case in _read_file(file, file.stem).values()]
    yield from by_document([*cases, *_missing_baselines(path, cases)])


def _read_file(file: Path, group: str | None = None) -> dict[str, Case]:
    cases: dict[str, Case] = {}
    for row in json_lines(file):
        case = _page_test(row, file, group)
        if case.id in cases:
            raise InputError(f"{row.where}: the id {case.id!r} is used a second time")
        cases[case.id] = case
    return cases


def _page_test(row: Row, path: Path, group: str | None) -> Case:
    kind = text(row, "type")
    if kind not in PAGE_TESTS:
        raise InputError(f"{row.where}: unknown type of test {kind!r}", f"types: {', '.join(PAGE_TESTS)}")
    for name in PAGE_TESTS[kind]:
        text(row, name)
    if not isinstance(value(row, "page"), int):
        raise InputError(f"{row.where}: page is not a number")
    file = text(row, "file") if "file" in row.values else f"pdfs/{text(row, 'pdf')}"
    return Case(
        id=row_id(row),
        group=group or kind,
        document=path.parent / file,
        task=Task.OCR,
        metric="formula-test" if kind == "math" else "page-test",
        truth=dict(row.values),
        language=language_of_row(row, str(row.values.get("text", ""))),
    )


def _missing_baselines(folder: Path, cases: list[Case]) -> Iterator[Case]:
    """A baseline test of the first page of each PDF that has none."""
    tested = {case.document for case in cases if case.truth["type"] == "baseline"}
    for document in dict.fromkeys(case.document for case in cases):
        if document not in tested:
            name = Path(os.path.relpath(str(document), folder)).as_posix().removeprefix("pdfs/")
            yield Case(
                id=f"{name}_baseline",
                group="baseline",
                document=document,
                task=Task.OCR,
                metric="page-test",
                truth={"type": "baseline", "page": 1},
            )
