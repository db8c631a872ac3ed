"""The keywords that the functions of the Python API share."""

from __future__ import annotations

from typing import TypedDict


class EngineKeywords(TypedDict, total=False):
    """The keywords that select an engine, for every function here. Each engine is loaded once per process."""

    engine: str
    """auto (the default), builtin, cogvlm2, or the URL of an OpenAI-compatible server."""
    model: str | None
    """The CogVLM2 checkpoint to use: chat, chinese, or a folder. With `auto`, it selects cogvlm2. With a URL, the
    name of the server's model."""
    quantization: str | None
    """nf4, int8 or none, instead of what fits this machine; see the command line's options of the same names."""
    vision_precision: str | None
    adapter: str | None
    offload: bool
    allow_remote: bool
    """Whether a server may be outside of this machine and its private networks; False by default."""
    prompt: str | None
    """An instruction for CogVLM2 instead of cogdoc's own; for questions, it contains {question}."""
    template: str | None
    """base, chat or vqa, instead of the template that fits the task."""
    temperature: float | None
    """0 (the default) always takes the likeliest token."""
    top_p: float | None
    seed: int | None
    max_tokens: int | None
    """The most tokens of one answer."""
    raw: bool
    """Whether to return the model's words as they came; False by default."""


class Keywords(EngineKeywords, total=False):
    """The keywords of every function here: those that select an engine, what runs OCR, and what text is read."""

    ocr: str
    """rapidocr (the default) for Latin, Chinese and Japanese script, or tesseract, if it is installed."""
    language: str | None
    """The languages for tesseract, such as "deu+rus"; eng by default."""
    hidden: bool
    """Whether to read text too that the pages do not show; False by default."""
    cache: bool | None
    """Whether to keep what pages say for later runs; None (the default) does so unless there is a password."""
