"""Drafts tokens from a text for speculative decoding: correct drafts save passes, wrong ones only cost time."""

from __future__ import annotations

from collections.abc import Sequence

MATCHED_TOKENS = 3
"""Tokens at the end of the answer that must occur in the draft for it to be continued from there."""

DRAFTED_TOKENS = 12
"""Tokens proposed at a time: a pass over that many costs about as much as a pass over one token."""


class TextDraft:
    """A `cogdoc.cogvlm2.decoding.DraftFunction` for a single row."""

    def __init__(self, token_ids: Sequence[int]) -> None:
        self._token_ids = list(token_ids)
        self._next = 0
        """Index in the draft of the token that is expected next."""
        self._ends: dict[tuple[int, ...], list[int]] = {}
        """For each run of MATCHED_TOKENS in the draft, the indices after it."""
        for end in range(MATCHED_TOKENS, len(self._token_ids) + 1):
            self._ends.setdefault(tuple(self._token_ids[end - MATCHED_TOKENS : end]), []).append(end)

    def __call__(self, _row: int, answer: Sequence[int]) -> Sequence[int]:
        """The draft's tokens that follow the answer's latest tokens; none if the draft does not contain these."""
        if len(answer) < MATCHED_TOKENS:
            start = len(answer) if list(answer) == self._token_ids[: len(answer)] else None
        else:
            ends = self._ends.get(tuple(answer[-MATCHED_TOKENS:]), [])
            start = next((end for end in ends if end > self._next), ends[0] if ends else None)
        if start is None:
            return ()
        self._next = start
        return self._token_ids[start : start + DRAFTED_TOKENS]
