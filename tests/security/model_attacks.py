"""What the attacks on model folders share: a small real model, and changes of its configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

POCKET = Path(__file__).parents[2] / "samples" / "pocket" / "model"
INDEX = "model.safetensors.index.json"
WEIGHTS = "model.safetensors"
SECONDS = 60
"""How long a test may wait for a pipe, or count to a thousand million."""


def change_config(folder: Path, vision: dict[str, Any] | None = None, **changes: Any) -> None:
    raw = json.loads((folder / "config.json").read_text()) | changes
    raw["vision_config"] |= vision or {}
    (folder / "config.json").write_text(json.dumps(raw))
