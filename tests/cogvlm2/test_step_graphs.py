"""Steps of fixed shapes give what other steps give, and can be captured; a test marked `gpu` captures them."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from small_models import VOCAB, prompt, small_features, small_model
from test_decoding import NoSynchronization
from torch import Tensor

from cogdoc.cogvlm2.batch import Prefix, prefill_prefix, step_logits
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.row_pool import RowPool
from cogdoc.cogvlm2.step_graphs import CAPTURE_AT, LENGTHS, StaticStep, can_be_captured, static_length

CAPACITY = 40
TEXTS = ([5, 6, 7], [8], [9, 10])


def prefix(model: CogVLM2) -> Prefix:
    return prefill_prefix(model, prompt([], True), small_features()[:1].to(model.device))


def pool_of(model: CogVLM2, rows: Sequence[Sequence[int]], *, static: bool) -> RowPool:
    pool = RowPool(model, len(rows), CAPACITY, static=static)
    pool.join(prefix(model), rows)
    return pool


def greedy(pool: RowPool, steps: int) -> tuple[list[list[int]], list[Tensor]]:
    """The tokens of each step, in which a row gets as many wrong drafts as its number, and the logits of the first."""
    tokens, logits = [[3]] * len(pool.lengths), []
    chosen = []
    for _ in range(steps):
        drafted = [[*row, *range(20, 20 + number)] for number, row in enumerate(tokens)]
        first = pool.forward(drafted)[:, 0].clone()
        for row in range(len(tokens)):
            pool.commit(row, 1)
        tokens = [[token] for token in first.argmax(-1).tolist()]
        chosen.append([token for (token,) in tokens])
        logits.append(first)
    return chosen, logits


@pytest.mark.parametrize("rows", [1, 3])
def test_a_static_step_gives_the_logits_of_any_other(rows: int) -> None:
    model = small_model()
    expected, logits = greedy(pool_of(model, TEXTS[:rows], static=False), 6)
    pool = pool_of(model, TEXTS[:rows], static=True)
    found, static_logits = greedy(pool, 6)
    assert found == expected
    torch.testing.assert_close(static_logits, logits, atol=1e-5, rtol=0)
    assert pool.graphs is not None
    assert (pool.graphs.captured, pool.graphs.failure) == (0, None)


def random_step(rows: int, length: int) -> tuple[StaticStep, Tensor]:
    """A step over a cache of random keys and values, and inputs (3, rows, length)."""
    model = small_model()
    cache = allocate_cache(model.config, rows, CAPACITY, model.dtype, model.device)
    generator = torch.Generator().manual_seed(1)
    for storage in (*cache.keys, *cache.values):
        storage.normal_(generator=generator)
    starts = torch.randint(4, CAPACITY - length, (rows, 1), generator=generator)
    slots = starts + torch.arange(length)
    ids = torch.randint(3, VOCAB, (rows, length), generator=generator)
    return StaticStep(model, cache, length), torch.stack((ids, slots - 2, slots))


@pytest.mark.parametrize(("rows", "length"), [(1, 1), (1, 4), (3, 1), (3, 8)])
def test_over_buffers_a_step_is_equal_to_the_bit_and_one_graph_that_waits_for_nothing(rows: int, length: int) -> None:
    step, inputs = random_step(rows, length)
    other, _ = random_step(rows, length)
    with torch.inference_mode():
        expected = step_logits(small_model(), *inputs.unbind(), other._cache)
        with NoSynchronization():
            found = step.run(inputs)
        assert torch.equal(found, expected)
        assert torch.equal(step.run(inputs), expected)  # the same again, whatever the buffers hold
        torch.compiler.reset()
        traced = torch.compile(step.compute, fullgraph=True, backend="eager")
        assert torch.equal(traced(), expected)


def test_rows_that_join_and_leave_keep_what_the_others_get() -> None:
    model = small_model()
    pool = RowPool(model, 3, CAPACITY, static=True)
    pool.join(prefix(model), [TEXTS[0]])
    (first,) = greedy(pool, 2)[0][-1]
    pool.join(prefix(model), [TEXTS[1]])
    pool.leave(0)
    (alone,) = greedy(pool_of(model, [TEXTS[1]], static=False), 1)[0]
    assert pool.forward([[3]])[:, 0].argmax(-1).tolist() == alone
    assert isinstance(first, int)


def test_lengths_are_rounded_up_to_few() -> None:
    assert [static_length(tokens) for tokens in (1, 3, 16, 17)] == [1, 4, 16, None]
    assert list(LENGTHS) == sorted(LENGTHS)


def test_only_a_model_on_one_gpu_is_captured() -> None:
    assert not can_be_captured(small_model())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_captured_steps_give_what_uncaptured_ones_give() -> None:
    model = copy.deepcopy(small_model()).cuda()
    assert can_be_captured(model)
    for rows in (1, 3):
        pool = pool_of(model, TEXTS[:rows], static=True)
        found, logits = greedy(pool, 3 * CAPTURE_AT)
        assert pool.graphs is not None
        assert (pool.graphs.captured, pool.graphs.failure) == (1, None)
        uncaptured = pool_of(model, TEXTS[:rows], static=True)
        assert uncaptured.graphs is not None
        uncaptured.graphs._captures = False
        expected, expected_logits = greedy(uncaptured, 3 * CAPTURE_AT)
        assert found == expected
        torch.testing.assert_close(logits, expected_logits)
