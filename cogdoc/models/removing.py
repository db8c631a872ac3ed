"""Takes a checkpoint away again: what cogdoc put there, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import MissingError, OutputError, UsageError
from cogdoc.models.names import existing_folder, find_model, models_folder, partial_folder
from cogdoc.models.provenance import RECORD, read_record


@dataclass(frozen=True, slots=True)
class Removal:
    """What would go: the recorded files of a folder, or the whole folder of a pull that broke off."""

    folder: Path
    files: Sequence[Path]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files)


def plan_removal(name: str) -> Removal:
    """What `cogdoc model remove` would delete.

    Raises:
        MissingError: there is nothing of this name.
        UsageError: somebody else put it there.
        CheckpointError: cogdoc's record of it is damaged.
    """
    model = find_model(name)
    if model is not None:
        partial = partial_folder(models_folder() / model.folder)
        if partial.is_dir() and not (models_folder() / model.folder).is_dir():
            return Removal(partial, [path for path in partial.iterdir() if path.is_file()])
    folder = existing_folder(name)
    record = read_record(folder)
    if record is None:
        raise UsageError(f"{folder}: was not put there by cogdoc, which therefore leaves it alone")
    files = [folder / file for file in (*record.files, RECORD)]
    if any(path.parent != folder for path in files):
        raise MissingError(f"{folder}: the record names files that are elsewhere, so nothing is removed")
    return Removal(folder, [path for path in files if path.is_file()])


def remove(removal: Removal) -> list[Path]:
    """Delete it; what is left in the folder, because it came from elsewhere, is returned.

    Raises:
        OutputError: something cannot be deleted.
    """
    try:
        # The record goes last: whoever is interrupted can go on.
        for path in removal.files:
            path.unlink(missing_ok=True)
        left = sorted(removal.folder.iterdir())
        if not left:
            removal.folder.rmdir()
    except OSError as error:
        raise OutputError(f"{removal.folder}: cannot be removed: {error}") from None
    return left
