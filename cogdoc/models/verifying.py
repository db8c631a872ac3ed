"""Whether a checkpoint's files are what they should be, file by file and tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from cogdoc.cogvlm2.configuration import ModelConfig, read_config
from cogdoc.cogvlm2.loading import Contents, match_tensors
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from cogdoc.errors import CheckpointError
from cogdoc.models.description import parameters
from cogdoc.models.names import INDEX, weight_files
from cogdoc.models.provenance import git_blob, read_record, sha256

Progress = Callable[[str, int, int], None]
"""Called with the file that is hashed, the bytes that are done, and of how many."""

SHA256_DIGITS, SHA1_DIGITS = 64, 40


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found in order."""

    parameters: int
    tensors: int
    hashed: int
    """Files whose hash was known and is right."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """What a file should be; `size` is None where only the hash is known."""

    size: int | None
    digest: str


def verify(folder: Path, progress: Progress | None = None) -> tuple[Verified | None, list[CheckpointError]]:
    """Check hashes, where they are known, then the architecture and the tokenizer; all complaints, not the first alone.

    Hashes are known for what cogdoc pulled or quantized, and for what lies in the Hugging Face cache.
    """
    errors = list(_hash_complaints(folder, progress))
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
        tokens = load_tokenizer(folder).vocab_size
        if config is not None and tokens > config.vocab_size:
            errors.append(
                CheckpointError(f"{folder}: the tokenizer has {tokens} tokens, but the model {config.vocab_size}")
            )
    except CheckpointError as error:
        errors.append(error)
    if errors or config is None or contents is None:
        return None, errors
    return Verified(parameters(config), len(contents.stored), len(_expected(folder))), []


def _hash_complaints(folder: Path, progress: Progress | None) -> Iterator[CheckpointError]:
    try:
        expected = _expected(folder)
    except CheckpointError as error:
        yield error
        return
    if read_record(folder) is not None:
        yield from _foreign_weights(folder, expected)
    there = {name: folder / name for name in expected if (folder / name).is_file()}
    total = sum(path.stat().st_size for path in there.values())
    done = 0
    for name, file in expected.items():
        path = folder / name
        if name not in there:
            yield CheckpointError(f"{path}: is missing")
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

        digest = sha256(path, hashed) if len(file.digest) == SHA256_DIGITS else git_blob(path)
        if digest != file.digest:
            yield CheckpointError(f"{path}: damaged: its hash is not the recorded one")


def _expected(folder: Path) -> Mapping[str, _Expected]:
    record = read_record(folder)
    if record is not None:
        return {name: _Expected(file.size, file.sha256) for name, file in record.files.items()}
    return _cached(folder)


def _cached(folder: Path) -> dict[str, _Expected]:
    """Files of the Hugging Face cache are links to files named after their own hash."""
    expected = {}
    for path in folder.iterdir() if folder.parent.name == "snapshots" else ():
        if path.is_symlink():
            digest = path.readlink().name
            if len(digest) in (SHA256_DIGITS, SHA1_DIGITS) and not set(digest) - set("0123456789abcdef"):
                expected[path.name] = _Expected(None, digest)
    return expected


def _foreign_weights(folder: Path, expected: Mapping[str, _Expected]) -> Iterator[CheckpointError]:
    """Weights that nobody recorded; only those that would be loaded matter."""
    there = {path.name for path in folder.iterdir() if path.suffix == ".safetensors" or path.name == INDEX}
    for name in sorted((there | set(weight_files(folder))) - set(expected)):
        yield CheckpointError(f"{folder / name}: foreign: not one of the files that were recorded")
