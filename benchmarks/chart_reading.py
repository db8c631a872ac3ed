"""Measures the chart reading of the built-in engine: `python -m benchmarks.chart_reading`, from the project's root.

Splits `core` (the chart questions of the core set), `sample` (150 questions about random pictures of the larger
development set, the same ones each time) and `more` (all questions of that set): relaxed accuracy by kind of question,
and the number of questions in whose picture no chart was found. Split `tables`: the share of true values that were
found, within 5% and under a similar name. Split `others`: in how many pictures without a chart one was found.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from cogdoc.documents.document import open_path
from cogdoc.documents.rendering import PixelSize
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.builtin.answering import answer_question
from cogdoc.engines.builtin.charts.chart_recognition import read_chart
from cogdoc.evaluation.metrics.chart_values import chart_values, matched_values, true_values
from cogdoc.evaluation.metrics.short_answers import relaxed_accuracy
from cogdoc.evaluation.reliability import bootstrap_mean
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import Line, PageLayout, PageText, Word
from cogdoc.results.records import Chart

SAMPLE_QUESTIONS = 150
SAMPLE_SEED = 7
PICTURES = (".png", ".jpg", ".jpeg")

Row = dict[str, Any]


class ChartReader:
    """Reads the chart of a picture file with the text that cogdoc recognizes in it; caches by file."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.chart = cache(self._chart)
        self.text = cache(self._text)

    def _text(self, path: Path) -> PageText:
        return Page(open_path(path, self._sandbox), 1).text()

    def _chart(self, path: Path) -> Chart | None:
        with Image.open(path) as image:
            size = PixelSize(*image.size)
        page = Page(open_path(path, self._sandbox), 1)
        words = page.text()
        if words.turned:
            return None
        picture = page.picture(size)
        return read_chart(picture, scaled(words.lines, size.width / words.width, size.height / words.height))


def scaled(lines: Iterable[Line], x_factor: float, y_factor: float) -> list[Line]:
    """The lines in pixels of the picture instead of points of the page."""
    return [
        Line(tuple(Word(word.text, word.box.scaled(x_factor, y_factor), word.confidence) for word in line.words))
        for line in lines
    ]


def read_rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def sample_of(rows: Sequence[Row]) -> list[Row]:
    """All questions about randomly chosen pictures, at least 150."""
    files = sorted({row["file"] for row in rows})
    random.Random(SAMPLE_SEED).shuffle(files)
    chosen: list[Row] = []
    for file in files:
        if len(chosen) >= SAMPLE_QUESTIONS:
            break
        chosen += [row for row in rows if row["file"] == file]
    return chosen


def measure_questions(name: str, rows: Iterable[Row], folder: Path, reader: ChartReader) -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    missed = []
    for row in rows:
        chart = reader.chart(folder / row["file"])
        layouts, charts = (
            [PageLayout(reader.text(folder / row["file"]), ())],
            {1: (chart,) if chart is not None else ()},
        )
        answer = answer_question(row["question"], layouts, charts=charts)
        score = relaxed_accuracy(answer.text or "", row["answers"])
        scores["all"].append(score)
        scores[row.get("type", "other")].append(score)
        missed.append(chart is None)
    for kind, values in scores.items():
        mean, low, high, cases = bootstrap_mean(values)
        print(f"{name:8} {kind:10} relaxed accuracy {mean:.3f} ({low:.3f} to {high:.3f}) of {cases} questions")
    print(f"{name:8} no chart found for {sum(missed)} of {len(missed)} questions")


def measure_tables(rows: Iterable[Row], folder: Path, reader: ChartReader) -> None:
    found = total = 0
    for row in rows:
        truth = true_values(row["table"])
        chart = reader.chart(folder / row["file"])
        total += len(truth)
        found += matched_values(chart_values(chart), truth) if chart is not None else 0
    print(f"tables   {found} of {total} values right ({found / max(1, total):.3f})")


def measure_others(paths: Sequence[Path], reader: ChartReader) -> None:
    found = [path for path in paths if reader.chart(path) is not None]
    print(f"others   a chart found in {len(found)} of {len(paths)} pictures without one")
    for path in found:
        print(f"           {path.name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", action="append", choices=["core", "tables", "sample", "more", "others"])
    parser.add_argument("--limit", type=int, help="rows (or pictures) of each split")
    options = parser.parse_args()
    core, more = options.data / "core", options.data / "more" / "chartqa"
    questions = read_rows(core / "qa.jsonl")
    with Sandbox() as sandbox:
        reader = ChartReader(sandbox)
        for split in options.split or ["core", "tables", "sample", "others"]:
            if split == "core":
                rows = [row for row in questions if row["dataset"] == "chartqa"]
                measure_questions(split, rows[: options.limit], core, reader)
            elif split == "tables":
                rows = [row for row in read_rows(core / "tables.jsonl") if row.get("kind") == "chart to table"]
                measure_tables(rows[: options.limit], core, reader)
            elif split == "others":
                files = {core / row["file"] for row in questions if row["dataset"] not in ("chartqa", "zh_doc_qa")}
                pictures = sorted(path for path in files if path.suffix.lower() in PICTURES)
                measure_others(pictures[: options.limit], reader)
            else:
                rows = read_rows(more / "annotations.jsonl")
                measure_questions(
                    split, (sample_of(rows) if split == "sample" else rows)[: options.limit], more, reader
                )


if __name__ == "__main__":
    main()
