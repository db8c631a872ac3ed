"""Transcribes a page with a vision model, and compares the result with the page's own text.

Models that transcribe fail in ways that look like text: they repeat themselves, break off, or describe a blank page.
So a blank page is never shown to the model. If a generation fails, the model tries again with sampling, then with the
page in tiles; the page's literal text replaces what still fails. Each step is recorded, and each failure flagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cogdoc.engines.protocol import Transcription
from cogdoc.engines.vision.agreement import agreement
from cogdoc.engines.vision.generated_lines import GeneratedLine, generated_lines, merge
from cogdoc.engines.vision.instructions import Instructions, Task
from cogdoc.engines.vision.markdown_blocks import to_blocks
from cogdoc.engines.vision.picture_sizes import page_size
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.reply_cleaning import cleaned
from cogdoc.engines.vision.tiles import Tile, draw_page, draw_tiles, is_dense, plan_tiles
from cogdoc.engines.vision.vision_model import (
    FinishReason,
    Generation,
    PageImage,
    VisionModel,
)
from cogdoc.errors import TimeLimitError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText, TextOrigin, mean_confidence
from cogdoc.results.flags import Flag

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

INSTRUCTION_TOKENS = 64
"""More than any instruction for a task takes, its template included."""

LOW_AGREEMENT = 0.5
"""Share of the literal words' characters below which a transcription may be of another page, or of none."""

OK, REPETITION, CUT_OFF, NO_TEXT, TIMED_OUT = "ok", "repetition", "cut off", "no text", "took too long"
LITERAL = "literal text"
"""Outcomes of a step, as results state them."""

PARAGRAPH_END = GeneratedLine("", 1.0)


@dataclass(slots=True)
class _Attempts:
    """The generations for one page, with a record of how each went and the flags for the result."""

    model: VisionModel
    time_limit: float
    instructions: Instructions
    literal: str
    """The page's own text: instructions are in its language, and none of it is taken for a remark of the model."""
    steps: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    longest_cut_off: list[GeneratedLine] = field(default_factory=list)
    """The longest text that was cut off, the last resort for a page without literal text."""

    def read(
        self, picture: Picture, name: str, *, printed: str, task: Task = Task.TRANSCRIBE
    ) -> list[GeneratedLine] | None:
        """The lines in a picture, from a second attempt if the first fails; None if both fail.

        Args:
            printed: the page's own text there, a draft for the model. If there is some, generating none is a failure.
        """
        image = PageImage(picture)
        request = self.instructions.for_page(task, self.literal)
        samplings = (self.instructions.sampling, self.instructions.retry_sampling)
        for sampling, suffix in zip(samplings, ("", ", sampled"), strict=True):
            options = replace(request.options(self.time_limit, sampling, RepetitionGuard()), draft=printed or None)
            generation = self.model.generate([image], request.prompt, options)
            lines = cleaned(generated_lines(generation), self.literal)
            outcome = _outcome(generation, lines)
            if not generation.is_confidence_known:
                self.flag(Flag.UNKNOWN_CONFIDENCE)
            self.steps.append(f"{name}{suffix}: {outcome}")
            if outcome == OK or (outcome == NO_TEXT and not printed):
                return lines
            if outcome == REPETITION:
                self.flag(Flag.REPETITION)
            elif outcome == CUT_OFF:
                self.flag(Flag.CUT_OFF)
                self.longest_cut_off = max(self.longest_cut_off, lines, key=len)
        return None

    def flag(self, flag: Flag) -> None:
        if flag not in self.flags:
            self.flags.append(flag)


def transcribe_page(
    page: Page,
    model: VisionModel,
    time_limit: float,
    instructions: Instructions = Instructions(),  # noqa: B008  immutable
) -> Transcription:
    """The text of a page in blocks, in the order in which the model generated it.

    Args:
        time_limit: seconds that one generation may take.

    Raises:
        TimeLimitError: a generation took longer, and the page has no text of its own.
        CogdocError: the page cannot be read.
    """
    page_text = page.text()
    if page_text.origin is TextOrigin.BLANK:
        return Transcription((), 1.0, steps=("blank page: not looked at",))
    attempts = _Attempts(model, time_limit, instructions, page_text.text)
    if instructions.request.raw:
        return _raw_transcription(page, page_text, attempts)
    try:
        lines = _read_page(page, page_text, attempts)
    except TimeLimitError:
        if not page_text.lines:
            raise
        attempts.steps.append(TIMED_OUT)
        lines = None
    return _literal_transcription(page, attempts) if lines is None else _transcription(lines, page_text, attempts)


def _read_page(page: Page, page_text: PageText, attempts: _Attempts) -> list[GeneratedLine] | None:
    """The lines of the whole page, or of its tiles if it is dense or reading it whole fails; None if all fail."""
    limits = attempts.model.limits
    tokens = attempts.model.count_tokens(page_text.text)
    max_new_tokens = _max_new_tokens(page_text, attempts)
    lines = None
    if is_dense(page_text, limits, tokens, max_new_tokens):
        attempts.steps.append("dense page: in tiles")
    else:
        picture = draw_page(page, page_text, page_size(limits, page_text.width, page_text.height))
        lines = attempts.read(picture, "whole", printed=page_text.text)
    if lines is None:
        tiles = plan_tiles(page_text, page.layout().blocks, limits, tokens, max_new_tokens)
        attempts.flag(Flag.TILED)
        lines = _read_tiles(tiles, draw_tiles(page, page_text, tiles, limits), page_text, attempts)
    if lines is None and not page_text.lines:
        lines = attempts.longest_cut_off
    return lines


def _raw_transcription(page: Page, page_text: PageText, attempts: _Attempts) -> Transcription:
    """The model's words about the whole page as they came, without a second attempt."""
    size = page_size(attempts.model.limits, page_text.width, page_text.height)
    image = PageImage(draw_page(page, page_text, size))
    request = attempts.instructions.for_page(Task.TRANSCRIBE, page_text.text)
    options = request.options(attempts.time_limit, attempts.instructions.sampling, RepetitionGuard())
    generation = attempts.model.generate([image], request.prompt, options)
    outcome = _outcome(generation, generated_lines(generation))
    flag = {REPETITION: Flag.REPETITION, CUT_OFF: Flag.CUT_OFF}.get(outcome)
    if not generation.is_confidence_known:
        attempts.flag(Flag.UNKNOWN_CONFIDENCE)
    if flag is not None:
        attempts.flag(flag)
    return Transcription(
        (),
        generation.confidence,
        flags=_names(attempts.flags),
        steps=(f"whole: {outcome}",),
        agreement=agreement((word.text for word in page_text.words), generation.text),
        raw=generation.text,
    )


def _max_new_tokens(page_text: PageText, attempts: _Attempts) -> int:
    limits = attempts.model.limits
    request = attempts.instructions.for_page(Task.TRANSCRIBE, page_text.text)
    return min(request.max_new_tokens, limits.context_tokens - limits.image_tokens - INSTRUCTION_TOKENS)


def _outcome(generation: Generation, lines: Sequence[GeneratedLine]) -> str:
    if generation.finish_reason is FinishReason.CONDITION:
        return REPETITION
    if generation.finish_reason is FinishReason.LENGTH:
        return CUT_OFF
    return OK if lines else NO_TEXT


def _read_tiles(
    tiles: Sequence[Tile], pictures: Sequence[Picture], page_text: PageText, attempts: _Attempts
) -> list[GeneratedLine] | None:
    """The lines of all tiles without duplicates; literal lines for tiles that fail, None if all tiles fail."""
    names = [f"tile {number} of {len(tiles)}" for number in range(1, len(tiles) + 1)]
    literal = [_literal_lines(tile, page_text) for tile in tiles]
    generated = [
        attempts.read(
            picture,
            name,
            printed="\n".join(line.text for line in literal_lines),
            task=Task.TABLE if tile.is_table else Task.TRANSCRIBE,
        )
        for tile, picture, name, literal_lines in zip(tiles, pictures, names, literal, strict=True)
    ]
    if all(lines is None for lines in generated):
        return None
    merged: list[GeneratedLine] = []
    for index, lines in enumerate(generated):
        if lines is None:
            attempts.steps.append(f"{names[index]}: {LITERAL}")
            attempts.flag(Flag.LITERAL_TEXT)
            lines = literal[index]
        merged = merge(merged, lines) if tiles[index].continues else [*merged, PARAGRAPH_END, *lines]
    return merged


def _literal_lines(tile: Tile, page_text: PageText) -> list[GeneratedLine]:
    return [
        GeneratedLine(line.text, mean_confidence(line.words))
        for line in page_text.lines
        if tile.box.contains_point(*line.box.center)
    ]


def _literal_transcription(page: Page, attempts: _Attempts) -> Transcription:
    layout = page.layout()
    attempts.steps.append(LITERAL)
    attempts.flag(Flag.LITERAL_TEXT)
    return Transcription(
        layout.blocks,
        mean_confidence(layout.page_text.words),
        flags=_names(attempts.flags),
        steps=tuple(attempts.steps),
    )


def _transcription(lines: Sequence[GeneratedLine], page_text: PageText, attempts: _Attempts) -> Transcription:
    share = agreement((word.text for word in page_text.words), "\n".join(line.text for line in lines))
    if share is not None and share < LOW_AGREEMENT:
        attempts.flag(Flag.LOW_AGREEMENT)
    blocks = to_blocks(lines, page_text)
    words = [word for block in blocks for line in block.lines for word in line.words]
    return Transcription(blocks, mean_confidence(words), _names(attempts.flags), tuple(attempts.steps), share)


def _names(flags: Iterable[Flag]) -> tuple[str, ...]:
    return tuple(flag.value for flag in flags)
