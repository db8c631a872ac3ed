"""Which instruction the model is given, in which language, and how long its answer may be."""

from __future__ import annotations

import math
from typing import Any

import pytest

from cogdoc.cogvlm2 import configuration
from cogdoc.engines.generation import QUESTION, TEMPLATES, GenerationRequest
from cogdoc.engines.vision.instructions import RETRY_SAMPLING, Instructions, Task, load_variants
from cogdoc.engines.vision.vision_model import GREEDY, Prompt, Sampling
from cogdoc.errors import UsageError

USUAL = Instructions()
PAGE_TASKS = [task for task in Task if task is not Task.QUESTION]


@pytest.mark.parametrize("question", ["What is the total?", "Who signed it?", "总金额是多少？", "Is it paid?"])
def test_a_question_for_a_fact_asks_for_a_short_answer_in_the_users_own_words(question: str) -> None:
    asked = USUAL.for_question(question)
    assert asked.prompt == Prompt(question, short_answer=True)


@pytest.mark.parametrize(
    "question", ["Describe this page.", "Summarize the report", "Why did it fall?", "请描述这张图"]
)
def test_a_question_for_sentences_may_have_a_longer_answer(question: str) -> None:
    asked = USUAL.for_question(question)
    assert asked.prompt == Prompt(question, short_answer=False)
    assert asked.max_new_tokens > USUAL.for_question("What is the total?").max_new_tokens


@pytest.mark.parametrize(
    "question", ["List all products.", "Give me the items as JSON", "翻译成英文：第一段", "列出所有产品"]
)
def test_a_list_or_a_translation_has_room(question: str) -> None:
    asked = USUAL.for_question(question)
    assert asked.prompt == Prompt(question, short_answer=False)
    assert asked.max_new_tokens > USUAL.for_question("Describe this page.").max_new_tokens


@pytest.mark.parametrize("task", PAGE_TASKS)
def test_instructions_are_in_the_language_of_the_page(task: Task) -> None:
    english = USUAL.for_page(task, "Annual report 2024, in thousands")
    chinese = USUAL.for_page(task, "二〇二四年年度报告 (EUR)")
    assert english.prompt.text.isascii()
    assert not chinese.prompt.text.isascii()
    assert english.max_new_tokens == chinese.max_new_tokens
    assert USUAL.for_page(task, "") == english


def test_every_variant_of_the_data_file_is_complete() -> None:
    for task, variants in load_variants().items():
        assert variants.default in variants.by_name
        for name, variant in variants.by_name.items():
            assert set(variant.texts) == {"en", "zh"}, (task, name)
            assert variant.template in (None, *TEMPLATES)
            for text in variant.texts.values():
                assert (QUESTION in text) == (task is Task.QUESTION), (task, name)
        assert (variants.max_new_tokens is None) == (task is Task.QUESTION)
    assert set(load_variants()) == set(Task)


def test_a_named_variant_replaces_the_default_where_a_task_has_it() -> None:
    markdown = Instructions(GenerationRequest(variant="markdown"))
    assert "Markdown" in markdown.for_page(Task.TRANSCRIBE, "").prompt.text
    assert "Markdown" in markdown.for_page(Task.TRANSCRIBE, "二〇二四年").prompt.text
    assert markdown.for_page(Task.CHART, "") == USUAL.for_page(Task.CHART, "")
    assert markdown.for_question("Total?") == USUAL.for_question("Total?")
    refuse = Instructions(GenerationRequest(variant="refuse"))
    assert refuse.for_question("What is the total?").prompt.text.startswith("What is the total? If")
    assert refuse.for_question("What is the total?").prompt.short_answer
    with pytest.raises(UsageError, match="no 'clever'"):
        Instructions(GenerationRequest(variant="clever"))


def test_an_own_instruction_replaces_those_of_pages_or_of_questions() -> None:
    pages = Instructions(GenerationRequest(prompt="Write the words."))
    assert {pages.for_page(task, "").prompt.text for task in PAGE_TASKS} == {"Write the words."}
    assert pages.for_question("Total?") == USUAL.for_question("Total?")
    questions = Instructions(GenerationRequest(prompt="In French: {question}"))
    assert questions.for_question("What {is} it?").prompt.text == "In French: What {is} it?"
    assert questions.for_page(Task.CHART, "") == USUAL.for_page(Task.CHART, "")


def test_a_template_and_a_length_apply_to_every_instruction() -> None:
    own = Instructions(GenerationRequest(template="base", max_tokens=7))
    asked = [own.for_question("Total?"), *(own.for_page(task, "") for task in PAGE_TASKS)]
    assert {(one.prompt.template, one.max_new_tokens) for one in asked} == {("base", 7)}
    assert TEMPLATES == configuration.TEMPLATES


def test_decoding_is_greedy_unless_asked_and_a_second_attempt_differs_from_the_first() -> None:
    assert (USUAL.sampling, USUAL.retry_sampling) == (GREEDY, RETRY_SAMPLING)
    own = Instructions(GenerationRequest(temperature=0.8, top_p=0.5, seed=4))
    assert own.sampling == Sampling(0.8, 0.5, 4)
    assert own.retry_sampling == Sampling(0.8, 0.5, 5)
    seeded = Instructions(GenerationRequest(seed=4))
    assert seeded.sampling.temperature == 0
    assert seeded.retry_sampling == Sampling(RETRY_SAMPLING.temperature, RETRY_SAMPLING.top_p, 5)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"prompt": " "}, "--prompt"),
        ({"prompt": "x" * 30_000}, "--prompt"),
        ({"template": "llama"}, "--template"),
        ({"temperature": -0.1}, "--temperature"),
        ({"temperature": math.nan}, "--temperature"),
        ({"temperature": math.inf}, "--temperature"),
        ({"temperature": 1.0, "top_p": 0.0}, "--top-p"),
        ({"temperature": 1.0, "top_p": math.nan}, "--top-p"),
        ({"top_p": 0.5}, "--top-p"),
        ({"temperature": 0.0, "top_p": 0.5}, "--top-p"),
        ({"seed": -1}, "--seed"),
        ({"max_tokens": 0}, "--max-tokens"),
        ({"prompt": "x", "variant": "exact"}, "--prompt"),
    ],
    ids=str,
)
def test_an_impossible_value_is_refused_by_its_option(options: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named}: "):
        GenerationRequest(**options)
