"""Pages transcribed by CogVLM2: which steps and flags are recorded, down to the literal text.

The models have random weights, with which they loop and break off by themselves; one is the pocket checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from random_sessions import random_session
from rapidfuzz import fuzz

from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.cogvlm2.cogvlm2_model import CogVLM2Model
from cogdoc.engines.protocol import Transcription
from cogdoc.engines.vision.transcription import transcribe_page
from cogdoc.parsing.page import Page
from cogdoc.results.markdown.blocks import blocks_to_markdown
from cogdoc.tasks.describe import describe_blocks

pytestmark = pytest.mark.slow

SECONDS = 120


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def large_print(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A page of two words, large enough for the smallest models."""
    path = tmp_path_factory.mktemp("pages") / "large.pdf"
    file = pymupdf.open()
    page = file.new_page(width=300, height=200)
    page.insert_text((20, 80), "Total", fontsize=60)
    page.insert_text((20, 160), "84.04", fontsize=60)
    file.save(path)
    return open_path(path, sandbox)


def transcribe(page: Page, session: CogVLM2Session, time_limit: float = SECONDS) -> Transcription:
    return transcribe_page(page, CogVLM2Model(session), time_limit)


def text_of(transcription: Transcription) -> list[str]:
    return [line.text for block in transcription.blocks for line in block.lines]


def outcomes(transcription: Transcription) -> list[str]:
    return [step.rpartition(": ")[2] for step in transcription.steps]


def test_the_ladder_is_walked_down_to_the_literal_text_and_each_step_is_recorded(large_print: Document) -> None:
    """With logits this sharp the sampled attempt loops like the first one."""
    transcription = transcribe(Page(large_print, 1), random_session(2, sharpness=1e6))
    assert transcription.steps == (
        "whole: repetition",
        "whole, sampled: repetition",
        "tile 1 of 1: repetition",
        "tile 1 of 1, sampled: repetition",
        "literal text",
    )
    assert transcription.flags == ("repetition", "tiled", "literal-text")
    assert text_of(transcription) == ["Total", "84.04"]
    assert transcription.agreement is None
    assert transcription.confidence == 1


def test_a_generation_that_takes_too_long_gives_the_literal_text(large_print: Document) -> None:
    transcription = transcribe(Page(large_print, 1), random_session(2), time_limit=1e-9)
    assert transcription.steps == ("took too long", "literal text")
    assert transcription.flags == ("literal-text",)
    assert text_of(transcription) == ["Total", "84.04"]


@pytest.fixture(scope="module", params=[0, 2, 5])
def by_chance(request: pytest.FixtureRequest, large_print: Document) -> Transcription:
    """The transcription by a model with random weights; each model fails differently."""
    return transcribe(Page(large_print, 1), random_session(request.param))


def test_no_failure_is_silent(by_chance: Transcription) -> None:
    steps = outcomes(by_chance)
    assert ("repetition" in steps) == ("repetition" in by_chance.flags)
    assert ("cut off" in steps) == ("cut-off" in by_chance.flags)
    assert ("literal text" in steps) == ("literal-text" in by_chance.flags)
    assert any(step.startswith("tile") for step in by_chance.steps) == ("tiled" in by_chance.flags)
    assert steps[-1] in ("ok", "literal text")
    assert by_chance.steps[0].startswith("whole: ")
    assert (by_chance.agreement is None) == (by_chance.steps[-1] == "literal text")


def test_whatever_a_model_generates_is_placed_on_the_page_and_can_be_printed(
    by_chance: Transcription, large_print: Document
) -> None:
    words = Page(large_print, 1).text()
    for block in by_chance.blocks:
        assert 0 <= block.box.x0 <= block.box.x1 <= words.width
        assert 0 <= block.box.y0 <= block.box.y1 <= words.height
        assert all(0 <= word.confidence <= 1 for line in block.lines for word in line.words)
    blocks_to_markdown(describe_blocks(by_chance.blocks, words))


def test_invented_text_is_flagged(large_print: Document) -> None:
    transcription = transcribe(Page(large_print, 1), random_session(0))
    assert transcription.steps == ("whole: repetition", "whole, sampled: ok")
    assert transcription.flags == ("repetition", "low-agreement")
    assert transcription.agreement is not None
    assert transcription.agreement < 0.5
    assert transcription.confidence < 0.5


def test_a_blank_page_is_not_shown_to_the_model(samples: Path, sandbox: Sandbox) -> None:
    """The model would generate something about it, as about any picture."""
    transcription = transcribe(Page(open_path(samples / "blank.png", sandbox), 1), random_session(0))
    assert transcription.blocks == ()
    assert transcription.steps == ("blank page: not looked at",)


def test_a_dense_page_goes_to_tiles_at_once(samples: Path, sandbox: Sandbox) -> None:
    transcription = transcribe(Page(open_path(samples / "report.pdf", sandbox), 4), random_session(5))
    assert transcription.steps[0] == "dense page: in tiles"
    assert not any(step.startswith("whole") for step in transcription.steps)
    assert "tiled" in transcription.flags


POCKET = Path(__file__).parents[2] / "samples" / "pocket"


@pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint")
def test_the_pocket_checkpoint_transcribes_a_form(sandbox: Sandbox) -> None:
    page = Page(open_path(POCKET / "form-1.png", sandbox), 1)
    transcription = transcribe(page, load_session(POCKET / "model"))
    assert fuzz.ratio("\n".join(text_of(transcription)), "Date 26 Nov\nTotal 84.04\nOrder 4833") > 80
    assert transcription.steps == ("whole: ok",)
    assert transcription.flags == ()
    assert transcription.agreement is not None
    assert transcription.agreement > 0.8
    words = page.text()
    (order,) = (line for block in transcription.blocks for line in block.lines if line.text.startswith("Order"))
    (literal,) = (line for line in words.lines if line.text.startswith("Order"))
    assert order.box == literal.box
