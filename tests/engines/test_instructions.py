"""Which instruction the model is given, in which language, and how long its answer may be."""

from __future__ import annotations

import pytest

from cogdoc.engines.vision.instructions import Task, instruction, question_instruction
from cogdoc.engines.vision.vision_model import Prompt


@pytest.mark.parametrize("question", ["What is the total?", "Who signed it?", "总金额是多少？", "Is it paid?"])
def test_a_question_for_a_fact_asks_for_a_short_answer_in_the_users_own_words(question: str) -> None:
    asked = question_instruction(question)
    assert asked.prompt == Prompt(question, short_answer=True)


@pytest.mark.parametrize(
    "question", ["Describe this page.", "Summarize the report", "Why did it fall?", "请描述这张图"]
)
def test_a_question_for_sentences_may_have_a_longer_answer(question: str) -> None:
    asked = question_instruction(question)
    assert asked.prompt == Prompt(question, short_answer=False)
    assert asked.max_new_tokens > question_instruction("What is the total?").max_new_tokens


@pytest.mark.parametrize(
    "question", ["List all products.", "Give me the items as JSON", "翻译成英文：第一段", "列出所有产品"]
)
def test_a_list_or_a_translation_has_room(question: str) -> None:
    asked = question_instruction(question)
    assert asked.prompt == Prompt(question, short_answer=False)
    assert asked.max_new_tokens > question_instruction("Describe this page.").max_new_tokens


@pytest.mark.parametrize("task", Task)
def test_instructions_are_in_the_language_of_the_page(task: Task) -> None:
    english = instruction(task, "Annual report 2024, in thousands")
    chinese = instruction(task, "二〇二四年年度报告 (EUR)")
    assert english.prompt.text.isascii()
    assert not chinese.prompt.text.isascii()
    assert english.max_new_tokens == chinese.max_new_tokens
    assert instruction(task, "") == english
