"""A minimal vision model for tests: it answers from a script, without tensors or a tokenizer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cogdoc.engines.entry import Actors, ClusterSize, Offer
from cogdoc.engines.generation import AS_USUAL, GenerationRequest
from cogdoc.engines.protocol import Engine
from cogdoc.engines.selection import EngineRequest, Progress
from cogdoc.engines.vision.engine import VisionEngine
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    GenerationOptions,
    PageImage,
    Prompt,
    Token,
    VisionModelLimits,
)
from cogdoc.results.records import EngineInfo

LIMITS = VisionModelLimits(image_size=1344, patch_grid=96, context_tokens=8192, image_tokens=2306)


@dataclass
class ScriptedModel:
    """Implements `cogdoc.engines.vision.vision_model.VisionModel`.

    Args:
        script: for each prompt the replies to give, in order; the last one is repeated. Other prompts are refused.
        probability: of each token; without one it is a model that gives no log-probabilities.
    """

    script: Mapping[str, Sequence[str]]
    probability: float | None = 0.9
    limits: VisionModelLimits = LIMITS
    closed: bool = False
    loads: int = 0
    calls: list[tuple[PageImage, Prompt, GenerationOptions]] = field(default_factory=list)

    def generate(self, images: Sequence[PageImage], prompt: Prompt, options: GenerationOptions) -> Generation:
        (image,) = images
        replies = self.script.get(prompt.text, ["not found"])
        earlier = sum(asked.text == prompt.text for _, asked, _ in self.calls)
        self.calls.append((image, prompt, options))
        pieces: list[str] = []
        finish_reason = FinishReason.STOP
        for piece in re.findall(r"\s*\S+", replies[min(earlier, len(replies) - 1)]):
            if options.cancelled is not None and options.cancelled():
                finish_reason = FinishReason.CANCELLED
                break
            if len(pieces) == options.max_new_tokens:
                finish_reason = FinishReason.LENGTH
                break
            pieces.append(piece)
            if options.on_text is not None:
                options.on_text(piece)
            if options.stop is not None and options.stop(pieces):
                finish_reason = FinishReason.CONDITION
                break
        probability = self.probability
        tokens = () if probability is None else tuple(Token(piece, math.log(probability)) for piece in pieces)
        return Generation("".join(pieces).strip(), tokens, finish_reason)

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def close(self) -> None:
        self.closed = True


@dataclass(frozen=True)
class ScriptedSettings:
    """Implements `cogdoc.engines.selection.EngineSettings`."""

    model: ScriptedModel
    generation: GenerationRequest = AS_USUAL
    advice: str | None = None
    notice: str | None = None

    def load(self, seconds: float, progress: Progress | None = None) -> Engine:  # noqa: ARG002
        self.model.loads += 1
        return VisionEngine(self.model, EngineInfo(name="scripted", version="1"), seconds, self.generation)


@dataclass(frozen=True)
class ScriptedEntry:
    """Implements `cogdoc.engines.entry.EngineEntry`; selected by a form of its own, as an engine behind a URL is."""

    model: ScriptedModel
    name: str = "scripted"
    argument: str = "scripted:NAME"

    def accepts(self, request: EngineRequest) -> bool:
        return request.engine.startswith("scripted:")

    def configure(self, request: EngineRequest) -> ScriptedSettings:
        return ScriptedSettings(self.model, request.generation)

    def offer(self, request: EngineRequest) -> Offer | None:  # noqa: ARG002
        return None

    def actors(self, cluster: ClusterSize) -> Actors | None:  # noqa: ARG002
        return None
