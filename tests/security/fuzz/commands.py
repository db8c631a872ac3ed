"""The commands that read the broken files, and what their output must be like."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READ = "read"
QUESTIONS = ("-q", "What is the total?", "-q", "Which category has the highest value?")


@dataclass(frozen=True, slots=True)
class Account:
    """What the results of a command say about its files."""

    results: dict[str, str]
    """Files by name: the kind of the error, or READ. Not every format names every file."""
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FuzzedCommand:
    """A command and an output format."""

    arguments: tuple[str, ...]
    account: Callable[[bytes, Path], Account]
    """Reads the bytes of standard output and the output folder."""
    names_all: bool
    """Whether the results name every file."""
    to_folder: bool = False

    @property
    def name(self) -> str:
        return " ".join(part for part in self.arguments if " " not in part and part != "-q")


def _json_lines(output: bytes, _folder: Path) -> Account:
    lines = output.decode("utf-8", "replace").split("\n")
    return _account_of(lines[:-1], unfinished=lines[-1])


def _json_text(output: bytes, _folder: Path) -> Account:
    return _account_of([output.decode("utf-8", "replace")])


def _json_files(_output: bytes, folder: Path) -> Account:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.json")) if ".cogdoc" not in path.parts]
    temporary = [path.name for path in folder.rglob("*") if path.is_file() and not path.name.endswith(_OUTPUT_ENDINGS)]
    account = _account_of(texts)
    left = (f"leaves {temporary[0]} in its output",) if temporary else ()
    return Account(account.results, (*account.faults, *left))


def _csv_rows(output: bytes, _folder: Path) -> Account:
    text = output.decode("utf-8", "replace")
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        return Account({}, (f"not CSV: {error}",))
    formulas = [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]
    return Account({}, (f"the cell {formulas[0][:40]!r} is a formula",) if formulas else ())


def _any_text(output: bytes, _folder: Path) -> Account:
    return Account({}, ("a NUL byte in the output",) if b"\0" in output else ())


_OUTPUT_ENDINGS = (".json", ".jsonl", ".sqlite", ".sqlite-wal", ".lock")

COMMANDS = (
    FuzzedCommand(("ocr", "--out", "jsonl"), _json_lines, names_all=True),
    FuzzedCommand(("ask", *QUESTIONS, "--out", "jsonl"), _json_lines, names_all=True),
    FuzzedCommand(("chart", "--out", "json", *QUESTIONS), _json_text, names_all=True),
    FuzzedCommand(("ocr", "--out", "md"), _any_text, names_all=False),
    FuzzedCommand(("ocr", "--out", "json"), _json_files, names_all=False, to_folder=True),
    FuzzedCommand(("ask", *QUESTIONS, "--out", "csv"), _csv_rows, names_all=False),
    FuzzedCommand(("chart", "--out", "jsonl"), _json_lines, names_all=True),
    FuzzedCommand(("ocr", "--out", "json"), _json_text, names_all=True),
    FuzzedCommand(("chart", "--out", "csv"), _csv_rows, names_all=False),
    FuzzedCommand(("ask", *QUESTIONS, "--out", "text"), _any_text, names_all=False),
)


def _account_of(texts: list[str], unfinished: str = "") -> Account:
    results: dict[str, str] = {}
    problems: Counter[str] = Counter()
    if unfinished:
        problems[f"the last line is not ended: {unfinished[:60]!r}"] += 1
    for text in texts:
        try:
            for name, result in _named_results(json.loads(text, parse_constant=_refuse)):
                # A page that failed weighs more than those that were read.
                if results.get(name, READ) == READ:
                    results[name] = result
        except (ValueError, KeyError, TypeError) as error:
            problems[f"not a valid JSON result: {error!r}: {text[:60]!r}"] += 1
    return Account(results, tuple(problems))


def _named_results(value: Any) -> Iterator[tuple[str, str]]:
    for one in value if isinstance(value, list) else [value]:
        error = one["error"]
        yield Path(one["source"]["path"]).name, error["kind"] if error else READ
        yield from _named_results(one.get("records", []))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
