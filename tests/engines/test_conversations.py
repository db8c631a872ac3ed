"""CogVLM2 in conversations: what was said before, and no image at all."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from cogdoc.cogvlm2.prompts import Turn as ModelTurn
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.vision.vision_model import FinishReason, GenerationOptions, Prompt, Turn
from cogdoc.errors import TimeLimitError, TooLargeError

OPTIONS = GenerationOptions(24, time_limit=60)


@pytest.fixture(scope="module")
def session(samples: Path) -> CogVLM2Session:
    return load_session(samples / "pocket" / "model", quantization="none")


def test_text_alone_is_answered_as_the_model_does_with_what_was_said(session: CogVLM2Session) -> None:
    model = CogVLM2Model(session)
    pieces: list[str] = []
    prompt = Prompt("And the tip?", history=(Turn("What is the total?", "84.04"),))
    generation = model.generate([], prompt, GenerationOptions(24, 60, on_text=pieces.append))
    history = [ModelTurn("What is the total?", "84.04")]
    events = session.generate("And the tip?", history=history, template="chat", max_new_tokens=24)
    assert generation.text == "".join(session.stream_text(events)).strip()
    assert generation.text == "".join(pieces).strip()
    model.close()


def test_text_alone_can_be_stopped_and_has_limits(session: CogVLM2Session) -> None:
    model = CogVLM2Model(session)
    stopped = model.generate([], Prompt("Hello?"), GenerationOptions(500, 60, cancelled=lambda: True))
    assert (stopped.text, stopped.finish_reason) == ("", FinishReason.CANCELLED)
    with pytest.raises(TimeLimitError):
        model.generate([], Prompt("Hello?"), GenerationOptions(500, time_limit=0.0))
    with pytest.raises(TooLargeError):
        model.generate([], Prompt("word " * 5000), OPTIONS)
    closer = threading.Thread(target=model.close)
    closer.start()
    closer.join(60)
    with pytest.raises(TimeLimitError):
        model.generate([], Prompt("Hello?"), OPTIONS)
