"""A model on a server: requests and replies over real sockets, retries, time limits, failures in one line, the key."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from chat_server import Answer, Asked, ChatServer, Reply, chat_server

from cogdoc.engines.registry import load_engine, select_engine
from cogdoc.engines.remote.address import parse_server_address
from cogdoc.engines.remote.remote_model import RemoteModel
from cogdoc.engines.remote.server import Server
from cogdoc.engines.selection import EngineRequest
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    GenerationOptions,
    PageImage,
    Prompt,
    Sampling,
)
from cogdoc.errors import (
    CogdocError,
    ConfigurationError,
    MissingError,
    ServerError,
    TimeLimitError,
    TooLargeError,
    UsageError,
)
from cogdoc.results.usage_counts import Usage

A4 = PageImage(np.full((1385, 979, 3), 255, np.uint8))
OPTIONS = GenerationOptions(128, time_limit=20)
TOTAL = Prompt("What is the total?", short_answer=True)
SERVED = Reply(["84", ".", "04"], [math.log(0.9), math.log(0.8), math.log(0.7)])


@contextmanager
def model_at(server: ChatServer, key: str | None = None, at_a_time: int = 4) -> Iterator[RemoteModel]:
    connection = Server(parse_server_address(server.url), key, at_a_time)
    with closing(RemoteModel(connection, connection.find_model("seer", 5), at_a_time)) as model:
        yield model


@contextmanager
def model_that_gets(answer: Answer | Reply, key: str | None = None) -> Iterator[tuple[RemoteModel, ChatServer]]:
    with chat_server(answer) as server, model_at(server, key) as model:
        yield model, server


def in_turn(*replies: Reply) -> Answer:
    """The replies one after the other; the last one again and again."""
    left = list(replies)
    return lambda _asked: left.pop(0) if len(left) > 1 else left[0]


# Requests and replies


def test_the_answer_has_the_probabilities_of_its_tokens_and_the_server_sees_the_page_and_the_question() -> None:
    usages: list[Usage] = []
    with model_that_gets(SERVED) as (model, server):
        generation = model.generate([A4], TOTAL, replace(OPTIONS, on_usage=usages.append))
        (asked,) = server.questions
    assert (generation.text, generation.finish_reason) == ("84.04", FinishReason.STOP)
    assert [token.text for token in generation.tokens] == ["84", ".", "04"]
    assert generation.confidence == pytest.approx((0.9 * 0.8 * 0.7) ** (1 / 3))
    assert asked.body["model"] == "seer"
    assert (asked.body["temperature"], asked.body["max_tokens"]) == (0, 128)
    assert asked.text.startswith("What is the total?\n"), "a general model is told to be brief"
    assert asked.picture.size == (979, 1385)
    assert np.array_equal(np.asarray(asked.picture), A4.picture)
    assert (usages[0].prompt_tokens, usages[0].generated_tokens, usages[0].failed) == (17, 3, 0)


def test_an_instruction_of_the_user_gets_no_words_added() -> None:
    with model_that_gets(SERVED) as (model, server):
        model.generate([A4], replace(TOTAL, is_users=True), OPTIONS)
        assert server.questions[0].text == "What is the total?"


def test_without_probabilities_the_confidence_is_known_to_be_unknown() -> None:
    with model_that_gets(Reply(["84.04"])) as (model, _):
        generation = model.generate([A4], TOTAL, OPTIONS)
    assert (generation.text, generation.tokens, generation.is_confidence_known) == ("84.04", (), False)


def test_tokens_that_do_not_spell_the_text_still_give_its_confidence() -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(["84.04", "<|im_end|>"], [math.log(0.5), math.log(0.5)]) if asked.body["stream"] else SERVED

    with model_that_gets(answer) as (model, _):
        generation = model.generate([A4], TOTAL, OPTIONS)
    assert "".join(token.text for token in generation.tokens).strip() == generation.text
    assert generation.confidence == pytest.approx(0.5)


def test_what_a_model_thinks_before_its_answer_is_not_the_answer() -> None:
    pieces = ["<think>", "The total is", " below.", "</think>", "\n\n", "84", ".04"]
    with model_that_gets(Reply(pieces, [math.log(0.1)] * 5 + [math.log(0.9)] * 2)) as (model, _):
        generation = model.generate([A4], TOTAL, OPTIONS)
    assert (generation.text, len(generation.tokens)) == ("84.04", 3)
    with model_that_gets(Reply(pieces)) as (model, _):
        assert model.generate([A4], TOTAL, OPTIONS).text == "84.04"


def test_an_answer_that_is_not_streamed_is_as_good() -> None:
    with model_that_gets(replace(SERVED, streams=False)) as (model, _):
        generation = model.generate([A4], TOTAL, OPTIONS)
    assert (generation.text, len(generation.tokens)) == ("84.04", 3)


def test_parameters_that_the_server_does_not_know_are_left_out_from_then_on() -> None:
    def answer(asked: Asked) -> Reply:
        for name in ("stream_options", "logprobs", "seed", "max_tokens"):
            if name in asked.body:
                return Reply(status=400, message=f"Unsupported parameter: '{name}' is not supported with this model.")
        return SERVED

    sampled = replace(OPTIONS, sampling=Sampling(0.5, 0.9, 7))
    with model_that_gets(answer) as (model, server):
        assert model.generate([A4], TOTAL, sampled).text == "84.04"
        refused = len(server.questions)
        assert model.generate([A4], TOTAL, sampled).text == "84.04"
        assert len(server.questions) == refused + 1
        assert server.questions[-1].body["max_completion_tokens"] == 128
        assert server.questions[-1].body["top_p"] == 0.9


def test_an_answer_that_does_not_fit_the_context_is_asked_for_again_with_fewer_tokens() -> None:
    said = "This model's maximum context length is 2048 tokens. However, you requested 2100 tokens."

    def answer(asked: Asked) -> Reply:
        return SERVED if asked.body["max_tokens"] <= 300 else Reply(status=400, message=said)

    with model_that_gets(answer) as (model, server):
        assert model.generate([A4], TOTAL, replace(OPTIONS, max_new_tokens=1024)).text == "84.04"
        assert server.questions[-1].body["max_tokens"] == 256
    with model_that_gets(Reply(status=400, message=said)) as (model, _), pytest.raises(TooLargeError, match="context"):
        model.generate([A4], TOTAL, OPTIONS)


def test_a_larger_page_is_scaled_down_and_a_refused_one_is_sent_with_fewer_bytes() -> None:
    noise = PageImage(np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), np.uint8))

    def answer(asked: Asked) -> Reply:
        return SERVED if asked.picture.format == "JPEG" else Reply(status=413, message="too large")

    with model_that_gets(answer) as (model, server):
        assert model.generate([noise], TOTAL, OPTIONS).text == "84.04"
        first, second = server.questions
        assert (first.picture.format, second.picture.format) == ("PNG", "JPEG")
        assert first.picture.size == second.picture.size == (1164, 1164)
        model.generate([A4], TOTAL, OPTIONS)
        assert server.questions[-1].picture.format == "JPEG"


def test_a_loop_is_stopped_while_it_runs_and_so_is_a_server_without_end() -> None:
    for options in (replace(OPTIONS, stop=RepetitionGuard()), replace(OPTIONS, max_new_tokens=4)):
        with model_that_gets(Reply(["the same words "] * 100_000)) as (model, server):
            generation = model.generate([A4], TOTAL, options)
            assert server.vanished.wait(60), "the server learns that nobody waits"
        expected = FinishReason.CONDITION if options.stop else FinishReason.LENGTH
        assert (generation.finish_reason, len(generation.text) < 20_000) == (expected, True)


def test_text_arrives_as_it_is_generated_and_an_answer_can_be_cancelled() -> None:
    pieces: list[str] = []
    reply = Reply([f"word{number} " for number in range(1000)], pause=lambda: time.sleep(0.01))
    with model_that_gets(reply) as (model, server):
        options = replace(OPTIONS, on_text=pieces.append, cancelled=lambda: len(pieces) > 5)
        generation = model.generate([A4], TOTAL, options)
        assert server.vanished.wait(60)
    assert generation.finish_reason is FinishReason.CANCELLED
    assert "".join(pieces).strip() == generation.text


# Retries


@pytest.mark.parametrize(
    "failure",
    [Reply(status=500, message="CUDA error"), Reply(status=429, headers={"retry-after": "0.2"}), Reply(status=503)],
    ids=lambda reply: str(reply.status),
)
def test_a_server_that_is_busy_or_fails_is_asked_again(failure: Reply) -> None:
    with model_that_gets(in_turn(failure, SERVED)) as (model, server):
        assert model.generate([A4], TOTAL, OPTIONS).text == "84.04"
        assert len(server.questions) == 2


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    with model_that_gets(in_turn(Reply(["8"], breaks_off=True), SERVED)) as (model, _):
        assert model.generate([A4], TOTAL, OPTIONS).text == "84.04"
    shown: list[str] = []
    broken = model_that_gets(in_turn(Reply(["8"], breaks_off=True), SERVED))
    with broken as (model, _), pytest.raises(ServerError, match="in the middle of an answer"):
        model.generate([A4], TOTAL, replace(OPTIONS, on_text=shown.append))


# Failures


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        (Reply(status=401, message="no"), ConfigurationError, "asks for a key (status 401)"),
        (Reply(status=404, message="The model `seer` does not exist."), MissingError, "no model 'seer'"),
        (Reply(status=400, message="seer is not a multimodal model"), ConfigurationError, "takes no pictures"),
        (
            Reply(
                status=500, message="image input is not supported - hint: mmproj", headers={"x-should-retry": "false"}
            ),
            ConfigurationError,
            "takes no pictures",
        ),
        (Reply(status=500, message="boom", headers={"x-should-retry": "false"}), ServerError, "(status 500): boom"),
        (Reply(status=429, message="quota", headers={"retry-after": "9999"}), ServerError, "(status 429): quota"),
        (Reply(status=307, headers={"location": "http://192.0.2.1/"}), ServerError, "redirects to http://192.0.2.1/"),
        (Reply(status=418, message="teapot\x1b[2J\nline"), ServerError, "refuses the request (status 418)"),
        (Reply(raw=b"<html>hello</html>"), ServerError, "does not speak the OpenAI protocol"),
        (Reply(raw=b'{"choices": "none"}'), ServerError, "does not speak the OpenAI protocol"),
        (Reply(["half"], breaks_off=True), ServerError, "in the middle of an answer"),
        (Reply(["x"], finish_reason="content_filter"), CogdocError, "withholds the answer"),
    ],
    ids=lambda value: f"{value.status}-{value.message[:10]}" if isinstance(value, Reply) else None,
)
def test_failures_are_described_in_one_line(reply: Reply, kind: type[CogdocError], message: str) -> None:
    with model_that_gets(reply) as (model, server), pytest.raises(kind) as failed:
        model.generate([A4], TOTAL, OPTIONS)
    assert message in failed.value.message
    assert server.url in failed.value.message
    assert failed.value.message.isprintable()


def test_a_server_that_is_gone_is_waited_for_once_and_then_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cogdoc.engines.remote.server.RETRIES", 3)  # 3 s, not 14
    with chat_server(SERVED) as server, model_at(server) as model:
        server.close()
        moments = [time.monotonic()]
        for _ in range(2):
            with pytest.raises(ServerError, match="no server answers at"):
                model.generate([A4], TOTAL, OPTIONS)
            moments.append(time.monotonic())
    first, second = (end - begin for begin, end in pairwise(moments))
    assert second < first / 2


def test_a_slow_server_ends_at_the_time_limit_and_waiting_for_other_requests_does_not_count() -> None:
    slow = Reply(["w "] * 1000, pause=lambda: time.sleep(0.02))
    with model_that_gets(slow) as (model, server):
        with pytest.raises(TimeLimitError, match="took longer than"):
            model.generate([A4], TOTAL, replace(OPTIONS, time_limit=0.5))
        assert server.vanished.wait(60)
    quick = Reply(["w "] * 20, pause=lambda: time.sleep(0.02))
    with chat_server(quick) as server, model_at(server, at_a_time=1) as model:
        results: list[str] = []
        threads = [
            threading.Thread(
                target=lambda: results.append(model.generate([A4], TOTAL, replace(OPTIONS, time_limit=3.5)).text)
            )
            for _ in range(9)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 9


def test_closing_ends_what_runs_and_refuses_the_rest() -> None:
    started = threading.Event()
    with model_that_gets(Reply(["w "] * 1000, pause=lambda: (started.set(), time.sleep(0.02))[1])) as (model, _):
        closer = threading.Thread(target=lambda: (started.wait(), model.close()))
        closer.start()
        with pytest.raises(TimeLimitError, match="closed"):
            model.generate([A4], TOTAL, OPTIONS)
        closer.join()
        with pytest.raises(TimeLimitError, match="closed"):
            model.generate([A4], TOTAL, OPTIONS)


# Models


@pytest.mark.parametrize(
    ("models", "name", "kind", "message", "hint"),
    [
        (["seer", "other"], "sear", MissingError, "no model 'sear'", "it has: other, seer"),
        (["seer", "other"], None, UsageError, "which model", "it has: other, seer"),
        ([], None, UsageError, "which model", "it has no model"),
        (Reply(status=404), None, ServerError, "does not speak", "/v1"),
        (Reply(status=501), None, UsageError, "does not say which models", "--model"),
        (Reply(status=401, message="no"), "seer", ConfigurationError, "asks for a key", "COGDOC_API_KEY"),
        (Reply(raw=b"hello"), "seer", ServerError, "does not speak", "/v1"),
        (Reply(raw=b'{"data": 3}'), "seer", ServerError, "does not speak", "/v1"),
    ],
)
def test_a_model_that_cannot_be_found_is_named_beside_those_there_are(
    models: Any, name: str | None, kind: type[CogdocError], message: str, hint: str
) -> None:
    listed = models if isinstance(models, Reply) else [{"id": name} for name in models]
    with chat_server(SERVED, listed) as server:
        selection = select_engine(EngineRequest(server.url, name))
        with pytest.raises(kind, match=message) as failed:
            load_engine(selection)
    assert hint in (failed.value.hint or "")


def test_the_only_model_need_not_be_named_and_ollamas_tags_may_be_left_out() -> None:
    for models, name, expected in (
        (["seer"], None, "seer"),
        (["a:latest", "b"], "a", "a:latest"),
        (Reply(status=404), "x", "x"),
    ):
        listed = models if isinstance(models, Reply) else [{"id": one} for one in models]
        with chat_server(SERVED, listed) as server:
            engine = load_engine(select_engine(EngineRequest(server.url.removesuffix("/v1"), name)))
            engine.close()
            assert (engine.info.checkpoint, engine.info.server) == (expected, server.url)


# The key


def test_the_key_comes_from_its_variable_and_is_in_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("OPENAI_API_KEY", "sk-other"), ("OPENAI_ORG_ID", "org"), ("OPENAI_CUSTOM_HEADERS", "X-A: b")):
        monkeypatch.setenv(name, value)
    refusal = Reply(status=401, message="Incorrect API key provided: sk-secret")
    with chat_server(SERVED) as server:
        for key, expected in (("sk-secret", "Bearer sk-secret"), ("", None)):
            monkeypatch.setenv("COGDOC_API_KEY", key)
            server.asked.clear()
            with closing(load_engine(select_engine(EngineRequest(server.url)))) as engine:
                headers = {name.lower(): value for name, value in server.asked[0].headers.items()}
                assert headers.get("authorization") == expected
                assert not any(name.startswith(("openai", "x-")) for name in headers)
                assert "secret" not in engine.info.model_dump_json()
    monkeypatch.setenv("COGDOC_API_KEY", "sk-secret")
    with model_that_gets(refusal, "sk-secret") as (model, _), pytest.raises(ConfigurationError) as failed:
        model.generate([A4], TOTAL, OPTIONS)
    assert "refuses the key in COGDOC_API_KEY" in failed.value.message
    assert "sk-secret" not in f"{failed.value.message} {failed.value.hint}"
    monkeypatch.setenv("COGDOC_API_KEY", "two\nlines")
    with pytest.raises(UsageError, match="COGDOC_API_KEY"):
        select_engine(EngineRequest("http://127.0.0.1:1/v1"))
