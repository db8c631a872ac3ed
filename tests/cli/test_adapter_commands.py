"""Fine-tunes on the command line: `--adapter`, and `cogdoc model merge`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from running import Cogdoc
from safetensors.torch import save_file

pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
QUESTION = ("ask", POCKET / "form-1.png", "What is the total?")
MODEL = ("--model", POCKET / "model")
HEAD = "lm_head"


def write_adapter(folder: Path, layer: str, up: torch.Tensor) -> Path:
    """Write an adapter of one layer as PEFT does."""
    folder.mkdir()
    settings = {"peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": [layer], "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    key = f"base_model.model.{layer}.lora"
    save_file({f"{key}_A.weight": torch.ones(1, 128), f"{key}_B.weight": up}, folder / "adapter_model.safetensors")
    return folder


@pytest.fixture
def harmless(tmp_path: Path) -> Path:
    return write_adapter(tmp_path / "harmless", HEAD, torch.zeros(512, 1))


def test_results_name_the_adapter(cogdoc: Cogdoc, harmless: Path) -> None:
    ended = cogdoc(*QUESTION, *MODEL, "--adapter", harmless, "--quantization", "nf4", "--out", "json")
    assert (ended.code, ended.err) == (0, "")
    (record,) = json.loads(ended.out)["records"]
    assert record["answer"]["text"] == "84.04"
    name, digest = record["engine"]["adapter"].split()
    assert (name, digest[:7], len(digest)) == ("harmless", "sha256:", 71)


def test_an_adapter_changes_the_answer_beside_the_weights_and_merged(cogdoc: Cogdoc, tmp_path: Path) -> None:
    # Adds to the logit of the first token after the control tokens, whatever the model reads.
    changing = write_adapter(tmp_path / "changing", HEAD, torch.zeros(512, 1).index_fill(0, torch.tensor(503), 1e3))
    beside = cogdoc(*QUESTION, *MODEL, "--adapter", changing)
    assert (beside.code, "84.04" in beside.out) == (0, False)
    merge = cogdoc("model", "merge", POCKET / "model", changing, tmp_path / "merged")
    assert (merge.code, merge.out) == (0, f"{tmp_path / 'merged'}\n")
    record = json.loads((tmp_path / "merged" / "cogdoc.json").read_text())
    assert (record["source"], record["repository"]) == ("merged", f"{POCKET / 'model'} {changing}")
    assert cogdoc(*QUESTION, "--model", tmp_path / "merged").out == beside.out


def test_adapters_that_do_not_fit_are_refused_in_one_line(cogdoc: Cogdoc, tmp_path: Path) -> None:
    other = write_adapter(tmp_path / "llama", "model.layers.0.self_attn.q_proj", torch.zeros(512, 1))
    ended = cogdoc(*QUESTION, *MODEL, "--adapter", other)
    assert (ended.code, ended.out) == (9, "")
    assert "CogVLM2 does not have: model.layers.0.self_attn.q_proj" in ended.err.splitlines()[0]
    assert "language_expert_query_key_value" in ended.err
    assert "Traceback" not in ended.err
