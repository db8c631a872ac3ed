"""What CogVLM2 is told to do, all in one place: a line a task, in English and Chinese.

Questions go to the model as the user asked them. What a document says never becomes part of an instruction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from cogdoc.cogvlm2.configuration import Template
from cogdoc.text import count_han


class Task(StrEnum):
    TRANSCRIBE = "transcribe"
    TABLE = "table"
    CHART = "chart"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A text, the template it is put in, and how long its answer may become, in tokens."""

    text: str
    template: Template
    max_tokens: int


ENGLISH = {
    Task.TRANSCRIBE: Instruction("Read all text on this page.", "chat", 2048),
    Task.TABLE: Instruction("Write the table in this image as a Markdown table.", "chat", 2048),
    Task.CHART: Instruction(
        "Write the data of this chart as a Markdown table, with its title in the line above.", "chat", 1024
    ),
}

CHINESE = {
    Task.TRANSCRIBE: Instruction("读出这一页上的所有文字。", "chat", 2048),
    Task.TABLE: Instruction("把图中的表格写成Markdown表格。", "chat", 2048),
    Task.CHART: Instruction("把图表中的数据写成Markdown表格，标题写在表格上面一行。", "chat", 1024),
}

MAX_ANSWER_TOKENS = 128
MAX_DESCRIPTION_TOKENS = 512

# What a few words cannot answer.
FREE_QUESTIONS = re.compile(
    r"\b(?:describe|description|summari[sz]e|summary|explain|why|what happens|tell me about)\b"
    r"|描述|总结|概括|解释|说明|为什么",
    re.IGNORECASE,
)

# What the model says where a page does not answer; as a whole answer these are no answer.
REFUSALS = re.compile(
    r"(?:it is |this is |the answer is )?(?:not (?:found|mentioned|given|stated|specified|provided|available|visible|"
    r"shown|clear|applicable)(?: (?:in|on) the \w+)?|unanswerable|unknown|n/?a|none|"
    r"未(?:找到|提及|提供|说明|知)|没有(?:提到|提及|说明|找到)|无法(?:回答|确定|得知)|不(?:知道|清楚|存在))[.。!]?",
    re.IGNORECASE,
)


def instruction(task: Task, text: str) -> Instruction:
    """The instruction in the language of `text`, which is what the page or the user says."""
    chinese = count_han(text)
    letters = sum(character.isalpha() for character in text)
    return (CHINESE if chinese * 3 > letters else ENGLISH)[task]


def question_instruction(question: str) -> Instruction:
    """A question in the template for short answers, or in that of conversation where it asks for sentences."""
    if FREE_QUESTIONS.search(question):
        return Instruction(question, "chat", MAX_DESCRIPTION_TOKENS)
    return Instruction(question, "vqa", MAX_ANSWER_TOKENS)


def is_refusal(answer: str) -> bool:
    """Whether an answer says that there is none."""
    return not answer.strip() or REFUSALS.fullmatch(answer.strip()) is not None
