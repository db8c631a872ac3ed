"""How a vision model generates, as the user asked for it: an own instruction, sampling, lengths."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cogdoc.errors import UsageError

TEMPLATES = ("base", "chat", "vqa")
"""The templates of CogVLM2."""

MAX_TEMPERATURE = 10.0
MAX_SEED = (1 << 63) - 1
MAX_TOKENS = 1_000_000
MAX_PROMPT = 20_000
"""Characters."""

QUESTION = "{question}"
"""Stands for the question in an instruction."""

_TYPED = {
    "chart": "a chart is a table of values",
    "tables": "tables consist of values",
    "extract": "fields have typed values",
}
"""Tasks whose results are no text, and why."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """The options of generation; None for those that were not given.

    Raises:
        UsageError: a value is impossible, or without effect.
    """

    prompt: str | None = None
    """An instruction instead of cogdoc's own. One for questions contains `{question}`."""
    template: str | None = None
    """One of `TEMPLATES`, instead of the one that fits the task."""
    temperature: float | None = None
    """0 means greedy, the default."""
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    raw: bool = False
    """Whether to return the model's words as they came."""
    variant: str | None = None
    """A named variant of cogdoc's own instructions, for evaluations."""

    def __post_init__(self) -> None:
        checks = {
            "--prompt: is empty": self.prompt is None or self.prompt.strip(),
            f"--prompt: has more than {MAX_PROMPT:,} characters": len(self.prompt or "") <= MAX_PROMPT,
            f"--template: {self.template!r} is none of {', '.join(TEMPLATES)}": self.template in (None, *TEMPLATES),
            f"--temperature: {self.temperature} is not between 0 and {MAX_TEMPERATURE:g}": self.temperature is None
            or 0 <= self.temperature <= MAX_TEMPERATURE,
            f"--top-p: {self.top_p} is not above 0 and at most 1": self.top_p is None or 0 < self.top_p <= 1,
            f"--seed: {self.seed} is not between 0 and {MAX_SEED}": 0 <= (self.seed or 0) <= MAX_SEED,
            f"--max-tokens: {self.max_tokens} is not between 1 and {MAX_TOKENS:,}": self.max_tokens is None
            or 1 <= self.max_tokens <= MAX_TOKENS,
            "--top-p: has no effect without --temperature": self.top_p is None or self.temperature,
            "--prompt: replaces the instructions that --variant names": self.prompt is None or self.variant is None,
        }
        for message, passed in checks.items():
            if not passed:
                raise UsageError(message)

    @property
    def option(self) -> str | None:
        """The first option that was given, as on the command line; None if there is none."""
        given = (field.name for field in fields(self) if getattr(self, field.name) not in (None, False))
        return next((f"--{name.replace('_', '-')}" for name in given), None)

    def check_for(self, task: str, *, has_questions: bool) -> None:
        """Check that the options fit a task.

        Raises:
            UsageError: an instruction for questions lacks the question, one for pages has it, or values are to be raw.
        """
        if self.raw and task in _TYPED:
            raise UsageError(
                f"--raw: {_TYPED[task]}, not text",
                "cogdoc ocr --raw --prompt ... shows what the model says",
            )
        if self.prompt is None:
            return
        if task in ("ask", "extract") and QUESTION not in self.prompt:
            raise UsageError(
                f"--prompt: lacks {QUESTION}, in whose place the question comes",
                f'for example: --prompt "Answer in one word: {QUESTION}"',
            )
        if QUESTION in self.prompt and not has_questions and task != "extract":
            raise UsageError(f"--prompt: has {QUESTION}, but there is no question")


AS_USUAL = GenerationRequest()


def refuse_options(request: GenerationRequest, reason: str) -> None:
    """Refuse options of generation for an engine without a model.

    Raises:
        UsageError: an option was given; `reason` says why there is no model to take it.
    """
    if request.option is not None:
        raise UsageError(
            f"{request.option} is for the engine cogvlm2; {reason}",
            "add --engine cogvlm2, or --model with its name or folder",
        )
