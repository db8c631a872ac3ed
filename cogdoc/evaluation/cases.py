"""Evaluation cases: one task about one document, with the true answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cogdoc.text import count_han

NOT_ANSWERABLE = "Not answerable"
"""How MMLongBench-Doc writes a refusal: the answer to questions that a document does not answer."""

_MIN_HAN_SHARE = 0.2
"""Chinese texts contain Latin names, and English ones sometimes a Chinese word."""


class Task(StrEnum):
    """What an engine is asked to do."""

    ASK = "ask"
    OCR = "ocr"
    TABLES = "tables"
    CHARTS = "charts"


@dataclass(frozen=True, slots=True)
class Case:
    """One task about one document, with the truth to score the reply against."""

    id: str
    """Unique in its dataset."""
    group: str
    """The subset, subject or kind of question whose mean is reported besides the mean of all cases."""
    document: Path | tuple[bytes, ...]
    """A file, or encoded pictures (PNG, JPEG, ...) that the dataset itself contains, one a page."""
    task: Task
    metric: str
    """The metric of the main score; see `cogdoc.evaluation.scoring.METRIC_NAMES`."""
    question: str = ""
    """The question as the engine gets it, with the options of a multiple choice; empty unless `task` is ask."""
    truth: Mapping[str, Any] = field(default_factory=dict)
    """What the metric compares with, such as `answers`."""
    language: str = "en"
    unit: str = ""
    """Cases of one unit count once, by their lowest score, as in MMBench's circular evaluation; empty: a case alone."""


def fingerprint(case: Case) -> str:
    """A hash of everything that the outcome of a case depends on: its question, its truth, its document."""
    content = repr(replace(case, document=tuple(part.encode() for part in _parts(case.document))))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def reading(case: Case) -> str:
    """A hash of what an engine is asked to do for a case; several cases may look at the same reply."""
    task = Task.OCR if case.task is Task.TABLES else case.task
    content = repr((_parts(case.document), task, case.question if task is Task.ASK else ""))
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _parts(document: Path | tuple[bytes, ...]) -> list[str]:
    """What tells a document, and its state, from others."""
    if isinstance(document, Path):
        state = document.stat() if document.is_file() else None
        return [str(document), repr(state and (state.st_size, state.st_mtime_ns))]
    return [hashlib.sha256(picture).hexdigest() for picture in document]


def by_document(cases: Iterable[Case]) -> list[Case]:
    """The cases with those of one file next to each other, files in the order of their first case."""
    groups: dict[object, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.document, []).append(case)
    return [case for group in groups.values() for case in group]


def language_of(text: str) -> str:
    """`zh` if at least a fifth of the letters are Chinese characters, else `en`."""
    letters = sum(char.isalpha() for char in text)
    return "zh" if letters and count_han(text) >= _MIN_HAN_SHARE * letters else "en"
