"""All instructions for vision models: one for each task, in English and Chinese.

A question goes to the model as the user wrote it. Text of a document never becomes part of an instruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cogdoc.engines.vision.vision_model import GREEDY, GenerationOptions, Prompt, Sampling, StopCondition
from cogdoc.query.reply_form import ReplyForm, reply_form
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

ANSWER_TOKENS = {ReplyForm.FACT: 128, ReplyForm.SENTENCES: 512, ReplyForm.LONG: 1024}
"""The most tokens of an answer."""


def instruction(task: Task, text: str) -> Instruction:
    """The instruction for a task, in the language of `text`, which is the page's text or the user's question."""
    letters = sum(char.isalpha() for char in text)
    return (CHINESE if count_han(text) * 3 > letters else ENGLISH)[task]


def question_instruction(question: str) -> Instruction:
    """The instruction for a question; it asks for a short answer unless the question calls for more than a fact."""
    form = reply_form(question)
    return Instruction(Prompt(question, short_answer=form is ReplyForm.FACT), ANSWER_TOKENS[form])
