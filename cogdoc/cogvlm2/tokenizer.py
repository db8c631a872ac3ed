"""Text to token ids and back, by the tokenizer.json of a checkpoint.

The `tokenizers` library alone: transformers takes seconds to import and adds nothing that CogVLM2 needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from cogdoc.errors import CheckpointError

REPLACEMENT = "\ufffd"
"""What stands in a decoded text for bytes that are no character, or not yet."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """Llama 3's byte-level BPE: every text has ids, and they give back that very text."""

    bpe: tokenizers.Tokenizer

    @property
    def vocab_size(self) -> int:
        return self.bpe.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """The ids of `text` alone, without bos.

        A text that spells a control token, `<|end_of_text|>` say, gets the ids of these letters: what a document
        says is data. Half a surrogate pair, which is no text, becomes a question mark.
        """
        return self._encoding(text).ids

    def count(self, text: str) -> int:
        """How many tokens `text` has."""
        return len(self._encoding(text))

    def decode(self, token_ids: Sequence[int]) -> str:
        """The text of `token_ids` without control tokens; bytes that are no UTF-8 become replacement characters."""
        return self.bpe.decode(token_ids, skip_special_tokens=True)

    def _encoding(self, text: str) -> tokenizers.Encoding:
        whole = text.encode("utf-8", errors="replace").decode("utf-8")
        return self.bpe.encode(whole, add_special_tokens=False)


class TextStream:
    """The text of tokens that come one by one.

    A Chinese character or an emoji may be spread over several tokens; it is held back until it is whole. All pieces
    joined, that of `finish` included, are what `Tokenizer.decode` makes of all ids at once. (`tokenizers` has a
    DecodeStream, but that holds whole characters back too if their token ends inside the next one, and has no end.)
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # The tokens since the last one that ended with a character, and how much of their text was given.
        self._open: list[int] = []
        self._given = 0

    def push(self, token_id: int) -> str:
        """Take the next token and give the text that became certain with it, often a word, sometimes nothing."""
        self._open.append(token_id)
        text = self._tokenizer.decode(self._open)
        certain = text.rstrip(REPLACEMENT)
        piece = certain[self._given :]
        self._given = len(certain)
        if certain == text:
            self._open.clear()
            self._given = 0
        return piece

    def finish(self) -> str:
        """What was held back: replacement characters where the answer broke off inside a character, else nothing."""
        rest = self._tokenizer.decode(self._open)[self._given :]
        self._open.clear()
        self._given = 0
        return rest


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read `tokenizer.json` of a checkpoint folder.

    Raises:
        CheckpointError: there is none, or it cannot be understood.
    """
    path = folder / "tokenizer.json"
    try:
        bpe = tokenizers.Tokenizer.from_buffer(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{folder}: no tokenizer.json", "expected the folder of a CogVLM2 checkpoint") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    bpe.encode_special_tokens = True
    # Whoever saved the file may have left these on, and both would change a prompt without a word.
    bpe.no_truncation()
    bpe.no_padding()
    return Tokenizer(bpe)
