"""Finds the concepts of the lexicons in a text, in any language: "Rechnungsnummer" is an invoice number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.terms import Token, split_words, stem, tokenize

MIN_PART = 4
"""Fewest letters of a part of a compound word."""

MAX_GAPPED = 6
"""Most words of a phrase whose function words may differ from those of the lexicons."""

_JOINTS = ("", "s", "n", "en", "es")
"""What joins the parts of German and Dutch compounds."""

_NONE: frozenset[str] = frozenset()
_Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConceptSpan:
    """Tokens that name concepts together, as indices from `start` up to `end`."""

    start: int
    end: int
    concepts: frozenset[str]


@lru_cache(maxsize=8192)
def concepts_in(text: str) -> frozenset[str]:
    """The ids of the concepts that `text` names, with those of the words of an id: "invoice number", "invoice"."""
    found = {name for span in longest_spans(tokenize(text)) for name in span.concepts}
    return frozenset(found.union(*map(parts_of, found)))


@lru_cache(maxsize=8192)
def concept_share(text: str, among: frozenset[str] | None = None) -> float:
    """Share of the letters of `text` that name concepts: 1 for most labels, less for names and sentences.

    Only those `among` count, if given.
    """
    tokens = tokenize(text)
    letters = {index for token in tokens for index in range(token.start, token.end)}
    named = {
        index
        for span in longest_spans(tokens)
        if among is None or span.concepts & among
        for token in tokens[span.start : span.end]
        for index in range(token.start, token.end)
    }
    return len(named) / len(letters) if letters else 0.0


def longest_spans(tokens: Sequence[Token]) -> Iterator[ConceptSpan]:
    """The spans of `tokens` that name concepts, in order; of two that overlap, the longer one: "subtotal" is no total.

    Function words count only at the start, as in the label "To:".
    """
    stems, start = [stem(token.norm) for token in tokens], 0
    while start < len(stems):
        end, concepts = _longest(stems, start)
        if not concepts:
            end, concepts = start + 1, _compound(tokens[start].norm)
        elif end == start + 1 and start and is_function_word(tokens[start].norm):
            concepts = _NONE
        if concepts:
            yield ConceptSpan(start, end, concepts)
        start = end


def all_spans(tokens: Sequence[Token]) -> Iterator[ConceptSpan]:
    """All spans of `tokens` that name concepts, those inside others too."""
    stems = [stem(token.norm) for token in tokens]
    for start, token in enumerate(tokens):
        found = [ConceptSpan(start, end, concepts) for end, concepts in _wordings_at(stems, start)]
        if not found and (concepts := _compound(token.norm)):
            found = [ConceptSpan(start, start + 1, concepts)]
        yield from found


@lru_cache(maxsize=16384)
def word_concepts(norm: str) -> frozenset[str]:
    """The concepts that a single word names, by `Token.norm`."""
    return _longest([stem(norm)], 0)[1] or _compound(norm)


@lru_cache(maxsize=16384)
def word_parts(norm: str) -> frozenset[str]:
    """The concepts that parts of a compound word name: "invoice" and "number" of "Rechnungsnummer"."""
    word = stem(norm)
    parts = frozenset[str]().union(*map(parts_of, word_concepts(norm)))
    return frozenset(
        part for part in parts if any(len(inner) >= MIN_PART and inner in word for inner in _words()[part])
    )


@cache
def joint_concepts(first: str, second: str) -> frozenset[str]:
    """The concepts that the words of two ids name together: "invoice number" of "invoice" and "number"."""
    words = [stem(word) for word in (*first.split(), *second.split())]
    return _index().get(tuple(words), _NONE)


@cache
def parts_of(concept: str) -> frozenset[str]:
    """The concepts that the words of a concept's id name: "invoice" and "number" of "invoice number"."""
    words, known = concept.split(), load_lexicon().concepts
    runs = {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    return frozenset(run for run in runs if run in known and run != concept)


@cache
def first_stems() -> dict[str, frozenset[str]]:
    """By concept: the stems of the words that its wordings begin with."""
    stems: dict[str, set[str]] = {}
    for words, name in _wordings():
        stems.setdefault(name, set()).add(words[0])
    return {name: frozenset(found) for name, found in stems.items()}


@cache
def _words() -> dict[str, frozenset[str]]:
    """By concept: the stems of the single words that name it."""
    words: dict[str, set[str]] = {name: set() for name in load_lexicon().concepts}
    for stems, name in _wordings():
        if len(stems) == 1:
            words[name].add(stems[0])
    return {name: frozenset(found) for name, found in words.items()}


def is_function_word(norm: str) -> bool:
    """Whether a word means little, such as an article or a preposition, and names nothing in another language."""
    return norm in _function_words()


@cache
def _function_words() -> frozenset[str]:
    words: set[str] = set()
    languages = load_lexicons()
    for language, lexicon in languages.items():
        others = [other.concepts.values() for name, other in languages.items() if name != language]
        words |= lexicon.words["stop"].difference(*(wordings for concepts in others for wordings in concepts))
    return frozenset(words)


@cache
def _index() -> dict[_Stems, frozenset[str]]:
    """The concepts of each wording."""
    concepts: dict[_Stems, set[str]] = {}
    for words, name in _wordings():
        concepts.setdefault(words, set()).add(name)
    return {words: frozenset(names) for words, names in concepts.items()}


@cache
def _content_index() -> dict[_Stems, frozenset[str]]:
    """The concepts of the wordings that contain function words, without these."""
    content: dict[_Stems, frozenset[str]] = {}
    for words, concepts in _index().items():
        rest = tuple(word for word in words if word not in _function_words())
        if 1 < len(rest) < len(words) and rest[0] == words[0]:
            content[rest] = content.get(rest, _NONE) | concepts
    return content


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """By first stem: the numbers of words of the wordings, the greatest first."""
    lengths: dict[str, set[int]] = {}
    for words in _index():
        lengths.setdefault(words[0], set()).add(len(words))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


@cache
def _wordings() -> tuple[tuple[_Stems, str], ...]:
    """The wordings of all languages, as the stems of their words, with their concepts."""
    return tuple(
        (stems, name)
        for name, wordings in load_lexicon().concepts.items()
        for wording in wordings
        if (stems := tuple(map(stem, split_words(wording))))
    )


def _wordings_at(stems: Sequence[str], start: int) -> Iterator[tuple[int, frozenset[str]]]:
    """The wordings that begin at `start`, the longest first: their ends, and the concepts that they word."""
    following = stems[start + 1 : start + 2]
    found = [] if following and following[0] not in _function_words() else _other_function_words(stems, start)
    for length in _lengths().get(stems[start], ()):
        words = tuple(stems[start : start + length])
        if len(words) == length and (concepts := _index().get(words)):
            found.append((start + length, concepts))
    yield from sorted(found, key=lambda pair: -pair[0])


def _other_function_words(stems: Sequence[str], start: int) -> list[tuple[int, frozenset[str]]]:
    """The wordings at `start` but for function words inside them: "numéro de la facture" for "numéro de facture"."""
    content = [i for i in range(start, min(len(stems), start + MAX_GAPPED)) if stems[i] not in _function_words()]
    runs = (content[:count] for count in range(2, len(content) + 1))
    found = [(run[-1] + 1, _content_index().get(tuple(stems[i] for i in run), _NONE)) for run in runs]
    return [pair for pair in found if pair[1]]


def _longest(stems: Sequence[str], start: int) -> tuple[int, frozenset[str]]:
    return next(_wordings_at(stems, start), (start + 1, _NONE))


@lru_cache(maxsize=16384)
def _compound(norm: str) -> frozenset[str]:
    """The concepts of the two parts of a compound word, if both are known: "Liefer-datum"."""
    word = stem(norm)
    for end in range(MIN_PART, len(word) - MIN_PART + 1):
        second = _longest([word[end:]], 0)[1]
        for joint in _JOINTS if second else ():
            first = _longest([word[: end - len(joint)]], 0)[1] if word[:end].endswith(joint) else _NONE
            if first:
                both = {f"{left} {right}" for left in first for right in second} & load_lexicon().concepts.keys()
                return frozenset(both) or first | second
    return _NONE
