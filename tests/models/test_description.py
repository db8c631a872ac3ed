"""Checkpoints are described without loading them, and the published sizes are right."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from cogdoc.cogvlm2.configuration import parse_config
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.models.description import (
    CARDS,
    PRECISIONS,
    Precision,
    describe,
    describe_published,
    fitting_context,
    memory_parts,
    parameters,
)
from cogdoc.models.published_models import MODELS

SHAPES = Path(__file__).parents[3] / "shared" / "cogvlm2" / "tensor_shapes.json"

# As the published checkpoint's index counts them.
PUBLISHED_PARAMETERS = 19_503_107_328


def test_published_model_has_the_published_number_of_parameters() -> None:
    assert parameters(PUBLISHED) == PUBLISHED_PARAMETERS


def test_parts_of_the_memory_plan_add_up() -> None:
    parts = dict(memory_parts(PUBLISHED, Precision("nf4", "bf16")))
    names = list(parts)
    assert sum(parts[name] for name in names[: names.index("all weights")]) == parts["all weights"]
    total = names.index("in all")
    assert sum(parts[name] for name in names[names.index("all weights") : total]) == parts["in all"]
    assert parts["with --offload"] < parts["in all"]
    assert parts["with --offload"] + parts["and in main memory"] > parts["all weights"]


@pytest.mark.parametrize(
    ("precision", "fitting"),
    [
        (Precision("nf4", "quantized"), [None, None, 8192, 8192, 8192, 8192, 8192, 8192]),
        (Precision("nf4", "bf16"), [None, None, None, 8192, 8192, 8192, 8192, 8192]),
        (Precision("int8", "quantized"), [None, None, None, 8192, 8192, 8192, 8192, 8192]),
        (Precision("int8", "bf16"), [None, None, None, None, 8192, 8192, 8192, 8192]),
        (Precision("none", "bf16"), [None, None, None, None, None, 8192, 8192, 8192]),
        (Precision("fp4", "quantized"), [None, None, 8192, 8192, 8192, 8192, 8192, 8192]),
    ],
    ids=lambda value: value.name if isinstance(value, Precision) else None,
)
def test_contexts_that_fit_common_cards_are_as_documented(precision: Precision, fitting: list[int | None]) -> None:
    assert [fitting_context(PUBLISHED, precision, card) for card in CARDS] == fitting


def test_less_memory_means_a_shorter_context() -> None:
    precision = Precision("nf4", "quantized")
    needed = dict(memory_parts(PUBLISHED, precision))["in all"]
    assert fitting_context(PUBLISHED, precision, needed) == PUBLISHED.max_positions
    shorter = fitting_context(PUBLISHED, precision, needed - 10**8)
    assert shorter is not None
    assert PUBLISHED.image_tokens < shorter < PUBLISHED.max_positions


def test_4_bit_checkpoints_as_published_are_planned_with_their_scales() -> None:
    """A scale in fp32 for 64 weights instead of one in 8 bits: 0.05 bytes more for each of 18.4 billion weights."""
    fp4, nf4 = (dict(memory_parts(PUBLISHED, Precision(form, "quantized"))) for form in ("fp4", "nf4"))
    assert fp4["visual experts"] == nf4["visual experts"]
    assert fp4["quantization state"] - nf4["quantization state"] == pytest.approx(18.4e9 / 64 * (3 - 4 / 256), rel=0.01)


@pytest.mark.parametrize(
    ("stated", "stored", "weights"),
    [
        (None, None, "bfloat16"),
        (
            {"load_in_4bit": True, "bnb_4bit_quant_type": "fp4", "bnb_4bit_compute_dtype": "float32"},
            Precision("fp4", "quantized"),
            "fp4 (4 bits, without double quantization)",
        ),
        ({"load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, Precision("nf4", "quantized"), "nf4 (4 bits)"),
        (
            {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "llm_int8_skip_modules": ["model.vision", "lm_head"]},
            Precision("nf4", "bf16"),
            "nf4 (4 bits), the vision tower in bfloat16",
        ),
        ({"load_in_8bit": True}, Precision("int8", "quantized"), "int8 (8 bits)"),
    ],
)
def test_quantization_is_read_from_the_configuration(
    whole: Path, tmp_path: Path, stated: dict[str, object] | None, stored: Precision | None, weights: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(whole, folder)
    raw = json.loads((folder / "config.json").read_text()) | ({"quantization_config": stated} if stated else {})
    (folder / "config.json").write_text(json.dumps(raw))
    description = describe(folder)
    assert description.stored == stored
    assert description.weights == weights
    assert description.choices == ((stored,) if stored else PRECISIONS)
    assert description.size == sum(path.stat().st_size for path in folder.iterdir())
    assert description.parameters == parameters(parse_config(raw))


def test_published_checkpoints_are_described_before_their_download() -> None:
    sizes = {name: describe_published(model).size for name, model in MODELS.items()}
    assert sizes["chat"] == sizes["chinese"] == 2 * PUBLISHED_PARAMETERS
    assert sizes["chat-int4"] == sizes["chinese-int4"]
    assert 12e9 < sizes["chat-int4"] < 13e9
    assert describe_published(MODELS["chat"]).choices == PRECISIONS
    assert describe_published(MODELS["chat-int4"]).choices == (Precision("fp4", "quantized"),)


@pytest.mark.skipif(not SHAPES.exists(), reason="no recorded tensor shapes")
def test_recorded_configuration_has_the_recorded_tensors() -> None:
    shapes = json.loads(SHAPES.read_text())
    shapes = shapes.get("tensors", shapes)
    numbers = (math.prod(value["shape"] if isinstance(value, dict) else value) for value in shapes.values())
    assert sum(numbers) == parameters(PUBLISHED)
