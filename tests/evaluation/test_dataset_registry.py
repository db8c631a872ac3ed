"""Every dataset is found by name, describes its path, and has its published scores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cogdoc.errors import InputError, UsageError
from cogdoc.evaluation.datasets import DATASETS, Dataset, find_dataset


def test_a_dataset_is_found_by_name_in_any_case() -> None:
    assert find_dataset("DocVQA").name == "docvqa"
    assert all(find_dataset(dataset.name) is dataset for dataset in DATASETS)


def test_an_unknown_dataset_is_an_error_that_lists_all() -> None:
    with pytest.raises(UsageError, match="unknown dataset 'vqa'") as raised:
        find_dataset("vqa")
    assert raised.value.hint is not None
    assert all(dataset.name in raised.value.hint for dataset in DATASETS)


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_each_dataset_describes_its_path_and_rejects_a_missing_one(dataset: Dataset, tmp_path: Path) -> None:
    assert 20 < len(dataset.help) < 400
    assert "\n" not in dataset.help
    published = [dataset.published, *dataset.published_by_group.values()]
    assert all(0 < score < 1 for scores in published for score in scores.values())
    with pytest.raises(InputError, match="no such file"):
        next(dataset.reads(tmp_path / "nowhere"))


def test_looking_up_datasets_loads_neither_numpy_nor_pyarrow() -> None:
    program = "import sys, cogdoc.evaluation.datasets; print(*{'numpy', 'pyarrow', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
