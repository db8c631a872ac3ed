"""A newcomer's path: pull a model, ask a question, quantize the model to 4 bits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from local_hub import Hub, serving

pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"


def cogdoc(*arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cogdoc", *map(str, arguments)],
        env=os.environ | {"COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_pulled_model_answers_and_can_be_quantized(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {path.name: path.read_bytes() for path in (POCKET / "model").iterdir() if path.is_file()}
    with serving(Hub(files, breaks={"model.safetensors": [1_000_000]})) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        assert cogdoc("model", "pull") == f"{home / 'models' / 'cogvlm2-llama3-chat-19B'}\n"
    cogdoc("model", "verify", "chat")
    (record,) = json.loads(
        cogdoc("ask", POCKET / "form-1.png", "What is the total?", "--engine", "cogvlm2", "--out", "json")
    )["records"]
    assert record["engine"]["checkpoint"] == "cogvlm2-llama3-chat-19B"
    assert record["answer"]["text"] == "84.04"
    assert record["answer"]["evidence"][0]["text"] == "Total 84.04"

    copy = tmp_path / "nf4"
    cogdoc("model", "quantize", "chat", "--to", copy)
    assert cogdoc("ask", POCKET / "forms.pdf", "What is the tip?", "--model", copy) == "29.56\n"
