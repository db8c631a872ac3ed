"""Answers yes or no from a sentence that states the same as the question, or the opposite."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.running_text import QuestionTerms, TextWord
from cogdoc.engines.builtin.answering.sentences import ScoredSentence, score_sentences
from cogdoc.engines.builtin.answering.yes_or_no import yes_no_word
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.segments import PageView, Slice
from cogdoc.query.terms import fold_case
from cogdoc.query.typed_values import ValueKind

MIN_STRENGTH = 0.6
"""Least strength of a match between a word of the sentence and one of the question."""

MIN_STATED = 0.85
"""Share of the question's weight that a sentence with the same statement contains."""

MIN_TERMS = 2
SENTENCES = 4
MAX_GAP = 4
"""Words from the one that is put in place of a word of the question to a neighbor that both have."""

OPPOSITES = (("more", "less"), ("growth", "decrease"), ("highest", "lowest"), ("before", "after"), ("first", "last"))
"""Operations of the lexicon whose words contradict each other."""

CHANGES = ("growth", "decrease")


def propose_statements(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """Yes or no, from each of the sentences that share most with the question and state it or its opposite."""
    question = matcher.question
    terms = QuestionTerms(question.text, question.language)
    if len(terms.norms) < MIN_TERMS:
        return
    weights, scored = score_sentences(terms, pages)
    for found in scored[:SENTENCES]:
        truth = _truth(question.text, terms, weights, found)
        if truth is not None:
            yield yes_or_no(found, question.language, truth)


def _truth(question: str, terms: QuestionTerms, weights: Sequence[float], found: ScoredSentence) -> bool | None:
    """Whether a sentence says what the question asks; None if it says neither that nor the opposite."""
    words = found.sentence.words
    core = core_words(found, weights)
    if any(words[at].norm in load_lexicon().words["whether"] for at in core):
        return None
    stated = {index for at in core for index, strength in words[at].hits if strength >= MIN_STRENGTH}
    stated |= {index for index, norm in enumerate(terms.norms) if any(words[at].norm in _alike(norm) for at in core)}
    missing = [index for index in range(len(terms.norms)) if index not in stated]
    share = sum(weights[index] for index in stated) / (sum(weights) or 1.0)
    is_negated = _is_negated(question, found, core)
    if share >= MIN_STATED and not any(_is_exact(question, terms, index) for index in missing):
        return not is_negated
    contradicts = len(missing) == 1 and len(stated) >= MIN_TERMS and not is_negated
    return False if contradicts and _is_contradicted(question, terms, missing[0], found) else None


def core_words(found: ScoredSentence, weights: Sequence[float]) -> tuple[int, ...]:
    """The indices of the words of the clause that says most of the question, and of clauses that say nothing else.

    "In 2023, revenue rose" is one statement, "The landlord repairs the roof, the tenant the heating" are two.
    """
    clauses: dict[int, list[int]] = defaultdict(list)
    for at, word in enumerate(found.sentence.words):
        clauses[word.clause].append(at)

    def weight(indices: Sequence[int]) -> float:
        said = {index for at in indices for index, _ in found.sentence.words[at].hits}
        return sum(weights[index] for index in said)

    core = max(clauses.values(), key=weight)
    return tuple(
        at
        for indices in clauses.values()
        if indices is core or _is_adverbial([found.sentence.words[at] for at in indices])
        for at in indices
    )


def _is_adverbial(words: Sequence[TextWord]) -> bool:
    """Whether a clause has nothing but words of the question, function words and numbers; no mere item of a list."""
    loose = [word for word in words if word.is_function or word.norm[0].isdigit()]
    return bool(loose) and all(word.hits or word in loose for word in words)


def _is_negated(question: str, found: ScoredSentence, core: Sequence[int]) -> bool:
    """Whether one of the question and the sentence is negated, and the other is not.

    Words that both have cancel out. "Without" and its like negate what follows, not the statement.
    """
    words = found.sentence.words
    asked = {word for word in re.findall(r"\w+", fold_case(question)) if word in _negations()}
    printed = {words[at].norm for at in core if words[at].norm in _negations()}
    without = load_lexicon().words["without"]
    return bool(printed - asked - without) is not bool(asked - printed - without)


@cache
def _alike(word: str) -> frozenset[str]:
    """The words for the same change: "rise" and "rose"."""
    operations = load_lexicon().operations
    return frozenset(other for name in CHANGES if word in operations[name] for other in operations[name])


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


def yes_or_no(found: ScoredSentence, language: str, truth: bool) -> Proposal:
    """The answer in a language, with the sentence that says so."""
    sentence = Slice(found.passage, found.sentence.start, found.sentence.end)
    return Proposal(
        page=found.page, text=yes_no_word(language, truth), slices=(sentence,), relation=Relation.SENTENCE,
        kind=ValueKind.YES_OR_NO, recall=found.overlap, precision=1.0, fit=1.0, evidence=sentence.text.strip(),
        features={"text-overlap": found.overlap},
    )  # fmt: skip


@cache
def _negations() -> frozenset[str]:
    return frozenset(load_lexicon().operations["not"])


@cache
def _opposites(word: str) -> frozenset[str]:
    """The words that contradict a word."""
    operations = load_lexicon().operations
    pairs = [*OPPOSITES, *((second, first) for first, second in OPPOSITES)]
    return frozenset(other for own, opposite in pairs if word in operations[own] for other in operations[opposite])
