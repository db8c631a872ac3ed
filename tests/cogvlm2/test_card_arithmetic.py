"""How cards compute, by compute capability."""

from __future__ import annotations

import pytest

from cogdoc.cogvlm2.card_arithmetic import DeviceArithmetic, card_arithmetic, runs_on


@pytest.mark.parametrize("capability", [(8, 0), (8, 6), (9, 0), (12, 0)])
def test_ampere_and_newer_compute_in_bf16_with_fused_attention(capability: tuple[int, int]) -> None:
    assert card_arithmetic(capability) == DeviceArithmetic("bfloat16", fused_attention=True)


@pytest.mark.parametrize("capability", [(7, 5), (7, 0), (6, 1)])
def test_older_cards_compute_in_fp16_without_fused_attention(capability: tuple[int, int]) -> None:
    assert card_arithmetic(capability) == DeviceArithmetic("float16", fused_attention=False)


def test_4_bits_need_pascal_and_8_bits_turing() -> None:
    assert [runs_on("nf4", capability) for capability in [(5, 2), (6, 0), (7, 0)]] == [False, True, True]
    assert [runs_on("int8", capability) for capability in [(7, 0), (7, 5), (8, 0)]] == [False, True, True]
    assert runs_on("none", (5, 2))
