"""What a model's work took, in the reports of an evaluation: each reading once, and in files only what repeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_files import write_lines

from cogdoc.documents.sandbox import Sandbox
from cogdoc.engines.protocol import Engine
from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.evaluation.evaluate import evaluate
from cogdoc.evaluation.summary import RunFacts, Summary, as_markdown

POCKET = Path(__file__).parents[2] / "samples" / "pocket"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (POCKET / "model" / "model.safetensors").exists(), reason="no pocket checkpoint"),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = load_engine(select_engine(EngineRequest(model=str(POCKET / "model"))))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def test_totals_count_each_reading_once_and_files_have_what_every_run_has(
    engine: Engine, sandbox: Sandbox, tmp_path: Path
) -> None:
    page = str(POCKET / "form-1.png")
    path, to = tmp_path / "pages.jsonl", tmp_path / "run"
    write_lines(path, [{"id": name, "file": page, "text": "Total 84.04"} for name in ("a", "b")])
    facts = RunFacts("ocr", "ocr", str(path), engine.info, {})

    def run() -> Summary:
        return evaluate(find_dataset("ocr").reads(path), facts, engine, sandbox, to=to)[0]

    summary = run()
    usage = summary.usage
    assert usage is not None
    assert (usage.generations, usage.pictures) == (1, {"read": 1})
    assert min(usage.seconds["vision"], usage.seconds["prompt"], usage.seconds["decoding"]) > 0
    assert f"{usage.generated_tokens} tokens in {usage.passes} passes" in as_markdown(summary)
    outcomes = [json.loads(line) for line in (to / "outcomes.jsonl").read_text().splitlines()]
    assert [outcome["usage"]["generated_tokens"] for outcome in outcomes] == [usage.generated_tokens] * 2
    files = {name: (to / name).read_text() for name in ("summary.json", "summary.md", "report.html")}
    stored = json.loads(files["summary.json"])["usage"]
    assert stored["generated_tokens"] == usage.generated_tokens
    assert (stored["seconds"], stored["peak_memory"], stored["passes"]) == ({}, {}, None)
    assert f"{usage.generated_tokens} tokens" in files["report.html"]
    (to / "outcomes.jsonl").write_text(json.dumps(outcomes[0]) + "\n")
    assert run().usage != usage  # it has the seconds of another run
    assert files == {name: (to / name).read_text() for name in files}
