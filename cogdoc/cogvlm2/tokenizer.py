"""Encodes and decodes text with the `tokenizer.json` of a checkpoint.

It uses the `tokenizers` library directly: transformers takes seconds to import and adds nothing that CogVLM2 needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tokenizers

from cogdoc.cogvlm2.folder_files import read_file, shorten, unreadable
from cogdoc.cogvlm2.tokenizer_rules import check_rules
from cogdoc.errors import CheckpointError

TOKENIZER_FILE = "tokenizer.json"
TOKENIZER_BYTES = 32 << 20
"""The most bytes of the file; that of Llama 3 has 9 MB."""

SAMPLE = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCXYZ[\\]^_`abcxyz{|}~\t\r\n  价格 é 한 😀 <|end_of_text|>"

REPLACEMENT = "\ufffd"
"""Marks bytes in decoded text that are not a character, or not a complete one yet."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """The byte-level BPE of Llama 3: every text can be encoded, and decodes to itself."""

    bpe: tokenizers.Tokenizer

    @property
    def size(self) -> int:
        """One more than the highest number of a token. Numbers may be left out."""
        return max(self.bpe.get_vocab().values(), default=-1) + 1

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
        try:
            return self.bpe.decode(token_ids, skip_special_tokens=True)
        except BaseException as error:
            raise _explained(error) from None

    def _encoding(self, text: str) -> tokenizers.Encoding:
        valid = text.encode("utf-8", errors="replace").decode("utf-8")
        try:
            return self.bpe.encode(valid, add_special_tokens=False)
        except BaseException as error:
            raise _explained(error) from None


def _explained(error: BaseException) -> BaseException:
    """The error to raise when the library fails; it may panic, which is no `Exception`."""
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        return error
    return CheckpointError(f"the tokenizer fails: {shorten(error)}", "cogdoc model verify checks the model")


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
    """Read and check `tokenizer.json` of a checkpoint folder.

    Raises:
        CheckpointError: the file is missing, or has a fault.
    """
    return checked_tokenizer(read_tokenizer(folder), folder / TOKENIZER_FILE)


def read_tokenizer(folder: Path) -> bytes:
    """The content of `tokenizer.json` of a checkpoint folder, unchecked.

    Raises:
        CheckpointError: the file is missing, or cannot be read.
    """
    content = read_file(folder, TOKENIZER_FILE, TOKENIZER_BYTES)
    if content is None:
        raise CheckpointError(f"{folder}: no {TOKENIZER_FILE}", "expected the folder of a CogVLM2 checkpoint")
    return content


def checked_tokenizer(content: bytes, path: Path) -> Tokenizer:
    """Check the content of a `tokenizer.json`, parse it, and try whether it encodes every text.

    Raises:
        CheckpointError: it has a fault.
    """
    check_rules(content, path)
    tokenizer = parse_tokenizer(content, path)
    if not tokenizer.bpe.get_vocab().keys() >= set(tokenizers.pre_tokenizers.ByteLevel.alphabet()):
        raise unreadable(path, "it lacks tokens of single bytes, so it cannot encode every text")
    if tokenizer.decode(tokenizer.encode(SAMPLE)) != SAMPLE:
        raise unreadable(path, "it does not decode what it has encoded")
    return tokenizer


def parse_tokenizer(content: bytes, path: Path) -> Tokenizer:
    """Parse the content of a `tokenizer.json` that was checked before.

    Raises:
        CheckpointError: it is invalid.
    """
    try:
        bpe = tokenizers.Tokenizer.from_buffer(content)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # the library may panic
        raise unreadable(path, error) from None
    bpe.encode_special_tokens = True
    # The file may enable these, and all would silently change a prompt.
    bpe.no_truncation()
    bpe.no_padding()
    bpe.post_processor = tokenizers.processors.ByteLevel(trim_offsets=False)
    return Tokenizer(bpe)
