"""Scores how well printed words match the words of a question, by their letters and by what they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

from rapidfuzz import fuzz
from rapidfuzz.distance import Postfix

from cogdoc.query.concepts import (
    all_spans,
    concept_share,
    first_stems,
    is_function_word,
    joint_concepts,
    longest_spans,
    word_concepts,
    word_parts,
)
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question
from cogdoc.query.registered_numbers import form_tokens
from cogdoc.query.segments import PageView, Segment
from cogdoc.query.terms import Token, fold_case, match_strength, stem, tokenize
from cogdoc.text import HAN, has_han, has_unspaced

CONCEPT_STRENGTH = 0.95
"""Strength of a match of words that mean the same."""

AMBIGUOUS_STRENGTH = 0.85
"""Strength of such a match if the printed words mean other things too: "total" of a line, of an invoice."""

PART_STRENGTH = 0.6
"""Strength of a match of a compound with a part of it: "Rechnungsnummer" with "invoice"."""

JOINT_STRENGTH = 0.9
"""Strength of a concept that words of the question name together, although they are apart."""

OTHER_CONCEPT_FACTOR = 0.7
"""Factor for a word inside a phrase that means something else: "total" in "sub total"."""

MAX_CACHED_WORDS = 20_000
"""More than the few pages that are searched contain; limits the memory for long documents."""

LIKELY_REPLACED = 0.4

SEAM_WEIGHT = 0.1
"""Weight of a pair of characters that are adjacent only because one word ends and the next begins."""

MAX_QUALIFIER = 4
"""Most characters before a Chinese noun that distinguish one label from another."""

MIN_LIKENESS = 0.75
"""String similarity from which on a slice counts as the question's label, whatever its words."""

MAX_LABEL_TOKENS = 8

COLONS = ":：∶"
_CHINESE_RUN = re.compile(f"[{HAN}]+")
_BREAK = re.compile(rf"[{COLONS}](?!\d\d\b)|[;；。]|\.\s|,\s|，")
_INNER_LABEL = re.compile(rf"(?:^|\s)((?:[A-Z#][\w.#/&']*\s?){{1,3}}[{COLONS}])(?!\d|//)")
_INSIDE_CODE = re.compile(r"[/_-]\d")
_LABEL_AND_VALUE = re.compile(rf"\s*(?:[A-Z#][\w.#/&'() ]{{0,30}}|[{HAN}（）]{{2,8}})[{COLONS}](?!\d\d|//)")
_LABEL_END = re.compile(rf"\s*(?:[{COLONS}]|\.{{3,}}|_{{2,}}|…)\s*")

Hits = Mapping[int, float]
"""Terms that a printed word matches, by index, each with the strength of the match."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A printed word, compared with the question."""

    hits: Hits
    same: frozenset[int]
    """The terms that it equals, apart from endings."""
    may_begin: bool
    """Whether a phrase that means the same as words of the question may begin with it or contain it."""


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
        self._words: dict[str, _Word] = {}
        self._phrases: dict[tuple[str, ...], list[Hits]] = {}
        self._concepts = _term_concepts(question)
        relevant = [stems for name, stems in first_stems().items() if name in self._concepts]
        self._phrase_words = frozenset[str]().union(*relevant)
        counts = [0] * len(question.terms)
        for page in pages:
            for segment in page.segments:
                for index in self.covering((*segment.tokens, *form_tokens(segment.text))):
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
        words = {question.terms[index].norm for index in self.core} - load_lexicon().words["weak"]
        self.words_missing = _share(not self._is_printed(word) for word in words if word.isalpha())
        """Share of the label's words that no page contains."""
        core_weight = sum(self.weights[index] for index in self.core)
        self._label_share = 1.0 if question.quoted else core_weight / self.total
        """Share of the question's weight that a printed label equal to the question's label covers."""
        self._wordings = _wordings(question.label)

    def _is_seam(self, index: int) -> bool:
        """Whether a pair of characters that no page contains joins two pairs that pages do contain."""
        if self.counts[index] or not 0 < index < len(self.counts) - 1:
            return False
        before, pair, after = (term.norm for term in self.question.terms[index - 1 : index + 2])
        joined = has_unspaced(pair) and before[-1] == pair[0] and after[0] == pair[-1]
        return joined and self.counts[index - 1] > 0 and self.counts[index + 1] > 0

    def _is_printed(self, word: str) -> bool:
        """Whether the pages contain a word or its meaning, even if misread or joined to others."""
        counted = [count for count, term in zip(self.counts, self.question.terms, strict=True) if term.norm == word]
        if has_unspaced(word):
            return any(counted) or all(char in self._printed for char in word)
        return any(counted) or (len(word) > 3 and stem(word) in self._printed)

    def replacement_score(self, label: str) -> float:
        """How likely a label has another word in place of a word of the question, before a word that both share.

        1 if the word before agrees too: "chief financial officer" for "chief marketing officer". Less otherwise:
        "gross profit" for "operating profit".
        """
        if has_han(label):
            return LIKELY_REPLACED * _is_rival(_chinese_part(label), [*map(_chinese_part, self._wordings)])
        tokens = tokenize(label)
        hits = self.token_hits(tokens)
        covered = self.covering(tokens)
        for position, (token, following) in enumerate(pairwise(hits)):
            norm = tokens[position].norm
            if token or not norm.isalpha() or is_function_word(norm):
                continue
            for index in following:
                before = index - 1
                if before in self._core_and_names - covered.keys() and self._is_qualifier(before):
                    return 1.0 if position > 0 and before - 1 in hits[position - 1] else LIKELY_REPLACED
        return 0.0

    def _is_qualifier(self, index: int) -> bool:
        """Whether a term distinguishes labels, rather than naming the kind of answer, such as "firm"."""
        word = self.question.terms[index].norm
        return word.isalpha() and not any(word in nouns for nouns in load_lexicon().types.values())

    def hits(self, norm: str) -> tuple[tuple[int, float], ...]:
        """The terms that a printed word matches by itself, each with the strength of the match."""
        return tuple(self._word(norm).hits.items())

    def _word(self, norm: str) -> _Word:
        word = self._words.get(norm)
        if word is None:
            if len(self._words) >= MAX_CACHED_WORDS:
                self._words.clear()
            strengths = [match_strength(term.norm, norm) for term in self.question.terms]
            hits = {index: strength for index, strength in enumerate(strengths) if strength > 0}
            same = frozenset(index for index, strength in hits.items() if strength == 1)
            if not is_function_word(norm):
                hits = _strongest(hits, self._meant(word_concepts(norm), [same]), self._parts(norm))
            word = self._words[norm] = _Word(hits, same, bool(hits) or stem(norm) in self._phrase_words)
        return word

    def _meant(self, concepts: Collection[str], same: Sequence[frozenset[int]]) -> Hits:
        """The terms that a phrase with these concepts matches; `same` has the terms that are equal to its words.

        A phrase that only leaves words out of that of the question matches the terms that it contains: "dividends" for
        "dividends paid".
        """
        asked = [self._concepts[name] for name in concepts if name in self._concepts]
        strength = CONCEPT_STRENGTH if len(concepts) == 1 else AMBIGUOUS_STRENGTH
        return _strongest(
            *({index: strength * value for index, value in terms.items()}
              for terms in asked if any(indices.isdisjoint(terms) for indices in same))
        )  # fmt: skip

    def _parts(self, norm: str) -> Hits:
        asked = [self._concepts[name] for name in word_parts(norm) if name in self._concepts]
        return _strongest(*({index: PART_STRENGTH * value for index, value in terms.items()} for terms in asked))

    def token_hits(self, tokens: Sequence[Token]) -> list[Hits]:
        """The terms that each of `tokens` matches, by itself or as part of a phrase."""
        norms = tuple(token.norm for token in tokens)
        hits = self._phrases.get(norms)
        if hits is None:
            if len(self._phrases) >= MAX_CACHED_WORDS:
                self._phrases.clear()
            hits = self._phrases[norms] = self._compare(tokens)
        return hits

    def _compare(self, tokens: Sequence[Token]) -> list[Hits]:
        words = [self._word(token.norm) for token in tokens]
        hits = [word.hits for word in words]
        if not any(word.may_begin for word in words):
            return hits
        for span in longest_spans(tokens):
            inside = range(span.start, span.end)
            meant = self._meant(span.concepts, [words[i].same for i in inside if not is_function_word(tokens[i].norm)])
            for position in inside:
                if meant:
                    hits[position] = _strongest(hits[position], meant)
                elif len(inside) > 1 and self._concepts.keys().isdisjoint(span.concepts):
                    hits[position] = {i: OTHER_CONCEPT_FACTOR * value for i, value in hits[position].items()}
        return hits

    def covering(self, tokens: Iterable[Token]) -> dict[int, float]:
        """The covering of `tokens`: the terms that they match, each with the strength of its best match."""
        return _strongest(*self.token_hits(tuple(tokens)))

    def recall(self, *coverings: Hits) -> float:
        """Share of the question's weight that `coverings` cover together."""
        return sum(self.weights[index] * value for index, value in _strongest(*coverings).items()) / self.total

    def precision(self, tokens: Sequence[Token]) -> float:
        """Share of `tokens` that the question explains; words that mean little have little weight."""
        words, explained, total = load_lexicon().words, 0.0, 0.0
        for token, hits in zip(tokens, self.token_hits(tokens), strict=True):
            norm = token.norm
            if not norm[0].isalnum() or (not hits and is_function_word(norm)):
                continue
            weight = 0.4 if norm in words["weak"] or norm in words["document"] or len(norm) == 1 else 1.0
            total += weight
            explained += weight * max(hits.values(), default=0.0)
        return explained / total if total else 0.0

    def likeness(self, text: str) -> float:
        """String similarity of a printed label and the label of the question, 0 to 1."""
        bare = _letters_and_digits(text)
        if not bare:
            return 0.0
        return max((fuzz.ratio(bare, wording) / 100 for wording in self._wordings), default=0.0)

    def label_matches(self, segment: Segment) -> list[LabelMatch]:
        """Slices of a segment that may be the label, from every point where a label can begin."""
        text, tokens = segment.text, segment.tokens
        inner = (match.start(1) for match in _INNER_LABEL.finditer(text))
        starts = sorted({0, *(match.end() for match in _BREAK.finditer(text)), *inner})
        matches: list[LabelMatch] = []
        for start, stop in pairwise([*starts, len(text)]):
            part = [token for token in tokens if start <= token.start and token.end <= stop]
            hits = [i for i, found in enumerate(self.token_hits(part)) if found]
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
        precision *= 1 / (1 + 0.3 * lead)
        likeness = self.likeness(segment.text[start:end])
        if likeness >= MIN_LIKENESS:
            recall, precision = max(recall, likeness * self._label_share), max(precision, likeness)
        label_end = _LABEL_END.match(segment.text, end)
        marked = label_end is not None or segment.text[start:end].rstrip().endswith(tuple(COLONS))
        return LabelMatch(segment, start, label_end.end() if label_end else end, recall, precision, marked, lead)


def _strongest(*hits: Hits) -> dict[int, float]:
    """The best match of each term."""
    best: dict[int, float] = {}
    for terms in hits:
        for index, value in terms.items():
            best[index] = max(best.get(index, 0.0), value)
    return best


def _term_concepts(question: Question) -> dict[str, dict[int, float]]:
    """The terms of a question by the concepts that they name, each with the strength of a match.

    A concept that several terms name together stands for all of them, its parts for the words that name them. Words
    that are apart name a concept together too: "which number identifies this invoice".
    """
    terms = {term.norm: index for index, term in enumerate(question.terms)}
    concepts: dict[str, dict[int, float]] = {}
    for text in dict.fromkeys((fold_case(question.text), question.label)):
        tokens = tokenize(text)
        for span in all_spans(tokens):
            named = [terms[token.norm] for token in tokens[span.start : span.end] if token.norm in terms]
            for concept in span.concepts:
                for index in named:
                    concepts.setdefault(concept, {})[index] = 1.0
            if span.end == span.start + 1:
                for part in word_parts(tokens[span.start].norm):
                    for index in named:
                        concepts.setdefault(part, {}).setdefault(index, PART_STRENGTH)
    for (first, left), (second, right) in permutations(tuple(concepts.items()), 2):
        for joint in joint_concepts(first, second) if left.keys().isdisjoint(right) else ():
            concepts.setdefault(joint, dict.fromkeys((*left, *right), JOINT_STRENGTH))
    return concepts


def _wordings(label: str) -> tuple[str, ...]:
    """The letters and digits of a label, and of the other wordings of its concept in Chinese characters."""
    tokens = tokenize(label)
    concepts = [name for span in all_spans(tokens) if span.end - span.start == len(tokens) for name in span.concepts]
    others = [wording for name in concepts for wording in load_lexicon().concepts[name] if has_han(wording)]
    return tuple(dict.fromkeys(filter(None, map(_letters_and_digits, (label, *others)))))


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
    low = fold_case(text)
    return re.sub(r"[\W_]+", "", low) or low.strip()


def is_label(text: str) -> bool:
    """Whether a segment looks like a label rather than a value: it ends with a colon."""
    stripped = text.rstrip(" ._")
    return stripped.endswith(tuple(COLONS)) and (has_han(text) or len(stripped) < 60)


def starts_with_label(text: str) -> bool:
    """Whether a segment contains a label and its value: "Date: 1/2/2018"."""
    return _LABEL_AND_VALUE.match(text) is not None


def inner_label(text: str) -> int | None:
    """The index where, after a value, the next "Label:" of the same segment begins."""
    return next((match.start() for match in _INNER_LABEL.finditer(text) if match.start()), None)


def label_share(text: str) -> float:
    """Share of a text that names concepts as labels do, 0 to 1: "Fax Number" is not the value of "Phone"."""
    return concept_share(text, load_lexicon().labels) if len(tokenize(text)) <= MAX_LABEL_TOKENS else 0.0
