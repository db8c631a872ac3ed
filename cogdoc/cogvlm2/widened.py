"""Linear layers whose weights are stored in 16 bits and that compute in fp32, for CPUs without bf16 instructions."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class WidenedLinear(nn.Linear):
    """A linear layer that widens its weight to the dtype of its input at each call.

    That is exact, takes half the memory of a weight in fp32 and, beside the product with the thousands of tokens of an
    image, hardly any time.
    """

    def forward(self, hidden: Tensor) -> Tensor:
        return functional.linear(hidden, self.weight.to(hidden.dtype), self.bias)
