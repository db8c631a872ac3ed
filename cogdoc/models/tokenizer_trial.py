"""Tries a checkpoint's tokenizer in a worker process, before this process parses it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.folder_files import unreadable
from cogdoc.documents.sandbox import Sandbox
from cogdoc.errors import DamagedError, ResourceError, TimeLimitError

if TYPE_CHECKING:
    from cogdoc.cogvlm2.tokenizer import Tokenizer

TRIAL_SECONDS = 60.0
"""How long the trial may take; with the tokenizer of Llama 3 it takes a second."""


@dataclass(frozen=True, slots=True)
class TokenizerFacts:
    """What a worker process reports about a tokenizer without faults."""

    size: int
    """The number of its tokens; their numbers are smaller."""


class TokenizerTrial:
    """The trial of the tokenizer in a folder. It starts at once, and runs while the caller does other things.

    Its worker process ends with the trial, which is a context manager.
    """

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            CheckpointError: there is no tokenizer.json, or it cannot be read.
        """
        from cogdoc.cogvlm2.tokenizer import TOKENIZER_FILE, read_tokenizer

        self._path = folder / TOKENIZER_FILE
        self._content = read_tokenizer(folder)
        self._sandbox = Sandbox(timeout=TRIAL_SECONDS, threads=1)
        self._facts = self._sandbox.submit(try_tokenizer, self._content, str(self._path))

    def __enter__(self) -> TokenizerTrial:
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.close()

    def facts(self) -> TokenizerFacts:
        """Wait for the result of the trial.

        Raises:
            CheckpointError: the tokenizer has a fault.
        """
        try:
            return self._facts.result()
        except (DamagedError, ResourceError, TimeLimitError) as error:
            raise unreadable(self._path, error.message) from None

    def tokenizer(self) -> Tokenizer:
        """The tokenizer, parsed in this process from the bytes that were tried.

        Raises:
            CheckpointError: the tokenizer has a fault.
        """
        from cogdoc.cogvlm2.tokenizer import parse_tokenizer

        self.facts()
        return parse_tokenizer(self._content, self._path)


def try_tokenizer(content: bytes, path: str) -> TokenizerFacts:
    """Check, parse and use a tokenizer. Runs in a worker process.

    Raises:
        CheckpointError: it has a fault.
    """
    from cogdoc.cogvlm2.tokenizer import checked_tokenizer

    return TokenizerFacts(checked_tokenizer(content, Path(path)).size)
