"""Reads the user's own datasets: JSON Lines with a file, a question and answers or another truth, one case a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import NOT_ANSWERABLE, Case, Task, by_document
from cogdoc.evaluation.datasets.dataset_rows import (
    Row,
    json_lines,
    language_of_row,
    page_numbers,
    row_id,
    text,
    texts,
    value,
)
from cogdoc.evaluation.datasets.mmlongbench import answer_type

METRICS = {
    **{name: name for name in ("vqa", "anls", "anls-or-number", "relaxed", "ocrbench", "ocrbench-formula")},
    "mmlongbench": "mmlongbench",
    "relaxed_accuracy": "relaxed",
    "ocrbench_contains": "ocrbench",
    "anls or numeric match": "anls-or-number",
    "mmlongbench_doc typed": "mmlongbench",
}
"""Metrics that a row may name for its question, with cogdoc's name for each."""
WRITTEN_IN_CAPITALS = frozenset({"sroie"})
"""Datasets whose truth is in capitals, whatever the page shows."""


def read_questions(path: Path) -> Iterator[Case]:
    """A JSON Lines file with `file` (relative to it), `question` and `answers` a line.

    Optionally `id`, `dataset`, `lang` and `metric`: anls (the default; relaxed for a dataset of charts), relaxed,
    vqa, anls-or-number or ocrbench.
    """
    return _read(path, lambda row: _question(row, path))


def read_multipage(path: Path) -> Iterator[Case]:
    """A JSON Lines file as for `qa`, with `evidence_pages` from 1 and `unanswerable` if they are known.

    The metric is anls-or-number unless a line names one, and mmlongbench if it has an `answer_format`.
    """
    return _read(path, lambda row: _multipage_question(row, path))


def read_pages(path: Path) -> Iterator[Case]:
    """A JSON Lines file with `file` (relative to it) and the `text` of all its pages a line.

    Optionally `id`, `dataset` and `lang`; a `metric` that names LaTeX removes LaTeX and Markdown from both texts.
    """
    return _read(path, lambda row: _page(row, path))


def read_tables(path: Path) -> Iterator[Case]:
    """A JSON Lines file with `file` (relative to it) and a truth a line.

    The truth is `html` of the one table on the first page, or `tables`, each with its `page` from 1 and its `grid`, or
    one `table`: in a dataset of charts what a chart was drawn from, its first row naming the series, its first column
    the categories; else what is printed on `page`, the first unless it is given.
    """
    return _read(path, lambda row: _table(row, path))


def _read(path: Path, case_of: Callable[[Row], Case]) -> Iterator[Case]:
    cases: dict[str, Case] = {}
    for row in json_lines(path):
        case = case_of(row)
        if case.id in cases:
            raise InputError(f"{row.where}: the id {case.id!r} is used a second time")
        cases[case.id] = case
    yield from by_document(cases.values())


def _question(row: Row, path: Path) -> Case:
    return _question_case(row, path, "relaxed" if _has_charts(row, path) else "anls", {})


def _multipage_question(row: Row, path: Path) -> Case:
    values = row.values.get("evidence_pages") or row.values.get("pages_containing_answer_string") or []
    pages = page_numbers(row, values, "evidence_pages")
    unanswerable = bool(row.values.get("unanswerable"))
    metric = "mmlongbench" if "answer_format" in row.values else "anls-or-number"
    return _question_case(row, path, metric, {"evidence_pages": pages, "unanswerable": unanswerable})


def _question_case(row: Row, path: Path, default_metric: str, extra_truth: dict[str, Any]) -> Case:
    metric = _metric(row, default_metric)
    question = text(row, "question")
    truth: dict[str, Any]
    if metric == "mmlongbench":
        truth = {"answer_type": answer_type(row), "answer": text(row, "raw_answer", "answer")}
    elif extra_truth.get("unanswerable") and not row.values.get("answers"):
        truth = {"answers": [NOT_ANSWERABLE]}
    else:
        truth = {"answers": texts(row, "answers", "answer")}
    return Case(
        id=row_id(row),
        group=_dataset(row, path),
        document=path.parent / text(row, "file"),
        task=Task.ASK,
        metric=metric,
        question=question,
        truth=truth | extra_truth,
        language=language_of_row(row, question),
    )


def _page(row: Row, path: Path) -> Case:
    truth = text(row, "text")
    language = language_of_row(row, truth)
    has_markup = language == "zh" or "latex" in str(row.values.get("metric", "")).casefold()
    capitals = _dataset(row, path) in WRITTEN_IN_CAPITALS
    return Case(
        id=row_id(row),
        group=_dataset(row, path),
        document=path.parent / text(row, "file"),
        task=Task.OCR,
        metric="text",
        truth={"text": truth, "capitals": capitals, "markdown": has_markup, "latex": has_markup},
        language=language,
    )


def _table(row: Row, path: Path) -> Case:
    task = Task.TABLES
    truth = dict(row.values)
    if "html" in row.values:
        metric = "teds"
        text(row, "html")
    elif "tables" in row.values:
        metric = "adjacency"
        tables = value(row, "tables")
        if not isinstance(tables, list) or not tables or not all(_is_page_table(table) for table in tables):
            raise InputError(f"{row.where}: tables is not a list of objects with page and grid")
    elif not _is_grid(grid := value(row, "html", "tables", "table")):
        raise InputError(f"{row.where}: table is not a list of rows of one length")
    elif _has_charts(row, path):
        task, metric = Task.CHARTS, "chart-values"
    else:
        metric = "adjacency"
        truth["tables"] = [{"page": row.values.get("page", 1), "grid": grid}]
        if not _is_page_table(truth["tables"][0]):
            raise InputError(f"{row.where}: page is not a number")
    return Case(
        id=row_id(row),
        group=_dataset(row, path),
        document=path.parent / text(row, "file"),
        task=task,
        metric=metric,
        truth=truth,
        language=language_of_row(row, ""),
    )


def _is_grid(table: object) -> bool:
    if not isinstance(table, list) or not all(isinstance(line, list) for line in table):
        return False
    return len({len(line) for line in table}) == 1 and all(isinstance(cell, str) for line in table for cell in line)


def _is_page_table(table: object) -> bool:
    return isinstance(table, dict) and isinstance(table.get("page"), int) and _is_grid(table.get("grid"))


def _dataset(row: Row, path: Path) -> str:
    """The `dataset` of the row, else the name of the folder of the file."""
    return text(row, "dataset") if row.values.get("dataset") is not None else path.absolute().parent.name


def _has_charts(row: Row, path: Path) -> bool:
    return "chart" in _dataset(row, path).casefold()


def _metric(row: Row, default: str) -> str:
    name = row.values.get("metric")
    if name is None:
        return default
    if not isinstance(name, str) or name not in METRICS:
        raise InputError(f"{row.where}: unknown metric {name!r}", f"metrics: {', '.join(METRICS)}")
    return METRICS[name]
