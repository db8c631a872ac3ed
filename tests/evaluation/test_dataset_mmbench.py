"""MMBench's table with pictures as base64: options, hints, rotated options, pictures shared between rows."""

from __future__ import annotations

import base64
import csv
import random
import re
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from dataset_files import png

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets.multiple_choice import read_mmbench

RED, BLUE = png("red"), png("blue")
ROW = {
    "index": "241",
    "question": "Which animal is it?",
    "hint": "",
    "A": "a cat",
    "B": "a dog",
    "C": "",
    "D": "",
    "answer": "A",
    "category": "object_localization",
    "image": base64.b64encode(RED).decode(),
    "source": "mmdata",
    "l2-category": "finegrained_perception",
    "split": "dev",
}


def write_table(path: Path, rows: Sequence[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(ROW), delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_row_becomes_a_question_with_options_and_a_picture(tmp_path: Path) -> None:
    file = write_table(tmp_path / "MMBench_DEV_EN.tsv", [ROW | {"hint": "It barks."}])
    (case,) = read_mmbench(file)
    assert case == Case(
        id="241",
        group="finegrained_perception",
        document=(RED,),
        task=Task.ASK,
        metric="inferred-choice",
        question="It barks.\nWhich animal is it?\nA. a cat\nB. a dog",
        truth={"answer": "A", "options": {"A": "a cat", "B": "a dog"}},
        unit="241",
    )
    assert list(read_mmbench(tmp_path)) == [case]
    write_table(tmp_path / "MMBench_DEV_CN.tsv", [ROW])
    with pytest.raises(InputError, match=r"contains several tables: MMBench_DEV_CN\.tsv, MMBench_DEV_EN\.tsv"):
        list(read_mmbench(tmp_path))


def test_rotations_of_a_question_are_one_unit(tmp_path: Path) -> None:
    again = {"index": "1000241", "A": "a dog", "B": "a cat", "answer": "B"}
    file = write_table(tmp_path / "a.tsv", [ROW, ROW | {"index": "242"}, ROW | again])
    assert [(case.id, case.unit) for case in read_mmbench(file)] == [
        ("241", "241"),
        ("242", "242"),
        ("1000241", "241"),
    ]


def test_a_picture_in_another_row_is_found_before_and_after_it(tmp_path: Path) -> None:
    blue = ROW | {"index": "8", "image": base64.b64encode(BLUE).decode(), "question": 'Two lines:\n\tWhich "one"?'}
    rows = [ROW | {"index": "7", "image": "8"}, blue, ROW, ROW | {"index": "1000008", "image": "8"}]
    cases = list(read_mmbench(write_table(tmp_path / "a.tsv", rows)))
    assert [case.document for case in cases] == [(BLUE,), (BLUE,), (RED,), (BLUE,)]
    assert cases[1].question.startswith('Two lines:\n\tWhich "one"?\n')


def test_the_language_of_a_chinese_question_is_chinese(tmp_path: Path) -> None:
    (case,) = read_mmbench(write_table(tmp_path / "a.tsv", [ROW | {"question": "图中是什么动物？"}]))
    assert case.language == "zh"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": ""}, "question is missing"),
        ({"answer": ""}, "answer is missing"),
        ({"answer": "D"}, "answer 'D' is none of its options"),
        ({"index": "first"}, "index 'first' is not a number"),
        ({"image": ""}, "image is missing"),
        ({"image": "999"}, "image refers to row '999', which has no picture"),
        ({"image": "12"}, "image refers to row '12', which has no picture"),
        ({"image": "?" * 100}, "image is not base64"),
    ],
)
def test_an_error_names_the_line_of_an_incomplete_row(change: dict[str, str], message: str, tmp_path: Path) -> None:
    two_lines = ROW | {"question": "Which\nanimal?"}
    file = write_table(tmp_path / "a.tsv", [two_lines, ROW | {"index": "12"} | change])
    with pytest.raises(InputError, match=re.escape(f"{file}: line 4: {message}")):
        list(read_mmbench(file))


def test_an_error_names_a_truncated_or_empty_table(tmp_path: Path) -> None:
    file = tmp_path / "a.tsv"
    file.write_text("index\tquestion\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2: 1 fields for 2 columns"):
        list(read_mmbench(file))
    file.write_text('index\tquestion\n1\t"Which', encoding="utf-8")
    with pytest.raises(InputError, match="line 2: unexpected end of data"):
        list(read_mmbench(file))
    file.write_bytes(b"index\tquestion\n1\t\xff\n")
    with pytest.raises(InputError, match="line 2: not UTF-8"):
        list(read_mmbench(file))
    file.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        list(read_mmbench(file))


@pytest.mark.slow
def test_memory_holds_one_picture_at_a_time(tmp_path: Path) -> None:
    noise = random.Random(5)
    large = [base64.b64encode(noise.randbytes(1 << 17)).decode() for _ in range(128)]
    rows = [ROW | {"index": str(number), "image": image} for number, image in enumerate(large)]
    rows.append(ROW | {"index": "1000000", "image": "0"})
    file = write_table(tmp_path / "a.tsv", rows)
    del large, rows
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_mmbench(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 129
    assert peak < 6 << 20 < file.stat().st_size
