"""The options of how CogVLM2 generates, which `ask`, `ocr`, `chart` and `eval` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from cogdoc.engines.generation import MAX_SEED, MAX_TEMPERATURE, MAX_TOKENS, GenerationRequest
from cogdoc.results.printable import well_formed

_PANEL = "Generation (CogVLM2)"

PromptOption = Annotated[
    str | None,
    typer.Option(
        "--prompt",
        envvar="COGDOC_PROMPT",
        metavar="TEXT",
        help="An instruction instead of cogdoc's own; for ask, {question} in it is replaced by the question.",
        rich_help_panel=_PANEL,
    ),
]
TemplateOption = Annotated[
    Literal["base", "chat", "vqa"] | None,
    typer.Option(
        "--template",
        envvar="COGDOC_TEMPLATE",
        help="The prompt template; by default vqa for short facts, chat for everything else.",
        rich_help_panel=_PANEL,
    ),
]
Temperature = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        envvar="COGDOC_TEMPERATURE",
        min=0.0,
        max=MAX_TEMPERATURE,
        metavar="NUMBER",
        help="Sample with this temperature; 0, the default, always takes the likeliest token.",
        rich_help_panel=_PANEL,
    ),
]
TopP = Annotated[
    float | None,
    typer.Option(
        "--top-p",
        envvar="COGDOC_TOP_P",
        min=0.0,
        max=1.0,
        metavar="NUMBER",
        help="With --temperature: sample from the likeliest tokens that together have this probability.",
        rich_help_panel=_PANEL,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        "--seed",
        envvar="COGDOC_SEED",
        min=0,
        max=MAX_SEED,
        metavar="N",
        help="The seed of sampling, also of second attempts; 0 by default.",
        rich_help_panel=_PANEL,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        envvar="COGDOC_MAX_TOKENS",
        min=1,
        max=MAX_TOKENS,
        metavar="N",
        help="The most tokens of one answer; by default 128 for facts, up to 2048 for pages.",
        rich_help_panel=_PANEL,
    ),
]
Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        envvar="COGDOC_RAW",
        help="Return the model's words as they came: nothing removed, no second attempt, no 'not found'.",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How the model generates."""

    prompt: PromptOption = None
    template: TemplateOption = None
    temperature: Temperature = None
    top_p: TopP = None
    seed: Seed = None
    max_tokens: MaxTokens = None
    raw: Raw = False

    @property
    def generation(self) -> GenerationRequest:
        """
        Raises:
            UsageError: a value is impossible, or without effect.
        """
        return GenerationRequest(
            None if self.prompt is None else well_formed(self.prompt),
            self.template,
            self.temperature,
            self.top_p,
            self.seed,
            self.max_tokens,
            self.raw,
        )
