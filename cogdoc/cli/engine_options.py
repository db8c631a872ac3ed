"""The options that select an engine, which `ask`, `ocr`, `chart` and `eval` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from cogdoc.cli.completion import complete_model, complete_names
from cogdoc.cli.generation_options import GenerationOptions
from cogdoc.cogvlm2.precision import VISION_PRECISIONS
from cogdoc.engines.registry import engine_arguments
from cogdoc.engines.selection import AUTO, EngineRequest
from cogdoc.models.published_models import QUANTIZATIONS

Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        envvar="COGDOC_ENGINE",
        metavar="|".join(engine_arguments()),
        autocompletion=complete_names(engine_arguments()),
        help="The engine that reads the pages. The URL of an OpenAI-compatible server, such as "
        "http://localhost:8000/v1, sends them there, with the key in COGDOC_API_KEY.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        envvar="COGDOC_MODEL",
        metavar="chat|chinese|FOLDER|NAME",
        autocompletion=complete_model,
        help="The CogVLM2 checkpoint to use, see cogdoc model list; with a URL as engine, its model's name.",
    ),
]
Quantization = Annotated[
    str | None,
    typer.Option(
        "--quantization",
        envvar="COGDOC_QUANTIZATION",
        metavar="|".join(QUANTIZATIONS),
        autocompletion=complete_names(QUANTIZATIONS),
        help="The precision of CogVLM2's weights; nf4 by default.",
    ),
]
VisionPrecision = Annotated[
    str | None,
    typer.Option(
        "--vision-precision",
        envvar="COGDOC_VISION_PRECISION",
        metavar="|".join(VISION_PRECISIONS),
        autocompletion=complete_names(VISION_PRECISIONS),
        help="The precision of CogVLM2's vision tower; bf16 by default if memory suffices.",
    ),
]
Adapter = Annotated[
    str | None,
    typer.Option(
        "--adapter",
        envvar="COGDOC_ADAPTER",
        metavar="FOLDER",
        help="A LoRA adapter of CogVLM2, as PEFT saves it.",
    ),
]
Offload = Annotated[
    bool,
    typer.Option(
        "--offload",
        envvar="COGDOC_OFFLOAD",
        help="Keep what CogVLM2 needs only for pictures in main memory, for small GPUs; the answers are the same.",
    ),
]
AllowRemote = Annotated[
    bool,
    typer.Option(
        "--allow-remote",
        envvar="COGDOC_ALLOW_REMOTE",
        help="With a URL as engine: let pages leave this machine and its private networks.",
    ),
]


@dataclass(frozen=True, slots=True)
class EngineOptions(GenerationOptions):
    """The options that select an engine, and say how it generates."""

    engine: Engine = AUTO
    model: Model = None
    quantization: Quantization = None
    vision_precision: VisionPrecision = None
    adapter: Adapter = None
    offload: Offload = False
    allow_remote: AllowRemote = False

    @property
    def engine_request(self) -> EngineRequest:
        return EngineRequest(
            self.engine,
            self.model,
            self.quantization,
            self.vision_precision,
            self.adapter,
            self.generation,
            self.offload,
            self.allow_remote,
        )
