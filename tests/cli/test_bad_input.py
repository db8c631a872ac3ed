"""Each error is one clear line with its own exit code, and the rest of a run still produces results."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import pytest
from running import COMMAND, clean_environment, run_at_a_terminal


def assert_one_line(ended: Any, *expected: str) -> None:
    """Check for one error line that contains `expected`, optionally followed by a hint."""
    lines = ended.err.splitlines()
    assert 1 <= len(lines) <= 2, ended.err
    assert lines[0].startswith("cogdoc: ")
    assert all(line.startswith("        ") for line in lines[1:])
    assert all(text in lines[0] for text in expected), ended.err


def huge_png(path: Path) -> Path:
    header = struct.pack(">IIBBBBB", 65500, 65500, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


@pytest.mark.slow
def test_missing_file(cogdoc: Any) -> None:
    ended = cogdoc("ocr", "gone.pdf")
    assert (ended.code, ended.out) == (4, "")
    assert_one_line(ended, "gone.pdf: no such file or folder")


@pytest.mark.slow
def test_empty_file(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    ended = cogdoc("ocr", "empty.pdf")
    assert (ended.code, ended.out) == (4, "")
    assert_one_line(ended, "empty.pdf: the file is empty")


@pytest.mark.slow
def test_wrong_suffix_does_not_matter(cogdoc: Any, blank: Path) -> None:
    blank.rename(blank.with_name("scan.jpg"))
    assert cogdoc("ocr", "scan.jpg").code == 0


@pytest.mark.slow
def test_text_file_with_the_suffix_of_a_document(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.pdf").write_text("notes")
    ended = cogdoc("ocr", "notes.pdf")
    assert ended.code == 4
    assert_one_line(ended, "notes.pdf: not a document that cogdoc reads")


@pytest.mark.slow
def test_encrypted_file_without_and_with_a_wrong_and_with_the_right_password(
    cogdoc: Any, samples: Path, tmp_path: Path, facts: dict[str, Any]
) -> None:
    (tmp_path / "wrong").write_text("nonsense\n")
    (tmp_path / "right").write_text(facts["encrypted.pdf"]["password"] + "\nand a second line\n")
    file = samples / "encrypted.pdf"
    without = cogdoc("ocr", file)
    assert without.code == 8
    assert_one_line(without, "encrypted.pdf: encrypted, needs a password")
    wrong = cogdoc("ocr", file, "--password-file", "wrong")
    assert wrong.code == 8
    assert_one_line(wrong, "the password is wrong")
    right = cogdoc("ocr", file, "--password-file", "right")
    assert (right.code, right.err) == (0, "")
    assert "1,742" in right.out


@pytest.mark.slow
def test_a_password_is_asked_for_at_the_terminal(cogdoc: Any, samples: Path, facts: dict[str, Any]) -> None:
    file, password = str(samples / "encrypted.pdf"), facts["encrypted.pdf"]["password"]
    ended, shown = run_at_a_terminal("ocr", file, "--password", "--progress", "none", typed=f"{password}\n")
    assert ended == 0
    assert "1,742" in shown
    assert password not in shown
    ended, shown = run_at_a_terminal("ocr", file, "--password", typed="\n")
    assert ended == 2
    assert "--password: nothing was typed" in shown
    without = subprocess.run(
        [*COMMAND, "ocr", file, "--password"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=clean_environment(),
        start_new_session=True,
        check=False,
    )
    assert without.returncode == 2
    assert "--password asks at a terminal, and there is none" in without.stderr
    both = cogdoc("ocr", file, "--password", "--password-file", "gone")
    assert_one_line(both, "--password and --password-file both give a password")


@pytest.mark.slow
def test_password_file_that_is_missing_or_empty(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert_one_line(cogdoc("ocr", blank, "--password-file", "empty"), "--password-file: empty is empty")
    assert_one_line(cogdoc("ocr", blank, "--password-file", "gone"), "--password-file: gone cannot be read")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ("2", "page 2 is out of range: the document has 1 page"),
        ("0", "pages are counted from 1"),
        ("3-1", "runs backwards"),
        ("first", "no page has the label 'first': its pages have no labels but their numbers"),
        ("1.5", "is not a page or a range"),
    ],
)
def test_impossible_pages(cogdoc: Any, blank: Path, pages: str, message: str) -> None:
    ended = cogdoc("ocr", blank, "--pages", pages)
    assert (ended.code, ended.out) == (2, "")
    assert_one_line(ended, message)


@pytest.mark.slow
def test_truncated_pdf(cogdoc: Any, samples: Path, tmp_path: Path) -> None:
    whole = (samples / "report.pdf").read_bytes()
    (tmp_path / "cut.pdf").write_bytes(whole[: len(whole) // 2])
    ended = cogdoc("ocr", "cut.pdf")
    assert ended.code == 4
    assert_one_line(ended, "cut.pdf: broken PDF file")


@pytest.mark.slow
def test_image_of_four_gigapixels(cogdoc: Any, tmp_path: Path) -> None:
    huge_png(tmp_path / "huge.png")
    ended = cogdoc("ocr", "huge.png")
    assert ended.code == 4
    assert_one_line(ended, "huge.png: a picture of 65500 x 65500 pixels is larger than 100 megapixels")
    assert "--max-megapixels" in ended.err


@pytest.mark.slow
def test_unwritable_places(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, message in [
        ("gone/out.md", "does not exist"),
        ("file/", "cannot create this folder"),
        ("/dev/null", "not a regular file"),
    ]:
        ended = cogdoc("ocr", blank, "--to", place, "--overwrite")
        assert (ended.code, ended.out) == (5, ""), place
        assert_one_line(ended, message)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_behind_standard_output(blank: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*COMMAND, "ocr", blank, "--out", "json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            check=False,
        )
    assert ended.returncode == 5
    assert "No space left" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ocr"], "nothing to read"),
        (["ask"], "what is the question?"),
        (["ask", "blank.pdf"], "what is the question?"),
        (["ask", "What is the total?", "blank.pdf"], "the last argument is the question, but blank.pdf is a file"),
        (["ask", "blank.pdf", "How much?", "When was it?"], "How much?: is not a file"),
        (["chart", "blank.pdf", "Which year had most?"], "Which year had most?: is not a file"),
        (["ask", "-q", "total?"], "nothing to read"),
        (["chart"], "nothing to read"),
        (["ocr", "blank.pdf", "--out", "csv"], "ocr cannot be written as 'csv'"),
        (["ocr", "blank.pdf", "--out", "nonsense"], "cannot be written as 'nonsense'"),
        (["ocr", "blank.pdf", "--engine", "oracle"], "no engine named 'oracle'"),
        (["ocr", "blank.pdf", "--jobs", "0"], "--jobs"),
        (["ocr", "blank.pdf", "--jobs", "many"], "--jobs"),
        (["ocr", "blank.pdf", "--timeout", "0"], "--timeout"),
        (["ocr", "blank.pdf", "--pagse", "1"], "No such option: --pagse"),
        (["ocr", "blank.pdf", "--pages"], "--pages"),
        (["read", "blank.pdf"], "No such command 'read'"),
    ],
)
def test_impossible_command_lines(cogdoc: Any, blank: Path, arguments: list[str], message: str) -> None:
    assert blank.exists()
    ended = cogdoc(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert_one_line(ended, message)


@pytest.mark.slow
def test_lists_of_files_that_are_missing_or_empty(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    for name, message in [("gone.txt", "No such file"), ("empty.txt", "the list of files is empty")]:
        ended = cogdoc("ocr", "--files-from", name)
        assert ended.code == 4
        assert_one_line(ended, message)


@pytest.mark.slow
def test_standard_input_that_is_empty_or_used_twice(cogdoc: Any) -> None:
    ended = cogdoc("ocr", "-")
    assert ended.code == 4
    assert_one_line(ended, "-: standard input is empty")
    ended = cogdoc("ocr", "-", "--files-from", "-")
    assert ended.code == 2
    assert_one_line(ended, "cannot be both")


def test_page_that_takes_too_long(cogdoc: Any, samples: Path) -> None:
    ended = cogdoc("ocr", samples / "screenshot.png", "--timeout", "0.1", COGDOC_CACHE="off")
    assert ended.code == 124
    assert_one_line(ended, "took longer than 0.1 s")


@pytest.mark.slow
def test_bad_files_do_not_stop_the_good_ones(cogdoc: Any, bill: Path, other_bill: Path, tmp_path: Path) -> None:
    (tmp_path / "mid.pdf").write_bytes(b"%PDF-1.4\ngarbage")
    huge_png(tmp_path / "mid.png")
    ended = cogdoc("ocr", bill, "mid.pdf", "gone.pdf", "mid.png", other_bill, "--out", "json")
    assert ended.code == 1
    results = json.loads(ended.out)
    assert [Path(result["source"]["path"]).name for result in results] == [
        *("bill.pdf", "mid.pdf", "gone.pdf", "mid.png", "other.pdf")
    ]
    assert [result["error"] and result["error"]["kind"] for result in results] == [
        *(None, "damaged", "input", "too-large", None)
    ]
    assert [len(result["records"]) for result in results] == [1, 0, 0, 0, 1]
    assert len([line for line in ended.err.splitlines() if line.startswith("cogdoc: ")]) == 3


@pytest.mark.slow
def test_failures_of_one_kind_have_the_exit_code_of_that_kind(cogdoc: Any, samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / "encrypted.pdf", tmp_path / "second.pdf")
    assert cogdoc("ocr", samples / "encrypted.pdf", "second.pdf").code == 8
    assert cogdoc("ocr", samples / "encrypted.pdf", "gone.pdf").code == 4


@pytest.mark.slow
def test_fail_fast_stops_at_the_first_failure(cogdoc: Any, blank: Path, tmp_path: Path) -> None:
    shutil.copy(blank, tmp_path / "second.pdf")
    ended = cogdoc("ocr", blank, "gone.pdf", "second.pdf", "--fail-fast", "--out", "json")
    assert ended.code == 1
    assert [len(result["records"]) for result in json.loads(ended.out)] == [1, 0]


@pytest.mark.slow
def test_page_limit(cogdoc: Any, long_pdf: Path) -> None:
    ended = cogdoc("ocr", long_pdf, "--max-pages", "10")
    assert ended.code == 4
    assert_one_line(ended, "400 pages are more than --max-pages 10")


@pytest.mark.slow
def test_control_characters_in_a_file_name_are_escaped(cogdoc: Any, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m\nb.pdf").touch()
    ended = cogdoc("ocr", "a\x1b[31m\nb.pdf")
    assert_one_line(ended, "a\\x1b[31m\\x0ab.pdf: the file is empty")


@pytest.mark.slow
def test_file_name_that_is_not_utf8_is_reported_in_valid_json(cogdoc: Any, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.pdf")
    (tmp_path / name).touch()
    ended = cogdoc("ocr", name, "--out", "json")
    assert ended.code == 4
    assert json.loads(ended.out)["source"]["path"] == "caf\N{REPLACEMENT CHARACTER}.pdf"
