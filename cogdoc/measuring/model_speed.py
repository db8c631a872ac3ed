"""Measures CogVLM2 beside what the processor or card can do: matrix products and memory."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import cast

import torch
from PIL import Image

from cogdoc.cogvlm2.decoding_row import Token
from cogdoc.cogvlm2.model import CogVLM2
from cogdoc.cogvlm2.model_work import prefix_flop, step_bytes, vision_flop
from cogdoc.cogvlm2.request import Answer, Request
from cogdoc.cogvlm2.scheduler import Scheduler
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import Tokenizer
from cogdoc.measuring.card import REPEATS, bandwidth, product
from cogdoc.measuring.layer_times import LayerTimes
from cogdoc.measuring.model_choice import ModelChoice
from cogdoc.measuring.page_speed import runs
from cogdoc.measuring.random_model import random_model
from cogdoc.measuring.report import Figure

QUESTION_TOKENS, ANSWER_TOKENS = 16, 48
MOST_READINGS = 5
FIRST_SHARE, READING_SHARE = 0.25, 0.7
"""Of the time: no second reading begins if the first took more than this, and no further one after that."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Seconds of one picture, and of a step of its answer, for all layers and pixels."""

    vision: float
    prompt: float
    step: float


def measure_model(choice: ModelChoice, seconds: float) -> Iterator[Figure]:
    """Yield the figures of the machine and of the model, as they are measured.

    Args:
        seconds: about how long reading pictures may take, after the model is loaded.

    Raises:
        CogdocError: the model cannot be loaded, or memory ran out.
    """
    device = torch.device(choice.device)
    session = _session(choice, device)
    model = session.model
    vision = choice.config.vision
    operations = product(device, model.dtype, vision.num_positions, vision.hidden_size, vision.intermediate_size)
    bytes_per_second = bandwidth(device)
    is_card = device.type == "cuda"
    name, dtype = ("card" if is_card else "processor"), str(model.dtype).removeprefix("torch.")
    how = f"best of {REPEATS}, in {dtype}, sizes of the vision tower"
    yield Figure(part=name, name="matrix product", value=operations / 1e12, unit="TFLOP/s", how=how)
    how = f"best of {REPEATS}, bytes that {'a copy reads and writes' if is_card else 'a sum reads'}"
    yield Figure(part=name, name="memory", value=bytes_per_second / 1e9, unit="GB/s", how=how)
    scheduler = Scheduler(session, choice.room.rows, min(choice.room.row_tokens, _tokens(choice)), 0)
    try:
        yield from _model_figures(choice, scheduler, model, seconds, operations, bytes_per_second)
    finally:
        scheduler.close()


def _model_figures(
    choice: ModelChoice, scheduler: Scheduler, model: CogVLM2, seconds: float, operations: float, rate: float
) -> Iterator[Figure]:
    started = time.perf_counter()
    readings: list[_Reading] = []
    with LayerTimes(model, choice.config) as times:
        while len(readings) <= MOST_READINGS:
            readings.append(_read(choice, scheduler, times, len(readings)))
            if time.perf_counter() - started > (FIRST_SHARE if len(readings) == 1 else READING_SHARE) * seconds:
                break
        last = len(readings) - 1
        if last:
            readings.pop(0)
        how = f"{runs(len(readings))}, {choice.what}"
        took = median(reading.vision for reading in readings)
        share = vision_flop(choice.config) / took / operations
        yield Figure(part="CogVLM2", name="vision tower, a picture", value=took, unit="s", share=share, how=how)
        took = median(reading.prompt for reading in readings)
        share = prefix_flop(choice.config, choice.config.image_tokens) / took / operations
        what = f"{how}; {choice.config.image_tokens:,} tokens"
        yield Figure(part="CogVLM2", name="prompt pass, a picture", value=took, unit="s", share=share, how=what)
        step = median(reading.step for reading in readings)
        yield _decoding(choice, model, step, 1, rate, f"{how}; {_answer_tokens(choice)} tokens after a picture")
        if choice.room.rows > 1:
            rows = choice.room.rows
            step = _steps_side_by_side(choice, scheduler, times, last)
            yield _decoding(choice, model, step, rows, rate, f"one run, {choice.what}; {rows} answers about a picture")


def _decoding(choice: ModelChoice, model: CogVLM2, step: float, rows: int, rate: float, how: str) -> Figure:
    """Tokens a second from the seconds of a step, and the bytes that it reads beside the memory's rate."""
    config = choice.config
    length = choice.measured.image_tokens + 1 + QUESTION_TOKENS + _answer_tokens(choice) // 2
    kind = "cuda" if model.device.type == "cuda" else "cpu"
    read = step_bytes(
        config,
        choice.quantization,
        length,
        choice.vision,
        rows=rows,
        device=kind,  # type: ignore[arg-type]
        dtype_bytes=model.dtype.itemsize,
    )
    name = "decoding" if rows == 1 else f"decoding, {rows} side by side"
    how += f"; reads {read / 1e9:.3g} GB a step, {read / step / 1e9:.3g} GB/s"
    return Figure(part="CogVLM2", name=name, value=rows / step, unit="tokens/s", share=read / step / rate, how=how)


def _read(choice: ModelChoice, scheduler: Scheduler, times: LayerTimes, number: int) -> _Reading:
    times.clear()
    (answer,) = _answers(scheduler, [_request(choice, number, 0)])
    costs, whole, own = answer.costs, choice.config, choice.measured
    vision_share = vision_flop(own) / vision_flop(whole)
    prompt_share = prefix_flop(own, own.image_tokens) / prefix_flop(whole, whole.image_tokens)
    return _Reading(
        vision=costs.vision / vision_share,
        prompt=(costs.reading - costs.vision) / prompt_share,
        step=costs.decoding / costs.passes + times.missing_step(),
    )


def _steps_side_by_side(choice: ModelChoice, scheduler: Scheduler, times: LayerTimes, number: int) -> float:
    """Seconds of a step of several answers about the picture that was read last, which is known."""
    times.clear()
    answers = _answers(scheduler, [_request(choice, number, row) for row in range(choice.room.rows)])
    return median(answer.costs.decoding / answer.costs.passes for answer in answers) + times.missing_step()


def _request(choice: ModelChoice, number: int, question: int) -> Request:
    size = choice.measured.vision.image_size
    image = Image.effect_noise((size, size), 40 + number).convert("RGB")
    draw = random.Random(question)
    text = [draw.randrange(choice.config.bos_token_id) for _ in range(QUESTION_TOKENS)]
    return Request(image, text, _answer_tokens(choice))


def _answers(scheduler: Scheduler, requests: list[Request]) -> list[Answer]:
    answers = [scheduler.submit(request) for request in requests]
    for answer in answers:
        for event in answer:
            assert isinstance(event, Token) or event.finish_reason is not None
    return answers


def _answer_tokens(choice: ModelChoice) -> int:
    return ANSWER_TOKENS // 3 if choice.sampled else ANSWER_TOKENS


def _tokens(choice: ModelChoice) -> int:
    """Of a row."""
    return choice.measured.image_tokens + 1 + QUESTION_TOKENS + ANSWER_TOKENS


def _session(choice: ModelChoice, device: torch.device) -> CogVLM2Session:
    settings = choice.settings
    if settings is not None:
        session = load_session(
            settings.checkpoint,
            quantization=settings.quantization,
            vision=settings.vision,
            device=settings.layer_devices or settings.device,
            compute=settings.compute,
        )
        return CogVLM2Session(session.model, session.tokenizer, frozenset())
    dtype: torch.dtype = getattr(torch, choice.dtype)
    packed = device.type == "cpu" and dtype is torch.bfloat16  # as loading does
    model = random_model(choice.measured, choice.quantization, choice.vision, device, dtype, packed=packed)
    # The requests are tokens, and no token ends them.
    return CogVLM2Session(model, cast(Tokenizer, None), frozenset())
