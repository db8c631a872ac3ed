"""CogVLM2 behind the seam: stops, limits, cancellation, streaming and drafts, with the pocket checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from random_sessions import random_session

from cogdoc.cogvlm2.session import load_session
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.vision.vision_model import FinishReason, GenerationOptions, PageImage, Prompt
from cogdoc.errors import TimeLimitError

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
READ = Prompt("Read all text on this page.")
OPTIONS = GenerationOptions(max_new_tokens=64, time_limit=60)

pytestmark = pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint")


@pytest.fixture(scope="module")
def model() -> Iterator[CogVLM2Model]:
    model = CogVLM2Model(load_session(POCKET / "model"))
    yield model
    model.close()


@pytest.fixture(scope="module")
def form() -> PageImage:
    return PageImage(np.asarray(Image.open(POCKET / "form-1.png").convert("RGB")))


def with_options(**changes: object) -> GenerationOptions:
    return GenerationOptions(**({"max_new_tokens": 64, "time_limit": 60} | changes))  # type: ignore[arg-type]


def test_the_text_is_that_of_its_tokens_and_of_what_was_streamed(model: CogVLM2Model, form: PageImage) -> None:
    streamed: list[str] = []
    generation = model.generate([form], READ, with_options(on_text=streamed.append))
    assert generation.finish_reason is FinishReason.STOP
    assert "84.04" in generation.text
    assert "".join(streamed).strip() == generation.text
    assert "".join(token.text for token in generation.tokens).strip() == generation.text
    assert 0.5 < generation.confidence <= 1


@pytest.mark.slow
def test_a_draft_saves_passes_and_leaves_the_text_as_it_is(model: CogVLM2Model, form: PageImage) -> None:
    polls = 0

    def count() -> bool:
        nonlocal polls
        polls += 1
        return False

    model.generate([form], READ, OPTIONS)  # the image is in the cache from here on
    plain = model.generate([form], READ, with_options(cancelled=count))
    polls_without_draft, polls = polls, 0
    for draft in (plain.text, f"A heading\n{plain.text}\nA footer"):
        polls = 0
        assert model.generate([form], READ, with_options(draft=draft, cancelled=count)).text == plain.text
        assert polls < polls_without_draft
    for draft in ("", "Nothing of this is on the page.", plain.text[::-1]):
        assert model.generate([form], READ, with_options(draft=draft)).text == plain.text


def test_a_stop_condition_gets_all_tokens_so_far_and_ends_the_generation(model: CogVLM2Model, form: PageImage) -> None:
    generation = model.generate([form], READ, with_options(stop=lambda tokens: len(tokens) == 3))
    assert (len(generation.tokens), generation.finish_reason) == (3, FinishReason.CONDITION)


def test_the_token_limit_is_told_from_the_models_own_end(model: CogVLM2Model, form: PageImage) -> None:
    generation = model.generate([form], READ, with_options(max_new_tokens=2))
    assert (len(generation.tokens), generation.finish_reason) == (2, FinishReason.LENGTH)


def test_cancelling_keeps_the_text_so_far_and_running_out_of_time_is_an_error(
    model: CogVLM2Model, form: PageImage
) -> None:
    streamed: list[str] = []
    cancelling = with_options(on_text=streamed.append, cancelled=lambda: len(streamed) >= 2)
    generation = model.generate([form], READ, cancelling)
    assert generation.finish_reason is FinishReason.CANCELLED
    assert 2 <= len(generation.tokens) < len(model.generate([form], READ, OPTIONS).tokens)
    at_once = model.generate([form], READ, with_options(cancelled=lambda: True))
    assert (at_once.text, at_once.finish_reason) == ("", FinishReason.CANCELLED)
    with pytest.raises(TimeLimitError, match="longer than 1e-09 s"):
        model.generate([form], READ, with_options(time_limit=1e-9))


def test_a_closed_model_generates_nothing(form: PageImage) -> None:
    model = CogVLM2Model(random_session(0))
    model.close()
    with pytest.raises(TimeLimitError):
        model.generate([form], READ, OPTIONS)


def test_one_image_at_a_time(model: CogVLM2Model, form: PageImage) -> None:
    with pytest.raises(ValueError, match="one image at a time"):
        model.generate([form, form], READ, OPTIONS)
