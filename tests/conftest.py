"""Where tests find the project's samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture(scope="session")
def facts() -> dict[str, dict[str, Any]]:
    """The known facts of each sample, by its file name."""
    entries = json.loads((SAMPLES / "facts.json").read_text(encoding="utf-8"))
    return {entry["file"]: entry for entry in entries}
