"""The committed samples are reproducible, and facts.json is true of them."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

pymupdf = pytest.importorskip("pymupdf")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "samples"
FACTS: list[dict[str, Any]] = json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))
FILES = [sample["file"] for sample in FACTS]
WITH_TEXT_LAYER = ("report.pdf", "encrypted.pdf")
MAX_TOTAL_BYTES = 4 * 2**20
MAX_MEAN_DIFFERENCE = 2.0
"""Mean difference in gray levels that other versions of the libraries may cause."""


def facts_of(file: str) -> dict[str, Any]:
    return next(sample for sample in FACTS if sample["file"] == file)


def open_document(folder: Path, file: str) -> Any:
    document = pymupdf.open(folder / file)
    if password := facts_of(file)["password"]:
        assert document.authenticate(password)
    return document


def frames(folder: Path, file: str) -> list[np.ndarray[Any, Any]]:
    """Each page as RGB pixels."""
    if file.endswith(".pdf"):
        maps = [page.get_pixmap(dpi=72) for page in open_document(folder, file)]
        return [np.frombuffer(m.samples, np.uint8).reshape(m.height, m.width, 3) for m in maps]
    with Image.open(folder / file) as picture:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)]


def page_texts(file: str) -> list[str]:
    """Text of each page with single spaces, in the order of the content stream."""
    return [" ".join(page.get_text().split()) for page in open_document(FOLDER, file)]


def spaced(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("samples")
    command = [sys.executable, "-m", "samples.make", "--to", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("file", ["facts.json", "questions.jsonl"])
def test_the_script_reproduces_the_facts(generated: Path, file: str) -> None:
    assert (generated / file).read_bytes() == (FOLDER / file).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_the_script_reproduces_the_file(generated: Path, file: str) -> None:
    if (generated / file).read_bytes() == (FOLDER / file).read_bytes():
        return
    new, committed = frames(generated, file), frames(FOLDER, file)
    assert [frame.shape for frame in new] == [frame.shape for frame in committed]
    for new_frame, committed_frame in zip(new, committed, strict=True):
        assert np.abs(new_frame.astype(float) - committed_frame).mean() <= MAX_MEAN_DIFFERENCE


def test_every_file_has_facts_and_the_total_is_small() -> None:
    kinds = {".pdf", ".png", ".jpg", ".webp", ".tiff"}
    paths = [path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.suffix in kinds]
    found = {path.as_posix() for path in paths if path.parts[0] != "pocket"}  # has its own facts
    assert found == set(FILES)
    assert sum((FOLDER / file).stat().st_size for file in FILES) <= MAX_TOTAL_BYTES


@pytest.mark.parametrize("file", FILES)
def test_pages_and_labels_match_the_facts(file: str) -> None:
    facts = facts_of(file)
    assert len(frames(FOLDER, file)) == facts["pages"] == len(facts["labels"])
    if file == "report.pdf":
        assert [page.get_label() for page in open_document(FOLDER, file)] == facts["labels"]


@pytest.mark.parametrize("file", WITH_TEXT_LAYER)
def test_known_text_is_in_the_text_layer(file: str) -> None:
    text = " ".join(page_texts(file))
    assert [known for known in facts_of(file)["text"] if spaced(known) not in text] == []
    for first, second in facts_of(file)["reading_order"]:
        assert text.index(spaced(first)) < text.rindex(spaced(second))


@pytest.mark.parametrize("file", WITH_TEXT_LAYER)
def test_answers_are_on_the_named_pages(file: str) -> None:
    pages = page_texts(file)
    for question in facts_of(file)["questions"]:
        for number in (question["page"], *question["also_on"]) if question["answerable"] else ():
            assert any(answer in pages[number - 1] for answer in question["answers"]), question


def test_tables_of_the_report_are_printed_row_by_row() -> None:
    pages = page_texts("report.pdf")
    for table in facts_of("report.pdf")["tables"]:
        for row in table["rows"]:
            assert spaced(" ".join(row)) in pages[table["page"] - 1]


def test_scanned_letter_has_no_text_layer() -> None:
    assert page_texts("letter.pdf") == [""]


def test_wrong_password_does_not_open_the_encrypted_file() -> None:
    assert not pymupdf.open(FOLDER / "encrypted.pdf").authenticate("wrong")


def test_unanswerable_questions_have_no_answer_and_others_do() -> None:
    for sample in FACTS:
        for question in sample["questions"]:
            assert bool(question["answers"]) == question["answerable"] == (question["page"] is not None)


def test_every_series_of_a_chart_has_a_value_for_each_category() -> None:
    charts = [chart for sample in FACTS for chart in sample["charts"]]
    assert {chart["printed"] for chart in charts} == {True, False}
    for chart in charts:
        assert {len(series["values"]) for series in chart["series"]} == {len(chart["categories"])}


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("10", "壹拾圆整"),
        ("1205.30", "壹仟贰佰零伍圆叁角"),
        ("40844.98", "肆万零捌佰肆拾肆圆玖角捌分"),
        ("100000", "壹拾万圆整"),
        ("1000200.05", "壹佰万零贰佰圆零伍分"),
        ("100010000", "壹亿零壹万圆整"),
    ],
)
def test_amounts_are_written_in_chinese_capitals(amount: str, capitals: str) -> None:
    pytest.importorskip("matplotlib")
    from samples.making.invoice import in_capitals

    assert in_capitals(Decimal(amount)) == capitals
