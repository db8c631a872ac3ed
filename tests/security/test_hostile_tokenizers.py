"""A tokenizer.json is a small program by a stranger: it is of the kind of Llama 3's, or refused in one line."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cogdoc.cogvlm2.session import load_session
from cogdoc.cogvlm2.tokenizer import load_tokenizer, parse_tokenizer
from cogdoc.engines.registry import select_engine
from cogdoc.engines.selection import EngineRequest
from cogdoc.errors import CheckpointError
from cogdoc.models.tokenizer_trial import TokenizerTrial
from cogdoc.models.verifying import verify

POCKET = Path(__file__).parents[2] / "samples" / "pocket" / "model"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
ADDED = {"id": 511, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}

Change = Callable[[dict[str, Any]], None]


def tokenizer_json(change: Change | None = None) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads((POCKET / "tokenizer.json").read_text(encoding="utf-8"))
    if change is not None:
        change(raw)
    return raw


def folder_with(tmp_path: Path, change: Change) -> Path:
    folder = shutil.copytree(POCKET, tmp_path / "model")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(change)), encoding="utf-8")
    return folder


def split_by(pattern: dict[str, str], **options: Any) -> Change:
    def change(raw: dict[str, Any]) -> None:
        raw["pre_tokenizer"]["pretokenizers"][0].update({"pattern": pattern, **options})

    return change


def part(name: str, value: Any) -> Change:
    return lambda raw: raw.update({name: value})


def model(**changes: Any) -> Change:
    return lambda raw: raw["model"].update(changes)


def tokens(changes: dict[str, int]) -> Change:
    return lambda raw: raw["model"]["vocab"].update(changes)


def added(content: object) -> Change:
    return lambda raw: raw["added_tokens"].append(ADDED | {"content": content})


def replace_with(length: int) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * length}


HOSTILE: dict[str, Change] = {
    "a regex that panics": split_by({"Regex": r"(?:x+x+)+y"}),
    "a regex that takes hours": split_by({"Regex": r"(\w+\s?)+\w+\W{40}"}),
    "a regex with cubic time": split_by({"Regex": r"[^\n]*[^\n]*[^\n]*[^\n]*\x00"}),
    "a regex that recurses": split_by({"Regex": r"(?<r>a|b\g<r>c)"}),
    "a regex of millions of states": split_by({"Regex": "(((((a{1,1000}){1,1000}){1,1000}){1,1000}){1,1000})"}),
    "an empty regex": split_by({"Regex": ""}),
    "a broken regex": split_by({"Regex": "((("}),
    "an empty pattern": split_by({"String": ""}),
    "a split that removes text": split_by(
        {"Regex": tokenizer_json()["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"]}, behavior="Removed"
    ),
    "text that grows a thousand million times": part(
        "normalizer", {"type": "Sequence", "normalizers": [replace_with(1000)] * 3}
    ),
    "text that grows by megabytes": part("normalizer", {"type": "Prepend", "prepend": "x" * 10_000_000}),
    "a damaged table of characters": part("normalizer", {"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
    "a regex in the decoder": part(
        "decoder",
        {
            "type": "Sequence",
            "decoders": [BYTE_LEVEL, {"type": "Replace", "pattern": {"Regex": "(a+)+b"}, "content": ""}],
        },
    ),
    "answers that grow": part("decoder", {"type": "Sequence", "decoders": [BYTE_LEVEL, replace_with(1000)]}),
    "a decoder that strips": part("decoder", {"type": "Strip", "content": "a", "start": 10**9, "stop": 10**9}),
    "no decoder": part("decoder", None),
    "no pre-tokenizer": part("pre_tokenizer", None),
    "a pre-tokenizer of the wrong type": part("pre_tokenizer", ["x"]),
    "a sequence of nothing": part("pre_tokenizer", {"type": "Sequence", "pretokenizers": [None, 3]}),
    "a foreign post-processor": part("post_processor", {"type": "RobertaProcessing", "sep": ["x", 1], "cls": ["y", 2]}),
    "a prefix longer than its tokens": model(continuing_subword_prefix="x" * 1000, merges=["a b"]),
    "random tokens": model(dropout=0.5),
    "a number of four thousand million": tokens({"zz": 4_000_000_000}),
    "a number of 2^70": tokens({"zz": 2**63}),
    "a negative number": tokens({"zz": -1}),
    "no tokens": model(vocab={}),
    "one token": model(vocab={"a": 0}),
    "a token of a megabyte": tokens({"z" * 1_000_000: 511}),
    "an empty token": tokens({"": 511}),
    "many merges of unknown tokens": model(merges=[["qq", "xx"]] * 100_000),
    "merges of three": model(merges=["a b c d"]),
    "an empty added token": added(""),
    "an added token of a megabyte": added("z" * 1_000_000),
    "an added token that is no text": added(["x"]),
    "added tokens of the wrong type": part("added_tokens", {"a": 1}),
    "another model": part("model", {"type": "Unigram", "unk_id": 99, "vocab": [["a", -1.0]], "byte_fallback": False}),
    "no model": part("model", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tokenizer_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    folder = folder_with(tmp_path, HOSTILE[name])
    begun = time.monotonic()
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: cannot be read: .+") as caught:
        load_tokenizer(folder)
    assert time.monotonic() - begun < 60
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a regex that panics", "many merges of unknown tokens", "one token"])
def test_the_engine_and_the_check_of_a_model_refuse_it_too(tmp_path: Path, name: str) -> None:
    folder = folder_with(tmp_path, HOSTILE[name])
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: cannot be read"):
        select_engine(EngineRequest(model=str(folder))).settings.load(60)
    verified, errors = verify(folder)
    assert verified is None
    assert any("tokenizer.json: cannot be read" in error.message for error in errors)


def test_a_tokenizer_with_more_numbers_than_the_model_has_tokens_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, tokens({"zz": 600}))
    with pytest.raises(CheckpointError, match="601 tokens"):
        load_session(folder)


def test_a_panic_of_the_library_is_an_error_that_can_be_caught(capfd: pytest.CaptureFixture[str]) -> None:
    content = json.dumps(tokenizer_json(HOSTILE["a regex that panics"])).encode()
    tokenizer = parse_tokenizer(content, Path("tokenizer.json"))  # without the checks, as if they had missed it
    with pytest.raises(CheckpointError, match="the tokenizer fails: Onig"):
        tokenizer.encode("x" * 100)
    broken = json.dumps(tokenizer_json(HOSTILE["a prefix longer than its tokens"])).encode()
    with pytest.raises(CheckpointError, match="cannot be read: range"):
        parse_tokenizer(broken, Path("tokenizer.json"))
    capfd.readouterr()


def test_a_long_text_of_any_characters_takes_a_time_that_grows_with_its_length() -> None:
    tokenizer = load_tokenizer(POCKET)
    for characters in (" ", "a", "\n", " \n", "1", "!", "'", "\u0301", "价", "a'", "<|end_of_text|>"):
        begun = time.thread_time()
        tokenizer.encode(characters * (20_000 // len(characters)))
        assert time.thread_time() - begun < 10


@pytest.mark.slow
def test_the_trial_of_a_good_tokenizer_gives_the_tokenizer() -> None:
    with TokenizerTrial(POCKET) as trial:
        assert trial.facts().size == 512
        assert trial.tokenizer().encode("Total: 12") == load_tokenizer(POCKET).encode("Total: 12")
