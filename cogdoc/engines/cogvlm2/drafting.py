"""Drafts tokens for speculative decoding: from a text that the answer may repeat, and from the answer itself.

Correct drafts save passes, wrong ones only cost time, so the fewer are accepted, the fewer are proposed.
"""

from __future__ import annotations

from collections.abc import Sequence

MATCHED_TOKENS = 3
"""Tokens at the end of the answer that must occur earlier for what followed them to be proposed."""

MOST_DRAFTED = 12
"""Tokens proposed at a time: a pass over that many costs little more than one over a single token."""

FEWEST_DRAFTED = 2


class TextDraft:
    """A `cogdoc.cogvlm2.decoding_row.RowDraft`.

    It continues the text from where its latest tokens occur there (LLMA: Yang et al., 2023, arXiv:2304.04487), else
    repeats what followed them earlier in the answer (prompt lookup: Saxena, 2023), as in tables.
    """

    def __init__(self, token_ids: Sequence[int]) -> None:
        self._text = list(token_ids)
        self._next = 0
        """Index in the text of the token that is expected next."""
        self._ends_in_text: dict[tuple[int, ...], list[int]] = {}
        """For each run of MATCHED_TOKENS in the text, the indices after it."""
        for end in range(MATCHED_TOKENS, len(self._text) + 1):
            self._ends_in_text.setdefault(tuple(self._text[end - MATCHED_TOKENS : end]), []).append(end)
        self._ends_in_answer: dict[tuple[int, ...], int] = {}
        """For each run of MATCHED_TOKENS in the answer, the index after its latest occurrence but the last."""
        self._indexed = MATCHED_TOKENS
        self._length = MOST_DRAFTED
        self._proposed: list[int] = []
        self._proposed_at = 0
        """Length of the answer when `_proposed` was proposed."""

    def __call__(self, answer: Sequence[int]) -> Sequence[int]:
        """Tokens that may follow the answer; none if its latest tokens occur nowhere else."""
        self._learn(answer)
        source, start = self._source(answer)
        self._proposed = list(source[start : start + self._length]) if start is not None else []
        self._proposed_at = len(answer)
        return self._proposed

    def _learn(self, answer: Sequence[int]) -> None:
        """Propose more next time if all of the last proposal was accepted, fewer if less than half was."""
        if not self._proposed:
            return
        added = answer[self._proposed_at :]
        right = next(
            (count for count, (one, other) in enumerate(zip(self._proposed, added, strict=False)) if one != other),
            min(len(self._proposed), len(added)),
        )
        if right == len(self._proposed):
            self._length = min(MOST_DRAFTED, 2 * self._length)
        elif 2 * right < len(self._proposed):
            self._length = max(FEWEST_DRAFTED, self._length // 2)

    def _source(self, answer: Sequence[int]) -> tuple[Sequence[int], int | None]:
        """The text or the answer, and where in it the draft begins."""
        if len(answer) < MATCHED_TOKENS:
            return self._text, len(answer) if list(answer) == self._text[: len(answer)] else None
        latest = tuple(answer[-MATCHED_TOKENS:])
        if ends := self._ends_in_text.get(latest):
            # The answer goes forward through the text, so the next occurrence counts, not an earlier one.
            self._next = next((end for end in ends if end > self._next), ends[0])
            return self._text, self._next
        while self._indexed < len(answer):
            self._ends_in_answer[tuple(answer[self._indexed - MATCHED_TOKENS : self._indexed])] = self._indexed
            self._indexed += 1
        return answer, self._ends_in_answer.get(latest)
