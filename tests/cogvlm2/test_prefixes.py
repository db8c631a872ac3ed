"""A prefix that is prefilled once, kept, saved and forked gives the same answers as whole prompts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import CONTEXT, VOCAB, answer, prompt, small_features, small_model

from cogdoc.cogvlm2.batch import Prefix, fork, prefill_prefix
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.model import collate
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.errors import DamagedError, OutputError, TooLargeError

texts = st.lists(st.integers(3, VOCAB - 1), min_size=1, max_size=15)


def image_prefix(*text: int) -> Prefix:
    return prefill_prefix(small_model(), prompt(text, True), small_features()[:1])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    shared=st.lists(st.integers(3, VOCAB - 1), max_size=8),
    questions=st.lists(texts, min_size=1, max_size=4),
    guess=st.lists(st.integers(3, VOCAB - 1), max_size=3),
)
def test_forked_questions_give_the_answers_of_whole_prompts(
    shared: list[int], questions: list[list[int]], guess: list[int]
) -> None:
    batch = fork(small_model(), image_prefix(*shared), questions, max_new_tokens=12)
    events = decode(batch, 12, (), Sampling(0.8, seed=3), draft=lambda row, _: guess[row:])
    for question, row in zip(questions, collect(events, len(questions)), strict=True):
        (whole,) = answer([prompt([*shared, *question], True)], [0], sampling=Sampling(0.8, seed=3))
        assert row.token_ids == whole.token_ids
        assert row.logprobs == pytest.approx(whole.logprobs, abs=1e-4)


def test_of_the_last_layer_a_prefix_takes_only_keys_and_values_which_are_those_of_the_whole_pass() -> None:
    model, text = small_model(), prompt([8, 9], True)
    cache = allocate_cache(model.config, 1, len(text), model.dtype, model.device)
    with torch.inference_mode():
        model.prefill(collate([text], model.config.pad_token_id, model.device), small_features()[:1], cache)
    runs: list[int] = []
    hooks = [
        layer.mlp.register_forward_hook(lambda *_, number=number: runs.append(number))
        for number, layer in enumerate(model.model.layers)
    ]
    prefix = image_prefix(8, 9)
    for hook in hooks:
        hook.remove()
    assert runs == list(range(model.config.num_layers - 1))
    for kept, whole in zip((*prefix.keys, *prefix.values), (*cache.keys, *cache.values), strict=True):
        assert torch.equal(kept, whole[0, :, : len(text)])


def test_a_prefix_serves_again_after_it_was_forked() -> None:
    prefix = image_prefix()
    first, second = (collect(decode(fork(small_model(), prefix, [[5, 6]], 12), 12, ()), 1) for _ in range(2))
    assert first == second


def test_a_saved_prefix_gives_the_same_answer_as_the_one_in_memory(tmp_path: Path) -> None:
    prefix = image_prefix(8, 9)
    prefix.save(tmp_path / "prefix.safetensors", "model")
    loaded = Prefix.load(tmp_path / "prefix.safetensors", "model")
    assert (loaded.length, loaded.next_position) == (prefix.length, prefix.next_position)
    from_memory, from_file = (
        collect(decode(fork(small_model(), one, [[5]], 12), 12, ()), 1) for one in (prefix, loaded)
    )
    assert from_memory == from_file


def test_files_that_are_not_a_complete_prefix_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "prefix.safetensors"
    with pytest.raises(DamagedError, match="not a saved prefix"):
        Prefix.load(path, "model")
    image_prefix().save(path, "model")
    with pytest.raises(DamagedError, match="another model"):
        Prefix.load(path, "other")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedError, match="not a saved prefix"):
        Prefix.load(path, "model")


def test_a_prefix_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        image_prefix().save(tmp_path / "absent" / "prefix.safetensors", "model")


@pytest.mark.parametrize("suffixes", [[[]], [[], [5, 6]]])
def test_a_question_without_a_token_is_refused(suffixes: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="no token"):
        fork(small_model(), image_prefix(), suffixes, max_new_tokens=4)


def test_a_fork_longer_than_the_context_is_refused_with_its_length() -> None:
    prefix = image_prefix()
    with pytest.raises(TooLargeError, match=f"{prefix.length + 60} tokens.*{CONTEXT}"):
        fork(small_model(), prefix, [[3], [3] * 60], max_new_tokens=4)
