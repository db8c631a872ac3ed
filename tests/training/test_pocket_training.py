"""The pocket checkpoint's training: prompts as in inference, weights rounded as quantized, runs that resume."""

from __future__ import annotations

import copy
import random
from pathlib import Path

import pytest
import torch
from bitsandbytes.functional import dequantize_4bit, quantize_4bit

from cogdoc.cogvlm2.loading import load_model
from cogdoc.cogvlm2.model import collate
from cogdoc.cogvlm2.prompts import apply_template, build_prompt
from cogdoc.cogvlm2.session import load_session
from cogdoc.cogvlm2.tokenizer import load_tokenizer
from samples.pocket import MODEL
from samples.pocket.form_questions import random_question, random_transcription
from samples.pocket.forms import Form, draw, random_form, random_style
from training.pocket.form_batches import BatchSize, build_training_prompts
from training.pocket.nf4_rounding import rounded_in_place
from training.pocket.pocket_checkpoint import SIZES
from training.pocket.train import Schedule, train


def test_training_builds_the_prompts_of_inference() -> None:
    tokenizer, config = load_tokenizer(MODEL), load_model(MODEL).config
    rng = random.Random(7)
    forms = [random_form(rng) for _ in range(6)]
    entries = [ask(rng, form) for form in forms for ask in (random_question, random_transcription)]
    batch, sources, targets, weights = build_training_prompts(config, tokenizer, entries)
    texts = [tokenizer.encode(apply_template(entry.template, entry.question)) for entry in entries]
    answers = [tokenizer.encode(entry.answer) for entry in entries]
    prompts = [
        build_prompt(config, text + answer, with_image=True) for text, answer in zip(texts, answers, strict=True)
    ]
    expected = collate(prompts, config.pad_token_id, torch.device("cpu"))
    is_real = torch.arange(max(batch.lengths)) < torch.tensor(batch.lengths)[:, None]
    assert batch.lengths == expected.lengths
    assert torch.equal(batch.token_ids, expected.token_ids)
    assert torch.equal(batch.positions[is_real], expected.positions[is_real])
    assert torch.equal(batch.image_indices, expected.image_indices)
    assert batch.routing is not None
    assert expected.routing is not None
    assert torch.equal(batch.routing.language.sort().values, expected.routing.language)
    assert torch.equal(batch.routing.vision, expected.routing.vision)
    next_tokens = torch.cat((batch.token_ids.flatten()[1:], torch.tensor([0])))[sources]
    ends = targets == config.eos_token_ids[0]
    assert int(ends.sum()) == len(entries)
    assert torch.equal(next_tokens[~ends], targets[~ends])
    assert weights.shape == targets.shape


def test_training_rounds_weights_as_quantization_does() -> None:
    weights = torch.randn(192, 128, generator=torch.Generator().manual_seed(3))
    exact = weights.clone()
    codes, state = quantize_4bit(weights, blocksize=64, quant_type="nf4")
    with rounded_in_place([weights]):
        assert torch.equal(weights, dequantize_4bit(codes, state))
    assert torch.equal(weights, exact)


@pytest.mark.slow
def test_training_resumes_a_stopped_run(tmp_path: Path) -> None:
    sizes = copy.deepcopy(SIZES)
    sizes["num_hidden_layers"] = sizes["vision_config"]["num_hidden_layers"] = 1
    size = BatchSize(pictures=2, questions=1)
    for steps in (1, 2):
        schedule = Schedule(steps, decay=1, report_every=1, report_forms=1)
        train(tmp_path / "model", tmp_path / "state.pt", schedule, size, sizes=sizes)
        assert torch.load(tmp_path / "state.pt")[0] == steps
    picture = draw(Form((), ()), random_style(random.Random(1)))
    session = load_session(tmp_path / "model")
    tokens = session.generate("What is the total?", picture, max_new_tokens=40)
    assert isinstance("".join(session.stream_text(tokens)), str)
