"""Reads malformed, encrypted, exploding and oddly named files through the command line: python -m benchmarks.hostile

Each row of the hostile set is read by a separate command, whose output is compared with what the row expects. Exits
with 1 if any row fails.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.endings import COGDOC, CONTROLS, Ending, faults, json_output, run_to_end, shown_on_terminal
from benchmarks.report import markdown_table
from cogdoc.errors import ExitCode

DATA = Path("../shared/data/core")
MAX_SECONDS = 60.0
MAX_BOMB_SECONDS = 30.0
MAX_MEMORY = 2e9

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row, how the commands that read it ended, and the expectations that they missed."""

    row: Row
    endings: tuple[Ending, ...]
    faults: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table with a line for each file; 1 if any fails."""
    options = _parse(arguments)
    rows = [json.loads(line) for line in options.rows.read_text(encoding="utf-8").splitlines()]
    chosen = [row for row in rows if re.search(options.only, row["file"])]
    verdicts = []
    for row in chosen:
        verdicts.append(judge(row, options.rows.parent))
        last = verdicts[-1]
        print(f"{len(verdicts)}/{len(chosen)} {_name(row)}: {'; '.join(last.faults) or 'ok'}", file=sys.stderr)
    print(
        markdown_table(
            ["file", "expected", "exit", "s", "of CPU", "MB", "verdict"], [_cells(verdict) for verdict in verdicts]
        )
    )
    failed = sum(bool(verdict.faults) for verdict in verdicts)
    endings = [ending for verdict in verdicts for ending in verdict.endings]
    print(
        f"\n{len(verdicts)} files, {failed} failed; at most {max(one.seconds for one in endings):.1f} s, "
        f"{max(one.processor_seconds for one in endings):.1f} s of CPU "
        f"and {max(one.memory for one in endings) / 1e6:.0f} MB"
    )
    return 1 if failed else 0


def judge(row: Row, folder: Path) -> Verdict:
    """Read the file of `row` with `cogdoc ocr`, and answer its question if it has one."""
    file, expected = str(folder / row["file"]), row["expect"]
    endings = [run_to_end([COGDOC, "ocr", file, "--out", "json"])]
    problems: list[str] = []
    if expected.startswith("without password"):
        if endings[0].code != ExitCode.ENCRYPTED or "password" not in "".join(endings[0].error_lines):
            problems.append("does not ask for the password")
        endings.append(_with_password(file, row["password"]))
        problems += _faults_of_success(row, endings[1])
    elif expected.startswith(("should work", "empty text", "no raw")):
        problems += _faults_of_success(row, endings[0])
    if "question" in row:
        endings.append(run_to_end([COGDOC, "ask", file, row["question"], "--out", "json"]))
        problems += _faults_of_answer(row, endings[-1])
    if expected.startswith("no raw"):
        problems += _faults_on_terminal(file)
    limit = MAX_BOMB_SECONDS if expected.startswith("bounded") else MAX_SECONDS
    for ending in endings:
        problems += faults(ending)
        if json_output(ending) is None:
            problems.append("output is not valid JSON")
        # One line a page that fails, or one for the whole file.
        messages = [re.sub(r": page \d+: .*", ": page", line) for line in ending.error_lines]
        if len({line for line in messages if line.startswith("cogdoc: ")}) > 1:
            problems.append("more than one line of errors")
        if ending.seconds > limit:
            problems.append(f"took {ending.seconds:.0f} s")
        if ending.memory > MAX_MEMORY:
            problems.append(f"took {ending.memory / 1e6:.0f} MB")
    return Verdict(row, tuple(endings), tuple(dict.fromkeys(problems)))


def _with_password(file: str, password: str) -> Ending:
    with TemporaryDirectory(prefix="cogdoc-hostile-") as folder:
        password_file = Path(folder) / "password"
        password_file.write_text(password, encoding="utf-8")
        return run_to_end([COGDOC, "ocr", file, "--password-file", str(password_file), "--out", "json"])


def _faults_of_success(row: Row, ending: Ending) -> Iterator[str]:
    if ending.code != ExitCode.OK:
        yield f"does not work: {' '.join(ending.error_lines)[:120]}"
        return
    records = (json_output(ending) or {}).get("records", ())
    text = "\n".join(record["text"] for record in records)
    if not records:
        yield "no pages"
    if "expect_text" in row and text != row["expect_text"]:
        yield f"text {text[:40]!r}"
    if row.get("expect_text_contains", "").casefold() not in text.casefold():
        yield f"lacks {row.get('expect_text_contains')!r}"


def _faults_of_answer(row: Row, ending: Ending) -> Iterator[str]:
    records = (json_output(ending) or {}).get("records", ())
    answers = [record["answer"] for record in records if record["answer"]]
    text = answers[0]["text"] if answers else None
    if text is None or not any(_plain(text) == _plain(answer) for answer in row["answers"]):
        yield f"answers {text!r}"
    if any(forbidden in (text or "") for forbidden in row["must_not_contain"]):
        yield f"follows the instruction: {text!r}"


def _faults_on_terminal(file: str) -> Iterator[str]:
    commands = [[COGDOC, "ocr", file, "--out", form] for form in ("md", "text", "json", "jsonl", "html")]
    for command in [*commands, [COGDOC, "ask", file, "What does it say?"]]:
        if match := CONTROLS.search(shown_on_terminal(command)):
            yield f"{command[1]} {command[-1]} sends {match.group()!r} to the terminal"


def _plain(text: str) -> str:
    return text.strip(" .$").casefold()


def _name(row: Row) -> str:
    name = Path(row["file"]).name
    return name if len(name) <= 40 else f"{name[:37]}..."


def _cells(verdict: Verdict) -> list[str]:
    endings = verdict.endings
    return [
        _name(verdict.row),
        verdict.row["expect"].split(" (")[0].split(":")[0],
        " ".join(str(ending.code) for ending in endings),
        f"{max(ending.seconds for ending in endings):.1f}",
        f"{max(ending.processor_seconds for ending in endings):.1f}",
        f"{max(ending.memory for ending in endings) / 1e6:.0f}",
        "; ".join(verdict.faults) or "ok",
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("--rows", type=Path, default=DATA / "hostile.jsonl", help="the set: one JSON object a line")
    parser.add_argument("--only", default="", help="files whose path matches this regular expression")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
