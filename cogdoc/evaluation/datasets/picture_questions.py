"""Reads benchmarks of questions about single pictures: TextVQA, DocVQA, ChartQA, OCRBench, VCR-Wiki and MM-Vet.

- Singh et al., "Towards VQA Models That Can Read", CVPR 2019: text in photographs.
- Mathew et al., "DocVQA: A Dataset for VQA on Document Images", WACV 2021: scanned pages.
- Masry et al., "ChartQA", Findings of ACL 2022: charts, with questions by people and by machine.
- Liu et al., "OCRBench", Science China 2024: a thousand questions about pictures with text.
- Zhang et al., "VCR: Visual Caption Restoration", 2024: partly covered text in pictures.
- Yu et al., "MM-Vet", ICML 2024: free answers that a language model grades.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from cogdoc.errors import InputError
from cogdoc.evaluation.cases import Case, Task, by_document, language_of
from cogdoc.evaluation.datasets.dataset_rows import (
    Row,
    file_in,
    folder_beside,
    json_content,
    json_rows,
    picture,
    text,
    texts,
)
from cogdoc.evaluation.datasets.parquet import is_parquet, parquet_rows, shards

TEXTVQA_COLUMNS = ("question_id", "question", "answers", "image")


def read_textvqa(path: Path) -> Iterator[Case]:
    """TextVQA_0.5.1_val.json, or the folder it is in, with `train_images` beside it or one level up.

    The pictures may also lie in `train_val_images/train_images` or `images/train_images`. Or the Parquet files of
    lmms-lab/textvqa.
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("validation", "val")), TEXTVQA_COLUMNS):
            yield _textvqa_case(row, (picture(row, "image"),))
        return
    file = file_in(path, "TextVQA_*_val.json", "annotations/TextVQA_*_val.json")
    pictures = folder_beside(file, "train_images", "train_val_images/train_images", "images/train_images")
    rows = json_rows(file, "data")
    yield from by_document(_textvqa_case(row, pictures / f"{text(row, 'image_id')}.jpg") for row in rows)


def _textvqa_case(row: Row, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=text(row, "question_id"),
        group="validation",
        document=document,
        task=Task.ASK,
        metric="vqa",
        question=text(row, "question"),
        truth={"answers": texts(row, "answers")},
    )


DOCVQA_COLUMNS = ("questionId", "question", "answers", "image")


def read_docvqa(path: Path) -> Iterator[Case]:
    """val_v1.0.json or val_v1.0_withQT.json, or the folder it is in, with `documents` beside it or one level up.

    The pictures may also lie in `spdocvqa_images`. Or the Parquet files of lmms-lab/DocVQA (its folder `DocVQA`).
    """
    if is_parquet(path):
        for row in parquet_rows(shards(path, ("validation", "val")), DOCVQA_COLUMNS):
            yield _docvqa_case(row, (picture(row, "image"),))
        return
    names = ("val_v1.0_withQT.json", "val_v1.0.json")
    file = file_in(path, *names, *(f"spdocvqa_qas/{name}" for name in names), *(f"val/{name}" for name in names))
    pictures = folder_beside(file, "documents", "spdocvqa_images")
    rows = json_rows(file, "data")
    yield from by_document(_docvqa_case(row, pictures / PurePosixPath(text(row, "image")).name) for row in rows)


def _docvqa_case(row: Row, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=text(row, "questionId"),
        group="validation",
        document=document,
        task=Task.ASK,
        metric="anls",
        question=text(row, "question"),
        truth={"answers": texts(row, "answers")},
    )


CHARTQA_COLUMNS = ("image", "query", "label", "human_or_machine")
CHARTQA_SETS = ("human", "augmented")
"""Who wrote the questions, in the order of the classes 0 and 1 in the Parquet files."""


def read_chartqa(path: Path) -> Iterator[Case]:
    """The folder `test`, with test_human.json, test_augmented.json and `png`, or the folder above it.

    Or one of the two files, for its half alone. Or the Parquet files of HuggingFaceM4/ChartQA.
    """
    if is_parquet(path):
        for number, row in enumerate(parquet_rows(shards(path, ("test",)), CHARTQA_COLUMNS), start=1):
            yield _chartqa_case(row, number, _chartqa_set(row), (picture(row, "image"),))
        return
    files = (
        [path]
        if path.is_file()
        else [file_in(path, f"test_{name}.json", f"test/test_{name}.json") for name in CHARTQA_SETS]
    )
    yield from by_document(
        _chartqa_case(
            row, number, "human" if "human" in file.name else "augmented", file.parent / "png" / text(row, "imgname")
        )
        for file in files
        for number, row in enumerate(json_rows(file), start=1)
    )


def _chartqa_set(row: Row) -> str:
    return CHARTQA_SETS[int(text(row, "human_or_machine") == "1")]


def _chartqa_case(row: Row, number: int, group: str, document: Path | tuple[bytes, ...]) -> Case:
    return Case(
        id=f"{group}-{number}",
        group=group,
        document=document,
        task=Task.ASK,
        metric="relaxed",
        question=text(row, "query"),
        truth={"answers": texts(row, "label")},
    )


OCRBENCH_COLUMNS = ("dataset", "question", "question_type", "answer", "image")
OCRBENCH_FORMULAS = "hme100k"
"""The source whose answers are LaTeX, compared without spaces but with case."""


def read_ocrbench(path: Path) -> Iterator[Case]:
    """OCRBench.json, or the folder it is in, with `OCRBench_Images` beside it or one level up.

    Or the Parquet files of echo840/OCRBench.
    """
    if is_parquet(path):
        for number, row in enumerate(parquet_rows(shards(path, ("test",)), OCRBENCH_COLUMNS), start=1):
            yield _ocrbench_case(row, number, (picture(row, "image"),))
        return
    file = file_in(path, "OCRBench.json", "OCRBench/OCRBench.json")
    pictures = folder_beside(file, "OCRBench_Images")
    rows = enumerate(json_rows(file), start=1)
    yield from by_document(_ocrbench_case(row, number, pictures / text(row, "image_path")) for number, row in rows)


def _ocrbench_case(row: Row, number: int, document: Path | tuple[bytes, ...]) -> Case:
    source, question = text(row, "dataset_name", "dataset"), text(row, "question")
    return Case(
        # The rows' own ids are numbers within their source, so they are not unique.
        id=f"{number}-{source}",
        group=text(row, "type", "question_type"),
        document=document,
        task=Task.ASK,
        metric="ocrbench-formula" if source.casefold() == OCRBENCH_FORMULAS else "ocrbench",
        question=question,
        truth={"answers": texts(row, "answers", "answer")},
        language=language_of(question),
    )


VCR_COLUMNS = ("question_id", "stacked_image", "crossed_text")
VCR_QUESTIONS = {
    "en": "What is the covered texts in the image? "
    "Please restore the covered texts without outputting the explanations.",
    "zh": "图像中被覆盖的文本是什么？请在不输出解释的情况下还原被覆盖的文本。",
}
"""The authors' own wording."""
_VCR_VARIANT = re.compile(r"VCR-wiki-(en|zh)-(easy|hard)", re.IGNORECASE)


def read_vcr(path: Path) -> Iterator[Case]:
    """The folder of one VCR-Wiki set such as VCR-wiki-en-easy-test-500, or one of its Parquet files; test split."""
    files = shards(path, ("test",))
    variant = _VCR_VARIANT.search(str(files[0].absolute()))
    for number, row in enumerate(parquet_rows(files, VCR_COLUMNS)):
        yield _vcr_case(row, number, " ".join(variant.groups()).lower() if variant else "VCR-Wiki")


def _vcr_case(row: Row, number: int, group: str) -> Case:
    masked = texts(row, "crossed_text")
    language = language_of("".join(masked))
    return Case(
        id=text(row, "question_id") if row.values.get("question_id") is not None else str(number),
        group=group,
        document=(picture(row, "stacked_image"),),
        task=Task.ASK,
        metric="vcr",
        question=VCR_QUESTIONS[language],
        truth={"masked": masked},
        language=language,
    )


def read_mmvet(path: Path) -> Iterator[Case]:
    """mm-vet.json, or the folder it is in, with `images` beside it."""
    file = file_in(path, "mm-vet.json", "mm-vet/mm-vet.json")
    content = json_content(file)
    if not isinstance(content, Mapping):
        raise InputError(f"{file}: no object of questions")
    yield from by_document(_mmvet_case(name, values, file) for name, values in content.items())


def _mmvet_case(name: str, values: object, file: Path) -> Case:
    where = f"{file}: {name}"
    if not isinstance(values, Mapping):
        raise InputError(f"{where}: not an object")
    row = Row(where, values)
    return Case(
        id=name,
        group=", ".join(sorted(texts(row, "capability"))),
        document=file.parent / "images" / text(row, "imagename"),
        task=Task.ASK,
        metric="graded-elsewhere",
        question=text(row, "question"),
        truth={"answers": texts(row, "answer")},
    )
