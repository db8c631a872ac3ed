"""What the model is told, and in which template."""

from __future__ import annotations

import pytest

from cogdoc.engines.vision.instructions import Task, instruction, question_instruction


@pytest.mark.parametrize("question", ["What is the total?", "Who signed it?", "总金额是多少？", "Is it paid?"])
def test_a_question_for_a_fact_asks_for_a_short_answer_in_the_users_own_words(question: str) -> None:
    asked = question_instruction(question)
    assert (asked.text, asked.template) == (question, "vqa")


@pytest.mark.parametrize(
    "question", ["Describe this page.", "Summarize the report", "Why did it fall?", "请描述这张图"]
)
def test_a_question_for_sentences_gets_room_for_them(question: str) -> None:
    asked = question_instruction(question)
    assert (asked.text, asked.template) == (question, "chat")
    assert asked.max_tokens > question_instruction("What is the total?").max_tokens


@pytest.mark.parametrize("task", Task)
def test_instructions_speak_the_language_of_the_page(task: Task) -> None:
    english = instruction(task, "Annual report 2024, in thousands")
    chinese = instruction(task, "二〇二四年年度报告 (EUR)")
    assert english.text.isascii()
    assert not chinese.text.isascii()
    assert (english.template, english.max_tokens) == (chinese.template, chinese.max_tokens)
    assert instruction(task, "") == english
