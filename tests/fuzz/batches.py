"""Reads a folder of broken files with one command, and checks its output against the files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.endings import COGDOC, Ending, faults, run_to_end

PAGE_SECONDS = 30
READ = "read"


@dataclass(frozen=True, slots=True)
class Batch:
    """A folder of broken files: how the command that read it ended, and the rules that it broke."""

    number: int
    ending: Ending
    results: Counter[str]
    """Files by the kind of their error, or READ."""
    faults: tuple[str, ...]


def read_folder(folder: Path, number: int) -> Batch:
    """Read all files of a folder with one command, and check that its output accounts for each of them."""
    names = {path.name for path in folder.iterdir()}
    command = [COGDOC, "ocr", str(folder), "--out", "jsonl", "--timeout", str(PAGE_SECONDS), "--jobs", "2"]
    ending = run_to_end(command, kill_after=len(names) * PAGE_SECONDS)
    found = list(faults(ending))
    results: dict[str, str] = {}
    for line in ending.output.decode("utf-8", "replace").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            found.append(f"not a JSON line: {line[:60]!r}")
            continue
        results[Path(record["source"]["path"]).name] = record["error"]["kind"] if record["error"] else READ
    if missing := names - results.keys():
        found.append(f"no record of {len(missing)} files: {min(missing)}")
    silent = {
        name
        for name, result in results.items()
        if result != READ and not any(name in line for line in ending.error_lines)
    }
    if silent:
        found.append(f"no message about {len(silent)} failures: {min(silent)}")
    return Batch(number, ending, Counter(results.values()), tuple(found))
