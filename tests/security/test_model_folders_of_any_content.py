"""Whatever the files of a model folder contain, looking at it ends in a description or one error of a known kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cogdoc.cogvlm2.checkpoint import fingerprint, list_tensors
from cogdoc.cogvlm2.weight_files import INDEX, SINGLE
from cogdoc.errors import CheckpointError, CogdocError
from cogdoc.models.checkpoint_folders import find_defect
from cogdoc.models.description import describe

POCKET = Path(__file__).parents[2] / "samples" / "pocket" / "model"
CONFIG: dict[str, Any] = json.loads((POCKET / "config.json").read_text(encoding="utf-8"))

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([-1, 0, 1, 2, 3, 2**31, 2**50, 2**63, 10**30, 1e308, float("inf"), float("nan")]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["..", "/dev/zero", "../../etc/passwd", "a\0b", "model.safetensors", "\ud800", "x" * 5000]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from([*CONFIG, "torch_dtype", "quantization_config", "rope_theta", "tie_word_embeddings"])
vision_keys = st.sampled_from(sorted(CONFIG["vision_config"]))
configs = st.builds(
    lambda changed, vision: CONFIG | {"vision_config": CONFIG["vision_config"] | vision} | changed,
    st.dictionaries(keys, values, max_size=2),
    st.dictionaries(vision_keys, values, max_size=2),
)
entries = st.one_of(
    values,
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["BF16", "U8", "F4", "", 7, None]),
            "shape": st.lists(st.sampled_from([0, 1, 2, 2**32, 2**62, -1]), max_size=10),
            "data_offsets": st.lists(st.sampled_from([0, 2, 4, 2**62, -1]), min_size=1, max_size=3),
        }
    ),
)
headers = st.dictionaries(st.sampled_from(["a", "b", "__metadata__", "model.norm.weight"]), entries, max_size=3)
texts = st.one_of(configs.map(json.dumps), values.map(json.dumps), st.text(max_size=30), st.just("[" * 50_000))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(config=texts, index=st.none() | texts, header=headers.map(json.dumps) | texts, data=st.binary(max_size=4))
def test_any_model_folder_is_described_or_refused(
    config: str, index: str | None, header: str, data: bytes, tmp_path: Path
) -> None:
    write(tmp_path / "config.json", config)
    write(tmp_path / "tokenizer.json", "{}")
    body = header.encode("utf-8", "surrogatepass")
    (tmp_path / SINGLE).write_bytes(len(body).to_bytes(8, "little") + body + data)
    (tmp_path / INDEX).unlink(missing_ok=True)
    if index is not None:
        write(tmp_path / INDEX, index)
    looks: tuple[Callable[[Path], object], ...] = (find_defect, list_tensors, fingerprint, describe)
    for look in looks:
        with suppress(CheckpointError):
            look(tmp_path)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=64), length=st.integers(0, 2**64 - 1) | st.integers(0, 70))
def test_any_bytes_as_weights_are_refused_by_an_error(content: bytes, length: int, tmp_path: Path) -> None:
    (tmp_path / SINGLE).write_bytes(length.to_bytes(8, "little") + content)
    with suppress(CogdocError):
        list_tensors(tmp_path)


def write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
