"""The whole command line with CogVLM2, using the pocket checkpoint of the samples, which can read their forms."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from running import Cogdoc

pytestmark = pytest.mark.slow

POCKET = Path(__file__).parents[2] / "samples" / "pocket"
MODEL = ("--model", POCKET / "model")


def answers(output: str) -> list[dict[str, Any]]:
    return [record["answer"] for record in json.loads(output)["records"]]


@pytest.mark.parametrize(
    ("quantization", "options", "vision"),
    [("none", (), None), ("nf4", (), "bf16"), ("nf4", ("--vision-precision", "quantized"), "quantized")],
)
def test_a_question_is_answered_from_the_pixels_with_evidence(
    cogdoc: Cogdoc, quantization: str, options: tuple[str, ...], vision: str | None
) -> None:
    model = (*MODEL, "--quantization", quantization, *options)
    ended = cogdoc("ask", POCKET / "form-1.png", "What is the total?", *model, "--out", "json")
    assert (ended.code, ended.err) == (0, "")
    (record,) = json.loads(ended.out)["records"]
    assert record["engine"]["name"] == "cogvlm2"
    assert record["engine"]["checkpoint"] == "model"
    weights = POCKET / "model" / "model.safetensors"
    line = f"{hashlib.sha256(weights.read_bytes()).hexdigest()}  {weights.name}\n"
    assert record["engine"]["checkpoint_sha256"] == hashlib.sha256(line.encode()).hexdigest()
    assert record["engine"]["quantization"] == quantization
    assert record["engine"]["vision_precision"] == vision
    assert record["engine"]["dtype"] == "bfloat16"
    answer = record["answer"]
    assert answer["text"] == "84.04"
    assert answer["flags"] == []
    assert answer["confidence"] > 0.5
    (evidence,) = answer["evidence"]
    assert evidence["text"] == "Total 84.04"
    left, top, right, bottom = evidence["box"]
    assert 0 <= left < right
    assert 0 <= top < bottom


def test_offloading_changes_no_answer(cogdoc: Cogdoc) -> None:
    command = ("ask", POCKET / "form-1.png", "What is the total?", *MODEL, "--out", "json")
    plain, offloaded = (answers(cogdoc(*command, *options).out) for options in ((), ("--offload",)))
    assert offloaded == plain


def test_the_answer_comes_from_the_page_that_contains_it(cogdoc: Cogdoc) -> None:
    ended = cogdoc(
        "ask", POCKET / "forms.pdf", "-q", "What is the tip?", "-q", "What is the date?", *MODEL, "--out", "json"
    )
    tip, date = answers(ended.out)
    assert (tip["text"], tip["evidence"][0]["page"]) == ("29.56", 2)
    assert (date["text"], date["evidence"][0]["page"]) == ("9 May", 1)


def test_an_answer_that_is_not_on_the_form_is_not_found(cogdoc: Cogdoc) -> None:
    ended = cogdoc("ask", POCKET / "form-2.png", "What is the date?", *MODEL, "--strict")
    assert (ended.code, ended.out) == (10, "")
    assert "not found: What is the date?" in ended.err


def test_a_folder_becomes_json_lines(cogdoc: Cogdoc, tmp_path: Path) -> None:
    folder = tmp_path / "forms"
    folder.mkdir()
    for name in ("form-1.png", "form-2.png", "form-3.jpg"):
        shutil.copy(POCKET / name, folder / name)
    ended = cogdoc("ocr", folder, *MODEL, "--out", "jsonl")
    assert (ended.code, ended.err) == (0, "")
    schema = json.loads(cogdoc("schema").out)
    texts = []
    for line in ended.out.splitlines():
        record = json.loads(line)
        jsonschema.validate(record, schema)
        assert record["engine"]["name"] == "cogvlm2"
        assert record["agreement"] > 0.9
        texts.append(record["text"].split("\n"))
    facts = {entry["file"]: entry["text"] for entry in json.loads((POCKET / "facts.json").read_text())}
    assert texts == [facts["form-1.png"], facts["form-2.png"], facts["form-3.jpg"]]


def test_what_the_work_took_is_shown_and_recorded_and_files_have_what_every_run_has(
    cogdoc: Cogdoc, tmp_path: Path
) -> None:
    output, log = tmp_path / "forms.json", tmp_path / "log.jsonl"
    command = ("ocr", POCKET / "forms.pdf", *MODEL, "-v", "--out", "json", "--to", output, "--log-json", log)
    ended = cogdoc(*command, COGDOC_CACHE="off")
    assert ended.code == 0
    _, *pages, total, memory = [line.partition("forms.pdf: ")[2] or line for line in ended.err.splitlines()]
    tokens = r"\d+ tokens in \d+ passes, \d+ of \d+ draft tokens accepted"
    seconds = r"(, waiting [\d.]+ s)?, pictures? [\d.]+ s( \(2 read\))?, prompt [\d.]+ s, decoding [\d.]+ s"
    for line, where in zip((*pages, total), ("page 1: ", "page 2: ", r"cogdoc: in all [\d.]+ s: "), strict=True):
        assert re.fullmatch(where + tokens + seconds, line), line
    assert re.fullmatch(r"cogdoc: at most [\d.]+ GB in this process at a time", memory)
    usages = [record["usage"] for record in json.loads(output.read_text())["records"]]
    assert [(usage["passes"], usage["pictures"], usage["seconds"]) for usage in usages] == [(None, {}, {})] * 2
    end = {event["event"]: event for event in map(json.loads, log.read_text().splitlines())}["end"]
    in_all = end["usage"]
    assert end["peak_memory"] == in_all["peak_memory"]
    assert in_all["pictures"] == {"read": 2}
    assert min(in_all["seconds"].values()) >= 0 < in_all["seconds"]["decoding"]
    assert in_all["passes"] > 0
    for count in ("generations", "prompt_tokens", "generated_tokens"):
        assert in_all[count] == sum(usage[count] for usage in usages) > 0


def test_options_of_generation_are_used_and_stated(cogdoc: Cogdoc) -> None:
    schema = json.loads(cogdoc("schema").out)
    question = ("ask", POCKET / "form-1.png", "total", *MODEL, "--out", "json")
    options = ("--prompt", "What is the {question}?", "--template", "chat", "--temperature", "0.3", "--top-p", "0.9")
    ended = cogdoc(*question, *options, "--seed", "7", COGDOC_MAX_TOKENS="9")
    assert (ended.code, ended.err) == (0, "")
    result = json.loads(ended.out)
    jsonschema.validate(result, schema)
    (record,) = result["records"]
    assert record["answer"]["text"] == "84.04"
    assert record["engine"]["generation"] == {
        "prompt": "What is the {question}?",
        "template": "chat",
        "temperature": 0.3,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 9,
        "raw": False,
        "variant": None,
    }


def test_raw_words_are_printed_as_they_came(cogdoc: Cogdoc) -> None:
    ended = cogdoc("ocr", POCKET / "form-1.png", *MODEL, "--raw")
    assert (ended.code, ended.out) == (0, "Date 26 Nov\nTotal 84.04\nOrder 4833\n")


def test_variants_of_the_instructions_are_compared(cogdoc: Cogdoc, tmp_path: Path) -> None:
    row = {"file": str(POCKET / "form-1.png"), "text": "Date 26 Nov\nTotal 84.04\nOrder 4833"}
    (tmp_path / "pages.jsonl").write_text(json.dumps(row) + "\n")
    ended = cogdoc("eval", "ocr", tmp_path / "pages.jsonl", *MODEL, "--variant", "plain", "--variant", "exact")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split(" | ")[0] for line in ended.out.splitlines()[2:]] == ["| plain", "| exact"]
    assert "| plain | 1 | 0 | 1.000" in ended.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--engine", "builtin", "--temperature", "0.5"), "--temperature is for the engine cogvlm2"),
        (("--seed", "1"), "--seed is for the engine cogvlm2; auto takes the built-in engine"),
        ((*MODEL, "--prompt", "Total?"), "--prompt: lacks {question}"),
    ],
)
def test_options_of_generation_without_a_model_or_effect_are_usage_errors(
    cogdoc: Cogdoc, arguments: tuple[str, ...], message: str
) -> None:
    ended = cogdoc("ask", POCKET / "form-1.png", "What is the total?", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err.splitlines()[0]
    assert "Traceback" not in ended.err


def test_a_form_is_not_a_chart(cogdoc: Cogdoc) -> None:
    ended = cogdoc("chart", POCKET / "form-1.png", *MODEL, "-q", "What is the total?", "--out", "json")
    assert ended.code == 0
    (record,) = json.loads(ended.out)["records"]
    assert record["chart"] is None
    assert record["answers"][0]["text"] == "84.04"


def test_ctrl_c_while_the_model_reads_ends_with_one_line(start_cogdoc: Callable[..., Any], tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(100):
        shutil.copy(POCKET / "forms.pdf", folder / f"{number}.pdf")
    running = start_cogdoc("ocr", folder, *MODEL, "--out", "jsonl")
    first = json.loads(running.stdout.readline())
    assert first["engine"]["name"] == "cogvlm2"
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.decode().splitlines()[-1] == "cogdoc: interrupted"
    assert all(json.loads(line)["task"] == "ocr" for line in out.decode().splitlines())


def test_a_time_limit_is_an_error_of_the_page(cogdoc: Cogdoc) -> None:
    ended = cogdoc("ask", POCKET / "forms.pdf", "What is the tip?", *MODEL, "--timeout", "0.1", COGDOC_CACHE="off")
    assert ended.code == 124
    assert "took longer than 0.1 s" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--engine", "cogvlm2", "--model", "nowhere"), 3, "neither a model nor a folder"),
        (("--engine", "builtin", "--model", "chat"), 2, "--model is for the engine cogvlm2"),
        (("--model", POCKET / "model", "--quantization", "int3"), 2, "none of nf4, int8, none"),
        (("--model", POCKET / "model", "--vision-precision", "fp8"), 2, "none of bf16, quantized"),
        (("--model", POCKET), 3, "no config.json"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_reported_in_one_line(
    cogdoc: Cogdoc, arguments: tuple[str, ...], code: int, message: str
) -> None:
    ended = cogdoc("ask", POCKET / "form-1.png", "What is the total?", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err.splitlines()[0]


@pytest.mark.parametrize("damage", ["flipped", "truncated", "missing", "config"])
def test_a_damaged_checkpoint_is_refused_with_exit_code_3(cogdoc: Cogdoc, tmp_path: Path, damage: str) -> None:
    model = shutil.copytree(POCKET / "model", tmp_path / "model")
    weights = model / "model.safetensors"
    match damage:
        case "flipped":  # in the header; in the data it would take the hashes of `cogdoc model verify`
            content = bytearray(weights.read_bytes())
            content[20] ^= 0xFF
            weights.write_bytes(content)
        case "truncated":
            weights.write_bytes(weights.read_bytes()[:-1000])
        case "missing":
            weights.unlink()
        case "config":
            raw = json.loads((model / "config.json").read_text())
            (model / "config.json").write_text(json.dumps(raw | {"hidden_size": 2 * raw["hidden_size"]}))
    ended = cogdoc("ask", POCKET / "form-1.png", "What is the total?", "--model", model)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("cogdoc: ")
    assert "Traceback" not in ended.err
