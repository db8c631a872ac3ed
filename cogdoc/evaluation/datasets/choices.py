"""Multiple-choice questions as they are put: the question, then its options one a line."""

from __future__ import annotations

from collections.abc import Mapping


def with_options(question: str, options: Mapping[str, str], hint: str = "") -> str:
    """Hint, question and options such as `A. text`, a line each."""
    lines = [hint, question, *(f"{letter}. {option}" for letter, option in options.items())]
    return "\n".join(line.strip() for line in lines if line.strip())
