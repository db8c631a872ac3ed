"""A disk cache of image features, so that each image is encoded once: the vision tower takes minutes on a CPU."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from cogdoc.cogvlm2.checkpoint import fingerprint
from cogdoc.cogvlm2.folder_files import read_file
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.errors import CheckpointError

# Increase it when a change in `pixels` or `vision` changes the features.
COMPUTATION = 1

# A temporary file of this age belongs to a process that was killed.
ABANDONED_SECONDS = 3600

MAX_BYTES = 1 << 30
"""The most bytes of the features of one image; with the published sizes they have 19 MB."""

_NAME = re.compile(r"[0-9a-f]{64}\.safetensors")


@dataclass(frozen=True, slots=True)
class FeatureStore:
    """A folder of image features, keyed by image and model. The least recently used ones are evicted first.

    Args:
        folder: created by the first `save`. Several processes may share it.
        model_identity: see `model_identity`.
        limit: the most bytes to store; an image has 19 MB of features with the published sizes.
    """

    folder: Path
    model_identity: str
    limit: int = 4 << 30

    def load(self, pixels: Tensor) -> Tensor | None:
        """Load features (image_tokens, hidden_size) of pixels (3, image_size, image_size) on the CPU, if stored."""
        path = self._path(pixels)
        try:
            content = read_file(self.folder, path.name, MAX_BYTES)
            features = load(content)["features"] if content is not None else None
        except (CheckpointError, SafetensorError, KeyError):
            return None
        if features is None or not features.is_floating_point():
            return None
        with suppress(OSError):  # the folder may be read-only
            os.utime(path)
        return features

    def save(self, pixels: Tensor, features: Tensor) -> None:
        """Store the features of an image. A full disk or an unwritable folder is no error: it only costs time later."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, prefix="features-", suffix=".partial")
            os.close(handle)
            try:
                save_file({"features": features.cpu().contiguous()}, temporary)
                Path(temporary).replace(self._path(pixels))
            finally:
                Path(temporary).unlink(missing_ok=True)
            self._evict_oldest()
        except (OSError, SafetensorError):
            return

    def _path(self, pixels: Tensor) -> Path:
        digest = hashlib.sha256(self.model_identity.encode())
        digest.update(pixels.float().cpu().contiguous().numpy().tobytes())
        return self.folder / f"{digest.hexdigest()}.safetensors"

    def _evict_oldest(self) -> None:
        for partial in self.folder.glob("features-*.partial"):
            if time.time() - partial.stat().st_mtime > ABANDONED_SECONDS:
                partial.unlink(missing_ok=True)
        stored = [(path, path.stat()) for path in self.folder.iterdir() if _NAME.fullmatch(path.name)]
        size = sum(stat.st_size for _, stat in stored)
        for path, stat in sorted(stored, key=lambda entry: entry[1].st_mtime):
            if size <= self.limit:
                return
            path.unlink(missing_ok=True)
            size -= stat.st_size


def model_identity(checkpoint: Path, model: CogVLM2) -> str:
    """Identify everything that image features depend on: code version, checkpoint, quantization and compute dtype."""
    layer_type = type(model.model.vision.linear_proj.gate_proj).__name__
    return f"{COMPUTATION} {fingerprint(checkpoint)} {layer_type} {model.dtype}"
