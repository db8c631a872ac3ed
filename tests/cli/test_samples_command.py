"""`cogdoc samples` copies documents that its help's commands work on, also from a wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


def documents(folder: Path) -> dict[str, bytes]:
    suffixes = {".pdf", ".png", ".jpg", ".tiff", ".webp"}
    paths = [*folder.glob("*"), *folder.glob("charts/*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.suffix in suffixes}


def test_all_documents_are_copied_and_the_examples_name_some(cogdoc: Any, tmp_path: Path) -> None:
    ended = cogdoc("samples", "here")
    assert (ended.code, ended.out) == (0, "here\n")
    assert documents(tmp_path / "here") == documents(SAMPLES)
    example = ended.err.partition("try: ")[2]
    assert (tmp_path / example.split()[2]).is_file()


def test_nothing_is_overwritten(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "cogdoc-samples").mkdir()
    ended = cogdoc("samples")
    assert ended.code == 6
    assert ended.err.startswith("cogdoc: cogdoc-samples: exists")
    assert list((tmp_path / "cogdoc-samples").iterdir()) == []


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_the_first_thing_to_see_is_how_to_try_it(cogdoc: Any, arguments: tuple[str, ...]) -> None:
    ended = cogdoc(*arguments)
    lines = [line.strip(" │") for line in ended.out.splitlines()]
    assert "cogdoc samples" in lines
    assert 'cogdoc ask cogdoc-samples/report.pdf "What was the total revenue in 2024?"' in lines


@pytest.mark.slow
def test_a_wheel_has_the_documents(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
    assert documents(tmp_path / "unpacked/cogdoc/sample_documents") == documents(SAMPLES)
