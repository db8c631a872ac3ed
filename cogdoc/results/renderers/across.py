"""The result of a question across documents in the formats of `ask`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

from cogdoc.results.across import AcrossOperand, AcrossResult
from cogdoc.results.certainty import doubt
from cogdoc.results.markdown.inline import escape_lines
from cogdoc.results.printable import printable, printable_json
from cogdoc.results.renderers.csv import value_cells
from cogdoc.results.renderers.prose import Line, line_writer
from cogdoc.results.tables.spreadsheet_cells import spreadsheet_cell


def write_across(result: AcrossResult, name: str, stream: TextIO) -> None:
    """Write a result in the format that `ACROSS_FORMATS` has by this name."""
    _WRITERS[name](result, stream)
    stream.flush()


def _write_text(result: AcrossResult, stream: TextIO) -> None:
    write, is_terminal = line_writer(stream), stream.isatty()
    if result.text is None:
        return
    if result.operation == "list":
        for operand in result.operands:
            place = f"{printable(operand.source)}:{operand.page or ''}:{' '.join(operand.text.split())}"
            write(Line(place, doubt(operand) if is_terminal else ""))
        return
    write(Line(result.text, doubt(result) if is_terminal else ""))


def _write_values(result: AcrossResult, stream: TextIO) -> None:
    write, is_terminal = line_writer(stream), stream.isatty()
    if result.text is None:
        return
    values = result.parts or (result,)
    for one in result.operands if result.operation == "list" else values:
        cells = (" ".join((one.text or "").split()), "" if one.value is None else one.value.plain)
        write(Line("\t".join(cells), doubt(result) if is_terminal else ""))


def _write_markdown(result: AcrossResult, stream: TextIO) -> None:
    write = line_writer(stream)
    answer = "not found" if result.text is None else ", ".join(result.text.splitlines())
    write(Line(f"**{escape_lines(result.question)}** {escape_lines(answer)}{doubt(result, ' *{}*')}"))
    for note in result.notes:
        write(Line(f"\n{escape_lines(note)}"))
    used = [(operand, "") for operand in result.operands] + [(operand, "left out") for operand in result.left_out]
    rows = [
        (
            one.source,
            one.text,
            "" if one.value is None else one.value.plain,
            one.label or "",
            " ".join((doubt(one), why)),
        )
        for one, why in used
    ] + [(missing.source, "", "", "", missing.reason) for missing in result.missing]
    if rows:
        write(Line("\n| document | answer | value | page | |\n|---|---|--:|--:|---|"))
    for row in rows:
        write(Line(f"| {' | '.join(_markdown_cell(cell) for cell in row)} |"))


def _markdown_cell(text: str) -> str:
    return escape_lines(" ".join(text.split())).replace("|", "\\|")


def _write_json(result: AcrossResult, stream: TextIO) -> None:
    stream.write(json.dumps(json.loads(printable_json(result.model_dump_json())), ensure_ascii=False, indent=1) + "\n")


def _write_json_line(result: AcrossResult, stream: TextIO) -> None:
    stream.write(printable_json(result.model_dump_json()) + "\n")


def _write_csv(result: AcrossResult, stream: TextIO) -> None:
    """A row for each document, and the answer in the last one, whose source is empty."""
    table = csv.writer(stream)
    table.writerow(("source", "question", "answer", "value", "unit", "page", "confidence", "role"))
    for row in _csv_rows(result):
        table.writerow([spreadsheet_cell(printable(cell, keep_newlines=True)) for cell in row])


def _csv_rows(result: AcrossResult) -> Iterator[tuple[str, ...]]:
    asked = result.inner_questions[0]
    for role, operands in (("operand", result.operands), ("left out", result.left_out)):
        for operand in operands:
            yield _csv_operand(operand, asked, role)
    for missing in result.missing:
        yield missing.source, asked, "", "", "", "", "", f"missing: {missing.reason}"
    if result.operation != "list":
        confidence = "" if result.confidence is None else f"{result.confidence:.3f}"
        yield "", result.question, result.text or "", *value_cells(result.value), "", confidence, result.operation


def _csv_operand(operand: AcrossOperand, asked: str, role: str) -> tuple[str, ...]:
    page = "" if operand.page is None else str(operand.page)
    confidence = "" if operand.confidence is None else f"{operand.confidence:.3f}"
    return operand.source, asked, operand.text, *value_cells(operand.value), page, confidence, role


_WRITERS: Mapping[str, Callable[[AcrossResult, TextIO], None]] = {
    "text": _write_text,
    "values": _write_values,
    "md": _write_markdown,
    "json": _write_json,
    "jsonl": _write_json_line,
    "csv": _write_csv,
}
ACROSS_FORMATS = tuple(_WRITERS)
"""The names of the formats that such a result can be written in."""
