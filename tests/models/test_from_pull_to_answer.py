"""A newcomer's path: pull a model, ask a question, quantize the model to 4 bits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from local_hub import Hub, serving
from running import Cogdoc

pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"


def test_pulled_model_answers_and_can_be_quantized(
    cogdoc: Cogdoc, readings: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str | Path) -> str:
        ended = cogdoc(*arguments, COGDOC_HOME=str(home), COGDOC_CACHE=str(readings))
        assert ended.code == 0, ended.err
        return ended.out

    files = {path.name: path.read_bytes() for path in (POCKET / "model").iterdir() if path.is_file()}
    with serving(Hub(files, breaks={"model.safetensors": [1_000_000]})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        assert run("model", "pull") == f"{home / 'models' / 'cogvlm2-llama3-chat-19B'}\n"
    run("model", "verify", "chat")
    (record,) = json.loads(
        run("ask", POCKET / "form-1.png", "What is the total?", "--engine", "cogvlm2", "--out", "json")
    )["records"]
    assert record["engine"]["checkpoint"] == "cogvlm2-llama3-chat-19B"
    assert record["answer"]["text"] == "84.04"
    assert record["answer"]["evidence"][0]["text"] == "Total 84.04"

    copy = tmp_path / "nf4"
    run("model", "quantize", "chat", "--to", copy)
    assert run("ask", POCKET / "forms.pdf", "What is the tip?", "--model", copy) == "29.56\n"
