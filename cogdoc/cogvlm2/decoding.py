"""The decoding loop: rows in, tokens out one by one, until each row has come to its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cogdoc.cogvlm2.batch import DecodingBatch
from cogdoc.cogvlm2.sampling import Sampling, sample
from cogdoc.errors import CheckpointError

DraftFunction = Callable[[int, Sequence[int]], Sequence[int]]
"""Given a row and its answer so far, guess the tokens that follow. They are verified, so wrong ones only cost time."""

GREEDY = Sampling()


class FinishReason(StrEnum):
    """Why a row ended."""

    STOP = "stop"
    """It chose a stop token, which is not part of the answer."""
    LENGTH = "length"
    """It has as many tokens as were asked for."""
    CONTEXT = "context"
    """Prompt and answer fill the model's context, or the room that was reserved."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a row's answer, with its log-probability under the model's own distribution."""

    row: int
    id: int
    logprob: float


@dataclass(frozen=True, slots=True)
class Finished:
    row: int
    finish_reason: FinishReason


@dataclass(frozen=True, slots=True)
class Completion:
    """A row's whole answer."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish_reason: FinishReason


@dataclass(slots=True)
class _Row:
    """A row on its way: its answer so far, and the tokens that were read last, of which `drafts` are guesses."""

    sampling: Sampling
    answer: list[int] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    drafts: list[int] = field(default_factory=list)
    finish: FinishReason | None = None


def decode(
    rows: DecodingBatch,
    max_new_tokens: int,
    stop_token_ids: Collection[int],
    sampling: Sampling | Sequence[Sampling] = GREEDY,
    draft: DraftFunction | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Token | Finished]:
    """Continue all rows until each has ended; closing the iterator stops at once.

    A row gives the same tokens alone, in any batch, and with any drafts, up to rounding: matrix products of other
    shapes add up in another order, which in 16 bits can decide between two tokens that are as good as equally likely.

    Args:
        max_new_tokens: of each row's answer.
        stop_token_ids: tokens that end an answer.
        sampling: for all rows, or one for each.
        draft: guesses to verify several tokens in one pass; sampled rows accept a guess where it is what they draw.
        cancelled: asked before each pass.

    Raises:
        ValueError: `max_new_tokens` is below 1, or the rows were decoded before.
        CheckpointError: the model gave something that is no number.
    """
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
    batch = len(rows.lengths)
    samplings = [sampling] * batch if isinstance(sampling, Sampling) else list(sampling)
    states = [_Row(sampling) for sampling in samplings]
    for row, state in enumerate(states):
        if rows.lengths[row] >= rows.capacity:
            state.finish = FinishReason.CONTEXT
            yield Finished(row, state.finish)
    logits = rows.take_next_logits()[:, None]  # (batch, length, vocab_size)
    while True:
        if cancelled():
            yield from _end_all(states, FinishReason.CANCELLED)
            return
        tokens, logprobs = sample(logits, samplings, [len(state.answer) for state in states])
        for row, (state, ids, probabilities) in enumerate(zip(states, tokens.tolist(), logprobs.tolist(), strict=True)):
            if state.finish is None:
                yield from _take(rows, row, state, ids, probabilities, max_new_tokens, stop_token_ids)
        if all(state.finish for state in states):
            return
        for row, state in enumerate(states):
            _prepare(rows, row, state, max_new_tokens, draft)
        logits = rows.read([state.read for state in states])


def collect(events: Iterable[Token | Finished], batch: int) -> list[Completion]:
    """Run `decode` to its end and gather each row's answer."""
    ids: list[list[int]] = [[] for _ in range(batch)]
    logprobs: list[list[float]] = [[] for _ in range(batch)]
    finishes = [FinishReason.CANCELLED] * batch
    for event in events:
        if isinstance(event, Token):
            ids[event.row].append(event.id)
            logprobs[event.row].append(event.logprob)
        else:
            finishes[event.row] = event.finish_reason
    return [Completion(tuple(a), tuple(b), finish) for a, b, finish in zip(ids, logprobs, finishes, strict=True)]


def _take(
    rows: DecodingBatch,
    row: int,
    state: _Row,
    ids: list[int],
    logprobs: list[float],
    max_new_tokens: int,
    stop_token_ids: Collection[int],
) -> Iterator[Token | Finished]:
    """Take the tokens that follow what was read, as far as the drafts read there were right."""
    rows.commit(row, len(state.read) - len(state.drafts))
    drafts = iter(state.drafts)
    for chosen, logprob in zip(ids, logprobs, strict=True):
        if not math.isfinite(logprob):
            raise CheckpointError("the model gave logits that are no numbers", "its weights are damaged, or overflow")
        if chosen in stop_token_ids:
            state.finish = FinishReason.STOP
        else:
            state.answer.append(chosen)
            yield Token(row, chosen, logprob)
            if len(state.answer) == max_new_tokens:
                state.finish = FinishReason.LENGTH
            elif rows.lengths[row] + 1 >= rows.capacity:
                state.finish = FinishReason.CONTEXT
        if state.finish is not None:
            yield Finished(row, state.finish)
            return
        if next(drafts, None) != chosen:
            return
        rows.commit(row, 1)


def _prepare(rows: DecodingBatch, row: int, state: _Row, max_new_tokens: int, draft: DraftFunction | None) -> None:
    """Decide what the row reads next: its last token, and drafts that the row still has room for."""
    if state.finish is not None:
        state.read = state.drafts = []
        return
    room = min(max_new_tokens - len(state.answer), rows.capacity - rows.lengths[row] - 1)
    guessed = draft(row, state.answer) if draft is not None else ()
    state.drafts = list(guessed)[: room - 1]
    state.read = [state.answer[-1], *state.drafts]


def _end_all(states: list[_Row], finish: FinishReason) -> Iterator[Finished]:
    for row, state in enumerate(states):
        if state.finish is None:
            state.finish = finish
            yield Finished(row, finish)
