"""Fit the weights that tell the running headers and footers of single pages, and judge them on data sets left out.

    python -m training.margin_rows DATA CACHE

DATA is the folder of the evaluation data, CACHE a folder that keeps the blocks of its pages. Single pages out of
documents of several pages show which rows run through these: those that a page nearby has, too. Rows of orders and
invoices do not count as running even if they repeat, and neither do those of documents of one page, but for pages of
publications, which are left out. Made-up pages (`single_pages`) add what these documents lack. The model is a logistic
regression; its weights go, with their provenance, to the file that `cogdoc.parsing.layout.margin_rows` reads.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cogdoc.documents.mupdf_document import MupdfDocument
from cogdoc.documents.open_request import OpenRequest
from cogdoc.documents.opening import OpenDocument, open_document
from cogdoc.errors import CogdocError
from cogdoc.parsing.layout.block_detection import detect_blocks
from cogdoc.parsing.layout.earlier_pages import text_layer_edge_lines
from cogdoc.parsing.layout.margin_rows import MIN_PROBABILITY, MODEL_PATH, MarginRow, margin_rows
from cogdoc.parsing.layout.running_headers import is_page_number, is_repeated, is_scan_without_prose
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageText, TextOrigin
from cogdoc.parsing.reading import read_page_text
from cogdoc.query.fitted_model import FittedModel, HeldOutScore, save_model
from training.fitting import Vector, parse_arguments, provenance_of
from training.single_pages import made_page

ONE_PAGE_FILES = ("core/ocr.jsonl", "core/tables.jsonl", "more/*/ocr.jsonl", "dev2/ocr.jsonl", "dev2/tables.jsonl")
PUBLICATIONS = ("olmocr_bench_sample", "ocr_pages_en", "omnidocbench_demo", "mdpbench_demo")
"""Data sets of single pages, in part out of publications; nothing says which rows run through these."""

OWN_HEADS = ("zugferd_facturx", "vrdu_adbuy", "brazil_fiscal", "invoices_invoice2data")
"""Data sets whose pages repeat letterheads."""

SAMPLED_PAGES = 12
NEARBY = (-2, -1, 1, 2)
MADE_PAGES, MADE_FOLDS = 900, 10
MADE_WEIGHT = 0.3
"""A row of a made-up page by one of a real page."""

DECAY = 1.0
MIN_DEVIATION = 0.15
"""Of a feature when it is scaled, so that rare features get no large weights."""

_TITLE_OF_TABLE = re.compile(r"table |figure |source|\[in", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page of a document, and the lines at the edges of those nearby."""

    page_text: PageText
    blocks: list[Block]
    nearby: list[Line]


@dataclass(frozen=True, slots=True)
class Example:
    """A row, and the data set that it is left out with."""

    family: str
    row: MarginRow
    runs: bool
    weight: float


def main() -> None:
    options = parse_arguments(__doc__.splitlines()[0], MODEL_PATH)
    examples = [*_examples(options.data, options.cache), *_made_examples()]
    names = list(examples[0].row.features)
    features = np.array([[each.row.features[name] for name in names] for each in examples])
    runs = np.array([each.runs for each in examples], float)
    weights = np.array([each.weight for each in examples])
    families = np.array([each.family for each in examples])
    probabilities = np.zeros(len(examples))
    for family in sorted(set(families)):
        left_out = families == family
        bias, fitted = fit(features[~left_out], runs[~left_out], weights[~left_out])
        probabilities[left_out] = 1 / (1 + np.exp(-(features[left_out] @ fitted + bias)))
    made = np.array([family.startswith("made-up") for family in families])
    scores = tuple(
        score
        for name, part in (("pages of documents", ~made), ("made-up pages", made))
        for score in _scores(name, probabilities[part] >= MIN_PROBABILITY, runs[part] > 0)
    )
    for score in scores:
        print(f"{score.data}: {score.metric} {score.score:.3f}")
    bias, fitted = fit(features, runs, weights)
    datasets = tuple(sorted({family for family, is_made in zip(families.tolist(), made, strict=True) if not is_made}))
    provenance = provenance_of("training.margin_rows", datasets, "leave one data set out", scores)
    rounded = {name: round(float(weight), 3) for name, weight in zip(names, fitted, strict=True)}
    save_model(FittedModel("margin-rows", provenance, round(float(bias), 3), rounded), options.to)


def fit(features: NDArray[np.float64], runs: Vector, weights: Vector) -> tuple[float, Vector]:
    """The bias and weights of a logistic regression: features (rows, features), runs and weights (rows,)."""
    mean, deviation = features.mean(axis=0), np.maximum(features.std(axis=0), MIN_DEVIATION)
    scaled = np.column_stack([np.ones(len(runs)), (features - mean) / deviation])
    penalty = DECAY * np.eye(scaled.shape[1])
    penalty[0, 0] = 1e-3
    fitted = np.zeros(scaled.shape[1])
    for _ in range(60):  # Newton's method
        probabilities = 1 / (1 + np.exp(-scaled @ fitted))
        slope = scaled.T @ (weights * (probabilities - runs)) + penalty @ fitted
        curvature = (scaled.T * (weights * probabilities * (1 - probabilities))) @ scaled + penalty
        fitted = fitted - np.linalg.solve(curvature, slope)
    unscaled = fitted[1:] / deviation
    return float(fitted[0] - unscaled @ mean), unscaled


def _scores(name: str, omitted: NDArray[np.bool_], runs: NDArray[np.bool_]) -> Iterator[HeldOutScore]:
    yield HeldOutScore(f"{name}, {runs.sum()} running rows", "left out", float(omitted[runs].mean()))
    yield HeldOutScore(f"{name}, {(~runs).sum()} other rows", "left out", float(omitted[~runs].mean()))


def _made_examples() -> Iterator[Example]:
    for number in range(MADE_PAGES):
        page = made_page(number)
        for row in margin_rows(page.blocks, page.page_text):
            if len(answers := {block in page.running for block in row.blocks}) == 1:
                yield Example(f"made-up {number % MADE_FOLDS}", row, answers.pop(), MADE_WEIGHT)


def _examples(data: Path, cache: Path) -> Iterator[Example]:
    one_page = {file: family for pattern in ONE_PAGE_FILES for file, family in _files(data, pattern)}
    several = {file: _family(data, file) for file in sorted(data.glob("**/*.pdf")) if "hostile" not in file.parts}
    for file, family in sorted({**several, **one_page}.items()):
        pages = _read_pages(file, cache)
        if not pages or (len(pages) == 1 and (file not in one_page or family in PUBLICATIONS)):
            continue
        for page in pages:
            for row in margin_rows(page.blocks, page.page_text):
                runs = None if len(pages) > 1 and family not in OWN_HEADS else False
                if runs is None:
                    runs = _runs(row, page)
                if runs is not None:
                    yield Example(family, row, runs, 1.0)


def _runs(row: MarginRow, page: ReadPage) -> bool | None:
    """Whether the pages nearby have a row as well; None if they have a part of it, or it is a title with a number."""
    answers = {is_page_number(block) or is_repeated(block, page.nearby, page.page_text.height) for block in row.blocks}
    titles = (BlockKind.TITLE, BlockKind.HEADING, BlockKind.CAPTION, BlockKind.FOOTNOTE)
    is_title = any(block.kind in titles for block in row.blocks)
    if len(answers) > 1 or (True in answers and (is_title or _TITLE_OF_TABLE.match(row.blocks[0].lines[0].text))):
        return None
    return answers.pop()


def _files(data: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    for listing in sorted(data.glob(pattern)):
        for row in map(json.loads, listing.read_text(encoding="utf-8").splitlines()):
            file = listing.parent / row["file"]
            yield file, row.get("dataset") or _family(data, file)


def _family(data: Path, file: Path) -> str:
    parts = file.relative_to(data).parts
    return parts[2] if parts[1] == "files" else parts[1]


def _read_pages(file: Path, cache: Path) -> list[ReadPage]:
    """Pages of a document: of several only those with a text layer, since OCR takes long."""
    kept = cache / f"{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}-margins.pickle"
    if not kept.exists():
        try:
            document = open_document(OpenRequest(file))
            kept.write_bytes(pickle.dumps(list(_pages(document, file))))
        except CogdocError:
            kept.write_bytes(pickle.dumps([]))
    pages: list[ReadPage] = pickle.loads(kept.read_bytes())
    return pages


def _pages(document: OpenDocument, file: Path) -> Iterator[ReadPage]:
    count = document.page_count
    sampled = {0, 1, 2, count - 1, *random.Random(file.name).sample(range(count), min(count, SAMPLED_PAGES - 4))}
    if count > 1 and not (isinstance(document, MupdfDocument) and _has_text(document)):
        return
    for index in sorted(sampled & set(range(count))):
        page_text = read_page_text(OpenRequest(file), index + 1)
        if (
            not page_text.lines
            or (count > 1 and page_text.origin is TextOrigin.OCR)
            or is_scan_without_prose(page_text)
        ):
            continue
        page_text, blocks = detect_blocks(document, index, page_text)
        yield ReadPage(page_text, blocks, _nearby_lines(document, index))


def _has_text(document: MupdfDocument) -> bool:
    return len(document.load_page(1).get_text()) >= 200


def _nearby_lines(document: OpenDocument, index: int) -> list[Line]:
    if not isinstance(document, MupdfDocument):
        return []
    numbers: Sequence[int] = [index + step for step in NEARBY if 0 <= index + step < document.page_count]
    return [line for number in numbers for line in text_layer_edge_lines(document, number)]


if __name__ == "__main__":
    main()
