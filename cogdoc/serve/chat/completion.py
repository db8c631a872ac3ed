"""What a chat completion yields while it is made, whatever engine makes it."""

from __future__ import annotations

from dataclasses import dataclass

from cogdoc.engines.vision.vision_model import Token
from cogdoc.results.records import AnswerRecord


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More text of a choice."""

    choice: int
    text: str


@dataclass(frozen=True, slots=True)
class FinishedChoice:
    """A choice is complete."""

    choice: int
    text: str
    reason: str
    """`stop` or `length`."""
    tokens: tuple[Token, ...] = ()
    record: AnswerRecord | None = None
    """The built-in engine's answer with its evidence."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """What the completion took; comes last."""

    prompt: int = 0
    """Of text and pictures."""
    completion: int = 0


ChatEvent = TextPiece | FinishedChoice | TokenCounts
