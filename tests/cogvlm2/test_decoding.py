"""The decoding loop: batches, streaming, stopping, context, drafts, cancelling, compiling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_models import CONTEXT, IMAGES, VOCAB, answer, prompt, small_features, small_model
from torch.utils._python_dispatch import TorchDispatchMode

from cogdoc.cogvlm2.batch import prefill, step_logits
from cogdoc.cogvlm2.cache import allocate_cache
from cogdoc.cogvlm2.decoding import GREEDY, collect, decode
from cogdoc.cogvlm2.decoding_row import Finished, FinishReason, Token
from cogdoc.cogvlm2.model import collate
from cogdoc.cogvlm2.prompts import Prompt
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.errors import CheckpointError, TooLargeError

texts = st.lists(st.integers(3, VOCAB - 1), min_size=1, max_size=20)
samplings = st.just(GREEDY) | st.builds(
    Sampling,
    temperature=st.floats(0.3, 1.5),
    top_k=st.integers(0, 20),
    top_p=st.floats(0.5, 1),
    seed=st.integers(0, 99),
)
row_strategy = st.tuples(texts, st.none() | st.integers(0, IMAGES - 1), samplings)


def test_answers_differ_between_pictures_and_between_questions() -> None:
    """Otherwise the tests below would prove nothing."""
    answers = [answer([prompt([5, 6, 7], True)], [image])[0].token_ids for image in range(IMAGES)]
    answers += [answer([prompt([question], True)], [0])[0].token_ids for question in range(3, 9)]
    assert len(set(answers)) == len(answers)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(rows=st.lists(row_strategy, min_size=2, max_size=4))
def test_a_row_gives_in_any_batch_what_it_gives_alone(
    rows: list[tuple[list[int], int | None, Sampling]],
) -> None:
    prompts = [prompt(text, image is not None) for text, image, _ in rows]
    images = [image for _, image, _ in rows if image is not None]
    together = answer(prompts, images, sampling=[sampling for *_, sampling in rows])
    for row, (_, image, sampling) in enumerate(rows):
        (alone,) = answer([prompts[row]], [] if image is None else [image], sampling=sampling)
        assert together[row].token_ids == alone.token_ids
        assert together[row].logprobs == pytest.approx(alone.logprobs, abs=1e-4)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(row_strategy, min_size=1, max_size=3),
    drafts=st.lists(st.lists(st.integers(0, VOCAB - 1), max_size=5), max_size=12),
    right=st.integers(0, 4),
    stop=st.lists(st.integers(0, VOCAB - 1), max_size=3),
)
def test_drafts_never_change_a_token_whether_right_or_wrong(
    rows: list[tuple[list[int], int | None, Sampling]], drafts: list[list[int]], right: int, stop: list[int]
) -> None:
    prompts = [prompt(text, image is not None) for text, image, _ in rows]
    images = [image for _, image, _ in rows if image is not None]
    sampling = [each for *_, each in rows]
    plain = answer(prompts, images, sampling=sampling, stop=stop)

    def draft(row: int, so_far: Sequence[int]) -> list[int]:
        done = len(so_far)
        wrong = drafts[(done + row) % len(drafts)] if drafts else []
        return [*plain[row].token_ids[done : done + right], *wrong]

    batch = prefill(small_model(), prompts, small_features()[images] if images else None, max_new_tokens=12)
    for verified, undrafted in zip(collect(decode(batch, 12, stop, sampling, draft), len(rows)), plain, strict=True):
        assert verified.token_ids == undrafted.token_ids
        assert verified.finish_reason == undrafted.finish_reason
        assert verified.logprobs == pytest.approx(undrafted.logprobs, abs=1e-4)


def test_right_drafts_save_passes() -> None:
    single_prompt = prompt([5, 6], True)
    (plain,) = answer([single_prompt], [0])
    passes = 0

    def counting_step(*arguments: object) -> torch.Tensor:
        nonlocal passes
        passes += 1
        return step_logits(*arguments)  # type: ignore[arg-type]

    batch = prefill(small_model(), [single_prompt], small_features()[:1], 12, counting_step)
    (verified,) = collect(
        decode(batch, 12, (), draft=lambda _, so_far: plain.token_ids[len(so_far) : len(so_far) + 5]), 1
    )
    assert verified.token_ids == plain.token_ids
    assert passes == 2  # twelve tokens: one from the prompt pass, then six, then five


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(row=row_strategy, others=st.lists(row_strategy, max_size=2), index=st.integers(0, 11))
def test_a_stop_token_ends_its_row_alone_and_is_not_part_of_the_answer(
    row: tuple[list[int], int | None, Sampling],
    others: list[tuple[list[int], int | None, Sampling]],
    index: int,
) -> None:
    rows = [row, *others]
    prompts = [prompt(text, image is not None) for text, image, _ in rows]
    images = [image for _, image, _ in rows if image is not None]
    sampling = [each for *_, each in rows]
    free = answer(prompts, images, sampling=sampling)
    stop = free[0].token_ids[index]
    stopped = answer(prompts, images, sampling=sampling, stop=[stop])
    for with_stop, without in zip(stopped, free, strict=True):
        expected = tuple(takewhile(lambda token: token != stop, without.token_ids))
        assert with_stop.token_ids == expected
        assert with_stop.finish_reason == (FinishReason.LENGTH if len(expected) == 12 else FinishReason.STOP)
    assert stopped[0].finish_reason == FinishReason.STOP


def test_tokens_come_one_by_one_and_a_closed_stream_computes_no_more() -> None:
    passes = 0

    def counting_step(*arguments: object) -> torch.Tensor:
        nonlocal passes
        passes += 1
        return step_logits(*arguments)  # type: ignore[arg-type]

    batch = prefill(small_model(), [prompt([5], False)], None, 12, counting_step)
    events = decode(batch, 12, ())
    assert isinstance(next(events), Token)
    assert passes == 0
    assert isinstance(next(events), Token)
    assert passes == 1
    events.close()
    assert list(events) == []
    assert passes == 1


@pytest.mark.parametrize("after", [0, 1, 5])
def test_cancelling_ends_every_row_between_two_tokens(after: int) -> None:
    batch = prefill(small_model(), [prompt([5], False), prompt([6, 7], False)], None, 12)
    calls = iter(range(100))
    events = list(decode(batch, 12, (), cancelled=lambda: next(calls) == after))
    tokens = [event for event in events if isinstance(event, Token)]
    assert len(tokens) == 2 * after
    assert events[len(tokens) :] == [Finished(0, FinishReason.CANCELLED), Finished(1, FinishReason.CANCELLED)]


@pytest.mark.parametrize("left", [0, 1, 2, 7])
def test_prompt_and_answer_never_pass_the_context(left: int) -> None:
    batch = prefill(
        small_model(), [prompt([4] * (CONTEXT - 1 - left), False), prompt([5], False)], None, max_new_tokens=12
    )
    full, short = collect(decode(batch, 12, (), draft=lambda *_: [3, 4, 5, 6]), 2)
    assert (len(full.token_ids), full.finish_reason) == (left, FinishReason.CONTEXT)
    assert (len(short.token_ids), short.finish_reason) == (12, FinishReason.LENGTH)
    assert short.token_ids == answer([prompt([5], False)], [])[0].token_ids


def test_features_have_to_fit_the_prompts() -> None:
    with pytest.raises(ValueError, match="6 image tokens, but there are features for 0"):
        prefill(small_model(), [prompt([5], True)], None, max_new_tokens=5)
    with pytest.raises(ValueError, match="6 image tokens, but there are features for 12"):
        prefill(small_model(), [prompt([5], True), prompt([5], False)], small_features()[:2], max_new_tokens=5)


def test_nothing_is_decoded_twice_or_without_a_token_to_decode() -> None:
    batch = prefill(small_model(), [prompt([5], False)], None, max_new_tokens=12)
    with pytest.raises(ValueError, match="at least 1"):
        next(decode(batch, 0, ()))
    collect(decode(batch, 5, ()), 1)
    with pytest.raises(ValueError, match="decoded before"):
        next(decode(batch, 5, ()))


def test_logits_that_are_not_finite_are_an_error_and_not_a_token() -> None:
    batch = prefill(small_model(), [prompt([5], False)], None, 12, lambda *_: torch.full((1, 1, VOCAB), torch.nan))
    with pytest.raises(CheckpointError, match="not finite"):
        collect(decode(batch, 12, ()), 1)


class NoSynchronization(TorchDispatchMode):
    """Rejects operators that synchronize: Python has to wait for their result from the device."""

    SYNCHRONIZING = ("nonzero", "_local_scalar_dense", "masked_select", "item", "is_nonzero", "unique")

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        assert name not in self.SYNCHRONIZING, f"{name} waits for the device"
        return function(*args, **(kwargs or {}))


def test_no_pass_waits_for_the_device() -> None:
    model, rows = small_model(), [prompt([5, 6, 7], True), prompt([8], False)]
    cache = allocate_cache(model.config, 2, 20, torch.float32, torch.device("cpu"))
    batch = collate(rows, model.config.pad_token_id, torch.device("cpu"))
    slots = torch.tensor(batch.lengths)[:, None]
    with torch.inference_mode(), NoSynchronization():
        features = model.image_features(torch.zeros(1, 3, 16, 16))
        model.logits(model.prefill(batch, features, cache))
        step_logits(model, torch.tensor([[5], [6]]), slots, slots, cache, False)


class Recording(TorchDispatchMode):
    """Records the names of the operators that run, and whether attention has a mask."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.masks: list[bool] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        self.names.append(name)
        if name == "scaled_dot_product_attention":
            self.masks.append(len(args) > 3 and args[3] is not None)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize("rows", [1, 2])
def test_rows_of_equal_length_are_decoded_without_a_mask_and_each_step_is_read_at_once(rows: int) -> None:
    batch = prefill(small_model(), [prompt([5, 6], False), prompt([7, 8], False)][:rows], None, max_new_tokens=4)
    with Recording() as recording:
        list(decode(batch, 4, ()))
    assert recording.masks == [False] * 3 * small_model().config.num_layers
    assert recording.names.count("stack") == 4  # tokens and log-probabilities


def test_rows_of_different_length_do_not_see_beyond_their_own() -> None:
    batch = prefill(small_model(), [prompt([5, 6], False), prompt([7], False)], None, max_new_tokens=4)
    with Recording() as recording:
        list(decode(batch, 2, ()))
    assert recording.masks == [True] * small_model().config.num_layers


def test_a_prompt_longer_than_the_context_is_refused_with_its_length() -> None:
    too_long = Prompt((3,) * (CONTEXT + 1), (0,) * (CONTEXT + 1), tuple(range(CONTEXT + 1)))
    with pytest.raises(TooLargeError, match=f"{CONTEXT + 1} tokens.*{CONTEXT}"):
        prefill(small_model(), [too_long], None, max_new_tokens=1)


@pytest.mark.slow
def test_a_decode_step_compiles_as_one_graph_and_gives_the_same_tokens() -> None:
    prompts = [prompt([5, 6], True), prompt([7], False)]
    eager = answer(prompts, [0])
    step = torch.compile(step_logits, fullgraph=True, backend="aot_eager")
    batch = prefill(small_model(), prompts, small_features()[:1], 12, step)
    compiled = collect(decode(batch, 12, ()), 2)
    assert [row.token_ids for row in compiled] == [row.token_ids for row in eager]
