"""An answer ends at every token that any file of the checkpoint names as an end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from llama3_tokenizer import SPECIAL_TOKENS, SpecialIds, save_llama3_tokenizer
from parity_folders import Sizes, random_weights, raw_config
from safetensors.torch import save_file

from cogdoc.cogvlm2.decoding_row import Finished, FinishReason, Token
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.errors import CheckpointError

QUESTION = "What is the total?"
LENGTH = 4


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    size = Sizes(vocab=save_llama3_tokenizer(folder).vocab_size)
    save_file(random_weights(size, torch.Generator().manual_seed(5)), folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def special(checkpoint: Path) -> SpecialIds:
    return save_llama3_tokenizer(checkpoint)


@pytest.fixture
def folder(checkpoint: Path, special: SpecialIds, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(checkpoint, copy)
    write_config(copy, special, special.eos)
    return copy


def write_config(folder: Path, special: SpecialIds, eos: Any) -> None:
    ids = {"bos_token_id": special.bos, "eos_token_id": eos, "pad_token_id": special.pad}
    (folder / "config.json").write_text(json.dumps(raw_config(Sizes(vocab=special.vocab_size)) | ids))


def answer(session: CogVLM2Session) -> tuple[list[int], FinishReason]:
    *tokens, end = session.generate(QUESTION, max_new_tokens=LENGTH)
    assert isinstance(end, Finished)
    return [token.id for token in tokens if isinstance(token, Token)], end.finish_reason


@pytest.mark.parametrize("as_list", [False, True], ids=["number", "list"])
@pytest.mark.parametrize("file", ["config.json", "generation_config.json"])
def test_an_answer_ends_at_a_token_that_a_configuration_names(
    folder: Path, special: SpecialIds, file: str, as_list: bool
) -> None:
    whole, reason = answer(load_session(folder))
    assert (len(whole), reason) == (LENGTH, FinishReason.LENGTH)
    end = whole[-1]
    named: Any = [special.eos, end] if as_list else end
    if file == "config.json":
        write_config(folder, special, named)
    else:
        (folder / file).write_text(json.dumps({"eos_token_id": named, "temperature": 0.6}))
    assert answer(load_session(folder)) == (whole[: whole.index(end)], FinishReason.STOP)


@pytest.mark.parametrize("as_object", [False, True], ids=["name", "object"])
def test_an_answer_ends_at_the_token_that_the_tokenizer_names(folder: Path, as_object: bool) -> None:
    session = load_session(folder)
    whole, _ = answer(session)
    name = session.tokenizer.bpe.id_to_token(whole[-1])
    named = {"content": name, "special": True} if as_object else name
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": named}))
    assert answer(load_session(folder)) == (whole[: whole.index(whole[-1])], FinishReason.STOP)


def test_the_ends_of_text_and_turn_of_llama_3_always_end_an_answer(folder: Path, special: SpecialIds) -> None:
    eot = special.bos + SPECIAL_TOKENS.index("<|eot_id|>")
    other = special.bos + SPECIAL_TOKENS.index("<|reserved_special_token_0|>")
    write_config(folder, special, other)
    assert load_session(folder).stop_token_ids == {other, special.eos, eot}


@pytest.mark.parametrize("eos", ["</s>", 1.5, True, -1, 10**9, [1, None, "x"], [5] * 1000], ids=str)
def test_a_stop_token_outside_the_vocabulary_is_refused_in_one_line(folder: Path, eos: Any) -> None:
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": eos}))
    with pytest.raises(CheckpointError, match=r"generation_config\.json: eos_token_id") as caught:
        load_session(folder)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500 + len(str(folder))


def test_a_generation_config_without_stop_tokens_adds_none(folder: Path) -> None:
    plain = load_session(folder).stop_token_ids
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": None, "top_p": 0.9}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": None}))
    assert load_session(folder).stop_token_ids == plain


def test_a_tokenizer_configuration_of_the_published_form_is_read(folder: Path, special: SpecialIds) -> None:
    decoder = {
        str(special.bos + index): {"content": name, "special": True} for index, name in enumerate(SPECIAL_TOKENS)
    }
    published = {
        "added_tokens_decoder": decoder,
        "bos_token": "<|begin_of_text|>",
        "clean_up_tokenization_spaces": True,
        "eos_token": "<|reserved_special_token_3|>",
        "model_max_length": 1000000000000000019884624838656,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(published))
    assert special.bos + SPECIAL_TOKENS.index("<|reserved_special_token_3|>") in load_session(folder).stop_token_ids
