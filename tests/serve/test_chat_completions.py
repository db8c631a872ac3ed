"""OpenAI's own client against the server: with CogVLM2 (the pocket checkpoint), and with the built-in engine."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from serving import RunningServer
from small_pdfs import save_pdf
from waiting import wait_until

SAMPLES = Path(__file__).parents[2] / "samples"
POCKET = SAMPLES / "pocket"


@pytest.fixture(scope="module")
def chat(model_server: RunningServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{model_server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def builtin_chat(server: RunningServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def data_url(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def asking(question: str, path: Path = POCKET / "form-1.png") -> list[Any]:
    parts = [{"type": "image_url", "image_url": {"url": data_url(path)}}, {"type": "text", "text": question}]
    return [{"role": "user", "content": parts}]


TOTAL = asking("What is the total?")


def test_the_model_is_listed(chat: openai.OpenAI) -> None:
    (model,) = chat.models.list().data
    assert (model.id, model.owned_by) == ("model", "cogdoc")
    assert chat.models.retrieve("model").id == "model"
    with pytest.raises(openai.NotFoundError):
        chat.chat.completions.create(model="gpt-9", messages=TOTAL)


def test_a_question_about_a_picture_is_answered_with_usage(chat: openai.OpenAI) -> None:
    reply = chat.chat.completions.create(model="model", messages=TOTAL, extra_body={"template": "vqa"})
    (choice,) = reply.choices
    assert (choice.message.content, choice.finish_reason) == ("84.04", "stop")
    assert reply.usage is not None
    assert reply.usage.completion_tokens > 0
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.id.startswith("chatcmpl-")


def test_tokens_stream_with_usage_at_the_end(chat: openai.OpenAI) -> None:
    chunks = list(
        chat.chat.completions.create(
            model="model",
            messages=asking("Read the text."),
            stream=True,
            stream_options={"include_usage": True},
            max_tokens=12,
        )
    )
    whole = chat.chat.completions.create(model="model", messages=asking("Read the text."), max_tokens=12)
    *with_choices, last = chunks
    pieces = [chunk.choices[0].delta.content or "" for chunk in with_choices]
    assert len([piece for piece in pieces if piece]) > 2, "as they come"
    assert "".join(pieces) == whole.choices[0].message.content
    assert with_choices[0].choices[0].delta.role == "assistant"
    assert with_choices[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert last.usage is not None
    assert last.usage == whole.usage
    assert last.choices == []


def test_log_probabilities_spell_the_reply(chat: openai.OpenAI) -> None:
    whole = chat.chat.completions.create(model="model", messages=TOTAL, logprobs=True)
    logprobs = whole.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.content is not None
    assert "".join(token.token for token in logprobs.content).strip() == whole.choices[0].message.content
    assert all(token.logprob <= 0 for token in logprobs.content)
    *_, last = chat.chat.completions.create(model="model", messages=TOTAL, logprobs=True, stream=True)
    assert last.choices[0].logprobs is not None
    streamed = last.choices[0].logprobs.content or []
    assert [token.token for token in streamed] == [token.token for token in logprobs.content]


def test_sampling_follows_the_seed_and_choices_differ(chat: openai.OpenAI) -> None:
    def draw(seed: int, n: int = 1) -> list[str | None]:
        reply = chat.chat.completions.create(
            model="model", messages=asking("Read the text."), n=n, temperature=5.0, seed=seed, max_tokens=8
        )
        assert [choice.index for choice in reply.choices] == list(range(n))
        return [choice.message.content for choice in reply.choices]

    first = draw(1)
    assert first == draw(1)
    assert len({*first, *draw(2)}) == 2
    assert len({*draw(1, n=3)}) == 3


def test_choices_stream_side_by_side(chat: openai.OpenAI) -> None:
    texts = ["", ""]
    for chunk in chat.chat.completions.create(model="model", messages=TOTAL, n=2, stream=True):
        texts[chunk.choices[0].index] += chunk.choices[0].delta.content or ""
    assert texts[0] == texts[1] != ""


def test_max_tokens_and_stop_strings_end_a_reply(chat: openai.OpenAI) -> None:
    create = chat.chat.completions.create
    whole = create(model="model", messages=TOTAL).choices[0].message.content or ""
    cut = create(model="model", messages=TOTAL, max_completion_tokens=1).choices[0]
    assert cut.finish_reason == "length"
    assert whole.startswith(cut.message.content or "")
    stopped = create(model="model", messages=TOTAL, stop=[whole[2:4], "never"], logprobs=True).choices[0]
    assert (stopped.message.content, stopped.finish_reason) == (whole[:2].rstrip(), "stop")


def test_earlier_turns_are_part_of_the_prompt(chat: openai.OpenAI) -> None:
    create = chat.chat.completions.create
    turns = [*TOTAL, {"role": "assistant", "content": "84.04"}, {"role": "user", "content": "What is the total?"}]
    alone, after = (create(model="model", messages=messages) for messages in (TOTAL, turns))
    assert alone.usage is not None
    assert after.usage is not None
    assert after.usage.prompt_tokens > alone.usage.prompt_tokens
    with_system = create(model="model", messages=[{"role": "system", "content": "Be brief."}, *TOTAL])
    assert with_system.usage is not None
    assert with_system.usage.prompt_tokens > alone.usage.prompt_tokens


def test_a_reply_fits_the_schema_or_is_refused(chat: openai.OpenAI) -> None:
    def ask(schema: dict[str, Any], **options: Any) -> str | None:
        response_format = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
        reply = chat.chat.completions.create(
            model="model",
            messages=TOTAL,
            response_format=response_format,  # type: ignore[arg-type]
            **options,
        )
        return reply.choices[0].message.content

    with pytest.raises(openai.BadRequestError) as refused:
        ask({"type": "object", "required": ["total"]}, max_tokens=16)
    assert refused.value.code == "response_format_not_met"
    for schema in ({"type": 7}, {"pattern": "(a+)+$"}, {"$ref": "http://127.0.0.1:1/x"}, {"$ref": "#/nowhere"}):
        with pytest.raises(openai.BadRequestError) as refused:
            ask(schema, max_tokens=16)
        assert (refused.value.param or "").startswith("response_format")


def leave_early(client: httpx2.Client, path: str, seconds: float, **request: Any) -> None:
    """Ask for a long answer and leave before it is there; a random one can be short, and is asked for again."""
    for _ in range(20):
        try:
            client.post(path, timeout=seconds, **request)
        except httpx2.ReadTimeout:
            return
    pytest.fail("every answer was short")


def test_a_client_that_vanishes_frees_its_row(model_server: RunningServer) -> None:
    body = {"model": "model", "messages": asking("Read the text."), "temperature": 9.0, "max_tokens": 100_000}

    def running() -> int:
        with model_server.client() as client:
            count: int = client.get("/readyz").json()["running"]
            return count

    for options in ({"stream": True, "n": 2}, {}):
        with model_server.client() as client:
            if options:
                with client.stream("POST", "/v1/chat/completions", json=body | options) as reply:
                    assert next(iter(reply.iter_lines())).startswith("data: ")
            else:
                leave_early(client, "/v1/chat/completions", 0.5, json=body)
        wait_until(lambda: not running(), "the model goes on for nobody", seconds=20)


def test_a_request_about_a_document_whose_client_vanishes_frees_the_model_as_well(
    model_server: RunningServer, tmp_path: Path
) -> None:
    """The pages have text layers, and are so many that the model would read them for longer than the test waits."""
    book = save_pdf(tmp_path / "book.pdf", *(f"Page {number}" for number in range(1, 1001)))
    fields = {"prompt": "Read the text.", "raw": "true"}
    with model_server.client() as client:
        leave_early(client, "/v1/ocr", 1.0, files={"file": book.read_bytes()}, data=fields)
        wait_until(lambda: not client.get("/readyz").json()["running"], "the model goes on for nobody", seconds=20)


def test_an_address_of_another_cogdoc_is_an_engine(model_server: RunningServer, cogdoc: Any) -> None:
    options = ("--engine", f"{model_server.url}/v1", "--model", "model", "--out", "json")
    ended = cogdoc("ask", POCKET / "form-1.png", "What is the total?", *options)
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["records"][0]["answer"]["text"] == "84.04"


def test_documents_are_read_by_the_model_as_well(model_server: RunningServer) -> None:
    with model_server.client() as client:
        files = {"file": ("form.png", (POCKET / "form-1.png").read_bytes())}
        reply = client.post("/v1/ask", files=files, data={"question": "What is the total?"}).json()
    assert reply["records"][0]["answer"]["text"] == "84.04"
    assert reply["records"][0]["engine"]["name"] == "cogvlm2"


def test_without_a_model_the_last_question_is_answered_from_the_text(builtin_chat: openai.OpenAI) -> None:
    earlier = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello"}]
    reply = builtin_chat.chat.completions.create(model="builtin", messages=[*earlier, *TOTAL])
    assert reply.choices[0].message.content == "84.04"
    assert reply.choices[0].model_extra is not None
    assert reply.choices[0].model_extra["cogdoc"]["answer"]["evidence"]
    pieces = builtin_chat.chat.completions.create(model="builtin", messages=TOTAL, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in pieces) == "84.04"
    with pytest.raises(openai.BadRequestError, match="has no model"):
        builtin_chat.chat.completions.create(model="builtin", messages=TOTAL, n=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": "Hello"}]}, "there is no picture"),
        ({"messages": [*TOTAL, *asking("And here?", POCKET / "form-2.png")]}, "2 pictures"),
        ({"messages": [*TOTAL, {"role": "assistant", "content": "84"}]}, "not a question"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "role"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 99}, "n"),
        ({"temperature": -1}, "temperature"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"logit_bias": {"5": 1}}, "logit_bias"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"sauce": "extra"}, "sauce"),
        ({"messages": asking("?", SAMPLES / "report.pdf")}, "several pages"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(
    server: RunningServer, changes: dict[str, Any], message: str
) -> None:
    with server.client() as client:
        reply = client.post("/v1/chat/completions", json={"model": "builtin", "messages": TOTAL, **changes})
    assert reply.status_code == 400
    assert message in reply.json()["error"]["message"]


@pytest.mark.parametrize(
    ("url", "status", "message"),
    [
        ("data:image/png;base64,@@@", 400, "not base64"),
        ("data:image/png;base64,", 422, "empty"),
        (f"data:image/png;base64,{base64.b64encode(b'no picture').decode()}", 415, "plain text"),
        ("http://127.0.0.1:1/a.png", 400, "only as data URLs"),
        ("file:///etc/passwd", 400, "only as data URLs"),
    ],
)
def test_pictures_come_in_data_urls_only(client: httpx2.Client, url: str, status: int, message: str) -> None:
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "?"}, {"type": "image_url", "image_url": {"url": url}}]}
    ]
    reply = client.post("/v1/chat/completions", json={"model": "builtin", "messages": messages})
    assert (reply.status_code, message in reply.json()["error"]["message"]) == (status, True)
