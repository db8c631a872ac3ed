"""The JSON objects of OpenAI's protocol: completions, their chunks, and models."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

from cogdoc.engines.vision.vision_model import Token
from cogdoc.serve.chat.completion import FinishedChoice, TextPiece, TokenCounts


class CompletionObjects:
    """The objects of one completion."""

    def __init__(self, model: str, *, logprobs: bool) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}
        self._logprobs = logprobs

    def completion(self, choices: Sequence[FinishedChoice], counts: TokenCounts) -> dict[str, Any]:
        """The whole completion."""
        described = [
            {
                "index": choice.choice,
                "message": {"role": "assistant", "content": choice.text, "refusal": None},
                "logprobs": self._described(choice.tokens),
                "finish_reason": choice.reason,
                **_record(choice),
            }
            for choice in choices
        ]
        return {**self._head, "object": "chat.completion", "choices": described, "usage": _usage(counts)}

    def first_chunk(self, choice: int) -> dict[str, Any]:
        return self._chunk(choice, {"role": "assistant", "content": ""})

    def text_chunk(self, piece: TextPiece) -> dict[str, Any]:
        return self._chunk(piece.choice, {"content": piece.text})

    def last_chunk(self, choice: FinishedChoice) -> dict[str, Any]:
        """The chunk that ends a choice; it has the log-probabilities of all tokens."""
        return self._chunk(choice.choice, {}, choice.reason, self._described(choice.tokens), _record(choice))

    def usage_chunk(self, counts: TokenCounts) -> dict[str, Any]:
        return {**self._head, "object": "chat.completion.chunk", "choices": [], "usage": _usage(counts)}

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        reason: str | None = None,
        logprobs: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": reason, **(extra or {})}
        return {**self._head, "object": "chat.completion.chunk", "choices": [choice]}

    def _described(self, tokens: Sequence[Token]) -> dict[str, Any] | None:
        if not self._logprobs:
            return None
        content = [
            {"token": token.text, "logprob": token.logprob, "bytes": list(token.text.encode()), "top_logprobs": []}
            for token in tokens
        ]
        return {"content": content, "refusal": None}


def _usage(counts: TokenCounts) -> dict[str, int]:
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
    }


def _record(choice: FinishedChoice) -> dict[str, Any]:
    """What the protocol has no place for: the answer with its evidence."""
    return {} if choice.record is None else {"cogdoc": choice.record.model_dump(mode="json")}
