"""What a run of an evaluation promises: that it goes on, that its figures are those of its cases, and that it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_files import write_json, write_lines

from cogdoc.errors import InputError
from cogdoc.evaluation.datasets import find_dataset

QUESTION = {"file": "bill.pdf", "question": "What is the total?", "answers": ["$98.76"]}


def test_half_a_character_in_a_dataset_is_replaced_and_whole_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"file": "a.pdf", "question": "\\ud83d\\ude00 or \\ud800?", "answers": ["\\udfff"]}\n')
    (case,) = find_dataset("qa").reads(path)
    assert (case.question, case.truth["answers"]) == ("😀 or ??", ["?"])


@pytest.mark.parametrize("dataset", ["multipage", "mmlongbench"])
def test_an_unknown_type_of_answer_is_an_error_of_its_row(dataset: str, tmp_path: Path) -> None:
    row = QUESTION | {"doc_id": "bill.pdf", "answer": "1", "answer_format": "Date", "evidence_pages": "[]"}
    path = tmp_path / "samples.json"
    if dataset == "multipage":
        write_lines(path, [row | {"evidence_pages": []}])
    else:
        write_json(path, [row])
    with pytest.raises(InputError, match=r"samples\.json: (line|row) 1: unknown answer_format 'Date'"):
        list(find_dataset(dataset).reads(path))
