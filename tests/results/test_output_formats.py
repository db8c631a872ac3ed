"""An output format is one module and one registry entry: `--out`, its help and the file suffix follow from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cogdoc.results.output_formats import EVERY_TASK, FORMATS, formats_of

SHOUTING = '''
"""The text of pages in capital letters."""

class ShoutingRenderer:
    def __init__(self, stream, context):
        self.stream = stream

    def begin(self, task, source):
        self.stream.write(f"{task.upper()} {source.page_count}\\n")

    def write(self, record):
        self.stream.write(record.text.upper() + "\\n")

    def end(self, error):
        pass

    def close(self):
        self.stream.flush()
'''

REGISTERING = """
import sys
from cogdoc.results.output_formats import FORMATS, OutputFormat
FORMATS["loud"] = OutputFormat("loud", "LOUD", "capital letters", "shouting:ShoutingRenderer", tasks=("ocr",))
from cogdoc.cli.app import main
main()
"""


def cogdoc_with_a_new_format(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "shouting.py").write_text(SHOUTING)
    path = os.pathsep.join([str(folder), *sys.path])
    return subprocess.run(
        [sys.executable, "-c", REGISTERING, *arguments],
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_new_format_is_written_to_standard_output_and_to_files(tmp_path: Path, samples: Path) -> None:
    page = ("ocr", str(samples / "report.pdf"), "--pages", "1", "--out", "loud")
    run = cogdoc_with_a_new_format(tmp_path, *page)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("OCR 8\n")
    assert run.stdout == run.stdout.upper() != run.stdout.lower()
    assert cogdoc_with_a_new_format(tmp_path, *page, "--to", f"{tmp_path}/out/").returncode == 0
    (file,) = (tmp_path / "out").rglob("*.LOUD")
    assert (file.name, file.read_text()) == ("report.pdf.LOUD", run.stdout)


@pytest.mark.slow
def test_help_and_completion_offer_a_new_format_where_it_applies(tmp_path: Path) -> None:
    assert "loud: capital letters" in cogdoc_with_a_new_format(tmp_path, "ocr", "--help").stdout
    assert "loud" not in cogdoc_with_a_new_format(tmp_path, "chart", "--help").stdout
    completed = cogdoc_with_a_new_format(
        tmp_path, _COGDOC_COMPLETE="complete_bash", COMP_WORDS="cogdoc ocr --out lo", COMP_CWORD="3"
    )
    assert completed.stdout.split() == ["loud"]


def test_format_that_a_task_cannot_be_written_in_is_a_usage_error_that_names_the_others(
    tmp_path: Path, samples: Path
) -> None:
    run = cogdoc_with_a_new_format(tmp_path, "ask", str(samples / "letter.pdf"), "who?", "--out", "loud")
    assert run.returncode == 2
    assert "cannot be written as 'loud'" in run.stderr
    assert "formats: text, values, md, json, jsonl, csv" in run.stderr


@pytest.mark.parametrize("task", EVERY_TASK)
def test_every_task_has_one_default_format_and_lists_it_first(task: str) -> None:
    first, *others = formats_of(task)
    assert task in first.default_of
    assert not any(task in output.default_of for output in others)


def test_names_and_suffixes_are_unique() -> None:
    assert all(name == output.name for name, output in FORMATS.items())
    assert len({output.suffix for output in FORMATS.values()}) == len(FORMATS)
