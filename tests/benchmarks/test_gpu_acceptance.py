"""The acceptance of a card runs without one, at toy size, so that it works on the day when there is a card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.full_size import weight_bytes
from benchmarks.gpu import __main__ as acceptance
from benchmarks.gpu.capacity import VARIANTS, Variant
from benchmarks.gpu.outcome import PartOutcome
from cogdoc.cogvlm2.published import PUBLISHED
from cogdoc.measuring.random_model import random_model, sizes

GIB = 2**30


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch.compile
def test_everything_runs_at_toy_size_without_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert acceptance.main(["--toy", "--to", str(tmp_path)]) == 0
    output = capsys.readouterr()
    assert "this says nothing about a card" in output.err
    report = json.loads((tmp_path / "gpu.json").read_text())
    assert report["toy"] is True
    assert report["parts"].pop("tests marked gpu")["status"] == "skipped"
    assert {name: part["status"] for name, part in report["parts"].items()} == {
        "parity": "passed",
        "decoding": "passed",
        **{str(variant): "passed" for variant in VARIANTS},
    }
    assert report["parts"]["decoding"]["figures"]["tokens, none"] > 20
    figures = report["parts"]["nf4, vision tower quantized"]["figures"]
    assert figures["tokens a second"] > 0
    assert 0 < figures["share of the bandwidth"] < 1
    assert (tmp_path / "gpu.md").read_text() == output.out.removesuffix("\n")
    assert "| nf4, vision tower quantized | seconds of a picture |" in output.out


def test_a_failed_part_fails_the_acceptance_and_late_parts_are_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_device: torch.device) -> PartOutcome:
        raise RuntimeError("no kernel image is available\nfor execution")

    monkeypatch.setattr(acceptance, "run_tests", broken)
    monkeypatch.setattr(acceptance, "VARIANTS", ())
    monkeypatch.setattr(acceptance, "parity", lambda *_: PartOutcome("passed"))
    monkeypatch.setattr(acceptance, "decoding_ways", lambda _: PartOutcome("passed"))
    assert acceptance.main(["--toy", "--to", str(tmp_path)]) == 1
    parts = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert parts["tests marked gpu"]["reason"] == "RuntimeError: no kernel image is available"
    assert acceptance.main(["--toy", "--to", str(tmp_path), "--seconds", "-1"]) == 0
    parts = json.loads((tmp_path / "gpu.json").read_text())["parts"]
    assert {part["status"] for part in parts.values()} == {"skipped"}


@pytest.mark.parametrize(("gigabytes", "fitting"), [(16, 1), (24, 3), (48, 4)])
def test_variants_run_on_the_cards_that_they_fit(gigabytes: int, fitting: int) -> None:
    assert sum(variant.fits(PUBLISHED, int(gigabytes * GIB * 0.97)) for variant in VARIANTS) == fitting


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_random_models_have_the_bytes_of_the_plan(variant: Variant) -> None:
    config = sizes(toy=True)
    model = random_model(config, variant.quantization, variant.vision, torch.device("cpu"))
    assert not any(tensor.is_meta for tensor in [*model.parameters(), *model.buffers()])
    assert weight_bytes(model) == variant.plan(config).weights
