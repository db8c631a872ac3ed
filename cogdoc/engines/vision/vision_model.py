"""The interface between reading pages and a vision-language model: everything that `engines/vision` needs of a model.

A class that implements `VisionModel` becomes an engine with `VisionEngine(model, info, time_limit)`. An import rule
keeps everything else about the model (weights, tokenizer, tensors, a server's protocol) out of `engines/vision`.
`engines/cogvlm2/cogvlm2_model.py` implements it; `tests/engines/scripted_model.py` is the smallest possible
implementation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture
    from cogdoc.results.usage_counts import Usage


UNKNOWN_CONFIDENCE = 0.5
"""The confidence of text from a model that gives no log-probabilities: it counts as neither sure nor unsure."""

StopCondition = Callable[[Sequence[Hashable]], bool]
"""Called during generation with all tokens so far; True stops. Tokens are ids or pieces of text, depending on the
model, but of one kind within an answer: a condition may only compare them with each other."""


@dataclass(frozen=True, slots=True)
class VisionModelLimits:
    """How much a model can see and generate at once; page tiles are planned by it."""

    image_size: int
    """Pixels of the side of the square that the model scales each image to."""
    patch_grid: int
    """Patches along a side of that square. Pages with print much smaller than a patch are cut into tiles."""
    context_tokens: int
    """Tokens of images, prompt and answer together."""
    image_tokens: int
    """Tokens of one image."""
    side_by_side: int = 1
    """Requests that it answers together: as many threads keep it busy."""
    keeps_proportions: bool = False
    """Whether it sees images in their own proportions, with about as many pixels as the square has."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class PageImage:
    """A picture of a page or of a part of one. Reuse the object for several prompts: models cache by its identity,
    strongly for the latest image or by weak reference."""

    picture: Picture


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation, and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The text of a request. The model applies its own chat template."""

    text: str
    short_answer: bool = False
    """Whether the answer is a few words rather than sentences."""
    template: str | None = None
    """One of the model's own templates by name, instead of the one that it takes for such an answer."""
    is_users: bool = False
    """Whether the user worded the whole instruction, to which no other words are added."""
    history: tuple[Turn, ...] = ()
    """The conversation before it, about the same images."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are chosen. The default is greedy: the likeliest token each time."""

    temperature: float = 0.0
    top_p: float = 1.0
    """Draw from the smallest set of likeliest tokens that together have this probability."""
    seed: int = 0
    """The same seed gives the same text, if the model is deterministic."""


GREEDY = Sampling()


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """How an answer is generated, and when generation ends at the latest."""

    max_new_tokens: int
    time_limit: float
    """Seconds, counted from when the model starts this call; waiting for other calls does not count."""
    sampling: Sampling = GREEDY
    stop: StopCondition | None = None
    draft: str | None = None
    """A guess at the text, such as the page's own text, for speculative decoding. It may save time and does not change
    the result, except between tokens of equal probability. Models may ignore it."""
    cancelled: Callable[[], bool] | None = None
    """Polled while the model works, also before the first token; True ends it with `FinishReason.CANCELLED`."""
    on_text: Callable[[str], None] | None = None
    """Called with each piece of text as it is generated; the pieces joined and stripped are the generation's text."""
    on_usage: Callable[[Usage], None] | None = None
    """Called once at the end with what the generation took, also if it fails. Models that cannot tell ignore it."""


class FinishReason(StrEnum):
    """Why generation ended."""

    STOP = "stop"
    """The model ended it."""
    LENGTH = "length"
    """`max_new_tokens` or the model's context is used up, so the text is cut off."""
    CONDITION = "condition"
    """`GenerationOptions.stop` returned True."""
    CANCELLED = "cancelled"
    """`GenerationOptions.cancelled` returned True; the text is what was generated until then."""


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token: its piece of the text, and the natural logarithm of its probability."""

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Generation:
    """What the model generated."""

    text: str
    """Without white space at either end."""
    tokens: tuple[Token, ...]
    """Their texts joined and stripped are `text`. Empty if the model gives no log-probabilities."""
    finish_reason: FinishReason

    @property
    def is_confidence_known(self) -> bool:
        """Whether the model gave log-probabilities of its text, if there is any."""
        return bool(self.tokens) or not self.text

    @property
    def confidence(self) -> float:
        """The geometric mean of the tokens' probabilities, 0 to 1: 0 for no text, UNKNOWN_CONFIDENCE without tokens."""
        if not self.tokens:
            return UNKNOWN_CONFIDENCE if self.text else 0.0
        return math.exp(sum(token.logprob for token in self.tokens) / len(self.tokens))


class VisionModel(Protocol):
    """A vision-language model. Its methods are called from several threads at a time."""

    limits: VisionModelLimits

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        """Answer a prompt about images; `engines/vision` asks about one at a time, and in conversations about none.

        Raises:
            TimeLimitError: it took longer than `options.time_limit`, or the model was closed.
            TooLargeError: images and prompt do not fit the model's context.
            ResourceError: there is not enough memory.
            CogdocError: any other error that the user can fix.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """The number of tokens in `text`, by which tiles are planned; an estimate is enough."""
        ...

    def close(self) -> None:
        """Stop the current generation, and refuse further ones. Called before the process ends."""
        ...
