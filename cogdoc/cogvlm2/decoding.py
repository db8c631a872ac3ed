"""The decoding loop: turns a prefilled batch into a stream of tokens until every row has finished."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.cogvlm2.batch import DecodingBatch
from cogdoc.cogvlm2.sampling import Sampling, sample
from cogdoc.errors import CheckpointError

DraftFunction = Callable[[int, Sequence[int]], Sequence[int]]
"""Takes a row and its answer so far, and guesses the tokens that follow.

The model verifies drafts (speculative decoding, Leviathan et al., 2023, arXiv:2211.17192), so wrong ones only cost
time. A draft token is accepted if it is the token that the model would have chosen anyway, also when sampling.
"""

GREEDY = Sampling()


class FinishReason(StrEnum):
    """Why a row finished."""

    STOP = "stop"
    """The model chose a stop token, which is not part of the answer."""
    LENGTH = "length"
    """The answer has `max_new_tokens` tokens."""
    CONTEXT = "context"
    """Prompt and answer fill the model's context, or the capacity of the cache."""
    CANCELLED = "cancelled"


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


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer of a row."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish_reason: FinishReason


@dataclass(slots=True)
class _RowState:
    """A row's answer so far, and the input tokens of its last forward pass, which end with `drafts`."""

    sampling: Sampling
    answer: list[int] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    drafts: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None


def decode(
    batch: DecodingBatch,
    max_new_tokens: int,
    stop_token_ids: Collection[int],
    sampling: Sampling | Sequence[Sampling] = GREEDY,
    draft: DraftFunction | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Token | Finished]:
    """Continue all rows until each has finished. Closing the iterator stops at once.

    A row gives the same tokens alone, in any batch, and with any drafts, up to rounding: matrix products of other
    shapes sum in another order, which in 16 bits can decide between two tokens of almost equal probability.

    Args:
        max_new_tokens: the most tokens of each answer.
        stop_token_ids: tokens that end an answer.
        sampling: for all rows, or one for each.
        draft: for speculative decoding: several tokens are verified in one forward pass. A sampled row accepts a draft
            token if it is the token that the row draws.
        cancelled: called before each pass; decoding ends when it returns true.

    Raises:
        ValueError: `max_new_tokens` is below 1, or the batch was decoded before.
        CheckpointError: the model's logits are not finite.
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
    samplings = [sampling] * len(batch.lengths) if isinstance(sampling, Sampling) else list(sampling)
    states = [_RowState(sampling) for sampling in samplings]
    for row, state in enumerate(states):
        if batch.lengths[row] >= batch.capacity:
            state.finish_reason = FinishReason.CONTEXT
            yield Finished(row, state.finish_reason)
    logits = batch.take_next_logits()[:, None]  # (batch, length, vocab_size)
    while True:
        if cancelled():
            yield from _finish_all(states, FinishReason.CANCELLED)
            return
        tokens, logprobs = sample(logits, samplings, [len(state.answer) for state in states])
        for row, (state, ids, row_logprobs) in enumerate(zip(states, tokens.tolist(), logprobs.tolist(), strict=True)):
            if state.finish_reason is None:
                yield from _accept(batch, row, state, ids, row_logprobs, max_new_tokens, stop_token_ids)
        if all(state.finish_reason for state in states):
            return
        for row, state in enumerate(states):
            _prepare_inputs(batch, row, state, max_new_tokens, draft)
        logits = batch.forward([state.inputs for state in states])


def collect(events: Iterable[Token | Finished], rows: int) -> list[Completion]:
    """Run `decode` to its end and gather the answer of each row."""
    ids: list[list[int]] = [[] for _ in range(rows)]
    logprobs: list[list[float]] = [[] for _ in range(rows)]
    reasons = [FinishReason.CANCELLED] * rows
    for event in events:
        if isinstance(event, Token):
            ids[event.row].append(event.id)
            logprobs[event.row].append(event.logprob)
        else:
            reasons[event.row] = event.finish_reason
    return [Completion(tuple(a), tuple(b), reason) for a, b, reason in zip(ids, logprobs, reasons, strict=True)]


def _accept(
    batch: DecodingBatch,
    row: int,
    state: _RowState,
    ids: list[int],
    logprobs: list[float],
    max_new_tokens: int,
    stop_token_ids: Collection[int],
) -> Iterator[Token | Finished]:
    """Accept the chosen tokens of the last pass up to the first one that differs from its draft."""
    batch.commit(row, len(state.inputs) - len(state.drafts))
    drafts = iter(state.drafts)
    for chosen, logprob in zip(ids, logprobs, strict=True):
        if not math.isfinite(logprob):
            raise CheckpointError("the model gave logits that are not finite", "its weights are damaged, or overflow")
        if chosen in stop_token_ids:
            state.finish_reason = FinishReason.STOP
        else:
            state.answer.append(chosen)
            yield Token(row, chosen, logprob)
            if len(state.answer) == max_new_tokens:
                state.finish_reason = FinishReason.LENGTH
            elif batch.lengths[row] + 1 >= batch.capacity:
                state.finish_reason = FinishReason.CONTEXT
        if state.finish_reason is not None:
            yield Finished(row, state.finish_reason)
            return
        if next(drafts, None) != chosen:
            return
        batch.commit(row, 1)


def _prepare_inputs(
    batch: DecodingBatch, row: int, state: _RowState, max_new_tokens: int, draft: DraftFunction | None
) -> None:
    """Choose the row's inputs of the next pass: its last token, and as many draft tokens as still fit."""
    if state.finish_reason is not None:
        state.inputs = state.drafts = []
        return
    remaining = min(max_new_tokens - len(state.answer), batch.capacity - batch.lengths[row] - 1)
    drafted = draft(row, state.answer) if draft is not None else ()
    state.drafts = list(drafted)[: remaining - 1]
    state.inputs = [state.answer[-1], *state.drafts]


def _finish_all(states: list[_RowState], reason: FinishReason) -> Iterator[Finished]:
    for row, state in enumerate(states):
        if state.finish_reason is None:
            state.finish_reason = reason
            yield Finished(row, reason)
