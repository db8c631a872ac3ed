"""Checkpoints are described without loading them, and the published sizes are right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.models.description import CARDS, describe, fitting_context, memory_parts, parameters

# As the published checkpoint's index counts them.
PUBLISHED_PARAMETERS = 19_503_107_328


def test_published_model_has_the_published_number_of_parameters() -> None:
    assert parameters(PUBLISHED) == PUBLISHED_PARAMETERS


def test_parts_of_the_memory_plan_add_up() -> None:
    parts = dict(memory_parts(PUBLISHED, "nf4"))
    names = list(parts)
    assert sum(parts[name] for name in names[: names.index("all weights")]) == parts["all weights"]
    assert sum(parts[name] for name in names[names.index("all weights") : -1]) == parts["in all"]


@pytest.mark.parametrize(
    ("quantization", "fitting"),
    [("nf4", [8192] * 4), ("int8", [None, 8192, 8192, 8192]), ("none", [None, None, 8192, 8192])],
)
def test_contexts_that_fit_common_cards_are_as_documented(quantization: str, fitting: list[int | None]) -> None:
    assert [fitting_context(PUBLISHED, quantization, card) for card in CARDS] == fitting  # type: ignore[arg-type]


def test_less_memory_means_a_shorter_context() -> None:
    needed = memory_parts(PUBLISHED, "nf4")[-1][1]
    assert fitting_context(PUBLISHED, "nf4", needed) == PUBLISHED.max_positions
    shorter = fitting_context(PUBLISHED, "nf4", needed - 10**8)
    assert shorter is not None
    assert PUBLISHED.image_tokens < shorter < PUBLISHED.max_positions


@pytest.mark.parametrize(
    ("stated", "stored"),
    [(None, None), ({"load_in_4bit": True, "bnb_4bit_quant_type": "fp4"}, "nf4"), ({"load_in_8bit": True}, "int8")],
)
def test_quantization_is_read_from_the_configuration(
    whole: Path, tmp_path: Path, stated: dict[str, object] | None, stored: str | None
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    raw = json.loads((folder / "config.json").read_text()) | ({"quantization_config": stated} if stated else {})
    (folder / "config.json").write_text(json.dumps(raw))
    description = describe(folder)
    assert description.stored == stored
    assert description.weights == (stored or "bfloat16")
    assert description.choices == ((stored,) if stored else ("nf4", "int8", "none"))
    assert description.size == sum(path.stat().st_size for path in folder.iterdir())
    assert description.parameters == parameters(parse_config(raw))
