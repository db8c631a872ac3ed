"""All instructions for vision models: one for each task, in English and Chinese.

A question goes to the model as the user wrote it. Text of a document never becomes part of an instruction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cogdoc.engines.vision.vision_model import GREEDY, GenerationOptions, Prompt, Sampling, StopCondition
from cogdoc.text import count_han


class Task(StrEnum):
    TRANSCRIBE = "transcribe"
    TABLE = "table"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A prompt, and how many tokens its answer may have."""

    prompt: Prompt
    max_new_tokens: int

    def options(
        self, time_limit: float, sampling: Sampling = GREEDY, stop: StopCondition | None = None
    ) -> GenerationOptions:
        """The options for generating the answer; see `GenerationOptions`."""
        return GenerationOptions(self.max_new_tokens, time_limit, sampling, stop)


ENGLISH = {
    Task.TRANSCRIBE: Instruction(Prompt("Read all text on this page."), 2048),
    Task.TABLE: Instruction(Prompt("Write the table in this image as a Markdown table."), 2048),
    Task.CHART: Instruction(
        Prompt("Write the data of this chart as a Markdown table, with its title in the line above."), 1024
    ),
}

CHINESE = {
    Task.TRANSCRIBE: Instruction(Prompt("读出这一页上的所有文字。"), 2048),
    Task.TABLE: Instruction(Prompt("把图中的表格写成Markdown表格。"), 2048),
    Task.CHART: Instruction(Prompt("把图表中的数据写成Markdown表格，标题写在表格上面一行。"), 1024),
}

MAX_SHORT_ANSWER_TOKENS = 128
MAX_LONG_ANSWER_TOKENS = 512

# Questions that a few words cannot answer.
LONG_QUESTIONS = re.compile(
    r"\b(?:describe|description|summari[sz]e|summary|explain|why|what happens|tell me about)\b"
    r"|描述|总结|概括|解释|说明|为什么",
    re.IGNORECASE,
)


def instruction(task: Task, text: str) -> Instruction:
    """The instruction for a task, in the language of `text`, which is the page's text or the user's question."""
    letters = sum(char.isalpha() for char in text)
    return (CHINESE if count_han(text) * 3 > letters else ENGLISH)[task]


def question_instruction(question: str) -> Instruction:
    """The instruction for a question; it asks for a short answer unless the question calls for sentences."""
    if LONG_QUESTIONS.search(question):
        return Instruction(Prompt(question), MAX_LONG_ANSWER_TOKENS)
    return Instruction(Prompt(question, short_answer=True), MAX_SHORT_ANSWER_TOKENS)
