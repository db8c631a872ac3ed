"""The datasets of `cogdoc eval`: their names, how each is read, and the scores published for CogVLM2.

Adding a dataset takes a function that reads its files into cases, and one entry in `DATASETS`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cogdoc.errors import UsageError
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets.mmlongbench import read_mmlongbench
from cogdoc.evaluation.datasets.multiple_choice import read_mmbench, read_mmmu
from cogdoc.evaluation.datasets.own_datasets import (
    read_multipage,
    read_pages,
    read_questions,
    read_tables,
)
from cogdoc.evaluation.datasets.page_tests import read_page_tests
from cogdoc.evaluation.datasets.picture_questions import (
    read_chartqa,
    read_docvqa,
    read_mmvet,
    read_ocrbench,
    read_textvqa,
    read_vcr,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset to measure an engine on."""

    name: str
    title: str
    reads: Callable[[Path], Iterator[Case]]
    """Yields the cases in order; a malformed row or a missing file raises an InputError that names it."""
    published: Mapping[str, float] = field(default_factory=dict)
    """Scores that its authors published for CogVLM2-LLaMA3 (chat) and CogVLM2-LLaMA3-Chinese (chinese), 0 to 1."""
    published_by_group: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Published scores of single groups, if the authors published none for the whole dataset."""

    @property
    def help(self) -> str:
        """What a path to the dataset must name, in a sentence or two."""
        return " ".join((inspect.getdoc(self.reads) or "").split())


def _chat_and_chinese(chat: float, chinese: float) -> dict[str, float]:
    return {"CogVLM2 chat": chat, "CogVLM2 chinese": chinese}


DATASETS = (
    Dataset("textvqa", "TextVQA, validation", read_textvqa, _chat_and_chinese(0.842, 0.850)),
    Dataset("docvqa", "DocVQA, validation", read_docvqa, _chat_and_chinese(0.923, 0.884)),
    Dataset("chartqa", "ChartQA, test", read_chartqa, _chat_and_chinese(0.810, 0.747)),
    Dataset("ocrbench", "OCRBench", read_ocrbench, _chat_and_chinese(0.756, 0.780)),
    Dataset(
        "vcr",
        "VCR-Wiki, test",
        read_vcr,
        published_by_group={
            "en easy": _chat_and_chinese(0.833, 0.799),
            "en hard": _chat_and_chinese(0.380, 0.251),
        },
    ),
    Dataset("mmmu", "MMMU, validation", read_mmmu, _chat_and_chinese(0.443, 0.428)),
    Dataset("mmvet", "MM-Vet", read_mmvet, _chat_and_chinese(0.604, 0.605)),
    Dataset("mmbench", "MMBench, dev", read_mmbench, _chat_and_chinese(0.805, 0.789)),
    Dataset("mmlongbench", "MMLongBench-Doc", read_mmlongbench),
    Dataset("qa", "your questions", read_questions),
    Dataset("multipage", "your questions to long documents", read_multipage),
    Dataset("ocr", "your pages with their text", read_pages),
    Dataset("tables", "your tables and charts", read_tables),
    Dataset("tests", "tests of pages as in olmOCR-bench", read_page_tests),
)


def find_dataset(name: str) -> Dataset:
    """The dataset of that name, compared without case.

    Raises:
        UsageError: no dataset has that name.
    """
    dataset = next((dataset for dataset in DATASETS if dataset.name == name.casefold()), None)
    if dataset is None:
        raise UsageError(f"unknown dataset {name!r}", f"datasets: {', '.join(one.name for one in DATASETS)}")
    return dataset
