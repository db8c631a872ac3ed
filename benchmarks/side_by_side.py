"""What sharing saves: questions about one page, pages that are decoded together, and drafted transcriptions.

A model of 80 million random parameters in fp32 on one thread of the CPU, through the scheduler that the engine uses.
Processor time, as ratios within the run: `python -m benchmarks.side_by_side`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import cast

import torch
from PIL import Image

from cogdoc.cogvlm2.configuration import ModelConfig
from cogdoc.cogvlm2.decoding_row import Token
from cogdoc.cogvlm2.request import Answer, Request
from cogdoc.cogvlm2.scheduler import Scheduler
from cogdoc.cogvlm2.session import CogVLM2Session
from cogdoc.cogvlm2.tokenizer import Tokenizer
from cogdoc.engines.cogvlm2.drafting import TextDraft
from cogdoc.measuring.model_choice import SMALL
from cogdoc.measuring.random_model import random_model

QUESTIONS = 8
QUESTION_TOKENS = 12
SHORT_ANSWER = 16
TRANSCRIPTION = 200
WRONG_SHARE = 0.1
KEEP_ALL = 1 << 40


def main() -> None:
    torch.set_num_threads(1)
    config = SMALL
    model = random_model(config, "none", "bf16", torch.device("cpu")).float()
    # The scheduler needs no tokenizer: its requests are tokens.
    session = CogVLM2Session(model, cast(Tokenizer, None), frozenset())
    print(f"{sum(parameter.numel() for parameter in model.parameters()) / 1e6:.0f} million parameters\n")
    print("| work | alone | shared | ratio |\n|---|--:|--:|--:|")
    pages = [_page(config, number) for number in range(QUESTIONS)]
    questions = [_text(number, QUESTION_TOKENS) for number in range(QUESTIONS)]
    one_page = [Request(pages[0], question, SHORT_ANSWER) for question in questions]
    _row(
        "eight questions on one page, s",
        _seconds(lambda: [_answers(session, [request], rows=1) for request in one_page]),
        _seconds(lambda: _answers(session, one_page, rows=QUESTIONS)),
    )
    folder = [Request(page, questions[0], TRANSCRIPTION) for page in pages]
    _row(
        "eight pages transcribed, s",
        _seconds(lambda: _answers(session, folder, rows=1)),
        _seconds(lambda: _answers(session, folder, rows=QUESTIONS)),
    )
    _drafted(session, pages[0], questions[0])


def _drafted(session: CogVLM2Session, page: Image.Image, question: Sequence[int]) -> None:
    plain = Request(page, question, TRANSCRIPTION)
    (answer,) = _answers(session, [plain], rows=1)
    text = [event.id for event in answer[0]]
    rng = random.Random(0)
    draft = [rng.randrange(30000) if rng.random() < WRONG_SHARE else token for token in text]

    def drafted() -> list[tuple[list[Token], Answer]]:
        return _answers(session, [Request(page, question, TRANSCRIPTION, draft=TextDraft(draft))], rows=1)

    ((tokens, verified),) = drafted()
    assert [token.id for token in tokens] == text
    _row("passes of a transcription with a draft that is 90% right", answer[1].costs.passes, verified.costs.passes)
    _row("its seconds", _seconds(lambda: _answers(session, [plain], rows=1)), _seconds(drafted))


def _answers(session: CogVLM2Session, requests: Sequence[Request], rows: int) -> list[tuple[list[Token], Answer]]:
    """Have requests answered by a scheduler that knows no image yet."""
    scheduler = Scheduler(session, rows, session.model.config.max_positions, KEEP_ALL)
    try:
        answers = [scheduler.submit(request) for request in requests]
        return [([event for event in answer if isinstance(event, Token)], answer) for answer in answers]
    finally:
        scheduler.close()


def _page(config: ModelConfig, number: int) -> Image.Image:
    size = config.vision.image_size
    return Image.effect_noise((size, size), 40 + number).convert("RGB")


def _text(number: int, length: int) -> list[int]:
    rng = random.Random(number)
    return [rng.randrange(30000) for _ in range(length)]


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _row(work: str, alone: float, shared: float) -> None:
    print(f"| {work} | {alone:.4g} | {shared:.4g} | {shared / alone:.2f} |", flush=True)


if __name__ == "__main__":
    main()
