"""Notices questions among the sources of a command, where no file would be found."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from cogdoc.documents.folder_walk import match_pattern
from cogdoc.errors import UsageError


def refuse_swapped(question: str, sources: Sequence[str]) -> None:
    """
    Raises:
        UsageError: the last argument is a file and the first is none, so the question probably came first.
    """
    if sources and _is_path(question) and not _is_path(sources[0]) and " " in sources[0]:
        raise UsageError(
            f"the last argument is the question, but {question} is a file",
            f"for example: cogdoc ask {shlex.quote(question)} {shlex.quote(sources[0])}",
        )


def refuse_questions(sources: Sequence[str], command: str, question: str | None = None) -> None:
    """
    Args:
        question: the last argument, if it is the question.

    Raises:
        UsageError: one of the sources is not a file and reads like a question.
    """
    found = [source for source in sources if _reads_like_a_question(source) and not match_pattern(source)]
    if found:
        options = " ".join(f"-q {shlex.quote(text)}" for text in (*found, *filter(None, (question,))))
        raise UsageError(f"{found[0]}: is not a file", f"questions go after -q: cogdoc {command} FILE {options}")


def _reads_like_a_question(argument: str) -> bool:
    return argument.endswith("？") or (argument.endswith("?") and " " in argument)


def _is_path(argument: str) -> bool:
    try:
        return Path(argument).exists()
    except (OSError, ValueError):
        return False
