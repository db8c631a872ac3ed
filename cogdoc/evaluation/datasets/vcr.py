"""VCR-Wiki: text in pictures that was covered in part (Zhang et al., "VCR: Visual Caption Restoration", 2024)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.datasets.language import language_of
from cogdoc.evaluation.datasets.parquet import parquet_rows, shards
from cogdoc.evaluation.datasets.rows import Row, picture, text, texts

COLUMNS = ("question_id", "stacked_image", "crossed_text")
QUESTIONS = {
    "en": "What is the covered texts in the image? "
    "Please restore the covered texts without outputting the explanations.",
    "zh": "图像中被覆盖的文本是什么？请在不输出解释的情况下还原被覆盖的文本。",
}
"""As the authors put it, word for word."""
_VARIANT = re.compile(r"VCR-wiki-(en|zh)-(easy|hard)", re.IGNORECASE)


def read(path: Path) -> Iterator[Case]:
    """The folder of one VCR-Wiki set such as VCR-wiki-en-easy-test-500, or one of its Parquet files; test split."""
    files = shards(path, ("test",))
    variant = _VARIANT.search(str(files[0].absolute()))
    for number, row in enumerate(parquet_rows(files, COLUMNS)):
        yield _case(row, number, " ".join(variant.groups()).lower() if variant else "VCR-Wiki")


def _case(row: Row, number: int, group: str) -> Case:
    masked = texts(row, "crossed_text")
    language = language_of("".join(masked))
    return Case(
        id=text(row, "question_id") if row.values.get("question_id") is not None else str(number),
        group=group,
        document=(picture(row, "stacked_image"),),
        task=Task.ASK,
        metric="vcr",
        question=QUESTIONS[language],
        truth={"masked": masked},
        language=language,
    )
