"""Finds the folder of a checkpoint on this machine, and checks whether its files are complete.

It needs neither PyTorch nor the network, because every start of cogdoc uses it to select an engine.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from cogdoc.cogvlm2.configuration import read_config
from cogdoc.cogvlm2.folder_files import find_file, read_file, shorten
from cogdoc.cogvlm2.relatives import relative_of_repository
from cogdoc.cogvlm2.weight_files import INDEX, SINGLE, indexed_files
from cogdoc.errors import CheckpointError, MissingError
from cogdoc.models.published_models import MODELS, Model, find_model

REFERENCE_BYTES = 1000
"""The most bytes of a file that names a commit."""

_COMMIT = re.compile(r"[0-9a-f]{40}")


def find_checkpoint(name: str) -> Path | None:
    """The folder of a complete checkpoint, by the name of a model or the path of a folder; None if there is none."""
    model = find_model(name)
    if model is None:
        folder = _as_path(name)
        return folder if not find_defect(folder) else None
    for folder in (models_folder() / model.folder, *_cached_snapshots(model)):
        if not find_defect(folder):
            return folder
    return None


def checkpoint_folder(name: str) -> Path:
    """Like `find_checkpoint`, but raises an error if there is none.

    Raises:
        MissingError: no model of this name is on this machine.
        CheckpointError: the folder is not a complete CogVLM2 checkpoint.
    """
    complete = find_checkpoint(name)
    if complete is not None:
        return complete
    folder = existing_folder(name)
    model = find_model(name)
    hint = f"cogdoc model remove {model.name}, then cogdoc model pull {model.name}" if model else None
    raise CheckpointError(f"{folder}: {find_defect(folder)}", hint or "expected the folder of a CogVLM2 checkpoint")


def existing_folder(name: str) -> Path:
    """The folder of a model, even if the checkpoint in it is incomplete.

    Raises:
        MissingError: there is no such folder.
        CheckpointError: it is the name of another model of the family.
    """
    model = find_model(name)
    if model is None:
        folder = _as_path(name)
        if os.path.isdir(folder):  # noqa: PTH112  unlike Path.is_dir, it never raises an error
            return folder
        names = ", ".join(MODELS)
        relative = relative_of_repository(name)
        if relative is not None:
            raise CheckpointError(f"{shorten(name)}: {relative.refusal}", f"models: {names}")
        raise MissingError(
            f"{shorten(name)}: neither a model nor a folder", f"models: {names}; cogdoc model pull downloads them"
        )
    candidates = [models_folder() / model.folder, *_cached_snapshots(model)]
    existing = find_checkpoint(name) or next((folder for folder in candidates if folder.is_dir()), None)
    if existing is None:
        raise MissingError(f"the model {model.name} is not on this machine", f"cogdoc model pull {model.name}")
    return existing


def models_folder() -> Path:
    """The folder of the pulled checkpoints: under COGDOC_HOME, or under the system's folder for user data."""
    home = os.environ.get("COGDOC_HOME")
    return (_as_path(home) if home else _user_data() / "cogdoc") / "models"


def partial_folder(target: Path) -> Path:
    """The folder for the files of an unfinished pull into `target`."""
    return target.with_name(f".{target.name}.partial")


def find_defect(folder: Path) -> str | None:
    """Why a folder is not a complete checkpoint; None if it is. Reads the configuration, but no tensors."""
    try:
        read_config(folder)
        required = ["tokenizer.json", *weight_files(folder)]
        missing = [file for file in required if find_file(folder, file) is None]
    except CheckpointError as error:
        return error.message.removeprefix(f"{folder}: ").removeprefix(f"{folder}{os.sep}")
    return f"missing: {shorten(', '.join(missing))}" if missing else None


def weight_files(folder: Path) -> list[str]:
    """The names of the weight files, from the index; the files need not exist."""
    try:
        names = indexed_files(folder)
    except CheckpointError:
        return [f"{INDEX} that can be read"]
    return [SINGLE] if names is None else names


def hub_cache() -> Path:
    """The cache of huggingface_hub, from the environment variables that it reads."""
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if cache:
        return _as_path(os.path.expandvars(cache))
    home = os.environ.get("HF_HOME")
    if home:
        return _as_path(os.path.expandvars(home)) / "hub"
    return _as_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "huggingface" / "hub"


def _cached_snapshots(model: Model) -> list[Path]:
    """Snapshots in the Hugging Face cache, with the one that `main` refers to first."""
    snapshots: list[Path] = []
    for repository in model.huggingface:
        folder = hub_cache() / f"models--{repository.replace('/', '--')}"
        try:
            main_commit = (read_file(folder, "refs/main", REFERENCE_BYTES) or b"").decode("ascii").strip()
        except (CheckpointError, ValueError):
            main_commit = ""
        if _COMMIT.fullmatch(main_commit):
            snapshots.append(folder / "snapshots" / main_commit)
        snapshots += sorted(path for path in (folder / "snapshots").glob("*") if path.name != main_commit)
    return snapshots


def _user_data() -> Path:
    if sys.platform == "win32":
        return _as_path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local")
    if sys.platform == "darwin":
        return _as_path("~/Library/Application Support")
    return _as_path(os.environ.get("XDG_DATA_HOME") or "~/.local/share")


def _as_path(name: str) -> Path:
    """A path with its home folder filled in; unchanged if there is no such home folder."""
    with suppress(RuntimeError):
        return Path(name).expanduser()
    return Path(name)
