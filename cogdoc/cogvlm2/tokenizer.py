"""Encodes and decodes text with the `tokenizer.json` of a checkpoint.

It uses the `tokenizers` library directly: transformers takes seconds to import and adds nothing that CogVLM2 needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from cogdoc.errors import CheckpointError

REPLACEMENT = "\ufffd"
"""Marks bytes in decoded text that are not a character, or not a complete one yet."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The byte-level BPE of Llama 3: every text can be encoded, and decodes to itself."""

    bpe: tokenizers.Tokenizer

    @property
    def vocab_size(self) -> int:
        return self.bpe.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Encode `text` without bos.

        Text that spells a control token, such as `<|end_of_text|>`, is encoded as ordinary characters: the text of a
        document is data. Unpaired surrogates become question marks.
        """
        return self._encoding(text).ids

    def count(self, text: str) -> int:
        """Count the tokens of `text`."""
        return len(self._encoding(text))

    def decode(self, token_ids: Sequence[int]) -> str:
        """Decode `token_ids` without control tokens; bytes that are not valid UTF-8 become replacement characters."""
        return self.bpe.decode(token_ids, skip_special_tokens=True)

    def _encoding(self, text: str) -> tokenizers.Encoding:
        valid = text.encode("utf-8", errors="replace").decode("utf-8")
        return self.bpe.encode(valid, add_special_tokens=False)


class TextStream:
    """Decodes tokens one by one.

    A Chinese character or an emoji may span several tokens and is returned once it is complete. All pieces, including
    the one of `finish`, add up to what `Tokenizer.decode` returns for all ids. (The DecodeStream of `tokenizers` also
    delays complete characters whose token ends inside the next character, and has no `finish`.)
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # The tokens since the last character boundary, and the number of their characters that were returned.
        self._pending: list[int] = []
        self._returned = 0

    def push(self, token_id: int) -> str:
        """Add a token, and return the text that it completes: often a word, sometimes nothing."""
        self._pending.append(token_id)
        text = self._tokenizer.decode(self._pending)
        complete = text.rstrip(REPLACEMENT)
        piece = complete[self._returned :]
        self._returned = len(complete)
        if complete == text:
            self._pending.clear()
            self._returned = 0
        return piece

    def finish(self) -> str:
        """Return the rest: replacement characters if the answer ends inside a character, else nothing."""
        rest = self._tokenizer.decode(self._pending)[self._returned :]
        self._pending.clear()
        self._returned = 0
        return rest


def load_tokenizer(folder: Path) -> Tokenizer:
    """Read `tokenizer.json` of a checkpoint folder.

    Raises:
        CheckpointError: the file is missing or invalid.
    """
    path = folder / "tokenizer.json"
    try:
        bpe = tokenizers.Tokenizer.from_buffer(path.read_bytes())
    except FileNotFoundError:
        raise CheckpointError(f"{folder}: no tokenizer.json", "expected the folder of a CogVLM2 checkpoint") from None
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from None
    bpe.encode_special_tokens = True
    # The file may enable these, and both would silently change a prompt.
    bpe.no_truncation()
    bpe.no_padding()
    return Tokenizer(bpe)
