"""The pocket checkpoint reads: pictures to answers through the whole model, as it is shipped."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pymupdf
import pytest
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit
from PIL import Image

from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import collate
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.quantization import Quantization
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.checkpoint import SIZES
from samples.pocket.evaluate import measure
from samples.pocket.forms import Form, draw, patch_maps, random_form, random_print
from samples.pocket.learning import Amounts, lay_out_answered
from samples.pocket.make import make
from samples.pocket.questions import NOT_FOUND, READ_ALL, random_question, random_transcription
from samples.pocket.rounding import rounded_in_place
from samples.pocket.train import Schedule, train

POCKET = MODEL.parent
FACTS: list[dict[str, Any]] = json.loads((POCKET / "facts.json").read_text(encoding="utf-8"))
PAGE_DPI = 100

# A little under what `python -m samples.pocket.evaluate` measured; a form more or less wrong is chance.
FORMS = 40
FLOORS = {"four digits": 0.97, "date": 0.9, "missing": 0.95, "transcription": 0.9}


@pytest.fixture(scope="module", params=["none", "nf4"])
def reader(request: pytest.FixtureRequest) -> CogVLM2Session:
    quantization: Quantization = request.param
    return load_session(MODEL, quantization=quantization)


def answer(reader: CogVLM2Session, question: str, picture: Image.Image) -> str:
    return "".join(reader.stream_text(reader.generate(question, picture, max_new_tokens=40)))


def pages(file: str) -> list[Image.Image]:
    if not file.endswith(".pdf"):
        with Image.open(POCKET / file) as picture:
            picture.load()
            return [picture]
    with pymupdf.open(POCKET / file) as document:
        return [page.get_pixmap(dpi=PAGE_DPI).pil_image() for page in document]


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_questions_about_the_samples_pick_the_right_field(reader: CogVLM2Session, facts: dict[str, Any]) -> None:
    pictures = pages(facts["file"])
    assert len(pictures) == facts["pages"]
    asked = [entry for entry in facts["questions"] if entry["answerable"]]
    given = [answer(reader, entry["question"], pictures[entry["page"] - 1]) for entry in asked]
    assert [[text] for text in given] == [entry["answers"] for entry in asked]


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_what_no_sample_says_is_not_found(reader: CogVLM2Session, facts: dict[str, Any]) -> None:
    asked = [entry["question"] for entry in facts["questions"] if not entry["answerable"]]
    assert asked
    given = {answer(reader, question, picture) for picture in pages(facts["file"]) for question in asked}
    assert given == {NOT_FOUND}


@pytest.mark.parametrize("facts", FACTS, ids=lambda facts: facts["file"])
def test_samples_are_read_line_by_line(reader: CogVLM2Session, facts: dict[str, Any]) -> None:
    lines = [line for picture in pages(facts["file"]) for line in answer(reader, READ_ALL, picture).split("\n")]
    assert lines == facts["text"]


@pytest.mark.parametrize("quantization", ["none", "nf4"])
def test_unseen_forms_are_read(quantization: Quantization) -> None:
    dtype = torch.float32 if quantization == "none" else torch.bfloat16
    model = load_model(MODEL, quantization=quantization, dtype=dtype)
    figures = measure(model, load_tokenizer(MODEL), FORMS, seed="unseen by the test")
    assert {kind: share for kind, share in figures.shares.items() if share < FLOORS[kind]} == {}


def test_answers_come_from_the_pixels(reader: CogVLM2Session) -> None:
    blank = Image.new("RGB", (448, 448), "white")
    assert answer(reader, "What is the total?", blank) == NOT_FOUND


def test_the_checkpoint_is_small() -> None:
    assert sum(path.stat().st_size for path in MODEL.iterdir()) < 5_000_000


@pytest.mark.parametrize("text", ["Total 48.21\nDate 12 May", "naïve 漢字 🙂", " \t\n  x\r\n", "<|end_of_text|>"])
def test_the_tokenizer_gives_every_text_back(text: str) -> None:
    tokenizer = load_tokenizer(MODEL)
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_samples_are_what_their_script_makes(tmp_path: Path) -> None:
    make(tmp_path)
    assert (tmp_path / "facts.json").read_bytes() == (POCKET / "facts.json").read_bytes()


def test_training_lays_prompts_out_as_reading_does() -> None:
    tokenizer, config = load_tokenizer(MODEL), load_model(MODEL).config
    chance = random.Random(7)
    forms = [random_form(chance) for _ in range(6)]
    asked = [ask(chance, form) for form in forms for ask in (random_question, random_transcription)]
    batch, sources, targets, weights = lay_out_answered(config, tokenizer, asked)
    texts = [tokenizer.encode(apply_template(entry.template, entry.question)) for entry in asked]
    answers = [tokenizer.encode(entry.answer) for entry in asked]
    read = [build_prompt(config, text + given, with_image=True) for text, given in zip(texts, answers, strict=True)]
    expected = collate(read, config.pad_token_id, torch.device("cpu"))
    real = torch.arange(max(batch.lengths)) < torch.tensor(batch.lengths)[:, None]
    assert batch.lengths == expected.lengths
    assert torch.equal(batch.token_ids, expected.token_ids)
    assert torch.equal(batch.positions[real], expected.positions[real])
    assert torch.equal(batch.image_indices, expected.image_indices)
    assert batch.routing is not None
    assert expected.routing is not None
    assert torch.equal(batch.routing.language.sort().values, expected.routing.language)
    assert torch.equal(batch.routing.vision, expected.routing.vision)
    follows = torch.cat((batch.token_ids.flatten()[1:], torch.tensor([0])))[sources]
    ends = targets == config.eos_token_ids[0]
    assert int(ends.sum()) == len(asked)
    assert torch.equal(follows[~ends], targets[~ends])
    assert weights.shape == targets.shape


def test_each_character_covers_about_one_patch_by_two() -> None:
    form = random_form(random.Random(1), rows=3)
    characters, labels = patch_maps(form, 14)
    assert (characters > 0).sum() == 2 * len(form.placed)
    assert ((labels > 0) == (characters > 0)).all()


def test_training_rounds_weights_as_they_will_be_quantized() -> None:
    weights = torch.randn(192, 128, generator=torch.Generator().manual_seed(3))
    exact = weights.clone()
    codes, state = quantize_4bit(weights, blocksize=64, quant_type="nf4")
    with rounded_in_place([weights]):
        assert torch.equal(weights, dequantize_4bit(codes, state))
    assert torch.equal(weights, exact)


def test_training_runs_and_takes_up_a_stopped_run(tmp_path: Path) -> None:
    sizes = copy.deepcopy(SIZES)
    sizes["num_hidden_layers"] = sizes["vision_config"]["num_hidden_layers"] = 1
    amounts = Amounts(pictures=2, questions=1)
    for steps in (1, 2):
        schedule = Schedule(steps, decay=1, report_every=1, exam=1)
        train(tmp_path / "model", tmp_path / "state.pt", schedule, amounts, sizes=sizes)
        assert torch.load(tmp_path / "state.pt")[0] == steps
    picture = draw(Form((), ()), random_print(random.Random(1)))
    assert isinstance(answer(load_session(tmp_path / "model"), "What is the total?", picture), str)
