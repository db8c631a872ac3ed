"""A page written down by CogVLM2, and checked against its literal words.

A model that writes pages down fails in ways that look like text: it repeats itself, breaks off, or fills a blank page.
So a blank page is not shown to it, and where it fails it is asked again: with some chance in its choices, then with
the page in tiles; what is still missing is the page's literal text. Each step is recorded, and each failure flagged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cogdoc.cogvlm2.decoding import GREEDY
from cogdoc.cogvlm2.sampling import Sampling
from cogdoc.documents.rendering import COGVLM2_SQUARE
from cogdoc.engines.cogvlm2.vision_model import Looker, Said, View
from cogdoc.engines.protocol import Transcription
from cogdoc.engines.vision.agreement import agreement
from cogdoc.engines.vision.generated_lines import GeneratedLine, generated_lines, merge
from cogdoc.engines.vision.instructions import Task, instruction
from cogdoc.engines.vision.markdown_blocks import to_blocks
from cogdoc.engines.vision.repetition import RepetitionGuard
from cogdoc.engines.vision.tiles import Tile, draw_page, draw_tiles, is_dense, plan_tiles
from cogdoc.errors import TimeLimitError
from cogdoc.parsing.page import Page
from cogdoc.parsing.page_text import PageText, TextOrigin, mean_confidence
from cogdoc.results.records import Flag

if TYPE_CHECKING:
    from cogdoc.documents.pictures import Picture

AGAIN = Sampling(temperature=0.6, top_p=0.9, seed=1)
"""For a second attempt: enough chance to leave a loop, too little to make words up; the same each time."""

LOW_AGREEMENT = 0.5
"""Share of the literal words' characters below which a transcription may be of another page, or of none."""

LITERAL = "literal text"
PARAGRAPH_END = GeneratedLine("", 1.0)

OK, REPETITION, CUT_OFF, NOTHING, TOO_SLOW = "ok", "repetition", "cut off", "no text", "took too long"


@dataclass(slots=True)
class _Attempts:
    """The looks at one page: how each went, and what has to be known of the result."""

    looker: Looker
    language: str
    """Text in the language that instructions should have."""
    steps: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    broken_off: list[GeneratedLine] = field(default_factory=list)
    """The longest text that was cut off, for pages on which nobody reads more."""

    def read(
        self, picture: Picture, name: str, *, has_text: bool, task: Task = Task.TRANSCRIBE
    ) -> list[GeneratedLine] | None:
        """What a picture says, asked a second time if need be; None where both failed.

        Args:
            has_text: whether literal words stand there, so that no text would be a failure too.
        """
        view = View(picture)
        for sampling, way in ((GREEDY, ""), (AGAIN, ", sampled")):
            said = self.looker.ask(view, instruction(task, self.language), sampling, RepetitionGuard())
            lines = generated_lines(said, self.looker.reader.tokenizer)
            outcome = _outcome(said)
            self.steps.append(f"{name}{way}: {outcome}")
            if outcome == OK or (outcome == NOTHING and not has_text):
                return lines
            if outcome == REPETITION:
                self.flag(Flag.REPETITION)
            elif outcome == CUT_OFF:
                self.flag(Flag.CUT_OFF)
                self.broken_off = max(self.broken_off, lines, key=len)
        return None

    def flag(self, flag: Flag) -> None:
        if flag not in self.flags:
            self.flags.append(flag)


def transcribe_page(page: Page, looker: Looker) -> Transcription:
    """The text of a page in blocks, in the order in which the model wrote it.

    Raises:
        CogdocError: the page cannot be read; TimeLimitError where looking takes too long and it has no literal words.
    """
    words = page.text()
    if words.origin is TextOrigin.BLANK:
        return Transcription((), 1.0, steps=("blank page: not looked at",))
    asked = instruction(Task.TRANSCRIBE, words.text)
    config = looker.reader.model.config
    # What the instruction itself takes is no more than this.
    room = min(asked.max_tokens, config.max_positions - config.image_tokens - 64)
    tokens = looker.reader.tokenizer.count(words.text)
    attempts = _Attempts(looker, words.text)
    try:
        lines = _look(page, words, attempts, tokens, room)
    except TimeLimitError:
        if not words.lines:
            raise
        attempts.steps.append(TOO_SLOW)
        lines = None
    return _literal(page, attempts) if lines is None else _checked(lines, words, attempts)


def _look(page: Page, words: PageText, attempts: _Attempts, tokens: int, room: int) -> list[GeneratedLine] | None:
    """The page as a whole, or in tiles where it is dense or cannot be read whole; None where nothing helped.

    Args:
        tokens: of the page's literal text.
        room: for tokens of an answer.
    """
    config = attempts.looker.reader.model.config
    lines = None
    if is_dense(words, config.vision, tokens, room):
        attempts.steps.append("dense page: in tiles")
    else:
        lines = attempts.read(draw_page(page, words, COGVLM2_SQUARE), "whole", has_text=bool(words.lines))
    if lines is None:
        tiles = plan_tiles(words, page.layout().blocks, config.vision, tokens, room)
        attempts.flag(Flag.TILED)
        lines = _read_tiles(tiles, draw_tiles(page, words, tiles, config.vision), words, attempts)
    if lines is None and not words.lines:
        lines = attempts.broken_off
    return lines


def _outcome(said: Said) -> str:
    if said.stopped:
        return REPETITION
    if said.cut_off:
        return CUT_OFF
    return OK if said.text else NOTHING


def _read_tiles(
    tiles: Sequence[Tile], pictures: Sequence[Picture], words: PageText, attempts: _Attempts
) -> list[GeneratedLine] | None:
    """What all tiles say, each text once; literal text where one could not be read, None where none could."""
    names = [f"tile {number} of {len(tiles)}" for number in range(1, len(tiles) + 1)]
    literal = [_literal_lines(tile, words) for tile in tiles]
    read = [
        attempts.read(picture, name, has_text=bool(stands_there), task=Task.TABLE if tile.is_table else Task.TRANSCRIBE)
        for tile, picture, name, stands_there in zip(tiles, pictures, names, literal, strict=True)
    ]
    if all(lines is None for lines in read):
        return None
    text: list[GeneratedLine] = []
    for place, lines in enumerate(read):
        if lines is None:
            attempts.steps.append(f"{names[place]}: {LITERAL}")
            attempts.flag(Flag.LITERAL_TEXT)
            lines = literal[place]
        text = merge(text, lines) if tiles[place].continues else [*text, PARAGRAPH_END, *lines]
    return text


def _literal_lines(tile: Tile, words: PageText) -> list[GeneratedLine]:
    return [
        GeneratedLine(line.text, mean_confidence(line.words))
        for line in words.lines
        if tile.box.contains_point(*line.box.center)
    ]


def _literal(page: Page, attempts: _Attempts) -> Transcription:
    layout = page.layout()
    attempts.steps.append(LITERAL)
    attempts.flag(Flag.LITERAL_TEXT)
    return Transcription(
        layout.blocks,
        mean_confidence(layout.page_text.words),
        flags=_names(attempts.flags),
        steps=tuple(attempts.steps),
    )


def _checked(lines: Sequence[GeneratedLine], words: PageText, attempts: _Attempts) -> Transcription:
    share = agreement((word.text for word in words.words), "\n".join(line.text for line in lines))
    if share is not None and share < LOW_AGREEMENT:
        attempts.flag(Flag.LOW_AGREEMENT)
    blocks = to_blocks(lines, words)
    spoken = [word for block in blocks for line in block.lines for word in line.words]
    return Transcription(blocks, mean_confidence(spoken), _names(attempts.flags), tuple(attempts.steps), share)


def _names(flags: Iterable[Flag]) -> tuple[str, ...]:
    return tuple(flag.value for flag in flags)
