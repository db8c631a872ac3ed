"""What a run asks of a vision model: the instructions of `instructions.toml`, or the user's own, and how it generates.

A question goes to the model as the user wrote it. Text of a document never becomes part of an instruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files

import tomli

from cogdoc.engines.abandonment import abandonment
from cogdoc.engines.generation import AS_USUAL, QUESTION, GenerationRequest
from cogdoc.engines.usage_meter import add_usage
from cogdoc.engines.vision.vision_model import GREEDY, GenerationOptions, Prompt, Sampling, StopCondition
from cogdoc.errors import UsageError
from cogdoc.query.reply_form import ReplyForm, reply_form
from cogdoc.text import count_han

ANSWER_TOKENS = {ReplyForm.FACT: 128, ReplyForm.SENTENCES: 512, ReplyForm.LONG: 1024}
"""The most tokens of an answer."""

RETRY_SAMPLING = Sampling(temperature=0.6, top_p=0.9, seed=1)
"""For a second attempt: random enough to leave a loop, not enough to invent words; the seed is fixed."""


class Task(StrEnum):
    TRANSCRIBE = "transcribe"
    TABLE = "table"
    CHART = "chart"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Instruction:
    """A prompt, and how many tokens its answer may have."""

    prompt: Prompt
    max_new_tokens: int

    def options(
        self, time_limit: float, sampling: Sampling = GREEDY, stop: StopCondition | None = None
    ) -> GenerationOptions:
        """The options for generating the answer; see `GenerationOptions`."""
        return GenerationOptions(
            self.max_new_tokens, time_limit, sampling, stop, cancelled=abandonment(), on_usage=add_usage
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording of an instruction, by language."""

    texts: Mapping[str, str]
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """The wordings of the instruction for one task, by name."""

    default: str
    by_name: Mapping[str, Variant]
    max_new_tokens: int | None = None
    """None for questions, whose answers have the length that fits the question."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """The instructions of one run, and how their answers are generated.

    Raises:
        UsageError: there is no variant of the name.
    """

    request: GenerationRequest = AS_USUAL

    def __post_init__(self) -> None:
        if self.request.variant is not None:
            check_variant(self.request.variant)

    def for_page(self, task: Task, text: str) -> Instruction:
        """The instruction for a page, a table or a chart, in the language of `text`, the page's own text."""
        variants = load_variants()[task]
        assert variants.max_new_tokens is not None
        own = self.request.prompt
        if own is not None and QUESTION not in own:
            return self._instruction(own, None, variants.max_new_tokens, short=False, is_users=True)
        variant = self._variant(task)
        return self._instruction(variant.texts[_language(text)], variant.template, variants.max_new_tokens, short=False)

    def for_question(self, question: str) -> Instruction:
        """The instruction for a question; it asks for a short answer unless the question calls for more than a fact."""
        variant = self._variant(Task.QUESTION)
        own = self.request.prompt
        is_users = own is not None and QUESTION in own
        pattern = own if own is not None and is_users else variant.texts[_language(question)]
        form = reply_form(question)
        return self._instruction(
            pattern.replace(QUESTION, question),
            variant.template,
            ANSWER_TOKENS[form],
            short=form is ReplyForm.FACT,
            is_users=is_users,
        )

    @property
    def sampling(self) -> Sampling:
        """How the first attempt chooses its tokens."""
        request = self.request
        return Sampling(
            temperature=request.temperature or GREEDY.temperature,
            top_p=GREEDY.top_p if request.top_p is None else request.top_p,
            seed=request.seed or GREEDY.seed,
        )

    @property
    def retry_sampling(self) -> Sampling:
        """How the second attempt does, which must not repeat the first."""
        first = self.sampling
        return replace(first if first.temperature else RETRY_SAMPLING, seed=first.seed + 1)

    def _variant(self, task: Task) -> Variant:
        variants = load_variants()[task]
        return variants.by_name.get(self.request.variant or "", variants.by_name[variants.default])

    def _instruction(
        self, text: str, template: str | None, max_new_tokens: int, *, short: bool, is_users: bool = False
    ) -> Instruction:
        prompt = Prompt(text, short, self.request.template or template, is_users)
        return Instruction(prompt, self.request.max_tokens or max_new_tokens)


@cache
def load_variants() -> dict[Task, Variants]:
    """The instructions of `instructions.toml`."""
    content = files("cogdoc.engines.vision").joinpath("instructions.toml").read_text(encoding="utf-8")
    return {
        Task(task): Variants(
            table["default"],
            {
                name: Variant({key: text for key, text in one.items() if key != "template"}, one.get("template"))
                for name, one in table["variants"].items()
            },
            table.get("max_new_tokens"),
        )
        for task, table in tomli.loads(content).items()
    }


def check_variant(name: str, tasks: tuple[Task, ...] = tuple(Task)) -> None:
    """Check that one of the tasks has a variant of the name.

    Raises:
        UsageError: none has.
    """
    known = {variant: None for task in tasks for variant in load_variants()[task].by_name}
    if name not in known:
        raise UsageError(f"--variant: there is no {name!r} for this dataset", f"variants: {', '.join(known)}")


def _language(text: str) -> str:
    letters = sum(char.isalpha() for char in text)
    return "zh" if count_han(text) * 3 > letters else "en"
