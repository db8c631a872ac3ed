"""Other models of CogVLM2's family are refused by name, before their gigabytes are downloaded or loaded.

The configurations have the sizes and keys of those on the Hugging Face Hub, as the code that loads them there expects.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from local_hub import Hub
from running import Cogdoc
from test_pull_command import command

from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.cogvlm2.relatives import relative_of_config, relative_of_repository, relative_of_tensors
from cogdoc.models.checkpoint_folders import find_defect

VISION = CONFIG_JSON["vision_config"]


def small_vision(size: int) -> dict[str, Any]:
    return VISION | {"image_size": size, "num_positions": (size // 14) ** 2 + 1}


VICUNA = {
    "vocab_size": 32000,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-05,
    "template_version": "chat",
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}
CONFIGS: dict[str, dict[str, Any]] = {
    "cogvlm2-llama3-caption": CONFIG_JSON
    | {
        "architectures": ["CogVLMVideoForCausalLM"],
        "max_position_embeddings": 2048,
        "vision_config": small_vision(224),
    },
    "cogvlm2-video-llama3-chat": CONFIG_JSON
    | {"architectures": ["CogVLMVideoForCausalLM"], "vision_config": small_vision(224)},
    "cogvlm-chat-hf": VICUNA | {"architectures": ["CogVLMForCausalLM"], "vision_config": small_vision(490)},
    "cogvlm-base-224-hf": VICUNA | {"architectures": ["CogVLMForCausalLM"], "vision_config": small_vision(224)},
    "cogagent-chat-hf": VICUNA
    | {
        "architectures": ["CogAgentForCausalLM"],
        "cross_hidden_size": 1024,
        "cross_compute_hidden_size": 1024,
        "cross_image_size": 1120,
        "vision_config": small_vision(224),
    },
    "cogagent-9b-20241220": {
        "architectures": ["ChatGLMForConditionalGeneration"],
        "model_type": "chatglm",
        "padded_vocab_size": 151552,
        "multi_query_group_num": 2,
        "hidden_size": 4096,
        "num_layers": 40,
        "eos_token_id": [151329, 151336, 151338],
        "vision_config": VISION | {"image_size": 1120, "num_positions": 6401},
    },
}
NAMES = {
    "cogvlm2-llama3-caption": "CogVLM2-Video",
    "cogvlm2-video-llama3-chat": "CogVLM2-Video",
    "cogvlm-chat-hf": "CogVLM 17B",
    "cogvlm-base-224-hf": "CogVLM 17B",
    "cogagent-chat-hf": "CogAgent 18B",
    "cogagent-9b-20241220": "CogAgent 9B",
}


@pytest.mark.parametrize("repository", CONFIGS)
def test_relatives_are_recognized_by_their_configuration(repository: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[repository]))
    defect = find_defect(tmp_path)
    assert defect is not None
    assert defect.startswith(f"config.json: this is {NAMES[repository]}")
    assert "not CogVLM2: it" in defect


@pytest.mark.parametrize("repository", CONFIGS)
def test_relatives_are_recognized_by_the_names_of_their_repositories(repository: str) -> None:
    for name in (repository, f"THUDM/{repository}", f"zai-org/{repository}"):
        relative = relative_of_repository(name)
        assert relative is not None
        assert relative.name.startswith(NAMES[repository])


def test_cogvlm2_is_no_relative() -> None:
    assert relative_of_config(CONFIG_JSON) is None
    assert relative_of_repository("THUDM/cogvlm2-llama3-chinese-chat-19B-int4") is None
    assert relative_of_repository("./my-checkpoint") is None
    shared = ["model.layers.0.self_attn.language_expert_query_key_value.weight", "model.vision.conv.weight"]
    assert relative_of_tensors([*shared, "model.layers.0.self_attn.vision_expert_query_key_value.weight"]) is None


@pytest.mark.parametrize(
    ("tensors", "name"),
    [
        (["model.layers.0.self_attn.language_expert_query_key_value.weight"], "CogVLM2-Video"),
        (
            [
                "model.layers.0.self_attn.language_expert_query_key_value.weight",
                "model.layers.0.self_attn.vision_expert_query_key_value.weight",
            ],
            "CogVLM 17B",
        ),
        (["model.cross_vision.vit.model.cls_token"], "CogAgent 18B"),
        (
            [
                "transformer.encoder.layers.0.self_attention.dense.weight",
                "transformer.vision.patch_embedding.proj.weight",
            ],
            "CogAgent 9B",
        ),
    ],
)
def test_weights_that_belie_their_configuration_are_refused_by_their_headers(
    cogdoc: Cogdoc, whole: Path, tmp_path: Path, tensors: list[str], name: str
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if (whole / file).exists():
            (folder / file).write_bytes((whole / file).read_bytes())
    header = {t: {"dtype": "U8", "shape": [1], "data_offsets": [n, n + 1]} for n, t in enumerate(tensors)}
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(len(tensors)))
    ended = cogdoc("model", "quantize", folder, "--to", tmp_path / "copy")
    assert (ended.code, ended.out) == (3, "")
    assert f"this is {name}" in ended.err


def test_a_relative_that_is_named_is_refused_with_the_reason(cogdoc: Cogdoc, tmp_path: Path) -> None:
    for arguments in (
        ("model", "pull", "THUDM/cogagent-chat-hf"),
        ("model", "show", "THUDM/cogagent-chat-hf"),
    ):
        ended = cogdoc(*arguments)
        assert ended.code == 3
        assert "this is CogAgent 18B, not CogVLM2: it has a second vision tower" in ended.err
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS["cogvlm-chat-hf"]))
    ended = cogdoc("ask", "--model", tmp_path, tmp_path / "page.png", "what?")
    assert ended.code == 3
    assert "this is CogVLM 17B, its predecessor, not CogVLM2" in ended.err
    assert "Traceback" not in ended.err


def test_a_relative_on_a_hub_is_refused_before_its_weights_are_downloaded(hub: Hub, home: Path) -> None:
    hub.files = dict(hub.files) | {"config.json": json.dumps(CONFIGS["cogvlm2-llama3-caption"]).encode()}
    ended = command("pull")
    assert ended.returncode == 3
    assert "this is CogVLM2-Video" in ended.stderr
    assert not any(name.endswith(".safetensors") for name in hub.served)
    assert not (home / "models" / "cogvlm2-llama3-chat-19B").exists()


def test_an_index_that_belies_the_configuration_stops_a_pull(hub: Hub) -> None:
    index = json.loads(hub.files["model.safetensors.index.json"])
    index["weight_map"] = {k: v for k, v in index["weight_map"].items() if "vision_expert" not in k}
    hub.files = dict(hub.files) | {"model.safetensors.index.json": json.dumps(index).encode()}
    ended = command("pull")
    assert ended.returncode == 3
    assert "this is CogVLM2-Video" in ended.stderr
    assert not any(name.endswith(".safetensors") for name in hub.served)
