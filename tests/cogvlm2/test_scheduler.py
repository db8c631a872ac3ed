"""The scheduler: many threads share a model, and each gets what it would get alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from random_sessions import random_session

from cogdoc.cogvlm2.batch import fork, prefill_prefix
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.decoding_row import Finished, FinishReason, Token
from cogdoc.cogvlm2.prompts import build_prompt
from cogdoc.cogvlm2.request import Request
from cogdoc.cogvlm2.sampling import Sampling, sample
from cogdoc.cogvlm2.scheduler import Scheduler
from cogdoc.errors import ResourceError, TimeLimitError, TooLargeError

SESSION = random_session(3)
CONTEXT = SESSION.model.config.max_positions
PLENTY = 1 << 30
QUESTIONS = ("What is this?", "Who signed it?", "How much is the total of all lines?", "这是什么？")


@cache
def image(shade: int) -> Image.Image:
    return Image.linear_gradient("L").resize((70, 40)).point(lambda value: (value + 60 * shade) % 256).convert("RGB")


def request(shade: int = 0, question: int = 0, tokens: int = 12, **changes: Any) -> Request:
    text = f"Question: {QUESTIONS[question]} Answer:"
    return Request(image(shade), SESSION.tokenizer.encode(text), tokens, **changes)


@cache
def alone(shade: int, question: int, tokens: int, sampling: Sampling) -> tuple[tuple[int, ...], FinishReason]:
    """What the library gives for one request, without a scheduler."""
    asked, model = request(shade, question, tokens), SESSION.model
    features = SESSION.image_features(image(shade))
    prefix = prefill_prefix(model, build_prompt(model.config, (), with_image=True), features)
    batch = fork(model, prefix, [asked.text_ids], tokens)
    (answer,) = collect(decode(batch, tokens, SESSION.stop_token_ids, sampling), 1)
    return answer.token_ids, answer.finish_reason


def result(events: Iterator[Token | Finished]) -> tuple[tuple[int, ...], FinishReason]:
    tokens = list(events)
    assert isinstance(tokens[-1], Finished)
    return tuple(event.id for event in tokens if isinstance(event, Token)), tokens[-1].finish_reason


@pytest.fixture
def open_scheduler() -> Iterator[Callable[..., Scheduler]]:
    opened: list[Scheduler] = []

    def start(rows: int = 4, prefix_bytes: int = PLENTY) -> Scheduler:
        opened.append(Scheduler(SESSION, rows, CONTEXT, prefix_bytes))
        return opened[-1]

    yield start
    for scheduler in opened:
        scheduler.close()


@contextmanager
def before_each_layer(check: Callable[[torch.Tensor], None], *, vision: bool = False) -> Iterator[None]:
    """Call `check` with the inputs (batch, length, width) of the first decoder layer, or of each layer of the tower."""
    model = SESSION.model.model
    layers = list(model.vision.transformer.layers) if vision else [model.layers[0]]
    hooks = [layer.register_forward_pre_hook(lambda _, inputs: check(inputs[0])) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


SAMPLINGS = st.sampled_from([Sampling(), Sampling(temperature=1.0, seed=3)])
REQUESTS = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(1, 20), SAMPLINGS)


@settings(max_examples=25, deadline=None)
@given(wanted=st.lists(REQUESTS, min_size=1, max_size=9), rows=st.integers(1, 4), prefixes=st.sampled_from([0, PLENTY]))
def test_each_gets_what_it_would_get_alone(
    wanted: list[tuple[int, int, int, Sampling]], rows: int, prefixes: int
) -> None:
    scheduler = Scheduler(SESSION, rows, CONTEXT, prefixes)
    try:
        with ThreadPoolExecutor(len(wanted)) as threads:
            asked = [
                threads.submit(lambda each: result(iter(scheduler.submit(request(*each[:3], sampling=each[3])))), each)
                for each in wanted
            ]
        assert [each.result() for each in asked] == [alone(*each) for each in wanted]
    finally:
        scheduler.close()


def test_questions_about_one_image_read_it_once(open_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = open_scheduler(rows=2)
    answers = [scheduler.submit(request(shade, question)) for question in range(4) for shade in range(3)]
    for answer in answers:
        result(iter(answer))
    assert (scheduler.counts.images, scheduler.counts.prompts) == (3, 3)


def test_an_image_whose_prompt_was_dropped_is_not_encoded_again(open_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = open_scheduler(prefix_bytes=0)
    for shade in (0, 1, 0):
        result(iter(scheduler.submit(request(shade))))
    assert (scheduler.counts.images, scheduler.counts.prompts) == (2, 3)


def test_rows_share_their_passes(open_scheduler: Callable[..., Scheduler]) -> None:
    passes = 0

    def count(_: torch.Tensor) -> None:
        nonlocal passes
        passes += 1

    scheduler = open_scheduler(rows=4)
    result(iter(scheduler.submit(request(0))))
    with before_each_layer(count):
        answers = [scheduler.submit(request(0, question)) for question in range(4)]
        tokens = sum(len(result(iter(answer))[0]) for answer in answers)
    assert passes < tokens / 2


def test_rows_go_on_while_an_image_is_read(open_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = open_scheduler(rows=2)
    running = scheduler.submit(request(0, 0, 40))
    events = iter(running)
    next(events)
    layers: list[int] = []
    steps: list[int] = []

    def slow(_: torch.Tensor) -> None:
        time.sleep(0.02)
        layers.append(len(steps))

    with before_each_layer(slow, vision=True), before_each_layer(lambda _: steps.append(1)):
        other = scheduler.submit(request(1, 1))
        assert result(iter(other)) == alone(1, 1, 12, Sampling())
    assert layers[-1] > layers[0]
    assert len(list(events)) > 1


def test_one_that_is_given_up_frees_its_row_and_costs_the_others_nothing(
    open_scheduler: Callable[..., Scheduler],
) -> None:
    scheduler = open_scheduler(rows=1)
    given_up = scheduler.submit(request(0, 0, 40))
    next(iter(given_up))
    waiting = [scheduler.submit(request(0, 1, 40)), scheduler.submit(request(0, 2))]
    waiting[0].abandon()
    given_up.abandon()
    assert result(iter(waiting[1])) == alone(0, 2, 12, Sampling())
    assert result(iter(waiting[0])) == ((), FinishReason.CANCELLED)


def test_the_time_limit_counts_from_the_start_and_not_the_waiting(open_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = open_scheduler(rows=1)
    first = scheduler.submit(request(0, 0, 40))
    second = scheduler.submit(request(0, 1, time_limit=60))
    late = scheduler.submit(request(0, 2, time_limit=0))
    assert result(iter(late))[1] is FinishReason.TIME_LIMIT
    assert result(iter(second)) == alone(0, 1, 12, Sampling())
    assert result(iter(first)) == alone(0, 0, 40, Sampling())


def test_too_little_memory_for_all_rows_is_enough_for_fewer(open_scheduler: Callable[..., Scheduler]) -> None:
    def refuse(hidden: torch.Tensor) -> None:
        if hidden.shape[0] > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    scheduler = open_scheduler(rows=4)
    with before_each_layer(refuse):
        answers = [scheduler.submit(request(shade, question)) for shade in range(2) for question in range(4)]
        results = [result(iter(answer)) for answer in answers]
    assert results == [alone(shade, question, 12, Sampling()) for shade in range(2) for question in range(4)]


def test_after_a_lack_of_memory_later_requests_are_decoded_together_again(
    open_scheduler: Callable[..., Scheduler],
) -> None:
    widths: list[int] = []

    def note(hidden: torch.Tensor) -> None:
        widths.append(hidden.shape[0])
        if len(widths) == 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    scheduler = open_scheduler(rows=4)
    with before_each_layer(note):
        result(iter(scheduler.submit(request(0))))
        while scheduler._running or scheduler._shared.waiting:
            time.sleep(0.01)
        widths[:] = [0, 0]
        answers = [scheduler.submit(request(0, question, 40)) for question in range(4)]
        for answer in answers:
            result(iter(answer))
    assert max(widths) == 4


def test_a_request_that_has_too_little_memory_alone_fails_and_the_others_do_not(
    open_scheduler: Callable[..., Scheduler],
) -> None:
    longest = max(len(request(0, question).text_ids) for question in range(4))

    def refuse(hidden: torch.Tensor) -> None:
        if hidden.shape[1] == longest:
            raise MemoryError("no room for a long text")

    scheduler = open_scheduler(rows=4)
    asked = [request(0, question) for question in range(4)]
    with before_each_layer(refuse):
        answers = [scheduler.submit(each) for each in asked]
        for number, (each, answer) in enumerate(zip(asked, answers, strict=True)):
            if len(each.text_ids) == longest:
                with pytest.raises(ResourceError, match="out of memory while reading a picture"):
                    result(iter(answer))
            else:
                assert result(iter(answer)) == alone(0, number, 12, Sampling())


def test_too_little_memory_for_choosing_tokens_is_enough_for_fewer_rows(
    open_scheduler: Callable[..., Scheduler], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(logits: torch.Tensor, *args: Any) -> tuple[torch.Tensor, torch.Tensor]:
        if len(logits) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return sample(logits, *args)

    monkeypatch.setattr("cogdoc.cogvlm2.scheduler.sample", refuse)
    scheduler = open_scheduler(rows=4)
    answers = [scheduler.submit(request(shade)) for shade in range(3)]
    assert [result(iter(answer)) for answer in answers] == [alone(shade, 0, 12, Sampling()) for shade in range(3)]


def test_without_memory_for_further_prefixes_the_last_one_is_dropped_before_an_image_is_read(
    open_scheduler: Callable[..., Scheduler],
) -> None:
    scheduler = open_scheduler(prefix_bytes=0)
    result(iter(scheduler.submit(request(0))))
    kept: list[int] = []
    with before_each_layer(lambda _: kept.append(len(scheduler._readings._prefixes._values)), vision=True):
        result(iter(scheduler.submit(request(1))))
    assert set(kept) == {0}


def test_a_text_that_is_longer_than_the_context_fails_alone(open_scheduler: Callable[..., Scheduler]) -> None:
    scheduler = open_scheduler()
    long = Request(image(0), [5] * SESSION.model.config.max_positions, 5)
    with pytest.raises(TooLargeError):
        scheduler.submit(long)
    assert result(iter(scheduler.submit(request(0)))) == alone(0, 0, 12, Sampling())


def test_an_error_of_the_model_reaches_every_request(open_scheduler: Callable[..., Scheduler]) -> None:
    def fail(_: torch.Tensor) -> None:
        raise RuntimeError("a bug")

    scheduler = open_scheduler(rows=1)
    with before_each_layer(fail):
        answers = [scheduler.submit(request(0, question)) for question in range(2)]
        for answer in answers:
            with pytest.raises(RuntimeError, match="a bug"):
                result(iter(answer))
    assert result(iter(scheduler.submit(request(0)))) == alone(0, 0, 12, Sampling())


def test_closing_ends_what_runs_and_what_waits() -> None:
    scheduler = Scheduler(SESSION, 1, CONTEXT, PLENTY)
    answers = [scheduler.submit(request(0, question, 40)) for question in range(3)]
    next(iter(answers[0]))
    closing = threading.Thread(target=scheduler.close)
    closing.start()
    for answer in [*answers, scheduler.submit(request(0))]:
        with pytest.raises(TimeLimitError, match="closed"):
            result(iter(answer))
    closing.join(60)
    assert not closing.is_alive()
