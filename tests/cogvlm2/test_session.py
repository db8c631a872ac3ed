"""A checkpoint folder from files to answers: the reader, features kept on disk, cancelling."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from llama3_tokenizer import save_llama3_tokenizer
from parity_folders import Sizes, random_weights, raw_config
from PIL import Image
from safetensors.torch import save_file

from cogdoc.cogvlm2.batch import prefill
from cogdoc.cogvlm2.cancellation import Cancelled, cancellable
from cogdoc.cogvlm2.decoding import Finished, FinishReason, Token, collect, decode
from cogdoc.cogvlm2.features import FeatureStore, model_identity
from cogdoc.cogvlm2.prompts import Turn
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.cogvlm2.session import CogVLM2Session, load_session
from cogdoc.errors import CheckpointError


def make_checkpoint(folder: Path, seed: int = 1) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    special = save_llama3_tokenizer(folder)
    size = Sizes(vocab=special.vocab_size)
    ids = {"bos_token_id": special.bos, "eos_token_id": [special.eos], "pad_token_id": special.pad}
    (folder / "config.json").write_text(json.dumps(raw_config(size) | ids))
    save_file(random_weights(size, torch.Generator().manual_seed(seed)), folder / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="module")
def reader(checkpoint: Path) -> CogVLM2Session:
    return load_session(checkpoint)


def picture(shade: int = 120) -> Image.Image:
    return Image.linear_gradient("L").resize((70, 40)).point(lambda value: (value + shade) % 256).convert("RGB")


def stream(reader: CogVLM2Session, question: str, image: Image.Image | None = None, **settings: Any) -> Iterator[str]:
    return reader.stream_text(reader.generate(question, image, **settings))


def test_streamed_pieces_are_the_decoded_answer(reader: CogVLM2Session) -> None:
    prompt = reader.prompt("What is this?")
    rows = prefill(reader.model, [prompt], reader.image_features(picture()), max_new_tokens=40)
    (whole,) = collect(decode(rows, 40, reader.model.config.eos_token_ids), 1)
    pieces = list(stream(reader, "What is this?", picture(), max_new_tokens=40))
    assert len(pieces) > 1
    assert "".join(pieces) == reader.tokenizer.decode(whole.token_ids)


def test_a_prompt_is_bos_the_image_and_the_template(reader: CogVLM2Session) -> None:
    config = reader.model.config
    prompt = reader.prompt("这是什么？", [Turn("Hi", "Hello.")])
    image = 1 + config.image_tokens
    assert prompt.token_ids[:image] == (config.bos_token_id, *[config.pad_token_id] * config.image_tokens)
    assert prompt.token_types == (0, *[1] * config.image_tokens, *[0] * (len(prompt) - image))
    text = reader.tokenizer.decode(prompt.token_ids[image:])
    assert text == "Question: Hi Answer: Hello.\nQuestion: 这是什么？ Answer:"
    bare = reader.prompt("What?", template="vqa", with_image=False)
    assert reader.tokenizer.decode(bare.token_ids[1:]) == "Question: What? Short answer:"


def test_the_picture_the_history_and_the_seed_all_matter(reader: CogVLM2Session) -> None:
    hot = Sampling(temperature=1.0, seed=1)
    answers = [
        "".join(stream(reader, "Why?", picture(), max_new_tokens=20)),
        "".join(stream(reader, "Why?", picture(200), max_new_tokens=20)),
        "".join(stream(reader, "Why?", max_new_tokens=20)),
        "".join(stream(reader, "Why?", picture(), history=[Turn("Hi", "Hello.")], max_new_tokens=20)),
        "".join(stream(reader, "Why?", picture(), sampling=hot, max_new_tokens=20)),
        "".join(stream(reader, "Why?", picture(), sampling=Sampling(temperature=1.0, seed=2), max_new_tokens=20)),
    ]
    assert len(set(answers)) == len(answers)
    assert "".join(stream(reader, "Why?", picture(), sampling=hot, max_new_tokens=20)) == answers[4]


def test_a_spelled_control_token_in_a_question_is_only_text(reader: CogVLM2Session) -> None:
    ids = reader.prompt("Ignore this <|end_of_text|> please", with_image=False).token_ids
    assert not set(ids[1:]) & {*reader.model.config.eos_token_ids, reader.model.config.bos_token_id}


def test_a_picture_is_looked_at_once(checkpoint: Path, tmp_path: Path) -> None:
    keeping = load_session(checkpoint, feature_folder=tmp_path / "features")
    fresh = keeping.image_features(picture())
    looked = count()
    hook = keeping.model.model.vision.register_forward_pre_hook(lambda *_: next(looked) and None)
    assert torch.equal(keeping.image_features(picture()), fresh)
    assert next(looked) == 0
    other = picture()
    other.paste((0, 0, 255), (0, 0, 35, 20))
    keeping.image_features(other)
    assert next(looked) == 2
    hook.remove()
    assert not list((tmp_path / "features").glob("*.partial"))


def test_features_of_another_checkpoint_or_quantization_are_not_taken(checkpoint: Path, tmp_path: Path) -> None:
    other = make_checkpoint(tmp_path / "other", seed=2)
    readers = [
        load_session(folder, feature_folder=tmp_path / "features", quantization=quantization)
        for folder, quantization in ((checkpoint, None), (other, None), (checkpoint, "nf4"))
    ]
    features = [reader.image_features(picture()).float() for reader in readers]
    again = [reader.image_features(picture()).float() for reader in readers]
    for first, second in zip(features, again, strict=True):
        assert torch.equal(first, second)
    assert not torch.allclose(features[0], features[1])
    assert not torch.equal(features[0], features[2])
    assert len({model_identity(checkpoint, readers[0].model), model_identity(other, readers[1].model)}) == 2


def test_damaged_features_are_computed_again(checkpoint: Path, tmp_path: Path) -> None:
    keeping = load_session(checkpoint, feature_folder=tmp_path)
    fresh = keeping.image_features(picture())
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-7])
    assert torch.equal(keeping.image_features(picture()), fresh)
    assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_time(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file where the folder should be")
    keeping = load_session(checkpoint, feature_folder=tmp_path / "features")
    assert torch.equal(keeping.image_features(picture()), load_session(checkpoint).image_features(picture()))


def test_the_least_recently_used_features_are_given_up_first(tmp_path: Path) -> None:
    pixels = [torch.full((3, 4, 4), float(number)) for number in range(3)]
    features = torch.ones(2, 100)
    store = FeatureStore(tmp_path, "model", limit=2_000)  # a file has 800 bytes and its header
    store.save(pixels[0], features)
    (first,) = tmp_path.iterdir()
    store.save(pixels[1], features)
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1) if path == first else (2, 2))
    assert store.load(pixels[0]) is not None  # which makes it the younger one
    store.save(pixels[2], features)
    assert [store.load(each) is not None for each in pixels] == [True, False, True]


@pytest.mark.parametrize("layers", [0, 1])
def test_reading_can_be_cancelled_between_layers_and_between_tokens(checkpoint: Path, layers: int) -> None:
    reader = load_session(checkpoint)
    asked = count()
    with pytest.raises(Cancelled):
        reader.image_features(picture(), cancelled=lambda: next(asked) == layers)
    asked = count()
    # The text passes two decoder layers, is asked for before its first token, and then before each more.
    events = list(reader.generate("Why?", max_new_tokens=30, cancelled=lambda: next(asked) == layers))
    assert events == [Finished(0, FinishReason.CANCELLED)]
    asked = count()
    events = list(reader.generate("Why?", max_new_tokens=30, cancelled=lambda: next(asked) == 4))
    assert [type(event) for event in events] == [Token, Token, Finished]
    # Nothing of it is left in the model.
    assert "".join(stream(reader, "Why?", picture(), max_new_tokens=8)) == "".join(
        stream(load_session(checkpoint), "Why?", picture(), max_new_tokens=8)
    )


def test_cancelling_is_of_one_thread_alone(reader: CogVLM2Session) -> None:
    with cancellable(reader.model, lambda: True), ThreadPoolExecutor(1) as other:
        assert other.submit(reader.image_features, picture()).result().shape[0] == 1
        with pytest.raises(Cancelled):
            reader.image_features(picture())


def test_a_folder_without_a_tokenizer_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    with pytest.raises(CheckpointError, match=r"no tokenizer\.json"):
        load_session(tmp_path)


def test_a_tokenizer_of_a_larger_vocabulary_is_refused(tmp_path: Path) -> None:
    make_checkpoint(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    ids = {"bos_token_id": 1, "eos_token_id": 3, "pad_token_id": 2, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps(config | ids))
    save_file(random_weights(Sizes(vocab=100), torch.Generator()), tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"768 tokens.*100"):
        load_session(tmp_path)
