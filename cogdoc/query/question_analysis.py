"""Parses a question: the label and the kind of the value that it asks for, the periods and pages that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cogdoc.query.answer_kinds import find_answer_kinds
from cogdoc.query.document_fields import DocumentField, find_document_fields
from cogdoc.query.question_clause import Clause
from cogdoc.query.question_pieces import guess_language, normalize, split_pieces
from cogdoc.query.question_tree import build_tree
from cogdoc.query.terms import Token, fold_case, tokenize
from cogdoc.query.tree import Query
from cogdoc.query.typed_values import ValueKind
from cogdoc.query.vocabulary import (
    ACRONYMS,
    CHINESE_DIGITS,
    CHINESE_MAXIMUM,
    CHINESE_MINIMUM,
    CHINESE_QUESTION_WORDS,
    CHINESE_STOP,
    DOCUMENT_WORDS,
    LABEL_WORDS,
    MAXIMUM_WORDS,
    MINIMUM_WORDS,
    MONTHS,
    ORDINALS,
    PHRASES,
    STOP_WORDS,
    SYNONYMS,
    WEAK_WORDS,
)
from cogdoc.text import has_han

WEAK_WEIGHT = 0.35
"""Weight of a word that states the kind of answer, such as "name"; a word of the label itself has the weight 1."""

MODIFIER_WEIGHT = 0.6
"""Factor for words outside the label, which qualify it."""

ASIDE_WEIGHT = 0.3
"""Factor for words in parentheses and in sentences around the one that asks."""

MIN_CHINESE_NUMBER_WEIGHT = 0.8

MAX_PAGE_RANGE = 50
"""Pages that a question may name as a range: "pages 3 to 5"."""


class Shape(StrEnum):
    """How to find the answer, beyond looking for a label and its value."""

    VALUE = "value"
    YES_NO = "yes-no"
    LOOKUP = "lookup"
    """Which of several things has the property that the rest of the question states."""
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    COUNT = "count"
    TITLE = "title"
    UNREADABLE = "unreadable"
    """About images, colors or reasons: the text of a page alone cannot answer it."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word that the label of the answer, or the text around it, should contain."""

    norm: str
    weight: float

    @property
    def is_number(self) -> bool:
        return self.norm[0].isdigit()


@dataclass(frozen=True, slots=True)
class Question:
    """A parsed question."""

    text: str
    kinds: tuple[ValueKind, ...]
    """What the answer may be, the likeliest kind first."""
    shape: Shape
    tree: Query
    """What it asks for, as operations on the values that its words name; a `Select` for a mere lookup."""
    terms: tuple[Term, ...]
    label: str
    """The phrase that names the value."""
    quoted: bool
    """Whether the question puts the label in quotation marks."""
    pages: tuple[int, ...] = ()
    """Pages that the question names; -1 is the last."""
    fields: frozenset[DocumentField] = frozenset()
    """The properties of the whole document that it may ask for."""
    names: tuple[str, ...] = ()
    """Proper names that it mentions, in lower case."""

    @property
    def periods(self) -> frozenset[str]:
        """Years and other numbers of the question."""
        return frozenset(term.norm for term in self.terms if term.is_number)


_QUOTED = re.compile(r"[\"“”「『《]([^\"“”」』》]+)[\"“”」』》]|(?<!\w)['‘’]([^'‘’]*(?:['’]s\b[^'‘’]*)?)['‘’](?!\w)")
_SENTENCE = re.compile(r"[^.?!？。！]*(?:\.(?=\w)[^.?!？。！]*|(?<=No)\.[^.?!？。！]*)*[.?!？。！]*\s*")
_INSTRUCTION = re.compile(
    r"\s*(?:answer|give|represent|please (?:answer|give|respond)|respond|write|express|return|请用|请以|请回答)\b",
    re.I,
)
_PAGE = re.compile(
    r"\b(?:pages?|slides?|p\.)\s?(?:number\s|no\.?\s)?(\d{1,4})\b(?:\s?(-|–|to|and|,|&)\s?(\d{1,4})\b)?|第\s?(\d{1,4}|[一二三四五六七八九十])\s?页",
    re.I,
)
_ORDINAL_PAGE = re.compile(
    rf"\b({'|'.join(ORDINALS)}|last)\s(?:page|slide)\b|\b(cover)(?=\spage)|"
    r"\b(?:on|of) the (?:front )?(cover)(?!\s(?:sheet|letter))\b|(首页|封面|最后一页)",
    re.I,
)
_UNREADABLE = re.compile(
    r"\b(?:colou?rs?|picture[sd]?|photo(?:graph)?s?|images?|logo|icon|highlighted|yellow|red|blue|green|drawn|wearing|"
    r"depicted|shape of)\b|颜色|图片|照片|红色|蓝色|绿色|黄色|左图|右图",
    re.I,
)


_ACRONYM = re.compile(r"\b(?:" + "|".join(map(re.escape, ACRONYMS)) + r")\b")
_YES_NO_KINDS = (ValueKind.YES_OR_NO, ValueKind.TEXT)
_YES_NO = re.compile(r"\s*(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should)\b", re.I)
_CHINESE_YES_NO = re.compile(r"是否|有没有|吗[?？]?\s*$|能否")
_LOOKUP = re.compile(r"\b(?:which|who|whose|what)\b|哪", re.I)
_PREPOSITION = re.compile(
    r"\b(?:of|in|on|for|at|by|from|during|as|that|which|with|within|under|per|since|until|given|reported|shown)\b",
    re.I,
)
_PARENTHESES = re.compile(r"\([^)]*\)")
_CHINESE_PARENTHESES = re.compile(r"[(（][^)）]*[)）]")
_NAME = re.compile(r"(?<=[\w,;:(] )[A-Z][a-z]{3,}\b|(?<=\()[A-Z][a-z]{3,}\b")
_OPENING = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|how many|how much|how)\b"
    r"(?:'s|\s(?:is|are|was|were|did|does|do|has|have|will)\b)?"
    r"(?:\s(?:the|an?|this|that)\b)?\s?",
    re.I,
)


def analyze(text: str) -> Question:
    """Parse a question."""
    main, asides = _main_sentence(text)
    quoted = _QUOTED.search(text)
    label = (quoted[1] or quoted[2] or "").strip(" :：?") if quoted else ""
    pages = _pages(text)
    bare = _ORDINAL_PAGE.sub(" ", _PAGE.sub(" ", main)) if pages else main
    if label:
        terms = _merge_tokens([(token, 1.0) for token in tokenize(_with_phrases(label))])
    elif has_han(main):
        label, terms = _chinese_terms(bare)
    else:
        label, terms = _english_terms(bare)
        aside_terms = [Term(term.norm, ASIDE_WEIGHT * term.weight) for term in _english_terms(asides)[1]]
        terms = _merge_terms(terms, aside_terms)
    shape = _shape(main, bool(quoted))
    return Question(
        text=text,
        kinds=_YES_NO_KINDS if shape is Shape.YES_NO else find_answer_kinds(label if quoted else main, bool(quoted)),
        shape=shape,
        tree=parse_tree(main),
        terms=terms,
        label=label,
        quoted=bool(quoted),
        pages=pages,
        fields=frozenset() if quoted else find_document_fields(main, [term.norm for term in terms]),
        names=() if quoted else _names(main),
    )


def parse_tree(text: str) -> Query:
    """The query of the sentence that asks."""
    plain = normalize(text)
    language = guess_language(plain)
    return build_tree(Clause(plain, language, split_pieces(plain, language)))


def _main_sentence(text: str) -> tuple[str, str]:
    """The sentence that asks, and the other text without instructions on how to answer."""
    sentences = [part for part in _SENTENCE.findall(text) if part.strip()]
    asking = [part for part in sentences if part.rstrip().endswith(("?", "？"))]
    main = asking[-1] if asking else (sentences[0] if sentences else text)
    asides = " ".join(part for part in sentences if part is not main and not _INSTRUCTION.match(part))
    introduction, comma, rest = main.rpartition(", ")
    if comma and _OPENING.match(rest) and not _OPENING.match(introduction):
        return rest, f"{introduction} {asides}"
    return main, asides


def _names(text: str) -> tuple[str, ...]:
    """Capitalized words inside a sentence, in lower case; none if most of its words are capitalized."""
    names = [match[0].lower() for match in _NAME.finditer(text)]
    if 2 * len(names) > len(text.split()):
        return ()
    common = STOP_WORDS.union(WEAK_WORDS, DOCUMENT_WORDS, LABEL_WORDS, MONTHS, *SYNONYMS)
    return tuple(dict.fromkeys(name for name in names if name not in common))


def _pages(text: str) -> tuple[int, ...]:
    if re.search(r"\bpage numbers?\b|页码", text, re.I):
        return ()
    pages = [page for match in _PAGE.finditer(text) for page in _page_range(match)]
    for match in _ORDINAL_PAGE.finditer(text):
        word = next(filter(None, match.groups())).lower()
        pages.append(-1 if word in ("last", "最后一页") else ORDINALS.get(word, 1))
    return tuple(dict.fromkeys(page for page in pages if page))


def _page_range(match: re.Match[str]) -> Iterable[int]:
    """The pages of "page 3", "pages 3-5" or "pages 3 and 5"."""
    if match[4]:
        return (_number(match[4]),)
    first, last = int(match[1]), int(match[3] or match[1])
    if match[2] in ("-", "–", "to") and first < last <= first + MAX_PAGE_RANGE:
        return range(first, last + 1)
    return (first, last)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else CHINESE_DIGITS.get(text, 0)


def _with_phrases(text: str) -> str:
    low = _ACRONYM.sub(lambda found: ACRONYMS[found[0]], fold_case(text))
    for phrase, word in PHRASES:
        low = low.replace(phrase, word)
    return low


def _english_terms(text: str) -> tuple[str, tuple[Term, ...]]:
    """The label and the terms of an English question.

    The words between the question word and the first preposition name the value best: they are the label.
    """
    asides = [(token, ASIDE_WEIGHT) for part in _PARENTHESES.findall(text) for token in tokenize(part) if len(part) > 5]
    low = _with_phrases(_PARENTHESES.sub(lambda part: " " if len(part[0]) > 5 else part[0], text))
    opening = _OPENING.search(low)
    start = opening.end() if opening else 0
    stop = _PREPOSITION.search(low, start + 1)
    core_end = stop.start() if stop else len(low)
    core_tokens = [t for t in tokenize(low) if start <= t.start < core_end and t.norm not in STOP_WORDS]
    if all(token.norm in WEAK_WORDS or token.norm in DOCUMENT_WORDS for token in core_tokens) and stop:
        following = _PREPOSITION.search(low, stop.end())
        core_end = following.start() if following else len(low)
    weighted = []
    for token in tokenize(low):
        if token.norm in STOP_WORDS:
            continue
        weight = WEAK_WEIGHT if token.norm in WEAK_WORDS or token.norm in DOCUMENT_WORDS else 1.0
        if token.norm in DOCUMENT_WORDS and any(word.norm in WEAK_WORDS for word in core_tokens[1:]):
            weight = 1.0 if start <= token.start < core_end else weight
        if not start <= token.start < core_end and not token.norm[0].isdigit():
            weight *= MODIFIER_WEIGHT
        weighted.append((token, weight))
    weighted += [(token, weight) for token, weight in asides if token.norm not in STOP_WORDS]
    return low[start:core_end].strip(" ?:.,"), _merge_tokens(weighted)


def _chinese_terms(text: str) -> tuple[str, tuple[Term, ...]]:
    """The label and the terms of a Chinese question.

    The text without question words is the label; its part after the last 的 names the value best.
    """
    low = fold_case(text).strip(" ?？。")
    for word in CHINESE_QUESTION_WORDS:
        low = low.replace(word, "\n")
    for word in CHINESE_STOP:
        low = low.replace(word, "\t" if word.endswith("的") else " ")
    parts = [part for part in re.split(r"[\n\t]", _CHINESE_PARENTHESES.sub("\t", low)) if part.strip(" ,，、")]
    label = re.sub(r"[\s,，]+", "", parts[-1] if parts else low)
    if len(label) < 2 and len(parts) > 1:
        label = re.sub(r"\s+", "", parts[-2])
    weighted = [(token, 1.0) for token in tokenize(label)]
    for part in parts:
        weighted += [(token, MODIFIER_WEIGHT) for token in tokenize(part)]
    weighted += [(token, ASIDE_WEIGHT) for part in _CHINESE_PARENTHESES.findall(low) for token in tokenize(part)]
    return label, _merge_tokens([(token, _chinese_weight(token, weight)) for token, weight in weighted])


def _chinese_weight(token: Token, weight: float) -> float:
    return max(weight, MIN_CHINESE_NUMBER_WEIGHT) if token.norm[0].isdigit() else weight


def _merge_tokens(weighted: list[tuple[Token, float]]) -> tuple[Term, ...]:
    return _merge_terms((), [Term(token.norm, weight) for token, weight in weighted])


def _merge_terms(first: tuple[Term, ...], second: list[Term]) -> tuple[Term, ...]:
    weights: dict[str, float] = {}
    for term in (*first, *second):
        weights[term.norm] = max(weights.get(term.norm, 0.0), term.weight)
    return tuple(Term(norm, weight) for norm, weight in weights.items())


def _shape(text: str, quoted: bool) -> Shape:
    if quoted:
        return Shape.VALUE
    if _UNREADABLE.search(text) or re.match(
        r"\s*(?:why|how (?:to|do|does|did|can|should))\b|.*(?:为什么|如何|怎么)", text, re.I
    ):
        return Shape.UNREADABLE
    if _YES_NO.match(text) or _CHINESE_YES_NO.search(text):
        return Shape.YES_NO
    words = set(re.findall(r"\w+", text.lower()))
    asks_which = _LOOKUP.search(text) is not None
    if asks_which and (words & MAXIMUM_WORDS or any(word in text for word in CHINESE_MAXIMUM)):
        return Shape.MAXIMUM
    if asks_which and (words & MINIMUM_WORDS or any(word in text for word in CHINESE_MINIMUM)):
        return Shape.MINIMUM
    if re.search(r"\bhow many\b|\bnumber of\b", text, re.I):
        return Shape.COUNT
    if re.match(r"\s*(?:which|who|whose)\b|.*哪[家个位些]", text, re.I):
        return Shape.LOOKUP
    return Shape.VALUE
