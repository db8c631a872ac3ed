"""Answers yes or no from a sentence that states the same as the question, or the opposite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.running_text import QuestionTerms, TextWord
from cogdoc.engines.builtin.answering.sentences import ScoredSentence, score_sentences
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.typed_values import ValueKind

MIN_STRENGTH = 0.6
"""Least strength of a match between a word of the sentence and one of the question."""

MIN_STATED = 0.85
"""Share of the question's weight that a sentence with the same statement contains."""

MIN_TERMS = 2
SENTENCES = 4
MAX_GAP = 3
"""Words from the one that is put in place of a word of the question to a neighbor that both have."""

OPPOSITES = (("more", "less"), ("growth", "decrease"), ("highest", "lowest"), ("before", "after"), ("first", "last"))
"""Operations of the lexicon whose words contradict each other."""


def propose_statements(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """Yes or no, from each of the sentences that share most with the question and state it or its opposite."""
    question = matcher.question
    terms = QuestionTerms(question.text, question.language)
    if len(terms.norms) < MIN_TERMS:
        return
    weights, scored = score_sentences(terms, pages)
    asks_negation = any(word in _negations() for word in question.text.lower().split())
    for found in scored[:SENTENCES]:
        truth = _truth(question.text, terms, weights, found)
        if truth is not None:
            yield _proposal(found, question.language, truth != asks_negation)


def _truth(question: str, terms: QuestionTerms, weights: Sequence[float], found: ScoredSentence) -> bool | None:
    """Whether a sentence says what the question asks, without its negation; None if it says neither."""
    words = found.sentence.words
    stated = {index for word in words for index, strength in word.hits if strength >= MIN_STRENGTH}
    missing = [index for index in range(len(terms.norms)) if index not in stated]
    share = sum(weights[index] for index in stated) / (sum(weights) or 1.0)
    clauses = {word.clause for word in words if any(index in stated for index, _ in word.hits)}
    negated = any(word.norm in _negations() and word.clause in clauses for word in words)
    if share >= MIN_STATED and not any(_is_exact(question, terms, index) for index in missing):
        return not negated
    contradicts = len(missing) == 1 and len(stated) >= MIN_TERMS and not negated
    return False if contradicts and _is_contradicted(question, terms, missing[0], found) else None


def _is_exact(question: str, terms: QuestionTerms, index: int) -> bool:
    """Whether a term is a number or a name."""
    first = question[terms.starts[index]]
    return first.isdigit() or first.isupper()


def _is_contradicted(question: str, terms: QuestionTerms, missing: int, found: ScoredSentence) -> bool:
    """Whether the sentence has another number or name, or the opposite, in place of a term."""
    words = found.sentence.words
    opposite = _opposites(terms.norms[missing])
    if any(word.norm in opposite for word in words):
        return True
    if not _is_exact(question, terms, missing):
        return False
    neighbors = {missing - 1, missing + 1}
    beside = [at for at, word in enumerate(words) if any(index in neighbors for index, _ in word.hits)]
    return any(
        _is_alike(question[terms.starts[missing]], terms.norms[missing], word, found)
        and any(abs(at - other) <= MAX_GAP for other in beside)
        for at, word in enumerate(words)
    )


def _is_alike(first: str, norm: str, word: TextWord, found: ScoredSentence) -> bool:
    """Whether a word that the question does not have is of the same kind: a number as long, or a name."""
    if word.hits or word.is_function:
        return False
    printed = found.passage.text[word.start]
    if first.isdigit():
        return printed.isdigit() and len(word.norm) == len(norm)
    return printed.isupper() and word.start > found.sentence.start


def _proposal(found: ScoredSentence, language: str, truth: bool) -> Proposal:
    sentence = Slice(found.passage, found.sentence.start, found.sentence.end)
    return Proposal(
        page=found.page, text=_wording(language, truth), slices=(sentence,), relation=Relation.SENTENCE,
        kind=ValueKind.YES_OR_NO, recall=found.overlap, precision=1.0, fit=1.0, evidence=sentence.text.strip(),
        features={"text-overlap": found.overlap},
    )  # fmt: skip


@cache
def _wording(language: str, truth: bool) -> str:
    """Yes or no in a language."""
    words: list[str] = load_lexicons()[language].values["yes" if truth else "no"][0]
    return words[0].capitalize()


@cache
def _negations() -> frozenset[str]:
    return frozenset(load_lexicon().operations["not"])


@cache
def _opposites(word: str) -> frozenset[str]:
    """The words that contradict a word."""
    operations = load_lexicon().operations
    pairs = [*OPPOSITES, *((second, first) for first, second in OPPOSITES)]
    return frozenset(other for own, opposite in pairs if word in operations[own] for other in operations[opposite])
