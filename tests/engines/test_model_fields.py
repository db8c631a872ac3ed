"""Fields by a vision model: a plain question each; values are converted and grounded, never taken unchecked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_model import ScriptedModel
from small_pdfs import save_pdf

import cogdoc
from cogdoc.documents.document import Document, open_path
from cogdoc.documents.page_selection import PageSelection
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.field_questions import field_question
from cogdoc.fields.field import Field, FieldType
from cogdoc.fields.language import parse_fields
from cogdoc.results.records import EngineInfo
from cogdoc.tasks.extract import extract_fields


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    path = save_pdf(tmp_path_factory.mktemp("bill") / "bill.pdf", "Harbour Chandlery\nTotal due: $98.76\nState: paid")
    with Sandbox(1) as sandbox:
        yield open_path(path, sandbox)


def test_values_of_a_model_are_typed_and_grounded(bill: Document) -> None:
    model = ScriptedModel(
        {
            "What is the total due?": ["$98.76"],
            "What is the state? Choose one of: paid, open.": ["void"],
            "What is the fax?": ["555 0100"],
            "What is the due date?": ["next week"],
        }
    )
    wanted = parse_fields("total due:money, state:choice(paid, open), fax, due date:date")
    engine = VisionEngine(model, EngineInfo(name="scripted", version="1"), time_limit=60)
    record = extract_fields(bill, engine, wanted, PageSelection())
    assert record.values == {"total due": 98.76, "state": None, "fax": "555 0100", "due date": None}
    total, state, fax, due = record.fields
    assert (total.how, total.page, total.flags, total.confidence) == ("model", 1, (), pytest.approx(0.9))
    assert total.box is not None
    assert (state.reason, state.message) == ("not-a-choice", "'void' is none of paid, open")
    assert (fax.box, fax.flags) == (None, ("not-literally-on-the-page",))
    assert (due.reason, due.text) == ("wrong-type", "next week")


def test_questions_have_the_words_of_the_user_alone() -> None:
    assert field_question(Field("发票号码")) == "发票号码是什么？"
    assert field_question(Field("newsletter", FieldType.BOOLEAN)) == "newsletter? Answer yes or no."
    explained = Field("vatId", description="Of the seller, with the country's code in front.")
    assert field_question(explained) == "What is the vat id? (Of the seller, with the country's code in front.)"


@pytest.mark.slow
def test_the_pocket_checkpoint_reads_fields_and_refuses_others(samples: Path) -> None:
    pocket = samples / "pocket"
    found = cogdoc.extract(pocket / "form-2.png", "number, total:money, tip:money", model=str(pocket / "model"))
    assert found.value == {"number": "3545", "total": 18.69, "tip": None}
    assert found.fields["total"].how == "model"
