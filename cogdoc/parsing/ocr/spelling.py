"""Read doubtful words once more with the words of English in mind.

The recognizer decides letter by letter, so that worn print reads "facsimlle" and narrow spaces "ofthis". For a
word that is not known and was not read surely, the recognizer's own odds are asked how much worse the similar
known words fit the pixels; one that fits nearly as well is taken. What was read surely stays as it is, and so do
numbers, codes and pages in other languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from cogdoc.parsing.ocr.lexicon import is_english, is_known, partings, similar_words
from cogdoc.parsing.ocr.line_likelihood import LineOdds
from cogdoc.parsing.ocr.recognition import OcrLine, OcrWord, Quad

DOUBTFUL_LETTER = 0.97
"""Score below which a letter may be a guess."""

WORTH_OF_A_LETTER = 4.0
"""Log-likelihood that each changed letter may cost. The right word of a worn form mostly costs less than 3, and two
words that are really one cost 8 and more."""

SHORT_WORD = 4
"""Letters up to which too many words are alike: they must keep their length, and letters cost less."""

WORTH_IN_SHORT_WORD = 3.0

_TOKEN = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str


def with_known_words(lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` of one page, their doubtful words read once more; as they are where the page is not in English."""
    if not is_english(line.text for line in lines):
        return list(lines)
    return [_read_again(line, line.odds) if line.odds else line for line in lines]


def _is_spelled(token: str) -> bool:
    """Whether `token` is written in Latin letters, but for some digit that may be a misread one."""
    letters = sum("a" <= character.lower() <= "z" or "À" <= character <= "ÿ" for character in token)
    digits = sum(character.isdigit() for character in token)
    return letters + digits == len(token) and letters >= 3 and digits <= letters / 3


def _read_again(line: OcrLine, odds: LineOdds) -> OcrLine:
    changes = list(_changes(line.text, odds))
    return _changed(line, odds, changes) if changes else line


def _changes(text: str, odds: LineOdds) -> Iterator[_Change]:
    for match in _TOKEN.finditer(text):
        token, (start, end) = match[0], match.span()
        if not _is_spelled(token) or is_known(token):
            continue
        candidates = [(parted, WORTH_OF_A_LETTER) for parted in partings(token)]
        if min(character.confidence for character in odds.characters[start:end]) < DOUBTFUL_LETTER:
            candidates += _similar(token)
        if not candidates:
            continue
        first, stop = _steps_of(start, end, odds)
        as_read = odds.log_likelihood(token, first, stop)
        gains = [(odds.log_likelihood(form, first, stop) - as_read, form, worth) for form, worth in candidates]
        if good := [(gain, form) for gain, form, worth in gains if gain > -worth]:
            yield _Change(start, end, max(good)[1])


def _similar(token: str) -> Iterator[tuple[str, float]]:
    """Known words that `token` may be, written as it is, with what the changed letters may cost."""
    short = len(token) <= SHORT_WORD
    for word, letters in similar_words(token):
        if not short or len(word) == len(token):
            for form in _in_case_of(token, word):
                yield form, letters * (WORTH_IN_SHORT_WORD if short else WORTH_OF_A_LETTER)


def _in_case_of(token: str, word: str) -> tuple[str, ...]:
    """`word` in small and capital letters as `token` has them; in all the usual ways where it mixes them."""
    if token.isupper():
        return (word.upper(),)
    if token.islower():
        return (word,)
    if token[0].isupper() and token[1:].islower():
        return (word.capitalize(),)
    return (word, word.capitalize(), word.upper())


def _steps_of(start: int, end: int, odds: LineOdds) -> tuple[int, int]:
    """The steps between the characters around `start` to `end`: the first, and the one after the last."""
    first = odds.characters[start - 1].last + 1 if start else 0
    return first, odds.characters[end].first if end < len(odds.characters) else odds.steps


def _changed(line: OcrLine, odds: LineOdds, changes: Sequence[_Change]) -> OcrLine:
    words: list[OcrWord] = []
    for match in re.finditer(r"\S+", line.text):
        start, end = match.span()
        confidence = fmean(character.confidence for character in odds.characters[start:end])
        said = match[0]
        for change in reversed([change for change in changes if start <= change.start < end]):
            said = said[: change.start - start] + change.text + said[change.end - start :]
        place, stop = _steps_of(start, end, odds)
        width_of_letter = (stop - place) / len(said.replace(" ", ""))
        left = float(place)
        for part in said.split(" "):
            right = left + width_of_letter * len(part)
            words.append(OcrWord(part, _slice(line.quad, left / odds.steps, right / odds.steps), confidence))
            left = right
    return replace(line, text=" ".join(word.text for word in words), words=tuple(words))


def _slice(quad: Quad, begin: float, end: float) -> Quad:
    """The part of `quad` between two shares (0 to 1) of its width."""
    left, across = quad[[0, 3]], quad[[1, 2]] - quad[[0, 3]]
    (top_left, bottom_left), (top_right, bottom_right) = left + across * begin, left + across * min(1.0, end)
    return np.stack([top_left, top_right, bottom_right, bottom_left])
