"""What the work of a vision model took."""

from __future__ import annotations

from pydantic import Field

from cogdoc.results.record_model import Model


class Usage(Model):
    """What a vision model's work took, added up over its generations: tiles, retries, and the pages of an answer.

    It also has what the reading cache saved. Files have only what follows from the text: the other counts, the seconds
    and the memory depend on what else was read, and when.
    """

    generations: int = Field(default=0, description="how often the model was run, failed ones too")
    failed: int = Field(default=0, description="generations that took too long, or failed otherwise")
    prompt_tokens: int = Field(
        default=0, description="of the instructions' text; from a server, with those of pictures"
    )
    image_tokens: int = Field(default=0, description="of the pictures in the prompts, those that were read before too")
    generated_tokens: int = Field(default=0, description="tokens that the model wrote")
    passes: int | None = Field(default=None, description="forward passes that decoded tokens")
    draft_tokens: int | None = Field(default=None, description="tokens of drafts that were verified")
    accepted_tokens: int | None = Field(default=None, description="those of them that the model chose as well")
    pictures: dict[str, int] = Field(
        default_factory=dict,
        description='how often a picture was "read", or its "features in memory", "features on disk" or "prefix kept"',
    )
    seconds: dict[str, float] = Field(
        default_factory=dict,
        description='"waiting" for other work, the "vision" tower, the "prompt" pass over a picture, and "decoding", '
        'which has the pass over the instruction and others beside it; a remote engine has those of its "server"',
    )
    cache_hits: int = Field(default=0, description="texts and layouts of pages that the reading cache had")
    peak_memory: dict[str, int] = Field(
        default_factory=dict,
        description='the most bytes until then: of each "cuda" device as PyTorch allocates them, or of the "process"',
    )
