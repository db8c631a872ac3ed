"""Datasets as Parquet files with embedded pictures: splits, memory, and errors that name the row."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dataset_files import png, stored, write_parquet

from cogdoc.errors import DamagedError, ExitCode, InputError, MissingError
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets.mmlongbench import read_mmlongbench
from cogdoc.evaluation.datasets.multiple_choice import read_mmbench, read_mmmu
from cogdoc.evaluation.datasets.picture_questions import (
    read_chartqa,
    read_docvqa,
    read_ocrbench,
    read_textvqa,
    read_vcr,
)

pyarrow = pytest.importorskip("pyarrow")

RED, BLUE = png("red"), png("blue")
SHARD = "data/validation-00000-of-00001.parquet"
DOCVQA = {"questionId": "49153", "question": "Which year?", "answers": ["1975"], "image": stored(RED), "docId": 14465}
MMMU = {
    "id": "validation_Art_Theory_11",
    "question": "<image 1> Who drew <image 2>?",
    "options": "['Klee', \"O'Keeffe\", '<image 2>']",
    "answer": "B",
    "question_type": "multiple-choice",
    "image_1": stored(RED),
    "image_2": stored(BLUE),
    "image_3": None,
}
VCR = {
    "question_id": 7,
    "image": stored(BLUE),
    "caption": "A machine that is as large as a stovetop.",
    "stacked_image": stored(RED),
    "only_it_image": stored(BLUE),
    "crossed_text": ["is as large as a"],
}


def test_questions_of_the_split_are_read_with_their_pictures(tmp_path: Path) -> None:
    write_parquet(tmp_path / SHARD, [DOCVQA])
    write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [DOCVQA | {"questionId": "train"}])
    (case,) = read_docvqa(tmp_path)
    assert (case.id, case.metric, case.question) == ("49153", "anls", "Which year?")
    assert case.document == (RED,)
    assert case.truth == {"answers": ["1975"]}
    assert list(read_docvqa(tmp_path / SHARD)) == [case]


def test_shards_are_read_in_numeric_order(tmp_path: Path) -> None:
    for number in (10, 9):
        write_parquet(tmp_path / f"validation-{number}-of-11.parquet", [DOCVQA | {"questionId": str(number)}])
    assert [case.id for case in read_docvqa(tmp_path)] == ["9", "10"]


def test_a_folder_of_several_datasets_is_an_error_that_lists_them(tmp_path: Path) -> None:
    for name in ("DocVQA", "InfographicVQA"):
        write_parquet(tmp_path / name / "validation-00000-of-00001.parquet", [DOCVQA])
    with pytest.raises(InputError, match="several datasets: DocVQA, InfographicVQA"):
        list(read_docvqa(tmp_path))


def test_parquet_files_of_the_hub_give_the_same_datasets(tmp_path: Path) -> None:
    asked = {"question_id": 34602, "question": "what brand?", "answers": ["nokia"] * 10, "image": stored(RED)}
    charts = [{"image": stored(RED), "query": "How many?", "label": ["14"], "human_or_machine": one} for one in (0, 1)]
    texts = {
        "dataset": "HME100k",
        "question": "Write it in LaTeX.",
        "question_type": "Formulas",
        "answer": ["x ^ 2"],
        "image": stored(RED),
    }
    write_parquet(tmp_path / "textvqa" / SHARD, [asked])
    write_parquet(tmp_path / "chartqa" / "data" / "test-00000-of-00001.parquet", charts)
    write_parquet(tmp_path / "ocrbench" / "data" / "test-00000-of-00001.parquet", [texts])
    (photo,) = read_textvqa(tmp_path / "textvqa")
    assert (photo.id, photo.metric, photo.document) == ("34602", "vqa", (RED,))
    assert [case.group for case in read_chartqa(tmp_path / "chartqa")] == ["human", "augmented"]
    (formula,) = read_ocrbench(tmp_path / "ocrbench")
    assert (formula.metric, formula.group, formula.truth) == ("ocrbench-formula", "Formulas", {"answers": ["x ^ 2"]})


def test_mmlongbench_on_the_hub_finds_its_documents(tmp_path: Path) -> None:
    row = {"doc_id": "a.pdf", "question": "?", "answer": "8", "answer_format": "Int", "evidence_pages": "[2, 22]"}
    (tmp_path / "documents").mkdir()
    write_parquet(tmp_path / "data" / "train-00000-of-00001.parquet", [row])
    (case,) = read_mmlongbench(tmp_path)
    assert (case.document, case.truth["evidence_pages"]) == (tmp_path / "documents" / "a.pdf", [2, 22])


def test_mmmu_lists_options_one_a_line_and_has_pictures_as_pages(tmp_path: Path) -> None:
    write_parquet(tmp_path / "Art_Theory" / "validation-00000-of-00001.parquet", [MMMU])
    write_parquet(tmp_path / "Art_Theory" / "dev-00000-of-00001.parquet", [MMMU | {"id": "dev_Art_Theory_1"}])
    write_parquet(
        tmp_path / "Math" / "validation-00000-of-00001.parquet",
        [
            MMMU | {"id": "validation_Math_1", "question_type": "open", "answer": "8", "options": "[]"},
            MMMU | {"id": "validation_Math_2", "question_type": "open", "answer": "['1/2', '0.5']", "image_2": None},
        ],
    )
    choice, plain, listed = read_mmmu(tmp_path)
    assert (choice.group, choice.metric, choice.document) == ("Art_Theory", "choice", (RED, BLUE))
    assert choice.question == "[image 1] Who drew [image 2]?\nA. Klee\nB. O'Keeffe\nC. [image 2]"
    assert choice.truth == {"answer": "B", "options": {"A": "Klee", "B": "O'Keeffe", "C": "[image 2]"}}
    assert (plain.group, plain.metric, plain.truth) == ("Math", "open", {"answers": ["8"]})
    assert (listed.truth, listed.document) == ({"answers": ["1/2", "0.5"]}, (RED,))


@pytest.mark.parametrize(
    ("masked", "language", "words"),
    [(["is as large as a"], "en", "covered texts"), (["像炉灶一样大"], "zh", "被覆盖的文本")],
)
def test_vcr_uses_the_stacked_picture_and_asks_in_the_language_of_the_caption(
    masked: list[str], language: str, words: str, tmp_path: Path
) -> None:
    folder = tmp_path / f"VCR-wiki-{language}-hard-test-100"
    write_parquet(folder / "data" / "test-00000-of-00001.parquet", [VCR | {"crossed_text": masked}])
    (case,) = read_vcr(folder)
    assert (case.id, case.group, case.language, case.metric) == ("7", f"{language} hard", language, "vcr")
    assert case.document == (RED,)
    assert case.truth == {"masked": masked}
    assert words in case.question


def test_mmbench_on_the_hub_treats_nan_as_missing(tmp_path: Path) -> None:
    row = {"index": "241", "question": "Which?", "hint": "nan", "A": "a cat", "B": "a dog", "C": "nan", "answer": "B"}
    row |= {"L2-category": "logic_reasoning"}
    write_parquet(tmp_path / "en" / "dev-00000-of-00001.parquet", [row | {"image": stored(RED)}])
    (case,) = read_mmbench(tmp_path / "en")
    assert (case.question, case.group) == ("Which?\nA. a cat\nB. a dog", "logic_reasoning")
    assert (case.document, case.unit) == ((RED,), "241")


@pytest.mark.parametrize(
    ("read", "row", "message"),
    [
        (read_docvqa, DOCVQA | {"answers": None}, "answers is missing"),
        (read_docvqa, DOCVQA | {"image": None}, "image is missing"),
        (read_docvqa, DOCVQA | {"image": {"bytes": None, "path": "a.png"}}, "image contains no picture"),
        (read_mmmu, MMMU | {"options": "['a', "}, "options is not a list"),
        (read_mmmu, MMMU | {"answer": "D"}, "answer 'D' is none of its options"),
        (read_mmmu, MMMU | {"image_1": None, "image_2": None}, "image_1 is missing"),
        (read_vcr, VCR | {"crossed_text": []}, "crossed_text is not a list of texts"),
    ],
)
def test_an_error_names_file_and_number_of_an_incomplete_row(
    read: Callable[[Path], Iterator[Case]], row: dict[str, Any], message: str, tmp_path: Path
) -> None:
    complete = {read_docvqa: DOCVQA, read_mmmu: MMMU, read_vcr: VCR}[read]
    file = write_parquet(tmp_path / "rows.parquet", [complete, row])
    with pytest.raises(InputError, match=re.escape(f"{file}: row 2: {message}")):
        list(read(file))


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    whole = write_parquet(tmp_path / "whole.parquet", [DOCVQA])
    truncated = tmp_path / "truncated.parquet"
    truncated.write_bytes(whole.read_bytes()[:-20])
    with pytest.raises(DamagedError, match=r"truncated\.parquet: row 1: not readable as Parquet"):
        list(read_docvqa(truncated))


def test_a_folder_without_the_split_is_an_error(tmp_path: Path) -> None:
    write_parquet(tmp_path / "train-00000-of-00001.parquet", [VCR])
    with pytest.raises(InputError, match="no Parquet file of the split test"):
        list(read_vcr(tmp_path))
    with pytest.raises(InputError, match="no such file or folder"):
        list(read_vcr(tmp_path / "nowhere"))


@pytest.mark.parametrize("layout", [{"row_group_size": 4}, {"write_batch_size": 2}], ids=["row groups", "pages"])
def test_memory_holds_a_few_pictures_at_a_time(layout: dict[str, int], tmp_path: Path) -> None:
    noise = random.Random(5)
    rows = [VCR | {"question_id": number, "stacked_image": stored(noise.randbytes(1 << 19))} for number in range(64)]
    file = write_parquet(tmp_path / "test.parquet", rows, **layout)
    del rows
    allocated = [pyarrow.total_allocated_bytes() for _ in read_vcr(file)]
    assert len(allocated) == 64
    assert max(allocated) < 12 << 20 < file.stat().st_size


def test_without_pyarrow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_parquet(tmp_path / "validation.parquet", [DOCVQA])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingError) as raised:
        list(read_docvqa(file))
    assert raised.value.hint == 'pip install "cogdoc[eval]"'
    assert raised.value.exit_code is ExitCode.MISSING
