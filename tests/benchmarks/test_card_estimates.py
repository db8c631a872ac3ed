"""Estimates for cards: the shapes of the tensors give the same work as the formulas of the configuration."""

from __future__ import annotations

from pathlib import Path

from benchmarks.card_estimates import CARDS, own_shapes, picture_operations, prompt_operations, row, token_bytes
from cogdoc.cogvlm2.model_work import prefix_flop, step_bytes, vision_flop
from cogdoc.cogvlm2.published import PUBLISHED


def test_work_from_the_shapes_is_that_from_the_configuration() -> None:
    shapes = own_shapes()
    assert picture_operations(shapes) == vision_flop(PUBLISHED)
    assert prompt_operations(shapes) == prefix_flop(PUBLISHED, PUBLISHED.image_tokens)
    planned = step_bytes(PUBLISHED, "nf4", PUBLISHED.image_tokens + 32, "bf16")
    assert abs(token_bytes(shapes) / planned - 1) < 0.001


def test_the_table_of_the_documentation_is_what_the_script_prints() -> None:
    shapes = own_shapes()
    work = picture_operations(shapes), prompt_operations(shapes), token_bytes(shapes)
    text = (Path(__file__).parents[2] / "docs" / "cogvlm2.md").read_text(encoding="utf-8")
    for card in CARDS:
        assert f"| {' | '.join(row(card, *work))} |" in text
