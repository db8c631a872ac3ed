"""Tokens are chosen greedily, or by temperature, top-k, top-p and seed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cogdoc.cogvlm2.sampling import Sampling, sample
from cogdoc.errors import UsageError

VOCAB = 40


def random_logits(seed: int, scale: float = 2.0) -> Tensor:
    return torch.randn(1, 1, VOCAB, generator=torch.Generator().manual_seed(seed)) * scale


def draws(logits: Tensor, sampling: Sampling, count: int) -> list[int]:
    """The first `count` tokens of a row that has these logits at every position."""
    tokens, _ = sample(logits.expand(1, count, -1), [sampling], [0])
    return tokens[0].tolist()


samplings = st.builds(
    Sampling,
    temperature=st.floats(0.05, 5),
    top_k=st.integers(0, VOCAB + 5),
    top_p=st.floats(0.01, 1),
    seed=st.integers(0, 2**40),
)


@given(seed=st.integers(0, 1000))
def test_temperature_zero_takes_the_most_likely_token_and_ignores_other_parameters(seed: int) -> None:
    logits = random_logits(seed)
    assert draws(logits, Sampling(0, top_k=3, top_p=0.1, seed=seed), 2) == [logits.argmax().item()] * 2


@given(seed=st.integers(0, 1000), sampling=samplings)
def test_draws_stay_within_top_k_and_top_p(seed: int, sampling: Sampling) -> None:
    logits = random_logits(seed)
    probabilities = (logits[0, 0].double() / sampling.temperature).softmax(0)
    order = probabilities.argsort(descending=True, stable=True)
    candidates = order[: sampling.top_k or None]
    within = probabilities[candidates] / probabilities[candidates].sum()
    before = within.cumsum(0) - within
    allowed = candidates[(before < sampling.top_p + 1e-5) | (torch.arange(len(candidates)) == 0)]
    assert set(draws(logits, sampling, 50)) <= set(allowed.tolist())


def test_draws_follow_the_distribution() -> None:
    logits = random_logits(3, scale=1.0)
    sampling = Sampling(temperature=0.7, top_k=12, top_p=0.9, seed=1)
    counts = torch.bincount(torch.tensor(draws(logits, sampling, 20_000)), minlength=VOCAB)
    # The reference applies temperature, top-k and top-p in the order of transformers.
    scaled = logits[0, 0].double() / 0.7
    ranked = scaled.argsort(descending=True)[:12]
    probabilities = scaled[ranked].softmax(0)
    keep = int((probabilities.cumsum(0) < 0.9).sum()) + 1
    expected = torch.zeros(VOCAB, dtype=torch.double)
    expected[ranked[:keep]] = probabilities[:keep] / probabilities[:keep].sum()
    assert (counts / 20_000 - expected).abs().max() < 0.02
    assert counts[expected == 0].sum() == 0


@given(seed=st.integers(0, 1000), sampling=samplings)
def test_a_seed_repeats_its_draws_and_each_index_has_its_own(seed: int, sampling: Sampling) -> None:
    logits = random_logits(seed)
    first = draws(logits, sampling, 12)
    assert draws(logits, sampling, 12) == first
    later, _ = sample(logits.expand(1, 5, -1), [sampling], [7])
    assert later[0].tolist() == first[7:]


def test_different_seeds_draw_differently() -> None:
    logits = random_logits(1)
    assert len({tuple(draws(logits, Sampling(1.0, seed=seed), 20)) for seed in range(10)}) == 10


@given(seed=st.integers(0, 1000), rows=st.lists(samplings | st.just(Sampling()), min_size=1, max_size=4))
def test_rows_with_different_settings_do_not_touch_each_other(seed: int, rows: list[Sampling]) -> None:
    logits = torch.cat([random_logits(seed + row) for row in range(len(rows))])
    tokens, logprobs = sample(logits, rows, [3] * len(rows))
    for row, sampling in enumerate(rows):
        alone, logprob = sample(logits[row : row + 1], [sampling], [3])
        assert tokens[row] == alone[0]
        assert torch.allclose(logprobs[row], logprob[0])


@given(seed=st.integers(0, 1000), sampling=samplings)
def test_log_probabilities_ignore_the_sampling_parameters(seed: int, sampling: Sampling) -> None:
    logits = random_logits(seed)
    tokens, logprobs = sample(logits, [sampling], [0])
    assert torch.allclose(logprobs[0, 0], logits[0, 0].log_softmax(0)[tokens[0, 0]], atol=1e-5)


def test_extreme_settings_still_draw_a_token_that_exists() -> None:
    logits = torch.full((1, 1, VOCAB), -1e4)
    logits[0, 0, 7] = 1e4
    assert draws(logits, Sampling(temperature=1e-6), 3) == [7, 7, 7]
    assert draws(random_logits(2), Sampling(temperature=1e-46), 3) == [random_logits(2).argmax()] * 3
    assert draws(logits, Sampling(temperature=1e6, top_k=1), 3) == [7, 7, 7]
    assert draws(logits, Sampling(temperature=1.0, top_p=1e-9), 3) == [7, 7, 7]
    assert all(0 <= token < VOCAB for token in draws(torch.zeros(1, 1, VOCAB), Sampling(temperature=1e6), 200))


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.01},
        {"top_p": float("nan")},
    ],
)
def test_invalid_parameters_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Sampling(**settings)  # type: ignore[arg-type]
