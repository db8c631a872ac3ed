"""How well printed words name what a question asks for."""

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
from cogdoc.query.terms import CJK, Token, folded, is_cjk, stem, strength, tokenize
from cogdoc.query.vocabulary import (
    CHINESE_LABEL_WORDS,
    COLUMN_NAMES,
    DOCUMENT_WORDS,
    LABEL_WORDS,
    PHRASES,
    STOP_WORDS,
    WEAK_WORDS,
)

REMEMBERED_WORDS = 20_000
"""Of a long document; more than a handful of pages have."""

LIKELY_REPLACED = 0.4
SEAM = 0.1
"""Weight of a pair of Chinese characters that merely stand side by side where two words meet."""

LONGEST_QUALIFIER = 4
"""Characters in front of a Chinese noun that tell one label from another."""

COLONS = ":：∶"
_CHINESE_LABEL = re.compile(rf"(?:{'|'.join(CHINESE_LABEL_WORDS)}|[\s()（）/、{COLONS}])+")
_CHINESE_RUN = re.compile(f"[{CJK}]+")
_BREAK = re.compile(rf"[{COLONS}](?!\d\d\b)|[;；。]|\.\s|,\s|，")
_INNER_LABEL = re.compile(rf"(?:^|\s)((?:[A-Z#][\w.#/&']*\s?){{1,3}}[{COLONS}])(?!\d|//)")
_INSIDE_CODE = re.compile(r"[/_-]\d")
_LABEL_END = re.compile(rf"\s*(?:[{COLONS}]|\.{{3,}}|_{{2,}}|…)\s*")


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """A slice of a segment that names the value, and how well."""

    segment: Segment
    start: int
    end: int
    """Behind the label's colon, where it has one."""
    recall: float
    precision: float
    marked: bool
    """Whether a colon or leaders part it from what follows."""
    lead: int = 0
    """Words of the same phrase that stand before it."""

    @property
    def text(self) -> str:
        return self.segment.text[self.start : self.end].strip(" .:：_")

    @property
    def tokens(self) -> tuple[Token, ...]:
        return tuple(t for t in self.segment.tokens if self.start <= t.start and t.end <= self.end)


class Matcher:
    """Compares printed words with one question's words, which are rarer or commoner on the pages at hand."""

    def __init__(self, question: Question, pages: Sequence[PageView]) -> None:
        self.question = question
        self._hits: dict[str, tuple[tuple[int, float], ...]] = {}
        counts = [0] * len(question.terms)
        for page in pages:
            for segment in page.segments:
                for place in {place for token in segment.tokens for place, _ in self.hits(token.norm)}:
                    counts[place] += 1
        self.counts = tuple(counts)
        self.weights = tuple(
            term.weight * (SEAM if self._is_seam(place) else 1) / (1 + 0.2 * math.log1p(max(0, counts[place] - 1)))
            for place, term in enumerate(question.terms)
        )
        self.total = sum(self.weights) or 1.0
        self._printed = "".join(folded(segment.text) for page in pages for segment in page.segments).replace(" ", "")
        core = {token.norm for token in tokenize(question.label)}
        self.core = frozenset(place for place, term in enumerate(question.terms) if term.norm in core)
        """Places of the words that name the value itself."""
        self._telling = self.core | {place for place, term in enumerate(question.terms) if term.norm in question.names}
        self.names_missing = _share(not self._is_printed(name) for name in question.names)
        """Share of the names that the question mentions which none of the pages says."""
        self.words_missing = self._words_missing()
        """Share of the words that name the value itself which none of the pages says."""
        named = sum(self.weights[place] for place in self.core)
        self._label_share = 1.0 if question.quoted else named / self.total
        """Share of the question's weight that a label just like the question's own holds."""
        self._bare_labels = tuple(_bare(label) for label in (question.label, *question.variants) if label)

    def _is_seam(self, place: int) -> bool:
        """Whether a pair of Chinese characters that no page says joins two pairs that pages do say."""
        if self.counts[place] or not 0 < place < len(self.counts) - 1:
            return False
        before, pair, behind = (term.norm for term in self.question.terms[place - 1 : place + 2])
        joined = is_cjk(pair) and before[-1] == pair[0] and behind[0] == pair[-1]
        return joined and self.counts[place - 1] > 0 and self.counts[place + 1] > 0

    def _words_missing(self) -> float:
        if is_cjk(self.question.label):
            return _share(sign not in self._printed for sign in set(folded(self.question.label)) if is_cjk(sign))
        words = [self.question.terms[place].norm for place in self.core]
        return _share(not self._is_printed(word) for word in words if word.isalpha() and word not in WEAK_WORDS)

    def _is_printed(self, word: str) -> bool:
        """Whether the pages say a word, if misread or run together with others."""
        places = [place for place, term in enumerate(self.question.terms) if term.norm == word]
        return any(self.counts[place] for place in places) or (len(word) > 3 and stem(word) in self._printed)

    def replaced(self, label: str) -> float:
        """How surely a label has another word in front of one of the question's, in place of the question's own one.

        1 where the word before agrees too, as in the chief financial officer's label for the chief marketing
        officer; less otherwise: "gross profit" for "operating profit".
        """
        if is_cjk(label):
            own = [_chinese_part(wanted) for wanted in (self.question.label, *self.question.variants)]
            return LIKELY_REPLACED * _is_rival(_chinese_part(label), own)
        tokens = tokenize(label)
        covered = self.covered(tokens)
        for index, (token, following) in enumerate(pairwise(tokens)):
            if not token.norm.isalpha() or token.norm in STOP_WORDS or self.hits(token.norm):
                continue
            for place, _ in self.hits(following.norm):
                before = place - 1
                if before in self._telling - covered.keys() and self._qualifies(self.question.terms[before].norm):
                    between = index > 0 and any(hit == before - 1 for hit, _ in self.hits(tokens[index - 1].norm))
                    return 1.0 if between else LIKELY_REPLACED
        return 0.0

    def _qualifies(self, word: str) -> bool:
        """Whether a word of the question tells one label from another, rather than the kind of answer: "firm"."""
        return word.isalpha() and not any(word in names for names in COLUMN_NAMES.values())

    def hits(self, norm: str) -> tuple[tuple[int, float], ...]:
        """Places of the question's words that a printed word stands for, each with its strength."""
        found = self._hits.get(norm)
        if found is None:
            if len(self._hits) >= REMEMBERED_WORDS:
                self._hits.clear()
            found = tuple(
                (place, value)
                for place, term in enumerate(self.question.terms)
                if (value := strength(term.norm, norm)) > 0
            )
            self._hits[norm] = found
        return found

    def covered(self, tokens: Iterable[Token]) -> dict[int, float]:
        """Strength by place of the question's words that `tokens` stand for."""
        best: dict[int, float] = {}
        for token in tokens:
            for place, value in self.hits(token.norm):
                best[place] = max(best.get(place, 0.0), value)
        return best

    def recall(self, *coverings: dict[int, float]) -> float:
        """Share of the question's weight that all of `coverings` together hold."""
        best: dict[int, float] = {}
        for covering in coverings:
            for place, value in covering.items():
                best[place] = max(best.get(place, 0.0), value)
        return sum(self.weights[place] * value for place, value in best.items()) / self.total

    def precision(self, tokens: Sequence[Token]) -> float:
        """Share of the words that the question explains; words that mean little count for little."""
        explained = total = 0.0
        for token in tokens:
            sign = not token.norm[0].isalnum()
            if sign or (token.norm in STOP_WORDS and not self.hits(token.norm)):
                continue
            weight = 0.4 if token.norm in WEAK_WORDS or token.norm in DOCUMENT_WORDS or len(token.norm) == 1 else 1.0
            total += weight
            explained += weight * max((value for _, value in self.hits(token.norm)), default=0.0)
        return explained / total if total else 0.0

    def likeness(self, text: str) -> float:
        """How alike a printed label and the label of the question are as strings, 0 to 1."""
        bare = _bare(text)
        if not bare:
            return 0.0
        return max((fuzz.ratio(bare, label) / 100 for label in self._bare_labels), default=0.0)

    def label_matches(self, segment: Segment) -> list[LabelMatch]:
        """Slices of a segment that may be the label, from every place where a label can begin."""
        text, tokens = segment.text, segment.tokens
        inner = (match.start(1) for match in _INNER_LABEL.finditer(text))
        starts = sorted({0, *(match.end() for match in _BREAK.finditer(text)), *inner})
        found: list[LabelMatch] = []
        for place, start in enumerate(starts):
            stop = starts[place + 1] if place + 1 < len(starts) else len(text)
            part = [token for token in tokens if start <= token.start and token.end <= stop]
            struck = [i for i, token in enumerate(part) if self.hits(token.norm)]
            alike = self.likeness(text[start:stop])
            if not struck and alike < 0.75:
                continue
            ends = {part[i].end for i in struck if i + 1 == len(part) or i + 1 not in struck} | {stop}
            ends = {end for end in ends if not _INSIDE_CODE.match(text, end)}
            found += [self._match(segment, start, end, part) for end in sorted(ends)]
            if struck and struck[0] > 0:
                first = part[struck[0]].start
                found += [self._match(segment, first, end, part) for end in sorted(ends) if end > first]
        return found

    def _match(self, segment: Segment, start: int, end: int, part: Sequence[Token]) -> LabelMatch:
        tokens = [token for token in part if start <= token.start and token.end <= end]
        recall, precision = self.recall(self.covered(tokens)), self.precision(tokens)
        lead = sum(token.end <= start for token in part)
        if lead:
            precision *= 1 / (1 + 0.3 * lead)
        alike = self.likeness(segment.text[start:end])
        if alike >= 0.75:
            recall, precision = max(recall, alike * self._label_share), max(precision, alike)
        behind = _LABEL_END.match(segment.text, end)
        marked = behind is not None or segment.text[start:end].rstrip().endswith(tuple(COLONS))
        return LabelMatch(segment, start, behind.end() if behind else end, recall, precision, marked, lead)


def _chinese_part(text: str) -> str:
    """The last run of a label's Chinese characters, in front of its colon."""
    runs = _CHINESE_RUN.findall(text)
    return runs[-1] if runs else ""


def _is_rival(label: str, own: Sequence[str]) -> bool:
    """Whether a Chinese label ends as the wanted one does and begins otherwise: 开票日期 for 付款日期."""
    rival = False
    for wanted in own:
        ending = Postfix.similarity(label, wanted)
        heads = (label[: len(label) - ending], wanted[: len(wanted) - ending])
        if ending >= 2:
            if not all(2 <= len(head) <= LONGEST_QUALIFIER for head in heads) or set(heads[0]) & set(heads[1]):
                return False
            rival = True
    return rival


def _share(marks: Iterable[bool]) -> float:
    """Of those that are true; 0 of none."""
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def _bare(text: str) -> str:
    """Letters and digits only, multiword synonyms made one."""
    low = folded(text)
    for phrase, word in PHRASES:
        low = low.replace(phrase, word)
    return re.sub(r"[\W_]+", "", low) or low.strip()


def is_label(text: str) -> bool:
    """Whether a segment looks like a label rather than a value: it ends with a colon."""
    stripped = text.rstrip(" ._")
    return stripped.endswith(tuple(COLONS)) and (is_cjk(text) or len(stripped) < 60)


def starts_with_label(text: str) -> bool:
    """Whether a segment holds a label and its value: "Date: 1/2/2018"."""
    return re.match(rf"\s*(?:[A-Z#][\w.#/&'() ]{{0,30}}|[{CJK}（）]{{2,8}})[{COLONS}](?!\d\d|//)", text) is not None


def inner_label(text: str) -> int | None:
    """Where, behind a value, the next "Label:" of the same segment begins."""
    return next((match.start() for match in _INNER_LABEL.finditer(text) if match.start()), None)


def label_share(text: str) -> float:
    """Share of a text's words that forms use as labels, 0 to 1: "Fax Number" is no answer to "Phone"."""
    if is_cjk(text):
        return float(_CHINESE_LABEL.fullmatch(folded(text)) is not None)
    words = [token.norm for token in tokenize(text) if token.norm not in STOP_WORDS]
    if not words or len(words) > 6:
        return 0.0
    return sum(word in LABEL_WORDS or stem(word) in LABEL_WORDS for word in words) / len(words)
