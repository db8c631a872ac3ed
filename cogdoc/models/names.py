"""What a user may call a model, and the folder on this machine that the name stands for.

Needs neither a deep learning library nor the network: the choice of an engine asks here at every start.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cogdoc.cogvlm2.configuration import read_config
from cogdoc.errors import CheckpointError, MissingError

Hub = Literal["huggingface", "modelscope"]

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Model:
    """A published checkpoint. The first repository of a hub is where it is pulled from, others are known as well."""

    name: str
    meaning: str
    huggingface: tuple[str, ...]
    modelscope: tuple[str, ...]
    quantized: bool

    @property
    def folder(self) -> str:
        """The name of its folder among the pulled models."""
        return self.huggingface[0].rpartition("/")[2]

    def repositories(self, hub: Hub) -> tuple[str, ...]:
        return self.huggingface if hub == "huggingface" else self.modelscope


def _published(name: str, repository: str, meaning: str) -> Model:
    owners = ("THUDM", "zai-org")
    return Model(
        name=name,
        meaning=meaning,
        huggingface=tuple(f"{owner}/{repository}" for owner in owners),
        modelscope=(f"ZhipuAI/{repository}",),
        quantized=name.endswith("-int4"),
    )


MODELS = {
    model.name: model
    for model in (
        _published("chat", "cogvlm2-llama3-chat-19B", "English, 16 bits"),
        _published("chinese", "cogvlm2-llama3-chinese-chat-19B", "Chinese and English, 16 bits"),
        _published("chat-int4", "cogvlm2-llama3-chat-19B-int4", "English, 4 bits"),
        _published("chinese-int4", "cogvlm2-llama3-chinese-chat-19B-int4", "Chinese and English, 4 bits"),
    )
}


def find_model(name: str) -> Model | None:
    """The published checkpoint that is called so: by its short name, its repository's, or either with its owner."""
    for model in MODELS.values():
        if name in (model.name, model.folder, *model.huggingface, *model.modelscope):
            return model
    return None


def find_checkpoint(name: str) -> Path | None:
    """The folder of a whole checkpoint: a published one by name, or a folder by its path. None where there is none."""
    model = find_model(name)
    if model is None:
        folder = Path(name).expanduser()
        return folder if not complaint(folder) else None
    for folder in (models_folder() / model.folder, *_cached(model)):
        if not complaint(folder):
            return folder
    return None


def checkpoint_folder(name: str) -> Path:
    """As `find_checkpoint`, but a checkpoint has to be there.

    Raises:
        MissingError: no model of this name is on this machine.
        CheckpointError: the folder is no checkpoint of CogVLM2, or not a whole one.
    """
    found = find_checkpoint(name)
    if found is not None:
        return found
    folder = existing_folder(name)
    model = find_model(name)
    again = f"cogdoc model remove {model.name}, then cogdoc model pull {model.name}" if model else None
    raise CheckpointError(f"{folder}: {complaint(folder)}", again or "expected the folder of a CogVLM2 checkpoint")


def existing_folder(name: str) -> Path:
    """The folder that a name stands for, be it a whole checkpoint or not: for those who say what is wrong with it.

    Raises:
        MissingError: there is none.
    """
    model = find_model(name)
    if model is None:
        folder = Path(name).expanduser()
        if folder.is_dir():
            return folder
        names = ", ".join(MODELS)
        raise MissingError(f"{name}: neither a model nor a folder", f"models: {names}; cogdoc model pull gets them")
    candidates = [models_folder() / model.folder, *_cached(model)]
    there = find_checkpoint(name) or next((folder for folder in candidates if folder.is_dir()), None)
    if there is None:
        raise MissingError(f"the model {model.name} is not on this machine", f"cogdoc model pull {model.name}")
    return there


def models_folder() -> Path:
    """Where pulled checkpoints lie, a folder each: under COGDOC_HOME, or where the system keeps a user's data."""
    home = os.environ.get("COGDOC_HOME")
    return (Path(home).expanduser() if home else _user_data() / "cogdoc") / "models"


def partial_folder(target: Path) -> Path:
    """Where the files of a pull wait until all of them are there."""
    return target.with_name(f".{target.name}.partial")


def complaint(folder: Path) -> str | None:
    """Why a folder cannot be a whole checkpoint, or None. Looks for files, not into tensors."""
    try:
        read_config(folder)
    except CheckpointError as error:
        return error.message.removeprefix(f"{folder}: ").removeprefix(f"{folder}{os.sep}")
    needed = ["tokenizer.json", *weight_files(folder)]
    missing = [file for file in needed if not (folder / file).is_file()]
    return f"missing: {', '.join(missing)}" if missing else None


def weight_files(folder: Path) -> list[str]:
    """The files that a checkpoint's weights lie in, by its index; whether they are there is another question."""
    index = folder / INDEX
    if not index.is_file():
        return [SINGLE]
    try:
        return sorted({str(file) for file in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()})
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return [INDEX + " that can be read"]


def hub_cache() -> Path:
    """Where huggingface_hub keeps what others have downloaded, by the same variables as there."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(os.path.expandvars(named)).expanduser()
    home = os.environ.get("HF_HOME")
    if home:
        return Path(os.path.expandvars(home)).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def _cached(model: Model) -> list[Path]:
    """Snapshots in the Hugging Face cache, those that `main` stands for first."""
    snapshots: list[Path] = []
    for repository in model.huggingface:
        folder = hub_cache() / f"models--{repository.replace('/', '--')}"
        try:
            current = (folder / "refs" / "main").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            current = ""
        if _COMMIT.fullmatch(current):
            snapshots.append(folder / "snapshots" / current)
        snapshots += sorted(path for path in (folder / "snapshots").glob("*") if path.name != current)
    return snapshots


def _user_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or "~/AppData/Local").expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Application Support").expanduser()
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
