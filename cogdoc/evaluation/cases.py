"""What is measured: one thing put to an engine about one document, and what is true."""

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


class Task(StrEnum):
    """What an engine is asked to do."""

    ASK = "ask"
    OCR = "ocr"
    TABLES = "tables"
    CHARTS = "charts"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing put to an engine."""

    id: str
    """Unique in its dataset."""
    group: str
    """What is averaged together besides the whole: a subset, a subject, a kind of question."""
    document: Path | tuple[bytes, ...]
    """A file, or encoded pictures (PNG, JPEG, ...) that the dataset holds itself, one a page."""
    task: Task
    metric: str
    """Which score decides; see `cogdoc.evaluation.scoring`."""
    question: str = ""
    """As put to the engine, options of a choice included; empty unless `task` is ask."""
    truth: Mapping[str, Any] = field(default_factory=dict)
    """What the metric compares with, such as `answers`."""
    language: str = "en"
    unit: str = ""
    """Cases of one unit count once, by the worst of them, as in MMBench's circular evaluation; empty: a case alone."""


def fingerprint(case: Case) -> str:
    """Changes with whatever the outcome of a case comes from: its question, its truth, its document."""
    document = case.document
    if isinstance(document, Path):
        state = document.stat() if document.is_file() else None
        parts = [str(document), repr(state and (state.st_size, state.st_mtime_ns))]
    else:
        parts = [hashlib.sha256(picture).hexdigest() for picture in document]
    return hashlib.sha256(repr(replace(case, document=tuple(part.encode() for part in parts))).encode()).hexdigest()[
        :16
    ]


def by_document(cases: Iterable[Case]) -> list[Case]:
    """The cases so that those of one file follow one another, files in the order of their first case."""
    groups: dict[object, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.document, []).append(case)
    return [case for group in groups.values() for case in group]


_LEAST_SHARE = 0.2
"""Chinese texts quote Latin names, English ones a Chinese word now and then."""


def language_of(text: str) -> str:
    """`zh` where at least a fifth of the letters are Chinese characters, else `en`."""
    letters = sum(character.isalpha() for character in text)
    return "zh" if letters and count_han(text) >= _LEAST_SHARE * letters else "en"
