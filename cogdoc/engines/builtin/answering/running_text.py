"""Running text in any language as sentences, whose words are compared with those of a question."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

from cogdoc.query.concepts import word_concepts, word_parts
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.question_pieces import guess_language
from cogdoc.query.terms import fold_case
from cogdoc.text import HAN, KANA

MIN_SHARED_PREFIX = 4
MIN_PREFIX_SHARE = 0.6
"""Two words agree if they share this share of the longer one at the start, so that endings may differ."""

MAX_RUN_WORD = 8
"""Most characters that count as one word in a script without spaces."""

LANGUAGE_SAMPLE = 300
"""Characters of a passage that tell its language."""

CONCEPT_STRENGTH = 0.85
"""How well two words of the same meaning agree."""

NOT_ASKING = ("polar", "summary", "picture", "list")
"""Phrases of questions that are no interrogatives."""

_UNSPACED = f"{HAN}{KANA}\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Scripts that put no spaces between words: Chinese, Japanese, Thai, Lao, Burmese, Khmer."""

_MARKS = "".join(char for char in map(chr, range(0x300, 0x1000)) if unicodedata.category(char)[0] == "M")
"""Vowel signs and accents that are characters of their own, which `\\w` leaves out."""

_LETTER = rf"(?:[^\W\d_{_UNSPACED}]|[{_MARKS}])"
_PIECE = re.compile(rf"(?:[{_UNSPACED}])+|\d+(?:[.,:/]\d+)*|{_LETTER}+(?:['’-]{_LETTER}+)*(?:\((?:{_LETTER}|e[ns])\))?")
_RUN = re.compile(f"[{_UNSPACED}]")
_ORDINAL = re.compile(r"(?<!\d)\d{1,2}$")
_END = re.compile(r"[.?!؟।۔][\"”»’)\]]*(?=\s)|[。！？؛]|[;；](?=\s)")
_BREAK = re.compile(r"[,;:()\[\]“”\"«»„–—，；：、（）《》“”،؛।]|\s-\s|(?<=[\u0e00-\u0eff])\s")


@dataclass(frozen=True, slots=True)
class TextWord:
    """A word of a sentence, with its offsets in the passage."""

    norm: str
    start: int
    end: int
    clause: int
    """How many commas, brackets and the like precede it."""
    is_function: bool
    """Whether it is a function word of any language."""
    hits: tuple[tuple[int, float], ...] = ()
    """The terms of the question that it agrees with, each with a strength from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage."""

    start: int
    end: int
    words: tuple[TextWord, ...]


class QuestionTerms:
    """The content words of a question in order; of a script without spaces, its pairs of characters."""

    def __init__(self, question: str, language: str) -> None:
        low = fold_case(question)
        self.language = language
        self.asks, self.slot = _interrogative(low, self.language)
        """What it asks for, as the lexicon calls it, and the slice that asks: "which year"; (0, 0) if unknown."""
        self.norms: list[str] = []
        self.starts: list[int] = []
        """By term: its offset in the question."""
        self._parts: set[str] = set()
        self._hits: dict[str, tuple[tuple[int, float], ...]] = {}
        blanked = low[: self.slot[0]] + " " * (self.slot[1] - self.slot[0]) + low[self.slot[1] :]
        for match in _PIECE.finditer(blanked):
            if not _RUN.match(match[0]):
                if match[0] not in _function_words(self.language):
                    self._add(match[0], match.start())
                continue
            for start, end, is_function in _split_run(match[0], frozenset(), _function_words(self.language)):
                if not is_function:
                    self._add_run(match[0][start:end], match.start() + start)

    def _add(self, norm: str, start: int) -> None:
        self.norms.append(norm)
        self.starts.append(start)

    def _add_run(self, run: str, start: int) -> None:
        for index in range(max(1, len(run) - 1)):
            self._add(run[index : index + 2], start + index)
        for size in range(2, min(len(run), MAX_RUN_WORD) + 1):
            self._parts.update(run[index : index + size] for index in range(len(run) - size + 1))

    def hits(self, norm: str) -> tuple[tuple[int, float], ...]:
        """The terms that a word of the text agrees with, each with a strength from 0 to 1."""
        if norm not in self._hits:
            is_run = _RUN.match(norm) is not None
            strengths = (float(term in norm) if is_run else agreement(term, norm) for term in self.norms)
            self._hits[norm] = tuple((index, strength) for index, strength in enumerate(strengths) if strength)
        return self._hits[norm]

    def words(self, match: re.Match[str], clause: int, functions: frozenset[str]) -> Iterator[TextWord]:
        """The words of a piece of text between spaces."""
        if _RUN.match(match[0]):
            for start, end, is_function in _split_run(match[0], self._parts, functions):
                norm, offset = match[0][start:end], match.start()
                hits = () if is_function else self.hits(norm)
                yield TextWord(norm, offset + start, offset + end, clause, is_function, hits)
        else:
            is_function = match[0] in functions
            yield TextWord(match[0], *match.span(), clause, is_function, () if is_function else self.hits(match[0]))


def split_sentences(text: str, terms: QuestionTerms) -> list[Sentence]:
    """The sentences of a passage."""
    low = fold_case(text)
    functions = _function_words(guess_language(text[:LANGUAGE_SAMPLE]))
    breaks = [match.start() for match in _BREAK.finditer(low)]
    ends = [*_sentence_ends(text), len(text)]
    words: list[list[TextWord]] = [[] for _ in ends]
    clause = index = 0
    for match in _PIECE.finditer(low):
        while match.start() >= ends[index]:
            index += 1
        while clause < len(breaks) and breaks[clause] < match.start():
            clause += 1
        words[index].extend(terms.words(match, clause, functions))
    return [
        Sentence(start, end, tuple(each)) for start, end, each in zip([0, *ends[:-1]], ends, words, strict=True) if each
    ]


def term_weights(terms: QuestionTerms, sentences: Sequence[Sentence]) -> list[float]:
    """The weight of each term: the fewer of the sentences contain it, the higher."""
    counts = Counter(index for s in sentences for index in {index for word in s.words for index, _ in word.hits})
    return [math.log1p(len(sentences) / (1 + counts[index])) for index in range(len(terms.norms))]


@lru_cache(maxsize=65536)
def agreement(asked: str, printed: str) -> float:
    """How well two words agree, 0 to 1: endings may differ, a compound may contain the other, or both mean the same."""
    if asked == printed:
        return 1.0
    shorter, longer = sorted((asked, printed), key=len)
    if shorter[0].isdigit() or longer[0].isdigit():
        return 0.0
    if len(shorter) >= MIN_SHARED_PREFIX:
        if shorter in longer:
            return max(MIN_PREFIX_SHARE, len(shorter) / len(longer))
        shared = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
        if shared >= max(MIN_SHARED_PREFIX, MIN_PREFIX_SHARE * len(longer)):
            return shared / len(longer)
    return CONCEPT_STRENGTH if _meanings(asked) & _meanings(printed) else 0.0


def _meanings(word: str) -> frozenset[str]:
    """The concepts that a word and its parts name: "ends" means an end date, but says nothing of dates in general."""
    return word_concepts(word) | word_parts(word)


def _sentence_ends(text: str) -> Iterator[int]:
    """Where sentences end; not after initials, abbreviations and ordinals ("12. Mai"), nor before lower case."""
    for match in _END.finditer(text):
        before = text[max(0, match.start() - 2) : match.start()]
        is_abbreviation = (
            len(before) < 2
            or not before.isalnum()
            or before[0].isupper()
            or _ORDINAL.search(text, max(0, match.start() - 3), match.start())
        )
        if match[0][0] != "." or not (is_abbreviation or text[match.end() : match.end() + 2].strip().islower()):
            yield match.end()


def _split_run(
    run: str, known: frozenset[str] | set[str], functions: frozenset[str]
) -> Iterator[tuple[int, int, bool]]:
    """The words of a run without spaces: known ones, function words (marked), and what is between those."""
    index = begun = 0
    while index < len(run):
        sizes = range(min(MAX_RUN_WORD, len(run) - index), 0, -1)
        size = next((size for size in sizes if run[index : index + size] in known), 0)
        function = 0 if size else next((size for size in sizes if run[index : index + size] in functions), 0)
        if size or function:
            if begun < index:
                yield begun, index, False
            begun = index + (size or function)
            yield index, begun, function > 0
            index = begun
        else:
            index += 1
    if begun < index:
        yield begun, index, False


def _interrogative(low: str, language: str) -> tuple[str, tuple[int, int]]:
    """What the longest phrase that asks asks for, by the name of the lexicon, and where it is."""
    for phrase, name in _question_phrases(language):
        start = low.find(phrase)
        while start >= 0:
            end = start + len(phrase)
            if _RUN.match(phrase) or not (low[max(0, start - 1) : start].isalnum() or low[end : end + 1].isalnum()):
                return name, (start, end)
            start = low.find(phrase, end)
    return "", (0, 0)


@cache
def _function_words(language: str) -> frozenset[str]:
    lexicon = load_lexicons()[language]
    lists = (lexicon.words.get(name, ()) for name in ("stop", "function", "link", "cause", "particles", "whether"))
    return frozenset(chain(lexicon.questions.get("polar", ()), *lists))


@cache
def _question_phrases(language: str) -> tuple[tuple[str, str], ...]:
    """The longest first, each with what it asks for."""
    questions = load_lexicons()[language].questions
    phrases = {phrase: name for name, listed in questions.items() if name not in NOT_ASKING for phrase in listed}
    return tuple(sorted(phrases.items(), key=lambda pair: -len(pair[0])))


@cache
def ending_pattern(name: str) -> re.Pattern[str]:
    """The words of a list of the lexicon in any language, at the end of a text in lower case: `cause`, `agent`."""
    listed = sorted(load_lexicon().words[name])
    spaced, runs = (
        [re.escape(word) for word in listed if (_RUN.match(word) is not None) is is_run] for is_run in (False, True)
    )
    return re.compile(rf"(?:(?<!\w)(?:{'|'.join(spaced)})|{'|'.join(runs)})\W*$")
