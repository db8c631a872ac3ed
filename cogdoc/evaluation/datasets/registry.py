"""Which datasets there are, where their scores were published for CogVLM2, and the reader of each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cogdoc.errors import UsageError
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets import (
    chartqa,
    docvqa,
    mmbench,
    mmlongbench,
    mmmu,
    mmvet,
    ocrbench,
    plain,
    textvqa,
    vcr,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that can be measured on."""

    name: str
    title: str
    reads: Callable[[Path], Iterator[Case]]
    """Its cases, as they come; a malformed row or a missing file is an InputError that names it."""
    published: Mapping[str, float] = field(default_factory=dict)
    """Its score of CogVLM2-LLaMA3 (chat) and CogVLM2-LLaMA3-Chinese (chinese), 0 to 1, by its authors."""
    published_by_group: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The same of groups, where there is no score of the whole."""

    @property
    def help(self) -> str:
        """What a path to it has to name, in a sentence or two."""
        return " ".join((inspect.getdoc(self.reads) or "").split())


def _chat_and_chinese(chat: float, chinese: float) -> dict[str, float]:
    return {"CogVLM2 chat": chat, "CogVLM2 chinese": chinese}


DATASETS = (
    Dataset("textvqa", "TextVQA, validation", textvqa.read, _chat_and_chinese(0.842, 0.850)),
    Dataset("docvqa", "DocVQA, validation", docvqa.read, _chat_and_chinese(0.923, 0.884)),
    Dataset("chartqa", "ChartQA, test", chartqa.read, _chat_and_chinese(0.810, 0.747)),
    Dataset("ocrbench", "OCRBench", ocrbench.read, _chat_and_chinese(0.756, 0.780)),
    Dataset(
        "vcr",
        "VCR-Wiki, test",
        vcr.read,
        published_by_group={
            "en easy": _chat_and_chinese(0.833, 0.799),
            "en hard": _chat_and_chinese(0.380, 0.251),
        },
    ),
    Dataset("mmmu", "MMMU, validation", mmmu.read, _chat_and_chinese(0.443, 0.428)),
    Dataset("mmvet", "MM-Vet", mmvet.read, _chat_and_chinese(0.604, 0.605)),
    Dataset("mmbench", "MMBench, dev", mmbench.read, _chat_and_chinese(0.805, 0.789)),
    Dataset("mmlongbench", "MMLongBench-Doc", mmlongbench.read),
    Dataset("qa", "your questions", plain.read_questions),
    Dataset("multipage", "your questions to long documents", plain.read_multipage),
    Dataset("ocr", "your pages with their text", plain.read_pages),
    Dataset("tables", "your tables and charts", plain.read_tables),
    Dataset("tests", "tests of pages as in olmOCR-bench", plain.read_page_tests),
)


def find_dataset(name: str) -> Dataset:
    """The dataset of that name, whatever its case.

    Raises:
        UsageError: there is none.
    """
    found = next((dataset for dataset in DATASETS if dataset.name == name.casefold()), None)
    if found is None:
        raise UsageError(f"unknown dataset {name!r}", f"datasets: {', '.join(one.name for one in DATASETS)}")
    return found
