"""Scores how well printed words match the words of a question: its label, its names, its periods."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz
from rapidfuzz.distance import Postfix

from cogdoc.query.question_analysis import Question
from cogdoc.query.segments import PageView, Segment
from cogdoc.query.terms import Token, fold_case, match_strength, stem, tokenize
from cogdoc.query.vocabulary import (
    CHINESE_LABEL_WORDS,
    COLUMN_NAMES,
    DOCUMENT_WORDS,
    LABEL_WORDS,
    PHRASES,
    STOP_WORDS,
    WEAK_WORDS,
)
from cogdoc.text import HAN, has_han

MAX_CACHED_WORDS = 20_000
"""More than the few pages that are searched contain; limits the memory for long documents."""

LIKELY_REPLACED = 0.4

SEAM_WEIGHT = 0.1
"""Weight of a pair of Chinese characters that are adjacent only because one word ends and the next begins."""

MAX_QUALIFIER = 4
"""Most characters before a Chinese noun that distinguish one label from another."""

MIN_LIKENESS = 0.75
"""String similarity from which on a slice counts as the question's label, whatever its words."""

COLONS = ":：∶"
_CHINESE_LABEL = re.compile(rf"(?:{'|'.join(CHINESE_LABEL_WORDS)}|[\s()（）/、{COLONS}])+")
_CHINESE_RUN = re.compile(f"[{HAN}]+")
_BREAK = re.compile(rf"[{COLONS}](?!\d\d\b)|[;；。]|\.\s|,\s|，")
_INNER_LABEL = re.compile(rf"(?:^|\s)((?:[A-Z#][\w.#/&']*\s?){{1,3}}[{COLONS}])(?!\d|//)")
_INSIDE_CODE = re.compile(r"[/_-]\d")
_LABEL_END = re.compile(rf"\s*(?:[{COLONS}]|\.{{3,}}|_{{2,}}|…)\s*")


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """A slice of a segment that may be the label of the value, and how well it matches the question."""

    segment: Segment
    start: int
    end: int
    """After the label's colon, if it has one."""
    recall: float
    """Share of the question's weight that it covers."""
    precision: float
    """Share of its words that the question explains."""
    marked: bool
    """Whether a colon or leaders separate it from what follows."""
    lead: int = 0
    """How many words of the same phrase precede it."""

    @property
    def text(self) -> str:
        return self.segment.text[self.start : self.end].strip(" .:：_")

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(t for t in self.segment.tokens if self.start <= t.start and t.end <= self.end)


class Matcher:
    """Compares printed words with the words of one question, its terms.

    Terms are addressed by their index in `Question.terms`. A term that the given pages contain often weighs less.
    """

    def __init__(self, question: Question, pages: Sequence[PageView]) -> None:
        self.question = question
        self._hits: dict[str, tuple[tuple[int, float], ...]] = {}
        counts = [0] * len(question.terms)
        for page in pages:
            for segment in page.segments:
                for index in {index for token in segment.tokens for index, _ in self.hits(token.norm)}:
                    counts[index] += 1
        self.counts = tuple(counts)
        """By term: how many segments of the pages contain it."""
        self.weights = tuple(
            term.weight * (SEAM_WEIGHT if self._is_seam(index) else 1) / (1 + 0.2 * math.log1p(max(0, count - 1)))
            for index, (term, count) in enumerate(zip(question.terms, counts, strict=True))
        )
        self.total = sum(self.weights) or 1.0
        self._printed = "".join(fold_case(segment.text) for page in pages for segment in page.segments).replace(" ", "")
        core = {token.norm for token in tokenize(question.label)}
        self.core = frozenset(index for index, term in enumerate(question.terms) if term.norm in core)
        """The terms of the label, which name the value itself."""
        names = {index for index, term in enumerate(question.terms) if term.norm in question.names}
        self._core_and_names = self.core | names
        self.names_missing = _share(not self._is_printed(name) for name in question.names)
        """Share of the question's proper names that no page contains."""
        self.words_missing = self._words_missing()
        """Share of the label's words that no page contains."""
        core_weight = sum(self.weights[index] for index in self.core)
        self._label_share = 1.0 if question.quoted else core_weight / self.total
        """Share of the question's weight that a printed label equal to the question's label covers."""
        self._bare_labels = tuple(_letters_and_digits(label) for label in (question.label, *question.variants) if label)

    def _is_seam(self, index: int) -> bool:
        """Whether a pair of Chinese characters that no page contains joins two pairs that pages do contain."""
        if self.counts[index] or not 0 < index < len(self.counts) - 1:
            return False
        before, pair, after = (term.norm for term in self.question.terms[index - 1 : index + 2])
        joined = has_han(pair) and before[-1] == pair[0] and after[0] == pair[-1]
        return joined and self.counts[index - 1] > 0 and self.counts[index + 1] > 0

    def _words_missing(self) -> float:
        if has_han(self.question.label):
            return _share(char not in self._printed for char in set(fold_case(self.question.label)) if has_han(char))
        words = [self.question.terms[index].norm for index in self.core]
        return _share(not self._is_printed(word) for word in words if word.isalpha() and word not in WEAK_WORDS)

    def _is_printed(self, word: str) -> bool:
        """Whether the pages contain a word, even if misread or joined to others."""
        counted = [count for count, term in zip(self.counts, self.question.terms, strict=True) if term.norm == word]
        return any(counted) or (len(word) > 3 and stem(word) in self._printed)

    def replacement_score(self, label: str) -> float:
        """How likely a label has another word in place of a word of the question, before a word that both share.

        1 if the word before agrees too: "chief financial officer" for "chief marketing officer". Less otherwise:
        "gross profit" for "operating profit".
        """
        if has_han(label):
            asked = [_chinese_part(wording) for wording in (self.question.label, *self.question.variants)]
            return LIKELY_REPLACED * _is_rival(_chinese_part(label), asked)
        tokens = tokenize(label)
        covered = self.covering(tokens)
        for position, (token, following) in enumerate(pairwise(tokens)):
            if not token.norm.isalpha() or token.norm in STOP_WORDS or self.hits(token.norm):
                continue
            for index, _ in self.hits(following.norm):
                before = index - 1
                is_qualifier = before in self._core_and_names - covered.keys() and self._is_qualifier(before)
                if is_qualifier:
                    previous = self.hits(tokens[position - 1].norm) if position > 0 else ()
                    return 1.0 if any(hit == before - 1 for hit, _ in previous) else LIKELY_REPLACED
        return 0.0

    def _is_qualifier(self, index: int) -> bool:
        """Whether a term distinguishes labels, rather than naming the kind of answer, such as "firm"."""
        word = self.question.terms[index].norm
        return word.isalpha() and not any(word in names for names in COLUMN_NAMES.values())

    def hits(self, norm: str) -> tuple[tuple[int, float], ...]:
        """The terms that a printed word matches, each with the strength of the match."""
        hits = self._hits.get(norm)
        if hits is None:
            if len(self._hits) >= MAX_CACHED_WORDS:
                self._hits.clear()
            hits = tuple(
                (index, value)
                for index, term in enumerate(self.question.terms)
                if (value := match_strength(term.norm, norm)) > 0
            )
            self._hits[norm] = hits
        return hits

    def covering(self, tokens: Iterable[Token]) -> dict[int, float]:
        """The covering of `tokens`: the terms that they match, each with the strength of its best match."""
        best: dict[int, float] = {}
        for token in tokens:
            for index, value in self.hits(token.norm):
                best[index] = max(best.get(index, 0.0), value)
        return best

    def recall(self, *coverings: dict[int, float]) -> float:
        """Share of the question's weight that `coverings` cover together."""
        best: dict[int, float] = {}
        for covering in coverings:
            for index, value in covering.items():
                best[index] = max(best.get(index, 0.0), value)
        return sum(self.weights[index] * value for index, value in best.items()) / self.total

    def precision(self, tokens: Sequence[Token]) -> float:
        """Share of `tokens` that the question explains; words that mean little have little weight."""
        explained = total = 0.0
        for token in tokens:
            is_symbol = not token.norm[0].isalnum()
            if is_symbol or (token.norm in STOP_WORDS and not self.hits(token.norm)):
                continue
            weight = 0.4 if token.norm in WEAK_WORDS or token.norm in DOCUMENT_WORDS or len(token.norm) == 1 else 1.0
            total += weight
            explained += weight * max((value for _, value in self.hits(token.norm)), default=0.0)
        return explained / total if total else 0.0

    def likeness(self, text: str) -> float:
        """String similarity of a printed label and the label of the question, 0 to 1."""
        bare = _letters_and_digits(text)
        if not bare:
            return 0.0
        return max((fuzz.ratio(bare, label) / 100 for label in self._bare_labels), default=0.0)

    def label_matches(self, segment: Segment) -> list[LabelMatch]:
        """Slices of a segment that may be the label, from every point where a label can begin."""
        text, tokens = segment.text, segment.tokens
        inner = (match.start(1) for match in _INNER_LABEL.finditer(text))
        starts = sorted({0, *(match.end() for match in _BREAK.finditer(text)), *inner})
        matches: list[LabelMatch] = []
        for start, stop in pairwise([*starts, len(text)]):
            part = [token for token in tokens if start <= token.start and token.end <= stop]
            hits = [i for i, token in enumerate(part) if self.hits(token.norm)]
            if not hits and self.likeness(text[start:stop]) < MIN_LIKENESS:
                continue
            ends = {part[i].end for i in hits if i + 1 == len(part) or i + 1 not in hits} | {stop}
            ends = {end for end in ends if not _INSIDE_CODE.match(text, end)}
            matches += [self._match(segment, start, end, part) for end in sorted(ends)]
            if hits and hits[0] > 0:
                first = part[hits[0]].start
                matches += [self._match(segment, first, end, part) for end in sorted(ends) if end > first]
        return matches

    def _match(self, segment: Segment, start: int, end: int, part: Sequence[Token]) -> LabelMatch:
        tokens = [token for token in part if start <= token.start and token.end <= end]
        recall, precision = self.recall(self.covering(tokens)), self.precision(tokens)
        lead = sum(token.end <= start for token in part)
        if lead:
            precision *= 1 / (1 + 0.3 * lead)
        likeness = self.likeness(segment.text[start:end])
        if likeness >= MIN_LIKENESS:
            recall, precision = max(recall, likeness * self._label_share), max(precision, likeness)
        label_end = _LABEL_END.match(segment.text, end)
        marked = label_end is not None or segment.text[start:end].rstrip().endswith(tuple(COLONS))
        return LabelMatch(segment, start, label_end.end() if label_end else end, recall, precision, marked, lead)


def _chinese_part(text: str) -> str:
    """The last run of Chinese characters in a label, the one before its colon."""
    runs = _CHINESE_RUN.findall(text)
    return runs[-1] if runs else ""


def _is_rival(label: str, asked: Sequence[str]) -> bool:
    """Whether a Chinese label ends like one of those asked for and begins differently: 开票日期 for 付款日期."""
    rival = False
    for wording in asked:
        ending = Postfix.similarity(label, wording)
        heads = (label[: len(label) - ending], wording[: len(wording) - ending])
        if ending >= 2:
            if not all(2 <= len(head) <= MAX_QUALIFIER for head in heads) or set(heads[0]) & set(heads[1]):
                return False
            rival = True
    return rival


def _share(flags: Iterable[bool]) -> float:
    """Share of the flags that are true; 0 without flags."""
    listed = list(flags)
    return sum(listed) / len(listed) if listed else 0.0


def _letters_and_digits(text: str) -> str:
    """Letters and digits only, with phrases replaced by the word that means the same."""
    low = fold_case(text)
    for phrase, word in PHRASES:
        low = low.replace(phrase, word)
    return re.sub(r"[\W_]+", "", low) or low.strip()


def is_label(text: str) -> bool:
    """Whether a segment looks like a label rather than a value: it ends with a colon."""
    stripped = text.rstrip(" ._")
    return stripped.endswith(tuple(COLONS)) and (has_han(text) or len(stripped) < 60)


def starts_with_label(text: str) -> bool:
    """Whether a segment contains a label and its value: "Date: 1/2/2018"."""
    return re.match(rf"\s*(?:[A-Z#][\w.#/&'() ]{{0,30}}|[{HAN}（）]{{2,8}})[{COLONS}](?!\d\d|//)", text) is not None


def inner_label(text: str) -> int | None:
    """The index where, after a value, the next "Label:" of the same segment begins."""
    return next((match.start() for match in _INNER_LABEL.finditer(text) if match.start()), None)


def label_share(text: str) -> float:
    """Share of a text's words that forms use as labels, 0 to 1: "Fax Number" is not the value of "Phone"."""
    if has_han(text):
        return float(_CHINESE_LABEL.fullmatch(fold_case(text)) is not None)
    words = [token.norm for token in tokenize(text) if token.norm not in STOP_WORDS]
    if not words or len(words) > 6:
        return 0.0
    return sum(word in LABEL_WORDS or stem(word) in LABEL_WORDS for word in words) / len(words)
