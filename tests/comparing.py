"""Compares results of models apart from what rounding decides."""

from __future__ import annotations

from typing import Any


def without_confidences(value: Any) -> Any:
    """Parsed JSON without confidences, whose last digits in bf16 depend on which rows are decoded together."""
    if isinstance(value, dict):
        return {key: without_confidences(part) for key, part in value.items() if "confidence" not in key}
    return [without_confidences(part) for part in value] if isinstance(value, list) else value
