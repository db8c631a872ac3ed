"""Deletes a checkpoint: only the files that cogdoc wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cogdoc.errors import MissingError, OutputError, UsageError
from cogdoc.models.checkpoint_folders import existing_folder, models_folder, partial_folder
from cogdoc.models.provenance import PROVENANCE_FILE, read_provenance
from cogdoc.models.published_models import find_model
from cogdoc.models.unfinished_pulls import unfinished_files


@dataclass(frozen=True, slots=True)
class Removal:
    """The files to delete: those that the provenance lists, or all files of an interrupted pull."""

    folder: Path
    files: Sequence[Path]

    @property
    def size(self) -> int:
        return sum(path.stat().st_size for path in self.files)


def plan_removal(name: str) -> Removal:
    """The files that `cogdoc model remove` would delete.

    Raises:
        MissingError: there is no model of this name, or its provenance lists files of other folders.
        UsageError: cogdoc did not write it.
        CheckpointError: its provenance is damaged.
    """
    model = find_model(name)
    if model is not None:
        partial = partial_folder(models_folder() / model.folder)
        if partial.is_dir() and not (models_folder() / model.folder).is_dir():
            return Removal(partial, unfinished_files(partial))
    folder = existing_folder(name)
    provenance = read_provenance(folder)
    if provenance is None:
        raise UsageError(f"{folder}: was not written by cogdoc, so cogdoc does not remove it")
    files = [folder / file for file in (*provenance.files, PROVENANCE_FILE)]
    if any(path.parent != folder or path.name in ("", "..") for path in files):
        raise MissingError(f"{folder}: its cogdoc.json lists files outside the folder, so nothing is removed")
    return Removal(folder, [path for path in files if path.is_file()])


def remove(removal: Removal) -> list[Path]:
    """Delete the files, and the folder if it is then empty. Returns the files that remain in it.

    Raises:
        OutputError: a file cannot be deleted.
    """
    try:
        # The provenance is deleted last, so that an interrupted removal can be repeated.
        for path in removal.files:
            path.unlink(missing_ok=True)
        remaining = sorted(removal.folder.iterdir())
        if not remaining:
            removal.folder.rmdir()
    except OSError as error:
        raise OutputError(f"{removal.folder}: cannot be removed: {error}") from None
    return remaining
