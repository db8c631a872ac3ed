"""A server's reply, put together from its chunks: text, tokens with their probabilities, and how it ended."""

from __future__ import annotations

import codecs
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from cogdoc.engines.vision.vision_model import FinishReason, Generation, Token
from cogdoc.text import HAN, KANA

UNIT_CHARACTERS = 8
"""Of the pieces into which text without tokens is split."""

_UNIT = re.compile(rf"\s*(?:[{HAN}{KANA}]|[^\s{HAN}{KANA}]{{1,{UNIT_CHARACTERS}}})")

_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)
"""What models that think write before their answer, where the server does not keep it apart."""

CHARACTERS_PER_TOKEN = 64
"""More characters than this for each token that was asked for mean that the server does not stop."""

MIN_LOGPROB = -100.0
"""For tokens to which a server gives no finite one."""


class Reply:
    """The parts of a reply that have arrived. Chunks may be those of a stream, or a complete answer."""

    def __init__(self, max_tokens: int) -> None:
        self.text = ""
        self.finish_reason: str | None = None
        self.prompt_tokens = 0
        self.generated_tokens = 0
        self.units: list[str] = []
        """The text in pieces, such as the conditions that stop a generation compare."""
        self._rest = ""
        """The end of the text, which may be a part of a unit."""
        self._entries: list[Mapping[str, Any]] = []
        self._max_characters = CHARACTERS_PER_TOKEN * max_tokens

    def add(self, chunk: Mapping[str, Any]) -> str:
        """Add a chunk, as parsed from JSON; return its text.

        Raises:
            TypeError, ValueError, KeyError, AttributeError: it is not a chunk of a reply.
        """
        usage = chunk.get("usage")
        if usage:
            self.prompt_tokens = int(usage.get("prompt_tokens") or 0)
            self.generated_tokens = int(usage.get("completion_tokens") or 0)
        choices = chunk.get("choices") or ()
        if not choices:
            return ""
        choice = choices[0]
        text = (choice.get("delta") or choice.get("message") or {}).get("content") or ""
        if not isinstance(text, str):
            raise TypeError("the content is not text")
        entries = [entry for entry in (choice.get("logprobs") or {}).get("content") or () if _is_token(entry)]
        self.text += text
        self._entries += entries
        self._split(text, entries)
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        if len(self.text) > self._max_characters:
            self.finish_reason = "length"
        return text

    @property
    def too_long(self) -> bool:
        return len(self.text) > self._max_characters

    def generation(self, finish_reason: FinishReason) -> Generation:
        """The answer: the text without what the model thought before it."""
        thought = _THOUGHT.match(self.text)
        start = thought.end() if thought is not None else 0
        text = self.text[start:].strip()
        return Generation(text, _tokens(_entries_from(start, self._entries), text), finish_reason)

    def _split(self, text: str, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add to the units: tokens where the server gives them, else words."""
        if entries:
            self.units += [entry["token"] for entry in entries]
            return
        pieces = _UNIT.findall(self._rest + text)
        if not pieces:
            return
        self._rest = pieces.pop()
        self.units += pieces


def _is_token(entry: Any) -> bool:
    return isinstance(entry.get("token"), str) and isinstance(entry.get("logprob"), int | float)


def _entries_from(start: int, entries: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The tokens that begin at or after an index of the text."""
    length = 0
    for index, piece in enumerate(_pieces(entries)):
        if length >= start:
            return entries[index:]
        length += len(piece)
    return entries if not start else ()


def _tokens(entries: Sequence[Mapping[str, Any]], text: str) -> tuple[Token, ...]:
    """The tokens of a text with their log-probabilities; a single one with their mean if they do not spell the text.

    Servers differ in whether the token that ends the answer is among them, and in how they show parts of characters.
    """
    logprobs = [_finite(entry["logprob"]) for entry in entries]
    pieces = _pieces(entries)
    for count in (len(pieces), len(pieces) - 1):
        if count > 0 and "".join(pieces[:count]).strip() == text:
            return tuple(map(Token, pieces[:count], logprobs[:count]))
    if not logprobs or not text:
        return ()
    return (Token(text, sum(logprobs) / len(logprobs)),)


def _pieces(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The texts of tokens. A character of several tokens belongs to its last one."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = []
    for entry in entries:
        data = entry.get("bytes")
        is_data = isinstance(data, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in data)
        pieces.append(decoder.decode(bytes(data or ())) if is_data else entry["token"])
    return pieces


def _finite(logprob: float) -> float:
    return min(0.0, max(MIN_LOGPROB, logprob)) if math.isfinite(logprob) else MIN_LOGPROB
