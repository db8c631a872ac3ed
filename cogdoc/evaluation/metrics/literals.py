"""Lists that benchmarks write into their answers as Python does."""

from __future__ import annotations

import ast
import warnings


def literal_list(text: str) -> list[str]:
    """The elements of a list in Python's notation, as texts; none where `text` is anything else."""
    try:
        with warnings.catch_warnings():
            # A model's stray backslash is no reason to warn of invalid escapes.
            warnings.simplefilter("ignore")
            parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [str(element) for element in parsed] if isinstance(parsed, list) else []
