"""The reading cache as users meet it: a second command reads nothing again, and what is kept can be removed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from running import Cogdoc
from small_pdfs import save_pdf


def shown(cogdoc: Cogdoc, cache: Path) -> dict[str, str]:
    result = cogdoc("cache", "show", COGDOC_CACHE=str(cache))
    assert result.code == 0
    return dict(line.split("  ", 1) for line in result.out.splitlines())


def test_another_command_and_format_give_what_a_fresh_reading_gives(
    cogdoc: Cogdoc, tmp_path: Path, samples: Path
) -> None:
    cache, form = tmp_path / "cache", samples / "pocket" / "form-1.png"
    assert cogdoc("ask", form, "What is the total?", COGDOC_CACHE=str(cache)).out == "84.04\n"
    # Files have no timings, which differ from run to run.
    outputs = [tmp_path / "kept.json", tmp_path / "fresh.json"]
    for output, place in zip(outputs, (str(cache), "off"), strict=True):
        assert cogdoc("ocr", form, "--out", "json", "--to", output, COGDOC_CACHE=place).code == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()


def test_it_is_shown_and_cleared_by_document_and_as_a_whole(cogdoc: Cogdoc, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    files = [save_pdf(tmp_path / name, f"Text of {name}") for name in ("a.pdf", "b.pdf")]
    for file in files:
        cogdoc("ocr", file, COGDOC_CACHE=str(cache))
    assert shown(cogdoc, cache)["documents"].strip() == "2"
    assert cogdoc("cache", "clear", files[0], COGDOC_CACHE=str(cache)).code == 0
    assert shown(cogdoc, cache)["documents"].strip() == "1"
    assert cogdoc("cache", "clear", COGDOC_CACHE=str(cache)).code == 0
    assert shown(cogdoc, cache)["results"].strip() == "0"


def test_without_it_nothing_is_written(cogdoc: Cogdoc, blank: Path, tmp_path: Path) -> None:
    cogdoc("ocr", blank, "--no-cache", COGDOC_CACHE=str(tmp_path / "cache"))
    cogdoc("ocr", blank, COGDOC_CACHE="off", XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert not (tmp_path / "cache").exists()
    assert cogdoc("cache", "show", COGDOC_CACHE="off").out == "off\n"


def test_a_file_that_is_not_its_own_is_named_and_the_run_goes_on(cogdoc: Cogdoc, tmp_path: Path) -> None:
    (tmp_path / "readings.sqlite").write_bytes(b"my letters")
    result = cogdoc("ocr", save_pdf(tmp_path / "a.pdf", "Total 312.40"), COGDOC_CACHE=str(tmp_path))
    assert (result.code, result.out) == (0, "Total 312.40\n")
    assert result.err == (
        f"cogdoc: what pages say is not kept: {tmp_path}/readings.sqlite: is not a reading cache of cogdoc\n"
    )
    assert cogdoc("cache", "clear", COGDOC_CACHE=str(tmp_path)).code == 5
    assert (tmp_path / "readings.sqlite").read_bytes() == b"my letters"


def test_a_size_that_is_none_is_refused(cogdoc: Cogdoc, blank: Path, tmp_path: Path) -> None:
    result = cogdoc("ocr", blank, COGDOC_CACHE=str(tmp_path / "cache"), COGDOC_CACHE_GB="much")
    assert result.code == 2
    assert "COGDOC_CACHE_GB: 'much' is not a size" in result.err


def test_results_tell_what_it_had_and_files_do_not(cogdoc: Cogdoc, bill: Path, tmp_path: Path) -> None:
    cache, output = str(tmp_path / "cache"), tmp_path / "bill.json"
    command = ("ask", bill, "-q", "What is the total due?", "-q", "invoice number?", "--out", "json")

    def records(text: str) -> list[dict[str, Any]]:
        return list(json.loads(text)["records"])

    first, second = (cogdoc(*command, "-v", COGDOC_CACHE=cache) for _ in range(2))
    assert [record["usage"] for record in records(first.out)] == [None, None]
    # Each reading is told once: that of the text, and that of the layout if the question needs one.
    (text, *_) = [record["usage"] for record in records(second.out)]
    assert text["cache_hits"] >= 1
    assert text["generations"] == 0
    told = sum(record["usage"]["cache_hits"] for record in records(second.out) if record["usage"])
    assert told <= 2
    assert f"cogdoc: {bill}: What is the total due?: {text['cache_hits']} reading" in second.err
    assert cogdoc(*command, "--to", output, COGDOC_CACHE=cache).code == 0
    assert [record["usage"] for record in records(output.read_text())] == [None, None]
