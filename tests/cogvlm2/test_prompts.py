"""A prompt has the published text, tokens, types and positions, and one that does not fit is refused."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parity_folders import FIXTURES, PUBLISHED_FIXTURES
from safetensors.torch import load_file

from cogdoc.cogvlm2.configuration import ModelConfig, Template, parse_config, read_config
from cogdoc.cogvlm2.prompts import (
    IMAGE,
    TEXT,
    Turn,
    apply_template,
    build_prompt,
    token_positions,
    vision_expert_tokens,
)
from cogdoc.cogvlm2.published import CONFIG_JSON
from cogdoc.errors import CheckpointError, TooLargeError

OPTIONAL = {
    "architectures",
    "hidden_act",
    "template_version",
    "tie_word_embeddings",
    "torch_dtype",
    "dropout_prob",
}
REQUIRED = [key for key in CONFIG_JSON if key not in OPTIONAL]
REQUIRED_OF_VISION = [key for key in CONFIG_JSON["vision_config"] if key not in OPTIONAL]

BOS, PAD = 128000, 128002
LINE = st.text(st.characters(codec="utf-8"), max_size=12)
TURNS = st.lists(st.builds(Turn, question=LINE, answer=LINE), max_size=3)


def config_with(**changes: Any) -> dict[str, Any]:
    """The published config.json with other values; `vision__image_size` means that of the vision_config."""
    raw = copy.deepcopy(CONFIG_JSON) | {"auto_map": {"AutoConfig": "configuration_cogvlm.CogVLMConfig"}}
    for key, value in changes.items():
        name, _, inner = key.partition("__")
        if inner:
            raw["vision_config"][inner] = value
        else:
            raw[name] = value
    return raw


@pytest.fixture(scope="module")
def published() -> ModelConfig:
    return parse_config(CONFIG_JSON)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("base", "What is this?"),
        ("chat", "Question: What is this? Answer:"),
        ("vqa", "Question: What is this? Short answer:"),
    ],
)
def test_a_question_alone_in_each_template(template: Template, text: str) -> None:
    assert apply_template(template, "What is this?") == text


def test_earlier_turns_precede_the_question() -> None:
    history = [Turn("Hi", "Hello."), Turn("谁签的？", "房东")]
    assert apply_template("chat", "When?", history) == (
        "Question: Hi Answer: Hello.\nQuestion: 谁签的？ Answer: 房东\nQuestion: When? Answer:"
    )
    assert (
        apply_template("vqa", "When?", history[:1])
        == "Question: Hi Short answer: Hello.\nQuestion: When? Short answer:"
    )
    assert apply_template("base", "When?", history) == "When?"


@given(template=st.sampled_from(["chat", "vqa"]), history=TURNS, last=st.builds(Turn, LINE, LINE), question=LINE)
def test_the_prompt_of_a_conversation_continues_the_previous_one(
    template: Template, history: list[Turn], last: Turn, question: str
) -> None:
    previous = apply_template(template, last.question, history)
    assert (
        apply_template(template, question, [*history, last])
        == f"{previous} {last.answer}\n{apply_template(template, question)}"
    )


@pytest.mark.skipif(not PUBLISHED_FIXTURES.is_dir(), reason="the outputs of the published code are not here")
@pytest.mark.parametrize("folder", ["tiny", "tiny_bf16"])
@pytest.mark.parametrize("template", ["base", "chat", "vqa"])
def test_templates_are_those_of_the_published_code(folder: str, template: Template) -> None:
    expected = json.loads((PUBLISHED_FIXTURES / folder / "expected.json").read_text(encoding="utf-8"))
    alone, with_history = expected["prompts"][template]
    assert apply_template(template, "What is this?") == alone
    assert apply_template(template, "What is this?", [Turn("Hi", "Hello.")]) == with_history


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda folder: folder.name)
@pytest.mark.parametrize("case", ["text", "image", "image_long", "single1", "single2"])
def test_prompts_are_those_of_the_parity_fixtures(folder: Path, case: str) -> None:
    config = read_config(folder)
    keys = ("input_ids", "token_type_ids", "position_ids")
    tensors = load_file(folder / "expected.safetensors")
    ids, types, positions = (tuple(tensors[f"{case}.{key}"][0].tolist()) for key in keys)
    with_image = IMAGE in types
    prompt = build_prompt(config, ids[1 + with_image * config.image_tokens :], with_image)
    assert (prompt.token_ids, prompt.token_types, prompt.positions) == (ids, types, positions)


def test_an_image_of_the_published_size_takes_2306_tokens(published: ModelConfig) -> None:
    prompt = build_prompt(published, [9, 8, 7], with_image=True)
    assert prompt.token_ids == (BOS, *[PAD] * 2306, 9, 8, 7)
    assert prompt.token_types == (TEXT, *[IMAGE] * 2306, TEXT, TEXT, TEXT)
    assert prompt.positions == (0, 1, *[2] * 2304, 3, 4, 5, 6)
    assert len(prompt) == 2310


def test_a_prompt_without_an_image_has_no_placeholders(published: ModelConfig) -> None:
    prompt = build_prompt(published, [9, 8, 7], with_image=False)
    assert prompt.token_ids == (BOS, 9, 8, 7)
    assert prompt.token_types == (TEXT,) * 4
    assert prompt.positions == (0, 1, 2, 3)


@given(grid=st.integers(1, 6).map(lambda half: 2 * half), text=st.lists(st.integers(0, 999), max_size=20))
def test_layout_of_any_size(grid: int, text: list[int]) -> None:
    config = parse_config(config_with(vision__image_size=14 * grid, vision__num_positions=grid**2 + 1))
    prompt = build_prompt(config, text, with_image=True)
    patches = (grid // 2) ** 2
    assert prompt.token_ids == (BOS, *[PAD] * (patches + 2), *text)
    assert prompt.token_types == (TEXT, *[IMAGE] * (patches + 2), *[TEXT] * len(text))
    assert prompt.positions == (0, 1, *[2] * patches, 3, *range(4, 4 + len(text)))
    assert vision_expert_tokens(prompt.token_types) == [*range(1, patches + 2)]  # boi and the patches, not eoi


@given(types=st.lists(st.sampled_from([TEXT, IMAGE]), max_size=40))
def test_positions_of_any_types_are_those_of_a_naive_implementation(types: list[int]) -> None:
    positions: list[int] = []
    following = 0
    for kind, run in groupby(types):
        length = len(list(run))
        if kind == TEXT or length < 3:
            steps = [1] * length
        else:
            boi, first_patch, other_patches, eoi = [1], [1], [0] * (length - 3), [1]
            steps = boi + first_patch + other_patches + eoi
        for step in steps:
            following += step
            positions.append(following - 1)
    assert token_positions(types) == tuple(positions)


@given(types=st.lists(st.sampled_from([TEXT, IMAGE]), max_size=40))
def test_vision_experts_get_all_tokens_of_an_image_except_the_last(types: list[int]) -> None:
    indices: list[int] = []
    start = 0
    for kind, run in groupby(types):
        length = len(list(run))
        if kind == IMAGE:
            indices += range(start, start + length - 1)
        start += length
    assert vision_expert_tokens(types) == indices


@pytest.mark.parametrize(("with_image", "room"), [(True, 8192 - 2307), (False, 8192 - 1)])
def test_a_prompt_may_fill_the_context_but_not_exceed_it(published: ModelConfig, with_image: bool, room: int) -> None:
    assert len(build_prompt(published, [5] * room, with_image)) == 8192
    with pytest.raises(TooLargeError, match=r"8,193 tokens.*8,192"):
        build_prompt(published, [5] * (room + 1), with_image)
    with pytest.raises(TooLargeError, match=f"{100_000 + 8192 - room:,} tokens"):
        build_prompt(published, [5] * 100_000, with_image)


def test_published_sizes_follow_from_the_file(published: ModelConfig) -> None:
    assert published.num_kv_heads == 8
    assert published.rotary_base == 500_000
    assert (published.head_dim, published.kv_size) == (128, 1024)
    assert (published.vision.head_dim, published.vision.grid) == (112, 96)
    assert (published.patch_tokens, published.image_tokens) == (2304, 2306)
    assert published.eos_token_ids == (128001, 128009)


def test_keys_that_the_published_file_omits_may_be_stated() -> None:
    config = parse_config(config_with(num_multi_query_heads=4, rope_theta=10_000.0, eos_token_id=128001))
    assert (config.num_kv_heads, config.rotary_base, config.eos_token_ids) == (4, 10_000.0, (128001,))


@pytest.mark.parametrize("key", REQUIRED)
def test_a_missing_key_is_named(key: str) -> None:
    raw = config_with()
    del raw[key]
    with pytest.raises(CheckpointError, match=rf"^config\.json: .*{key} is missing"):
        parse_config(raw)


@pytest.mark.parametrize("key", REQUIRED_OF_VISION)
def test_a_missing_key_of_the_vision_transformer_is_named(key: str) -> None:
    raw = config_with()
    del raw["vision_config"][key]
    with pytest.raises(CheckpointError, match=rf"^config\.json: .*{key} is missing"):
        parse_config(raw)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_act": "gelu"}, "hidden_act is not silu"),
        ({"vision__hidden_act": "quick_gelu"}, "vision_config.hidden_act is not gelu"),
        ({"template_version": "plain"}, "template_version is none of base, chat, vqa"),
        ({"num_attention_heads": 33}, "hidden_size is not a multiple of num_attention_heads"),
        ({"num_multi_query_heads": 5}, "num_attention_heads is not a multiple of num_multi_query_heads"),
        ({"num_attention_heads": 4096}, "the head dimension is odd"),
        ({"vision__num_heads": 15}, "vision_config.hidden_size is not a multiple of num_heads"),
        ({"vision__image_size": 1330, "vision__num_positions": 95**2 + 1}, "the patch grid is odd"),
        ({"vision__num_positions": 9216}, "vision_config.num_positions does not fit image_size and patch_size"),
        ({"vision__patch_size": 16}, "vision_config.num_positions does not fit image_size and patch_size"),
    ],
)
def test_sizes_that_contradict_each_other_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=rf"^config\.json: {message}"):
        parse_config(config_with(**changes))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": 64.5}, "hidden_size"),
        ({"num_attention_heads": 0}, "num_attention_heads"),
        ({"num_multi_query_heads": None}, "num_multi_query_heads"),
        ({"num_hidden_layers": [32]}, "num_hidden_layers"),
        ({"num_hidden_layers": -1}, "num_hidden_layers"),
        ({"vocab_size": float("inf")}, "vocab_size"),
        ({"rms_norm_eps": "small"}, "rms_norm_eps"),
        ({"rms_norm_eps": -1.0}, "rms_norm_eps"),
        ({"rope_theta": 0}, "rope_theta"),
        ({"rope_theta": None}, "rope_theta"),
        ({"eos_token_id": None}, "eos_token_id"),
        ({"eos_token_id": []}, "eos_token_id"),
        ({"eos_token_id": [128001, None]}, "eos_token_id"),
        ({"pad_token_id": 128256}, "pad_token_id"),
        ({"bos_token_id": -1}, "bos_token_id"),
        ({"template_version": None}, "template_version"),
        ({"tie_word_embeddings": "false"}, "tie_word_embeddings"),
        ({"vision_config": None}, "vision_config"),
        ({"vision_config": [1792]}, "vision_config"),
        ({"vision__patch_size": {}}, "vision_config.patch_size"),
        ({"vision__patch_size": 0}, "vision_config.patch_size"),
        ({"vision__in_channels": 1}, "vision_config.in_channels"),
        ({"vision__image_size": 1345}, "vision_config.image_size"),
    ],
    ids=str,
)
def test_an_impossible_value_is_refused_in_one_line_that_names_its_key(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(CheckpointError, match=rf"^config\.json: {key}") as caught:
        parse_config(config_with(**changes))
    assert "\n" not in caught.value.message


def test_another_model_is_refused() -> None:
    llama = {key: value for key, value in CONFIG_JSON.items() if key != "vision_config"}
    with pytest.raises(CheckpointError, match="not CogVLM2"):
        parse_config({**llama, "architectures": ["LlamaForCausalLM"]})


def test_a_folder_without_a_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no config\.json") as caught:
        read_config(tmp_path)
    assert str(tmp_path) in caught.value.message


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"])
def test_a_damaged_configuration_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json: (cannot be read|not a JSON object)"):
        read_config(tmp_path)


def test_prompts_and_tokens_need_no_deep_learning_library() -> None:
    program = (
        "import sys, cogdoc.cogvlm2.configuration, cogdoc.cogvlm2.prompts, cogdoc.cogvlm2.tokenizer;"
        "print({'torch', 'transformers', 'bitsandbytes'}.intersection(sys.modules) or 'none')"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "none\n"
