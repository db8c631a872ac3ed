"""The decoding loop: turns a prefilled batch into a stream of tokens until every row has finished."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cogdoc.cogvlm2.batch import DecodingBatch
from cogdoc.cogvlm2.decoding_row import DecodingRow, Finished, FinishReason, Token
from cogdoc.cogvlm2.sampling import Sampling, read, sample

DraftFunction = Callable[[int, Sequence[int]], Sequence[int]]
"""Takes a row and its answer so far, and guesses the tokens that follow; see `RowDraft`."""

GREEDY = Sampling()


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer of a row."""

    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish_reason: FinishReason


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
    rows = [
        DecodingRow(max_new_tokens, stop_token_ids, each, None if draft is None else partial(draft, number))
        for number, each in enumerate(samplings)
    ]
    for number, row in enumerate(rows):
        yield from row.begin(batch, number)
    logits = batch.take_next_logits()[:, None]  # (batch, length, vocab_size)
    while True:
        if cancelled():
            for number, row in enumerate(rows):
                yield from row.finish(number, FinishReason.CANCELLED)
            return
        chosen, logprobs = read(*sample(logits, samplings, [len(row.answer) for row in rows]))
        for number, (row, ids, row_logprobs) in enumerate(zip(rows, chosen, logprobs, strict=True)):
            if row.finish_reason is None:
                yield from row.accept(batch, number, ids, row_logprobs)
        if all(row.finish_reason for row in rows):
            return
        for number, row in enumerate(rows):
            row.prepare_inputs(batch, number)
        logits = batch.forward([row.inputs for row in rows])


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
