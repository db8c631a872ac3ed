"""Measures `cogdoc extract`: the share of fields whose value is right, by data set, and of the rows of line items.

    python -m benchmarks.field_accuracy ../shared/data [--limit N]

The data sets are those of the evaluation data that name the field of each question, or quote its label: receipts
(SROIE, German receipts), forms (FUNSD) and invoices (ZUGFeRD). The names of the fields below were chosen before
measuring, and nothing of `extract` is fitted to these documents: the weights are those of `ask`. Invoices are read
without the XML that is attached to them; the XML is the truth for their line items.

A printed text counts by `cogdoc eval`'s metric (ANLS, or the same number), a typed value if it equals a right answer's.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pymupdf

import cogdoc
from cogdoc.errors import CogdocError
from cogdoc.evaluation.metrics import anls_or_number
from cogdoc.fields.field import Field, FieldType
from cogdoc.fields.language import parse_fields
from cogdoc.query.printed_values import ValueContext
from cogdoc.results.field_result import FieldResult
from cogdoc.tasks.extraction.conversion import convert

FIELDS: Final = {
    "sroie": {"company": "company", "date": "date:date", "address": "address", "total": "total:money"},
    "receipts_german_softmatic": {"merchant": "merchant", "date": "date:date", "total": "total:money"},
    "zugferd_facturx": {
        "buyer": "buyer",
        "seller": "seller",
        "grand": "total:money",
        "net": "net amount:money",
        "iban": "IBAN",
        "due": "due date:date",
        "date": "invoice date:date",
        "number": "invoice number",
        "tax": "tax amount:money",
        "vat": "VAT number",
        "payable": "amount due:money",
        "order": "order number",
    },
}
"""By data set and by the data set's name of a field: the field as a user writes it."""

LINES: Final = "lines:table(description, quantity:number, unit price:money, amount:money)"
_QUOTED = re.compile(r'"(.*)"')


@dataclass(frozen=True, slots=True)
class Case:
    dataset: str
    file: Path
    field: str
    """In the field language."""
    answers: tuple[str, ...]


def cases(data: Path) -> Iterator[Case]:
    """The questions for fields, in the order of the data."""
    for root in (data / "core", data / "dev2"):
        for row in _rows(root / "qa.jsonl"):
            yield from _case(row["dataset"], root, row)
    for name in ("sroie", "funsd"):
        for row in _rows(data / "more" / name / "annotations.jsonl"):
            yield from _case(name, data / "more" / name, row)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def _case(dataset: str, root: Path, row: dict[str, Any]) -> Iterator[Case]:
    quoted = _QUOTED.search(row["question"]) if dataset == "funsd" else None
    name = FIELDS.get(dataset, {}).get(row.get("field", ""))
    if quoted is not None:
        name = '"' + quoted[1].replace('"', "'") + '"'
    if name is not None:
        yield Case(dataset, root / row["file"], name, tuple(row["answers"]))


def without_attachments(file: Path, folder: Path) -> Path:
    """The file, or a copy of a PDF without its attached files."""
    if file.suffix.lower() != ".pdf":
        return file
    with pymupdf.open(file) as document:
        for name in document.embfile_names():
            document.embfile_del(name)
        document.save(folder / file.name)
    return folder / file.name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--limit", type=int, default=1000, help="questions of each data set, chosen at random")
    arguments = parser.parse_args()
    by_dataset: dict[str, list[Case]] = defaultdict(list)
    for case in cases(arguments.data):
        by_dataset[case.dataset].append(case)
    with tempfile.TemporaryDirectory() as temporary:
        for dataset, all_cases in by_dataset.items():
            chosen = random.Random(1).sample(all_cases, min(arguments.limit, len(all_cases)))
            print(dataset, summary(chosen, Path(temporary)), flush=True)
        print("line items", line_items(arguments.data, arguments.limit, Path(temporary)), flush=True)


def summary(chosen: list[Case], folder: Path) -> str:
    scores, typed, confident = list[float](), list[bool](), list[float]()
    by_file: dict[Path, list[Case]] = defaultdict(list)
    for case in chosen:
        by_file[case.file].append(case)
    for file, own in by_file.items():
        with cogdoc.open(str(without_attachments(file, folder)), engine="builtin") as document:
            for case in own:
                (found,) = document.extract(case.field).record.fields
                score = 0.0 if found.text is None else anls_or_number(found.text, list(case.answers))
                scores.append(score)
                (field,) = parse_fields(case.field).fields
                if field.type is not FieldType.TEXT:
                    typed.append(found.value is not None and found.value in _values(field, case.answers))
                if (found.confidence or 0.0) >= 0.8:
                    confident.append(score)
    parts = [f"{len(scores)} fields of {len(by_file)} files: {_share(scores)} as printed"]
    parts.append(f"{_share(typed)} of {len(typed)} typed values")
    parts.append(f"{_share(confident)} of the {len(confident)} with a confidence of 0.8 or more")
    return ", ".join(parts)


def _values(field: Field, answers: tuple[str, ...]) -> list[Any]:
    return [convert(field, answer, ValueContext()).value for answer in answers]


def line_items(data: Path, limit: int, folder: Path) -> str:
    """How many rows of invoices are read, compared with their XML: all of a row's numbers have to be right."""
    rows = right = files = printed = 0
    for file in islice(sorted((data / "dev2" / "zugferd_facturx" / "files").glob("*.pdf")), limit):
        stated = cogdoc.extract(str(file), LINES, engine="builtin").fields["lines"]
        if stated.how != "embedded-xml":
            continue
        try:
            read = cogdoc.extract(str(without_attachments(file, folder)), LINES, engine="builtin").fields["lines"]
        except CogdocError as error:
            print(file.name, error)
            continue
        files += 1
        truth, found = _amounts(stated), _amounts(read)
        rows, printed = rows + len(truth), printed + len(found)
        for amount in found:
            if amount in truth:
                truth.remove(amount)
                right += 1
    return f"{files} invoices with {rows} rows: {right} amounts right, of {printed} rows found"


def _amounts(lines: FieldResult) -> list[float | None]:
    amounts = (cell.typed.number if cell.typed is not None else None for row in lines.rows for cell in row[-1:])
    return [None if amount is None else round(amount, 2) for amount in amounts]


def _share(values: list[float] | list[bool]) -> str:
    return f"{sum(values) / len(values):.1%}" if values else "none"


if __name__ == "__main__":
    main()
