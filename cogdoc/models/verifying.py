"""Checks a checkpoint: the hash of each file, the name and shape of each tensor, the tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from cogdoc.cogvlm2.configuration import ModelConfig, read_config
from cogdoc.cogvlm2.folder_files import find_file
from cogdoc.cogvlm2.loading import Contents, match_tensors
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.weight_files import INDEX
from cogdoc.errors import CheckpointError
from cogdoc.models.checkpoint_folders import weight_files
from cogdoc.models.description import parameters
from cogdoc.models.provenance import git_blob_sha1, read_provenance, sha256
from cogdoc.models.tokenizer_trial import TokenizerTrial

Progress = Callable[[str, int, int], None]
"""Called with the name of the current file, the bytes hashed so far, and the total."""

SHA256_DIGITS, SHA1_DIGITS = 64, 40


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """What was checked in a checkpoint without faults."""

    parameters: int
    tensors: int
    hashed: int
    """The number of files whose hash is known, and was checked."""


@dataclass(frozen=True, slots=True)
class _ExpectedFile:
    size: int | None
    """None if only the hash is known."""
    digest: str


def verify(folder: Path, progress: Progress | None = None) -> tuple[VerifiedCheckpoint | None, list[CheckpointError]]:
    """Check the hashes that are known, then the tensors and the tokenizer. Returns all errors, not only the first.

    Hashes are known for checkpoints that cogdoc pulled or quantized, and for those in the Hugging Face cache.
    """
    errors = list(_hash_errors(folder, progress))
    config: ModelConfig | None = None
    contents: Contents | None = None
    try:
        config = read_config(folder)
        with torch.device("meta"):
            model = CogVLM2(config)
        contents = match_tensors(folder, model)
    except CheckpointError as error:
        errors.append(error)
    try:
        with TokenizerTrial(folder) as trial:
            tokens = trial.facts().size
        if config is not None and tokens > config.vocab_size:
            errors.append(
                CheckpointError(f"{folder}: the tokenizer has {tokens} tokens, but the model {config.vocab_size}")
            )
    except CheckpointError as error:
        errors.append(error)
    if errors or config is None or contents is None:
        return None, errors
    return VerifiedCheckpoint(parameters(config), len(contents.stored), len(_expected(folder))), []


def _hash_errors(folder: Path, progress: Progress | None) -> Iterator[CheckpointError]:
    try:
        expected = _expected(folder)
    except CheckpointError as error:
        yield error
        return
    if read_provenance(folder) is not None:
        yield from _unrecorded_weights(folder, expected)
    present = {}
    for name in expected:
        try:
            if find_file(folder, name) is not None:
                present[name] = folder / name
            else:
                yield CheckpointError(f"{folder / name}: is missing")
        except CheckpointError as error:
            yield error
    total = sum(path.stat().st_size for path in present.values())
    done = 0
    for name, file in expected.items():
        path = folder / name
        if name not in present:
            continue
        size = path.stat().st_size
        if file.size is not None and size != file.size:
            kind = "truncated" if size < file.size else "too long"
            yield CheckpointError(f"{path}: {kind}: {size:,} bytes instead of {file.size:,}")
            done += size
            continue

        def hashed(count: int, name: str = name) -> None:
            nonlocal done
            done += count
            if progress is not None:
                progress(name, done, total)

        digest = sha256(path, hashed) if len(file.digest) == SHA256_DIGITS else git_blob_sha1(path)
        if digest != file.digest:
            yield CheckpointError(f"{path}: damaged: its hash is not the recorded one")


def _expected(folder: Path) -> Mapping[str, _ExpectedFile]:
    provenance = read_provenance(folder)
    if provenance is not None:
        return {name: _ExpectedFile(file.size, file.sha256) for name, file in provenance.files.items()}
    return _files_of_hub_cache(folder)


def _files_of_hub_cache(folder: Path) -> dict[str, _ExpectedFile]:
    """The files of a snapshot in the Hugging Face cache: links to files that are named after their hash."""
    expected = {}
    for path in folder.iterdir() if folder.parent.name == "snapshots" else ():
        if path.is_symlink():
            digest = path.readlink().name  # `find_file` refuses links to other places than the snapshot's blobs
            if len(digest) in (SHA256_DIGITS, SHA1_DIGITS) and not set(digest) - set("0123456789abcdef"):
                expected[path.name] = _ExpectedFile(None, digest)
    return expected


def _unrecorded_weights(folder: Path, expected: Mapping[str, _ExpectedFile]) -> Iterator[CheckpointError]:
    """Weight files that would be loaded, but are not among the recorded files."""
    present = {path.name for path in folder.iterdir() if path.suffix == ".safetensors" or path.name == INDEX}
    for name in sorted((present | set(weight_files(folder))) - set(expected)):
        yield CheckpointError(f"{folder / name}: unexpected: not one of the recorded files")
