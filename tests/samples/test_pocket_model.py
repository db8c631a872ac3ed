"""The shipped pocket checkpoint reads: pictures to answers through the whole model."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pymupdf
import pytest
import torch
from PIL import Image

from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.quantized_parts import Quantization
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.form_accuracy import measure
from samples.pocket.form_questions import NOT_FOUND, READ_ALL
from samples.pocket.forms import patch_maps, random_form
from samples.pocket.make_pictures import make

POCKET = MODEL.parent
FACTS: list[dict[str, Any]] = json.loads((POCKET / "facts.json").read_text(encoding="utf-8"))
PAGE_DPI = 100

# Slightly below what `python -m samples.pocket.form_accuracy` measures, since so few forms vary by chance.
FORMS = 40
FLOORS = {"four digits": 0.97, "date": 0.9, "missing": 0.95, "transcription": 0.9}


@pytest.fixture(scope="module", params=["none", "nf4"])
def session(request: pytest.FixtureRequest) -> CogVLM2Session:
    quantization: Quantization = request.param
    return load_session(MODEL, quantization=quantization)


def answer(session: CogVLM2Session, question: str, picture: Image.Image) -> str:
    return "".join(session.stream_text(session.generate(question, picture, max_new_tokens=40)))


def pages(file: str) -> list[Image.Image]:
    if not file.endswith(".pdf"):
        with Image.open(POCKET / file) as picture:
            picture.load()
            return [picture]
    with pymupdf.open(POCKET / file) as document:
        return [page.get_pixmap(dpi=PAGE_DPI).pil_image() for page in document]


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_questions_about_the_samples_pick_the_right_field(session: CogVLM2Session, facts: dict[str, Any]) -> None:
    pictures = pages(facts["file"])
    assert len(pictures) == facts["pages"]
    answerable = [entry for entry in facts["questions"] if entry["answerable"]]
    texts = [answer(session, entry["question"], pictures[entry["page"] - 1]) for entry in answerable]
    assert [[text] for text in texts] == [entry["answers"] for entry in answerable]


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_a_missing_field_is_not_found(session: CogVLM2Session, facts: dict[str, Any]) -> None:
    missing = [entry["question"] for entry in facts["questions"] if not entry["answerable"]]
    assert missing
    texts = {answer(session, question, picture) for picture in pages(facts["file"]) for question in missing}
    assert texts == {NOT_FOUND}


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_samples_are_read_line_by_line(session: CogVLM2Session, facts: dict[str, Any]) -> None:
    lines = [line for picture in pages(facts["file"]) for line in answer(session, READ_ALL, picture).split("\n")]
    assert lines == facts["text"]


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_unseen_forms_are_read(quantization: Quantization) -> None:
    dtype = torch.float32 if quantization == "none" else torch.bfloat16
    model = load_model(MODEL, quantization=quantization, dtype=dtype)
    accuracy = measure(model, load_tokenizer(MODEL), FORMS, seed="unseen by the test")
    assert {kind: share for kind, share in accuracy.shares.items() if share < FLOORS[kind]} == {}


def test_answers_come_from_the_pixels(session: CogVLM2Session) -> None:
    blank = Image.new("RGB", (448, 448), "white")
    assert answer(session, "What is the total?", blank) == NOT_FOUND


def test_the_checkpoint_is_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) < 5_000_000


@pytest.mark.parametrize("text", ["Total 48.21\nDate 12 May", "naïve 漢字 🙂", " \t\n  x\r\n", "<|end_of_text|>"])
def test_the_tokenizer_round_trips_every_text(text: str) -> None:
    tokenizer = load_tokenizer(MODEL)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_script_makes_the_committed_facts(tmp_path: Path) -> None:
    make(tmp_path)
    assert (tmp_path / "facts.json").read_bytes() == (POCKET / "facts.json").read_bytes()


def test_each_character_covers_about_one_patch_by_two() -> None:
    form = random_form(random.Random(1), rows=3)
    characters, labels = patch_maps(form, 14)
    assert (characters > 0).sum() == 2 * len(form.characters)
    assert ((labels > 0) == (characters > 0)).all()
