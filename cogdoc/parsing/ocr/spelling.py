"""Correct doubtful words of English pages by a lexicon.

The recognition network decides character by character, so that worn print reads "facsimlle" and narrow spaces
"ofthis". A word that is neither known nor read with confidence is compared with similar known words: the network's
output gives the likelihood of each, and a word that fits nearly as well as the reading replaces it. Confident
readings stay as they are, and so do numbers and codes. On other pages, words are only split, and only where the network
all but saw a space. Lines that come without the network's output, such as titles of vertical axes, have words joined
that were read in parts. On pages in Turkish and Azerbaijani, an i is dotless where the network sees a trace of that.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from cogdoc.parsing.ocr.ctc import Character, CtcOutput
from cogdoc.parsing.ocr.lexicon import is_english, is_known, similar_words, splits
from cogdoc.parsing.ocr.ocr_engine import DOTLESS
from cogdoc.parsing.ocr.ocr_lines import OcrLine, OcrWord, Quad

DOUBTFUL_CONFIDENCE = 0.97
"""A letter below this confidence may be a guess."""

LETTER_COST = 4.0
"""Log-likelihood that each changed letter may cost. The right word of a worn form mostly costs less than 3, and two
words that are really one cost 8 and more."""

SPACE_COST = 2.3
"""Log-likelihood that a space may cost on pages that are not known to be English, as of a lone title: it is then at
least a tenth as likely as none."""

SHORT_WORD = 4
"""Words of up to this many letters have too many similar words: they must keep their length, and letters cost less."""

SHORT_WORD_LETTER_COST = 3.0

MAX_PARTS = 4
"""Parts in which a word may be read."""

MIN_JOINED = 5
"""Letters of the shortest word that is joined."""

MIN_DOTLESS = 3
"""Dotless letters that a page in Turkish or Azerbaijani has."""

DOTLESS_TRACE = 0.02
"""The probability of a dotless letter from which an i is one. Of 414 letters i on four pages in Turkish, the network
gave none as much as 0.0005, and of 43 dotless ones that it took for an i, at least 0.025."""

_TOKEN = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class _Change:
    start: int
    end: int
    text: str


def correct_spelling(lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` of one page with doubtful words corrected; if the page is not in English, only split."""
    lines = _with_dotless(lines)
    english = is_english(line.text for line in lines)
    return [
        _correct_line(line, line.ctc, english=english) if line.ctc else _with_whole_words(line) if english else line
        for line in lines
    ]


def _with_dotless(lines: Sequence[OcrLine]) -> list[OcrLine]:
    """`lines` of one page; on a page in Turkish or Azerbaijani, with each ı that was read as an i."""
    if sum(line.text.count(DOTLESS) for line in lines if line.ctc) < MIN_DOTLESS:
        return list(lines)
    return [_with_dotless_letters(line, line.ctc) if line.ctc else line for line in lines]


def _with_dotless_letters(line: OcrLine, ctc: CtcOutput) -> OcrLine:
    """The line with dotless letters in its text and in its words, which keep their boxes."""
    text = "".join(
        DOTLESS if letter == "i" and _may_be_dotless(char, ctc) else letter
        for letter, char in zip(line.text, ctc.characters, strict=True)
    )
    letters = iter(text.replace(" ", ""))
    words = tuple(replace(word, text="".join(itertools.islice(letters, len(word.text)))) for word in line.words)
    return replace(line, text=text, words=words)


def _may_be_dotless(char: Character, ctc: CtcOutput) -> bool:
    traces = ctc.probabilities[char.first : char.last + 1, ctc.columns[DOTLESS]]
    return bool(traces.max() >= DOTLESS_TRACE)


def _is_latin_word(token: str) -> bool:
    """Whether `token` has only Latin letters and a few digits, which may be misread letters."""
    letters = sum("a" <= char.lower() <= "z" or "À" <= char <= "ÿ" for char in token)
    digits = sum(char.isdigit() for char in token)
    return letters + digits == len(token) and letters >= 3 and digits <= letters / 3


def _correct_line(line: OcrLine, ctc: CtcOutput, *, english: bool) -> OcrLine:
    return _changed(line, ctc, list(_find_changes(line.text, ctc, english=english)))


def _find_changes(text: str, ctc: CtcOutput, *, english: bool) -> Iterator[_Change]:
    for match in _TOKEN.finditer(text):
        token, (start, end) = match[0], match.span()
        if not _is_latin_word(token) or is_known(token):
            continue
        candidates = [(split, LETTER_COST if english else SPACE_COST) for split in splits(token)]
        if english and min(char.confidence for char in ctc.characters[start:end]) < DOUBTFUL_CONFIDENCE:
            candidates += _similar_words_with_cost(token)
        if not candidates:
            continue
        first_step, end_step = _steps_of(start, end, ctc)
        as_read = ctc.log_likelihood(token, first_step, end_step)
        gains = [
            (ctc.log_likelihood(candidate, first_step, end_step) - as_read, candidate, max_cost)
            for candidate, max_cost in candidates
        ]
        if plausible := [(gain, candidate) for gain, candidate, max_cost in gains if gain > -max_cost]:
            yield _Change(start, end, max(plausible)[1])


def _similar_words_with_cost(token: str) -> Iterator[tuple[str, float]]:
    """Known words similar to `token`, in its case, with the log-likelihood that the changed letters may cost."""
    is_short = len(token) <= SHORT_WORD
    for word, distance in similar_words(token):
        if not is_short or len(word) == len(token):
            for candidate in _in_case_of(token, word):
                yield candidate, distance * (SHORT_WORD_LETTER_COST if is_short else LETTER_COST)


def _in_case_of(token: str, word: str) -> tuple[str, ...]:
    """`word` in the case of `token`; in lower, title and upper case if `token` is in mixed case."""
    if token.isupper():
        return (word.upper(),)
    if token.islower():
        return (word,)
    if token[0].isupper() and token[1:].islower():
        return (word.capitalize(),)
    return (word, word.capitalize(), word.upper())


def _steps_of(start: int, end: int, ctc: CtcOutput) -> tuple[int, int]:
    """The steps of the characters `start` to `end` with the blanks around them: the first, and one after the last."""
    first_step = ctc.characters[start - 1].last + 1 if start else 0
    return first_step, ctc.characters[end].first if end < len(ctc.characters) else ctc.steps


def _with_whole_words(line: OcrLine) -> OcrLine:
    """The line with words joined that are read in parts, as those of axis titles are: "m arg in" is "margin"."""
    if line.words:
        return line
    parts, words = line.text.split(), list[str]()
    while parts:
        counts = (count for count in range(MAX_PARTS, 1, -1) if _are_one_word(parts[:count]))
        count = next(counts, 1)
        words.append("".join(parts[:count]))
        parts = parts[count:]
    return replace(line, text=" ".join(words))


def _are_one_word(parts: Sequence[str]) -> bool:
    whole = "".join(parts)
    return len(whole) >= MIN_JOINED and is_known(whole) and not all(map(is_known, parts))


def _changed(line: OcrLine, ctc: CtcOutput, changes: Sequence[_Change]) -> OcrLine:
    if not changes:
        return line
    words: list[OcrWord] = []
    for match in re.finditer(r"\S+", line.text):
        start, end = match.span()
        confidence = fmean(char.confidence for char in ctc.characters[start:end])
        text = match[0]
        for change in reversed([change for change in changes if start <= change.start < end]):
            text = text[: change.start - start] + change.text + text[change.end - start :]
        first_step, end_step = _steps_of(start, end, ctc)
        steps_per_letter = (end_step - first_step) / len(text.replace(" ", ""))
        left = float(first_step)
        for part in text.split(" "):
            right = left + steps_per_letter * len(part)
            words.append(OcrWord(part, _slice(line.quad, left / ctc.steps, right / ctc.steps), confidence))
            left = right
    return replace(line, text=" ".join(word.text for word in words), words=tuple(words))


def _slice(quad: Quad, start: float, end: float) -> Quad:
    """The part of `quad` between two shares (0 to 1) of its width."""
    left, across = quad[[0, 3]], quad[[1, 2]] - quad[[0, 3]]
    (top_left, bottom_left), (top_right, bottom_right) = left + across * start, left + across * min(1.0, end)
    return np.stack([top_left, top_right, bottom_right, bottom_left])
