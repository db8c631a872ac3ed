"""Image features kept on disk: where the vision tower takes minutes, a page is looked at once."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from cogdoc.cogvlm2.checkpoint import fingerprint
from cogdoc.cogvlm2.model import CogVLM2

# To be raised when a change in `pixels` or `vision` gives other features.
COMPUTATION = 1

# A temporary file this old belongs to a process that was killed.
ABANDONED_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class FeatureStore:
    """A folder of image features by picture and model, the least recently used given up first.

    Args:
        folder: made when something is kept. Several processes may share it.
        model_identity: see `model_identity`.
        limit: bytes to keep at most; a picture has 19 MB of features with the published sizes.
    """

    folder: Path
    model_identity: str
    limit: int = 4 << 30

    def load(self, pixels: Tensor) -> Tensor | None:
        """Features (image_tokens, hidden_size) of pixels (3, image_size, image_size), on the CPU; None if not kept."""
        path = self._path(pixels)
        try:
            features = load(path.read_bytes())["features"]
        except (OSError, SafetensorError, KeyError):
            return None
        with suppress(OSError):  # somebody else's folder may be read-only
            os.utime(path)
        return features

    def save(self, pixels: Tensor, features: Tensor) -> None:
        """Keep a picture's features; a full disk or a folder that cannot be written loses nothing but time."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".partial")
            os.close(handle)
            try:
                save_file({"features": features.cpu().contiguous()}, temporary)
                Path(temporary).replace(self._path(pixels))
            finally:
                Path(temporary).unlink(missing_ok=True)
            self._give_up_oldest()
        except (OSError, SafetensorError):
            return

    def _path(self, pixels: Tensor) -> Path:
        digest = hashlib.sha256(self.model_identity.encode())
        digest.update(pixels.float().cpu().contiguous().numpy().tobytes())
        return self.folder / f"{digest.hexdigest()}.safetensors"

    def _give_up_oldest(self) -> None:
        for partial in self.folder.glob("*.partial"):
            if time.time() - partial.stat().st_mtime > ABANDONED_SECONDS:
                partial.unlink(missing_ok=True)
        kept = [(path, path.stat()) for path in self.folder.glob("*.safetensors")]
        size = sum(stat.st_size for _, stat in kept)
        for path, stat in sorted(kept, key=lambda entry: entry[1].st_mtime):
            if size <= self.limit:
                return
            path.unlink(missing_ok=True)
            size -= stat.st_size


def model_identity(checkpoint: Path, model: CogVLM2) -> str:
    """Tells apart what gives different features: our code, checkpoint, kind of weights, and what is computed in."""
    kind = type(model.model.vision.linear_proj.gate_proj).__name__
    return f"{COMPUTATION} {fingerprint(checkpoint)} {kind} {model.dtype}"
