"""What commands ask of CogVLM2 is read once and decoded together, and gives what one request at a time gives."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from random_sessions import random_session
from small_pdfs import save_pdf

from cogdoc.cogvlm2.reading_memory import ReadingRoom
from cogdoc.cogvlm2.session import load_session
from cogdoc.documents.document import open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.vision_model import FinishReason, Generation
from cogdoc.results.records import EngineInfo
from cogdoc.tasks.ask import answer_questions
from cogdoc.tasks.ocr import transcribe

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
ROOM = ReadingRoom(row_tokens=512, rows=4, prefix_bytes=1 << 30)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def engine_of(model: CogVLM2Model) -> VisionEngine:
    return VisionEngine(model, EngineInfo(name="cogvlm2", version="0"), time_limit=300)


def test_questions_about_the_same_pages_read_each_page_once(sandbox: Sandbox, tmp_path: Path) -> None:
    file = save_pdf(tmp_path / "a.pdf", *(f"Invoice {number}\nTotal {number}12.40" for number in range(1, 6)))
    model = CogVLM2Model(random_session(2), ROOM)
    questions = ["What is the total?", "Which invoice is it?", "Who sent the invoice?"]
    try:
        records = list(answer_questions(open_path(file, sandbox), engine_of(model), questions, PageSelection()))
        assert [record.question for record in records] == questions
        assert (model.counts.images, model.counts.prompts) == (5, 5)
    finally:
        model.close()


def test_a_loop_that_is_left_early_ends_the_generations_of_the_other_pages(sandbox: Sandbox, tmp_path: Path) -> None:
    session = random_session(2)
    file = save_pdf(tmp_path / "a.pdf", *(f"Invoice {number}" for number in range(1, 5)))
    model = CogVLM2Model(session, ROOM)
    ends: list[FinishReason] = []

    def generate(*arguments: Any) -> Generation:
        generation = model.generate(*arguments)
        ends.append(generation.finish_reason)
        return generation

    watched = SimpleNamespace(
        limits=model.limits, dtype=model.dtype, count_tokens=model.count_tokens, generate=generate
    )
    try:
        records = transcribe(open_path(file, sandbox), engine_of(watched), PageSelection())  # type: ignore[arg-type]
        next(records)
        before = len(ends)
        records.close()  # type: ignore[attr-defined]  it is a generator
        deadline = time.monotonic() + 30
        while FinishReason.CANCELLED not in ends[before:] and time.monotonic() < deadline:
            time.sleep(0.01)
        assert FinishReason.CANCELLED in ends[before:]
    finally:
        model.close()


@pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint")
def test_pages_that_are_read_together_give_the_text_of_pages_that_are_read_alone(sandbox: Sandbox) -> None:
    texts = []
    for room in (None, ROOM):
        model = CogVLM2Model(load_session(POCKET / "model"), room)
        try:
            records = transcribe(open_path(POCKET / "forms.pdf", sandbox), engine_of(model), PageSelection())
            texts.append([(record.page.number, record.text) for record in records])
        finally:
            model.close()
    assert texts[0] == texts[1]
