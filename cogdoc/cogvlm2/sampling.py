"""Chooses the next tokens: greedily, or by temperature, top-k and top-p with a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from cogdoc.errors import UsageError

# A lower temperature leaves only the most likely token as well, and would divide by zero in fp32.
LOWEST_TEMPERATURE = 1e-6


@dataclass(frozen=True, slots=True)
class Sampling:
    """The sampling parameters of a row. The default is greedy, as in the published demonstrations.

    Args:
        temperature: divides the logits; 0 means greedy and ignores the other parameters.
        top_k: sample from the `top_k` most likely tokens; 0 means all.
        top_p: sample from the smallest set of most likely tokens whose total probability reaches `top_p` (nucleus
            sampling, Holtzman et al., 2020, arXiv:1904.09751), after temperature and `top_k`.
        seed: equal seeds give equal tokens, whatever else is in the batch, with and without drafts.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.temperature >= 0 and math.isfinite(self.temperature)):
            raise UsageError(f"temperature must be 0 or more, not {self.temperature}")
        if self.top_k < 0:
            raise UsageError(f"top-k must be 0 or more, not {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"top-p must be above 0 and at most 1, not {self.top_p}")

    def uniform(self, index: int) -> float:
        """The random number in [0, 1) of the token at `index` of an answer; stateless, so drafts cannot shift it."""
        return random.Random(f"{self.seed} {index}").random()


def sample(logits: Tensor, samplings: Sequence[Sampling], first: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Choose a token at each position of each row.

    Args:
        logits: (batch, length, vocab_size) in fp32.
        samplings: one per row.
        first: for each row, the index in its answer of the token that position 0 decides.

    Returns:
        Token ids and their log-probabilities under the model's own distribution, before temperature, top-k and top-p;
        both (batch, length).
    """
    tokens = logits.argmax(dim=-1)
    if any(sampling.temperature > 0 for sampling in samplings):
        drawn = _draw(logits, samplings, first)
        is_drawn = torch.tensor([sampling.temperature > 0 for sampling in samplings], device=logits.device)
        tokens = torch.where(is_drawn[:, None], drawn, tokens)
    chosen = logits.gather(-1, tokens[..., None]).squeeze(-1)
    return tokens, chosen - logits.logsumexp(dim=-1)


def read(tokens: Tensor, logprobs: Tensor) -> tuple[list[list[int]], list[list[float]]]:
    """What `sample` returned as lists: waits for the device once, and copies once."""
    # Numbers in fp64 hold any token id exactly.
    ids, values = torch.stack((tokens.double(), logprobs.double())).tolist()
    return [[int(number) for number in row] for row in ids], values


def _draw(logits: Tensor, samplings: Sequence[Sampling], first: Sequence[int]) -> Tensor:
    length, vocab = logits.shape[1:]

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, device=logits.device)[:, None, None]

    temperature = column([max(sampling.temperature, LOWEST_TEMPERATURE) for sampling in samplings])
    top_k = column([float(sampling.top_k or vocab) for sampling in samplings])
    top_p = column([sampling.top_p if sampling.top_p < 1 else math.inf for sampling in samplings])
    uniform = torch.tensor(
        [
            [sampling.uniform(start + position) for position in range(length)]
            for sampling, start in zip(samplings, first, strict=True)
        ],
        device=logits.device,
    )
    # The maximum is subtracted first, so that it is 0 at any temperature. Most likely tokens come first.
    scaled = (logits - logits.amax(dim=-1, keepdim=True)) / temperature
    ranked, order = scaled.sort(dim=-1, descending=True, stable=True)
    ranked = ranked.masked_fill(torch.arange(vocab, device=logits.device) >= top_k, -torch.inf)
    probability = ranked.softmax(dim=-1)
    before = probability.cumsum(dim=-1) - probability
    probability = probability.masked_fill((before >= top_p) & (before > 0), 0.0)
    cumulative = probability.cumsum(dim=-1)
    rank = torch.searchsorted(cumulative, (uniform[..., None] * cumulative[..., -1:]), right=True)
    last = (probability > 0).sum(dim=-1, keepdim=True) - 1
    return order.gather(-1, torch.minimum(rank, last)).squeeze(-1)
