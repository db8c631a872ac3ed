"""A row that is being decoded: accepts the chosen tokens of a pass, and prepares the inputs of the next one."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.cogvlm2.batch import DecodingBatch
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.errors import CheckpointError

RowDraft = Callable[[Sequence[int]], Sequence[int]]
"""Takes an answer so far, and guesses the tokens that follow.

The model verifies drafts (speculative decoding, Leviathan et al., 2023, arXiv:2211.17192), so wrong ones only cost
time. A draft token is accepted if it is the token that the model would have chosen anyway, also when sampling.
"""


class FinishReason(StrEnum):
    """Why a row finished."""

    STOP = "stop"
    """The model chose a stop token, which is not part of the answer."""
    LENGTH = "length"
    """The answer has `max_new_tokens` tokens."""
    CONTEXT = "context"
    """Prompt and answer fill the model's context, or the capacity of the cache."""
    CANCELLED = "cancelled"
    TIME_LIMIT = "time limit"


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a row's answer, with its log-probability under the model's own distribution."""

    row: int
    id: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a row."""

    row: int
    finish_reason: FinishReason


@dataclass(slots=True)
class DecodingRow:
    """A row's answer so far, and the input tokens of its last forward pass, which end with `drafts`."""

    max_new_tokens: int
    stop_token_ids: Collection[int]
    sampling: Sampling
    draft: RowDraft | None = None
    answer: list[int] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    drafts: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    drafted: int = 0
    """Draft tokens that were verified so far."""
    accepted: int = 0
    """Those that the model chose as well."""

    def begin(self, batch: DecodingBatch, row: int) -> Iterator[Finished]:
        """Finish at once if the prompt leaves no room for an answer."""
        if batch.lengths[row] >= batch.capacity:
            yield from self.finish(row, FinishReason.CONTEXT)

    def accept(
        self, batch: DecodingBatch, row: int, ids: Sequence[int], logprobs: Sequence[float]
    ) -> Iterator[Token | Finished]:
        """Accept the chosen tokens of the last pass up to the first one that differs from its draft.

        Raises:
            CheckpointError: the model's logits are not finite.
        """
        batch.commit(row, len(self.inputs) - len(self.drafts))
        self.drafted += len(self.drafts)
        drafts = iter(self.drafts)
        for chosen, logprob in zip(ids, logprobs, strict=True):
            if not math.isfinite(logprob):
                raise CheckpointError(
                    "the model gave logits that are not finite", "its weights are damaged, or overflow"
                )
            if chosen in self.stop_token_ids:
                self.finish_reason = FinishReason.STOP
            else:
                self.answer.append(chosen)
                yield Token(row, chosen, logprob)
                if len(self.answer) == self.max_new_tokens:
                    self.finish_reason = FinishReason.LENGTH
                elif batch.lengths[row] + 1 >= batch.capacity:
                    self.finish_reason = FinishReason.CONTEXT
            if self.finish_reason is not None:
                yield Finished(row, self.finish_reason)
                return
            if next(drafts, None) != chosen:
                return
            batch.commit(row, 1)
            self.accepted += 1

    def prepare_inputs(self, batch: DecodingBatch, row: int) -> None:
        """Choose the inputs of the next pass: the last token, and as many draft tokens as still fit."""
        if self.finish_reason is not None:
            self.inputs = self.drafts = []
            return
        remaining = min(self.max_new_tokens - len(self.answer), batch.capacity - batch.lengths[row] - 1)
        drafted = self.draft(self.answer) if self.draft is not None else ()
        self.drafts = list(drafted)[: remaining - 1]
        self.inputs = [self.answer[-1], *self.drafts]

    def finish(self, row: int, reason: FinishReason) -> Iterator[Finished]:
        """End it for a reason that the model did not give, unless it has finished."""
        if self.finish_reason is None:
            self.finish_reason = reason
            yield Finished(row, reason)
