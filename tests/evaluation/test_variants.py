"""Variants of instructions are compared in one table: the same cases for each, and a folder with all runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_model import ScriptedModel

from cogdoc.documents.mupdf import pymupdf
from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.generation import GenerationRequest
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.instructions import Instructions
from cogdoc.engines.vision.instructions import Task as InstructionTask
from cogdoc.errors import OutputExistsError, UsageError
from cogdoc.evaluation.cases import Case, Task
from cogdoc.evaluation.summary import RunFacts
from cogdoc.evaluation.variants import Comparison, check_generation, comparison_as_markdown, evaluate_variants
from cogdoc.results.records import EngineInfo

INFO = EngineInfo(name="scripted", version="1")
TEXT = "Invoice 4711 Total 84.04"


def instruction(variant: str) -> str:
    return Instructions(GenerationRequest(variant=variant)).for_page(InstructionTask.TRANSCRIBE, TEXT).prompt.text


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(1) as sandbox:
        yield sandbox


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    with pymupdf.open() as document:
        document.new_page(width=300, height=100).insert_text((20, 50), TEXT)
        document.save(tmp_path / "page.pdf")
    return [Case("one", "invoices", tmp_path / "page.pdf", Task.OCR, "text", truth={"text": TEXT})]


def compare(cases: list[Case], sandbox: Sandbox, to: Path | None = None) -> tuple[Comparison, ScriptedModel]:
    model = ScriptedModel({instruction("plain"): [TEXT], instruction("exact"): ["Invoice 4711"]})
    facts = RunFacts("ocr", "Own pages", "pages.jsonl", INFO, {})
    engine = VisionEngine(model, INFO, 60)
    return evaluate_variants(
        ["plain", "exact"], lambda: iter(cases), facts, engine, GenerationRequest(), sandbox, to=to
    )[0], model


def test_each_variant_gets_every_case_and_one_row(cases: list[Case], sandbox: Sandbox, tmp_path: Path) -> None:
    to = tmp_path / "variants"
    comparison, model = compare(cases, sandbox, to)
    assert [prompt.text for _, prompt, _ in model.calls] == [instruction("plain"), instruction("exact")]
    scores = {one.name: one.all_cases.score for one in comparison.variants}
    assert {name: score and score.mean for name, score in scores.items()} == {"plain": 1.0, "exact": 0.5}
    generations = [one.summary.engine.generation for one in comparison.variants]
    assert [generation and generation.variant for generation in generations] == ["plain", "exact"]
    rows = [line.split(" | ")[0] for line in comparison_as_markdown(comparison).splitlines()]
    assert rows[2:] == ["| plain", "| exact"]
    assert json.loads((to / "summary.json").read_text())["variants"][1]["name"] == "exact"
    report = (to / "report.html").read_text()
    assert '<a href="exact/report.html">exact</a>' in report
    assert (to / "exact" / "report.html").is_file()


def test_a_comparison_resumes_and_refuses_other_folders(cases: list[Case], sandbox: Sandbox, tmp_path: Path) -> None:
    to = tmp_path / "variants"
    first, _ = compare(cases, sandbox, to)
    again, model = compare(cases, sandbox, to)
    assert (again, model.calls) == (first, [])
    for taken in (to / "plain", tmp_path):
        with pytest.raises(OutputExistsError):
            compare(cases, sandbox, taken)


def test_a_variant_that_the_dataset_cannot_use_is_refused_before_anything_is_loaded() -> None:
    check_generation(GenerationRequest(), ["plain", "markdown"], Task.OCR)
    check_generation(GenerationRequest(), ["csv"], Task.CHARTS)
    check_generation(GenerationRequest(), ["refuse"], Task.ASK)
    for names, task in ((["markdown"], Task.ASK), (["refuse"], Task.OCR), (["plain", "x"], Task.CHARTS)):
        with pytest.raises(UsageError, match="--variant"):
            check_generation(GenerationRequest(), names, task)
    with pytest.raises(UsageError, match="--prompt"):
        check_generation(GenerationRequest(prompt="Read."), [], Task.ASK)
