"""Reads Parquet files, as the Hugging Face Hub stores datasets, a few rows at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from cogdoc.errors import DamagedError, InputError, MissingError
from cogdoc.evaluation.datasets.dataset_rows import Row

_ROWS_AT_ONCE = 4
"""A row may contain a picture of ten megabytes."""
_BUFFER = 1 << 20
"""Bytes read ahead a column; without a buffer pyarrow reads the whole column of a row group, often a gigabyte."""


def is_parquet(path: Path) -> bool:
    """Whether `path` is a Parquet file, or a folder that contains one at any depth."""
    return path.suffix == ".parquet" if path.is_file() else any(path.rglob("*.parquet"))


def shards(path: Path, splits: Sequence[str], *, of_several_folders: bool = False) -> list[Path]:
    """`path` itself if it is a file, else that folder's files of the first of `splits` that it has, in natural order.

    Files are named by split as on the Hub: `validation-00000-of-00002.parquet`, `validation/0000.parquet`.

    Raises:
        InputError: the folder has none, or has files in several folders, which are different datasets.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder")
    files = sorted(path.rglob("*.parquet"), key=lambda file: _natural(str(file)))
    for split in splits:
        chosen = [file for file in files if _is_of(file, split)]
        folders = sorted({str(file.parent.relative_to(path)) for file in chosen})
        if len(folders) > 1 and not of_several_folders:
            raise InputError(f"{path}: contains several datasets: {', '.join(folders)}", "name the folder of one")
        if chosen:
            return chosen
    raise InputError(f"{path}: contains no Parquet file of the split {' or '.join(splits)}")


def parquet_rows(files: Sequence[Path], columns: Sequence[str]) -> Iterator[Row]:
    """The rows of all files, with those of `columns` that exist.

    Raises:
        MissingError: pyarrow is not installed.
        DamagedError: a file is damaged.
    """
    pyarrow = _pyarrow()
    for file in files:
        number = 0
        try:
            with pyarrow.parquet.ParquetFile(file, buffer_size=_BUFFER, pre_buffer=False) as opened:
                existing = [name for name in opened.schema_arrow.names if name in columns]
                for batch in opened.iter_batches(_ROWS_AT_ONCE, columns=existing, use_threads=False):
                    for values in batch.to_pylist():
                        number += 1
                        yield Row(f"{file}: row {number}", values)
        except (pyarrow.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DamagedError(f"{file}: row {number + 1}: not readable as Parquet: {reason}") from None


def _pyarrow() -> ModuleType:
    try:
        import pyarrow.parquet
    except ImportError:
        raise MissingError("reading Parquet files needs pyarrow", 'pip install "cogdoc[eval]"') from None
    module: ModuleType = pyarrow
    return module


def _is_of(file: Path, split: str) -> bool:
    return file.name.startswith((f"{split}-", f"{split}.")) or file.parent.name == split


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
