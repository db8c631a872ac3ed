"""The worked example of a fine-tune runs, and cogdoc applies what it writes."""

from __future__ import annotations

import json
import random
import warnings
from pathlib import Path

import pytest

from cogdoc.cogvlm2.adapters import read_adapter
from cogdoc.cogvlm2.lora import LoraLinear
from cogdoc.cogvlm2.session import load_session
from samples.pocket import MODEL
from samples.pocket.forms import CHARACTERS
from samples.pocket.forms import LABELS as FORM_LABELS
from training.pocket.tickets import LABELS, random_question, random_ticket, write_exam

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from training.pocket.finetune import FineTune, fine_tune


@pytest.mark.filterwarnings("ignore")  # transformers and PEFT warn of themselves
def test_the_example_writes_an_adapter_that_cogdoc_applies(tmp_path: Path) -> None:
    losses = fine_tune(tmp_path, FineTune(steps=24, rows=4, rank=4, report_every=8))
    assert sum(losses[-8:]) < 0.8 * sum(losses[:8])
    adapter = read_adapter(tmp_path)
    session = load_session(MODEL, adapter=adapter)
    adapted = [module for module in session.model.modules() if isinstance(module, LoraLinear)]
    # Of each layer two experts' attention (two matrices) and MLP (three); the vision tower is not adapted.
    assert len(adapted) == len(adapter.updates) == 3 * 2 * 5


def test_tickets_have_new_labels_of_known_letters(tmp_path: Path) -> None:
    assert not set(LABELS) & set(FORM_LABELS)
    assert set("".join(LABELS)) <= set(CHARACTERS)
    questions = write_exam(tmp_path, 3)
    lines = [json.loads(line) for line in questions.read_text().splitlines()]
    assert {line["file"] for line in lines} == {path.name for path in tmp_path.glob("*.png")}
    rng = random.Random(1)
    ticket = random_ticket(rng)
    asked = [random_question(rng, ticket).answer for _ in range(40)]
    assert set(asked) == {"not found", *(field.value for field in ticket.fields)}
