"""Datasets of JSON files beside a folder of pictures: the layouts of the authors' archives, and the fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dataset_files import write_json

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets.mmlongbench import read_mmlongbench
from cogdoc.evaluation.datasets.picture_questions import (
    read_chartqa,
    read_docvqa,
    read_mmvet,
    read_ocrbench,
    read_textvqa,
)

TEXTVQA = {
    "question": "what brand is it?",
    "image_id": "003a8ae2ef43b901",
    "answers": ["nokia"] * 9 + ["nokia phone"],
    "question_id": 34602,
    "set_name": "val",
}
DOCVQA = {
    "questionId": 49153,
    "question": "What is the 'actual' value per 1000, during the year 1975?",
    "question_types": ["figure/diagram"],
    "image": "documents/pybv0228_81.png",
    "docId": 14465,
    "answers": ["0.28"],
    "data_split": "val",
}
OCRBENCH = {
    "dataset_name": "IIIT5K",
    "id": 2843,
    "image_path": "IIIT5K/test/918_1.png",
    "question": "what is written in the image?",
    "answers": "CENTRE",
    "type": "Regular Text Recognition",
}
MMVET = {
    "imagename": "v1_0.png",
    "question": "What is x in the equation?",
    "answer": "-1<AND>-5",
    "imagesource": "https://example.org",
    "capability": ["ocr", "math"],
}
MMLONGBENCH = {
    "doc_id": "report.pdf",
    "doc_type": "Research report / Introduction",
    "question": "Which shapes are used?",
    "answer": "['Circle', 'Rectangle']",
    "evidence_pages": "[8]",
    "evidence_sources": "['Figure']",
    "answer_format": "List",
}


def test_textvqa_has_ten_answers_and_the_picture_of_its_id(tmp_path: Path) -> None:
    (tmp_path / "train_images").mkdir()
    file = write_json(tmp_path / "TextVQA_0.5.1_val.json", {"dataset_type": "val", "data": [TEXTVQA]})
    (case,) = read_textvqa(file)
    assert case == Case(
        id="34602",
        group="validation",
        document=tmp_path / "train_images" / "003a8ae2ef43b901.jpg",
        task=Task.ASK,
        metric="vqa",
        question="what brand is it?",
        truth={"answers": ["nokia"] * 9 + ["nokia phone"]},
    )
    assert [case] == list(read_textvqa(tmp_path))


@pytest.mark.parametrize(
    ("annotations", "pictures"),
    [
        ("TextVQA_0.5.1_val.json", "train_images"),
        ("TextVQA_0.5.1_val.json", "train_val_images/train_images"),
        ("annotations/TextVQA_0.5.1_val.json", "images/train_images"),
    ],
)
def test_textvqa_finds_its_pictures_wherever_the_archive_was_unpacked(
    annotations: str, pictures: str, tmp_path: Path
) -> None:
    (tmp_path / pictures).mkdir(parents=True)
    write_json(tmp_path / annotations, {"data": [TEXTVQA]})
    (case,) = read_textvqa(tmp_path)
    assert case.document == tmp_path / pictures / "003a8ae2ef43b901.jpg"


@pytest.mark.parametrize(
    ("questions", "pictures"),
    [
        ("val_v1.0.json", "documents"),
        ("val/val_v1.0.json", "val/documents"),
        ("spdocvqa_qas/val_v1.0_withQT.json", "spdocvqa_images"),
    ],
)
def test_docvqa_is_read_in_the_layouts_of_its_archives(questions: str, pictures: str, tmp_path: Path) -> None:
    (tmp_path / pictures).mkdir(parents=True)
    write_json(tmp_path / questions, {"dataset_name": "SP-DocVQA", "data": [DOCVQA]})
    (case,) = read_docvqa(tmp_path)
    assert case.document == tmp_path / pictures / "pybv0228_81.png"
    assert (case.id, case.metric, case.truth) == ("49153", "anls", {"answers": ["0.28"]})


def test_chartqa_reads_both_halves_or_the_named_one(tmp_path: Path) -> None:
    folder = tmp_path / "ChartQA Dataset" / "test"
    human = {"imgname": "1.png", "query": "How many items?", "label": "14"}
    write_json(folder / "test_human.json", [human, human | {"imgname": "2.png"}])
    write_json(folder / "test_augmented.json", [human | {"label": "0.57"}])
    cases = list(read_chartqa(folder.parent))
    assert [(case.id, case.group) for case in cases] == [
        ("human-1", "human"),
        ("augmented-1", "augmented"),
        ("human-2", "human"),
    ]
    assert cases[0].document == folder / "png" / "1.png"
    assert (cases[1].metric, cases[1].truth) == ("relaxed", {"answers": ["0.57"]})
    assert [case.group for case in read_chartqa(folder / "test_augmented.json")] == ["augmented"]


def test_ocrbench_has_a_metric_for_formulas_and_accepts_one_or_several_answers(tmp_path: Path) -> None:
    formula = {"dataset_name": "HME100k", "answers": ["x ^ { 2 }\n", "x ^2\n"], "image_path": "HME100K/1.jpg"}
    chinese = {"question": "图中写了什么？", "id": 2843}
    file = write_json(tmp_path / "OCRBench.json", [OCRBENCH, OCRBENCH | formula, OCRBENCH | chinese])
    word, latex, other = sorted(read_ocrbench(file), key=lambda case: case.id)
    assert (word.document, word.group) == (
        tmp_path / "OCRBench_Images" / "IIIT5K" / "test" / "918_1.png",
        "Regular Text Recognition",
    )
    assert (word.metric, word.truth) == ("ocrbench", {"answers": ["CENTRE"]})
    assert (latex.metric, latex.truth) == ("ocrbench-formula", {"answers": ["x ^ { 2 }\n", "x ^2\n"]})
    assert other.language == "zh"
    assert word.id != other.id


def test_mmvet_is_graded_elsewhere(tmp_path: Path) -> None:
    write_json(tmp_path / "mm-vet" / "mm-vet.json", {"v1_0": MMVET})
    (case,) = read_mmvet(tmp_path)
    assert case == Case(
        id="v1_0",
        group="math, ocr",
        document=tmp_path / "mm-vet" / "images" / "v1_0.png",
        task=Task.ASK,
        metric="graded-elsewhere",
        question="What is x in the equation?",
        truth={"answers": ["-1<AND>-5"]},
    )


def test_mmlongbench_parses_lists_in_texts(tmp_path: Path) -> None:
    nowhere = {"answer": "Not answerable", "evidence_pages": "[]", "answer_format": "None"}
    several = {"evidence_pages": "[3, 5]", "answer": "18.29%", "answer_format": "Float"}
    write_json(tmp_path / "data" / "samples.json", [MMLONGBENCH, MMLONGBENCH | nowhere, MMLONGBENCH | several])
    shapes, refused, share = read_mmlongbench(tmp_path)
    assert shapes.document == tmp_path / "data" / "documents" / "report.pdf"
    assert shapes.truth == {
        "answer": "['Circle', 'Rectangle']",
        "answer_type": "List",
        "evidence_pages": [8],
        "unanswerable": False,
    }
    assert refused.truth["unanswerable"]
    assert share.truth["evidence_pages"] == [3, 5]
    assert [case.group for case in (shapes, refused, share)] == ["single page", "unanswerable", "across pages"]


@pytest.mark.parametrize(
    ("read", "name", "content", "message"),
    [
        (read_textvqa, "TextVQA_0.5.1_val.json", {"data": [TEXTVQA | {"answers": None}]}, "row 1: answers is missing"),
        (read_textvqa, "TextVQA_0.5.1_val.json", [TEXTVQA], "no list under 'data'"),
        (read_docvqa, "val_v1.0.json", {"data": [DOCVQA, {}]}, "row 2: image is missing"),
        (read_docvqa, "val_v1.0.json", {"data": [7]}, "row 1: not an object"),
        (read_chartqa, "test_human.json", {"imgname": "1.png"}, "no list"),
        (read_ocrbench, "OCRBench.json", [OCRBENCH | {"answers": {}}], "row 1: answers or answer is not a list"),
        (read_mmvet, "mm-vet.json", {"v1_0": MMVET, "v1_1": {}}, "v1_1: capability is missing"),
        (read_mmvet, "mm-vet.json", [MMVET], "no object of questions"),
        (read_mmlongbench, "samples.json", [MMLONGBENCH | {"evidence_pages": "[3,"}], "evidence_pages is not a list"),
        (read_mmlongbench, "samples.json", [MMLONGBENCH | {"evidence_pages": "['3']"}], "not a list of numbers"),
    ],
)
def test_an_error_names_the_malformed_row(
    read: Callable[[Path], Iterator[Case]], name: str, content: Any, message: str, tmp_path: Path
) -> None:
    file = write_json(tmp_path / name, content)
    with pytest.raises(InputError, match=f"^{re.escape(str(file))}: .*{re.escape(message)}"):
        list(read(file))


@pytest.mark.parametrize("read", [read_textvqa, read_docvqa, read_chartqa, read_ocrbench, read_mmvet, read_mmlongbench])
def test_an_error_names_the_file_that_a_folder_lacks(read: Callable[[Path], Iterator[Case]], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"contains no .*\.json"):
        list(read(tmp_path))
    with pytest.raises(InputError, match="no such file or folder"):
        list(read(tmp_path / "nowhere"))
