"""Commands write the same bytes to an object store as to a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_pdfs import save_pdf

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, samples: Path) -> Path:
    """Three readable files and an encrypted one."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for name in ("1", "2", "sub/letter"):
        save_pdf(folder / f"{name}.pdf", f"This is file {name}.")
    (folder / "encrypted.pdf").write_bytes((samples / "encrypted.pdf").read_bytes())
    return folder


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COGDOC_")}
    command = [sys.executable, "-m", "cogdoc", *map(str, words), "--engine", "builtin"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_bucket_to_bucket_equals_folder_to_folder(bucket: Any, folder: Path, tmp_path: Path) -> None:
    bucket.put(str(folder) + "/", "shelf/in/", recursive=True)
    assert run("ocr", folder, "--to", tmp_path / "out").returncode == 1
    expected = {str(path.relative_to(tmp_path / "out")): path.read_bytes() for path in (tmp_path / "out").rglob("*.md")}
    assert set(expected) == {"1.pdf.md", "2.pdf.md", "sub/letter.pdf.md"}
    first = run("ocr", "s3://shelf/in/", "--to", "s3://shelf/out/")
    assert (first.returncode, first.stdout) == (1, "")
    assert "s3://shelf/in/encrypted.pdf: encrypted, needs a password" in first.stderr
    written = {path.removeprefix("shelf/out/"): bucket.cat_file(path) for path in bucket.find("shelf/out")}
    assert written == expected
    second = run("ocr", "s3://shelf/in/", "--to", "s3://shelf/out/")
    assert "3 done by an earlier run" in second.stderr
    bucket.pipe_file("shelf/in/1.pdf", (folder / "2.pdf").read_bytes())
    third = run("ocr", "s3://shelf/in/", "--to", "s3://shelf/out/")
    assert "1 done" in third.stderr
    assert bucket.cat_file("shelf/out/1.pdf.md") == expected["2.pdf.md"]


def test_one_file_is_read_from_its_address_and_named_after_it(bucket: Any, folder: Path) -> None:
    bucket.put_file(str(folder / "1.pdf"), "shelf/1.pdf")
    bucket.put_file(str(folder / "2.pdf"), "shelf/2.pdf")
    ended = run("ocr", "s3://shelf/1.pdf", "s3://shelf/2.pdf", "--out", "jsonl", "--to", "s3://shelf/out.jsonl")
    assert (ended.returncode, ended.stdout) == (0, "")
    lines = bucket.cat_file("shelf/out.jsonl").decode().splitlines()
    assert ['"path":"s3://shelf/1.pdf"' in lines[0], '"path":"s3://shelf/2.pdf"' in lines[1]] == [True, True]
    assert run("ocr", "s3://shelf/1.pdf", "--to", "s3://shelf/out.html").returncode == 0
    assert bucket.cat_file("shelf/out.html").count(b"data:image/webp;base64,") == 1
    again = run("ocr", "s3://shelf/1.pdf", "--out", "jsonl", "--to", "s3://shelf/out.jsonl")
    assert (again.returncode, "s3://shelf/out.jsonl: exists already" in again.stderr) == (6, True)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["s3://shelf/gone.pdf"], 4, "s3://shelf/gone.pdf: no such file, folder or bucket"),
        (["s3://shelf/gone.pdf", "--to", "s3://no-such-shelf/out/"], 5, "s3://no-such-shelf/out/: cannot be written"),
        (["s3://shelf/gone.pdf", "--to", "https://example.org/out/"], 5, "cannot be written to the web"),
        (["nonsense://shelf/gone.pdf"], 4, "unknown kind of address"),
    ],
)
def test_failures_are_one_line_with_an_exit_code(words: list[str], code: int, message: str) -> None:
    ended = run("ocr", *words)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert message in ended.stderr.splitlines()[0]
