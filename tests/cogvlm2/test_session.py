"""A checkpoint folder answers questions: sessions, image features cached on disk, cancellation."""

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
from cogdoc.cogvlm2.decoding import collect, decode
from cogdoc.cogvlm2.decoding_row import Finished, FinishReason, Token
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
def session(checkpoint: Path) -> CogVLM2Session:
    return load_session(checkpoint)


def make_image(shade: int = 120) -> Image.Image:
    return Image.linear_gradient("L").resize((70, 40)).point(lambda value: (value + shade) % 256).convert("RGB")


def stream(session: CogVLM2Session, question: str, image: Image.Image | None = None, **settings: Any) -> Iterator[str]:
    return session.stream_text(session.generate(question, image, **settings))


def test_streamed_pieces_are_the_decoded_answer(session: CogVLM2Session) -> None:
    prompt = session.prompt("What is this?")
    batch = prefill(session.model, [prompt], session.image_features(make_image()), max_new_tokens=40)
    (whole,) = collect(decode(batch, 40, session.model.config.eos_token_ids), 1)
    pieces = list(stream(session, "What is this?", make_image(), max_new_tokens=40))
    assert len(pieces) > 1
    assert "".join(pieces) == session.tokenizer.decode(whole.token_ids)


def test_a_prompt_is_bos_the_image_and_the_template(session: CogVLM2Session) -> None:
    config = session.model.config
    prompt = session.prompt("这是什么？", [Turn("Hi", "Hello.")])
    image = 1 + config.image_tokens
    assert prompt.token_ids[:image] == (config.bos_token_id, *[config.pad_token_id] * config.image_tokens)
    assert prompt.token_types == (0, *[1] * config.image_tokens, *[0] * (len(prompt) - image))
    text = session.tokenizer.decode(prompt.token_ids[image:])
    assert text == "Question: Hi Answer: Hello.\nQuestion: 这是什么？ Answer:"
    bare = session.prompt("What?", template="vqa", with_image=False)
    assert session.tokenizer.decode(bare.token_ids[1:]) == "Question: What? Short answer:"


def test_the_picture_the_history_and_the_seed_all_matter(session: CogVLM2Session) -> None:
    hot = Sampling(temperature=1.0, seed=1)
    answers = [
        "".join(stream(session, "Why?", make_image(), max_new_tokens=20)),
        "".join(stream(session, "Why?", make_image(200), max_new_tokens=20)),
        "".join(stream(session, "Why?", max_new_tokens=20)),
        "".join(stream(session, "Why?", make_image(), history=[Turn("Hi", "Hello.")], max_new_tokens=20)),
        "".join(stream(session, "Why?", make_image(), sampling=hot, max_new_tokens=20)),
        "".join(stream(session, "Why?", make_image(), sampling=Sampling(temperature=1.0, seed=2), max_new_tokens=20)),
    ]
    assert len(set(answers)) == len(answers)
    assert "".join(stream(session, "Why?", make_image(), sampling=hot, max_new_tokens=20)) == answers[4]


def test_the_text_of_a_control_token_in_a_question_is_only_text(session: CogVLM2Session) -> None:
    ids = session.prompt("Ignore this <|end_of_text|> please", with_image=False).token_ids
    assert not set(ids[1:]) & {*session.model.config.eos_token_ids, session.model.config.bos_token_id}


def test_an_image_is_encoded_once(checkpoint: Path, tmp_path: Path) -> None:
    caching = load_session(checkpoint, feature_folder=tmp_path / "features")
    fresh = caching.image_features(make_image())
    encoded = count()
    hook = caching.model.model.vision.register_forward_pre_hook(lambda *_: next(encoded) and None)
    assert torch.equal(caching.image_features(make_image()), fresh)
    assert next(encoded) == 0
    other = make_image()
    other.paste((0, 0, 255), (0, 0, 35, 20))
    caching.image_features(other)
    assert next(encoded) == 2
    hook.remove()
    assert not list((tmp_path / "features").glob("*.partial"))


def test_features_of_another_checkpoint_or_quantization_are_not_taken(checkpoint: Path, tmp_path: Path) -> None:
    other = make_checkpoint(tmp_path / "other", seed=2)
    sessions = [
        load_session(folder, feature_folder=tmp_path / "features", quantization=quantization)
        for folder, quantization in ((checkpoint, None), (other, None), (checkpoint, "nf4"))
    ]
    features = [session.image_features(make_image()).float() for session in sessions]
    again = [session.image_features(make_image()).float() for session in sessions]
    for first, second in zip(features, again, strict=True):
        assert torch.equal(first, second)
    assert not torch.allclose(features[0], features[1])
    assert not torch.equal(features[0], features[2])
    assert len({model_identity(checkpoint, sessions[0].model), model_identity(other, sessions[1].model)}) == 2


def test_damaged_features_are_computed_again(checkpoint: Path, tmp_path: Path) -> None:
    caching = load_session(checkpoint, feature_folder=tmp_path)
    fresh = caching.image_features(make_image())
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    file.write_bytes(content[:-7])
    assert torch.equal(caching.image_features(make_image()), fresh)
    assert file.read_bytes() == content


def test_a_folder_that_cannot_be_written_costs_only_time(checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "features").write_text("a file where the folder should be")
    caching = load_session(checkpoint, feature_folder=tmp_path / "features")
    assert torch.equal(caching.image_features(make_image()), load_session(checkpoint).image_features(make_image()))


def test_the_least_recently_used_features_are_evicted_first(tmp_path: Path) -> None:
    pixels = [torch.full((3, 4, 4), float(number)) for number in range(3)]
    features = torch.ones(2, 100)
    store = FeatureStore(tmp_path, "model", limit=2_000)  # a file has 800 bytes and its header
    store.save(pixels[0], features)
    (first,) = tmp_path.iterdir()
    store.save(pixels[1], features)
    for path in tmp_path.iterdir():
        os.utime(path, (1, 1) if path == first else (2, 2))
    assert store.load(pixels[0]) is not None  # which makes it the most recently used one
    store.save(pixels[2], features)
    assert [store.load(each) is not None for each in pixels] == [True, False, True]


@pytest.mark.parametrize("layers", [0, 1])
def test_reading_can_be_cancelled_between_layers_and_between_tokens(checkpoint: Path, layers: int) -> None:
    session = load_session(checkpoint)
    calls = count()
    with pytest.raises(Cancelled):
        session.image_features(make_image(), cancelled=lambda: next(calls) == layers)
    calls = count()
    # `cancelled` is called before each of the two decoder layers in prefill, and then before each token.
    events = list(session.generate("Why?", max_new_tokens=30, cancelled=lambda: next(calls) == layers))
    assert events == [Finished(0, FinishReason.CANCELLED)]
    calls = count()
    events = list(session.generate("Why?", max_new_tokens=30, cancelled=lambda: next(calls) == 4))
    assert [type(event) for event in events] == [Token, Token, Finished]
    # The model is unchanged afterwards.
    assert "".join(stream(session, "Why?", make_image(), max_new_tokens=8)) == "".join(
        stream(load_session(checkpoint), "Why?", make_image(), max_new_tokens=8)
    )


def test_cancelling_affects_only_one_thread(session: CogVLM2Session) -> None:
    with cancellable(session.model, lambda: True), ThreadPoolExecutor(1) as other:
        assert other.submit(session.image_features, make_image()).result().shape[0] == 1
        with pytest.raises(Cancelled):
            session.image_features(make_image())


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
