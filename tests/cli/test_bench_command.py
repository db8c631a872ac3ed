"""`cogdoc bench` as a user runs it: a table, JSON and a picture of what this machine does, and nothing left behind."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from running import Cogdoc

from cogdoc.measuring.report import BenchReport

POCKET = Path(__file__).parents[2] / "samples" / "pocket" / "model"


@pytest.mark.slow
def test_pages_a_minute_are_measured_without_torch_and_drawn(cogdoc: Cogdoc, tmp_path: Path) -> None:
    picture = tmp_path / "bench.svg"
    ended = cogdoc("bench", "--only", "builtin", "--seconds", "1", "--jobs", "1", "--out", "json", "--picture", picture)
    assert ended.code == 0
    assert ended.err.startswith("cogdoc: measures how fast generated pages are read")
    report = BenchReport.model_validate_json(ended.out)
    speeds = {figure.name: figure.value for figure in report.figures}
    assert speeds["text layer"] > speeds["layout"] > speeds["OCR"] > 0
    assert {figure.unit for figure in report.figures} == {"pages a minute"}
    assert "libraries" not in report.machine
    texts = [element.text or "" for element in ElementTree.fromstring(picture.read_text()).iter() if element.text]
    assert {"text layer", "layout", "OCR"} <= set(texts)
    again = cogdoc("bench", "--only", "builtin", "--picture", picture)
    assert (again.code, again.err.startswith(f"cogdoc: {picture}: exists already")) == (6, True)


@pytest.mark.slow
def test_a_checkpoint_is_measured_beside_what_the_processor_does(cogdoc: Cogdoc, tmp_path: Path) -> None:
    picture = tmp_path / "bench.png"
    options = ("--only", "cogvlm2", "--model", POCKET, "--seconds", "1", "--picture", picture)
    ended = cogdoc("bench", *options, "--out", "md")
    assert ended.code == 0
    assert "the checkpoint model, not quantized" in ended.err
    rows = [line.split(" | ") for line in ended.out.splitlines() if line.startswith("| ")]
    values = {row[1]: row[2].strip() for row in rows[2:]}
    assert re.fullmatch(r"[\d.,]+ TFLOP/s", values["matrix product"])
    assert re.fullmatch(r"[\d.,]+ GB/s", values["memory"])
    assert re.fullmatch(r"[\d.,]+ s", values["vision tower, a picture"])
    assert re.fullmatch(r"[\d.,]+ tokens/s", values["decoding"])
    with Image.open(picture) as drawn:
        assert drawn.size[0] > 1000
        assert len(drawn.getcolors(1 << 20) or ()) > 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--picture", "bench.pdf"), "neither a .png nor an .svg file"),
        (("--out", "csv"), "cannot be written as 'csv'"),
        (("--size", "small", "--model", "chat"), "--size is about random weights"),
        (("--quantization", "int3"), "there is no 'int3'"),
    ],
)
def test_wrong_options_are_usage_errors_before_anything_is_measured(
    cogdoc: Cogdoc, options: tuple[str, ...], message: str
) -> None:
    ended = cogdoc("bench", *options)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert "measures" not in ended.err


@pytest.mark.slow
def test_ctrl_c_ends_it_with_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cogdoc", "bench", "--only", "builtin", "--picture", str(tmp_path / "bench.png")]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored where the tests run unattended
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # what it will do
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert (process.returncode, output, errors) == (130, "", "cogdoc: interrupted\n")
    assert list(tmp_path.iterdir()) == []
