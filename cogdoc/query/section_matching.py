"""Finds the sections of a document that a question names, by the number of their heading or by its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz

from cogdoc.query.concepts import concepts_in
from cogdoc.query.document_outline import CAPTIONED, Outline, Section
from cogdoc.query.document_places import asked_references, find_references
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question import Question
from cogdoc.query.terms import fold_case, tokenize

MIN_RECALL, MIN_PRECISION = 0.3, 0.6
"""How much of the words of a question and of a heading have to agree."""


@dataclass(frozen=True, slots=True)
class SectionMatch:
    section: Section
    recall: float
    """Share of the weight of the question's words that the heading contains."""
    precision: float
    """Share of the heading's words that the question explains."""
    likeness: float
    """Of the heading and a part of the question, letter by letter, 0 to 1; decides between headings with its words."""

    @property
    def score(self) -> tuple[float, float]:
        return self.recall * self.precision, self.likeness


def named_sections(question: Question, outline: Outline) -> list[Section] | None:
    """The sections that a question names by number, "in Unit 8"; None if it names none."""
    references = [one for one in asked_references(question.text) if one[0] not in CAPTIONED | _steps()]
    if not references:
        return None
    return [section for section in outline.sections() if section.heading.reference in references]


def match_sections(question: Question, words: frozenset[str], outline: Outline) -> Iterator[SectionMatch]:
    """The sections whose headings share words with a question, within those that it names by number.

    Args:
        words: those of the question that count.
    """
    outer = named_sections(question, outline)
    matcher = Matcher(question, ())
    weights = {index: matcher.weights[index] for index, term in enumerate(question.terms) if term.norm in words}
    for section in outline.sections():
        if outer is not None and not any(one.start <= section.start < one.end for one in outer):
            continue
        tokens = tokenize(section.heading.text)
        shared = sum(weights.get(index, 0.0) * value for index, value in matcher.covering(tokens).items())
        recall, precision = shared / (sum(weights.values()) or 1.0), matcher.precision(tokens)
        if recall >= MIN_RECALL and precision >= MIN_PRECISION:
            likeness = fuzz.partial_ratio(fold_case(section.heading.text), fold_case(question.text)) / 100
            yield SectionMatch(section, recall, precision, likeness)


def general_words() -> frozenset[str]:
    """Words of questions that name nothing in a document: "mentioned", "altogether", "in the whole report"."""
    lexicon = load_lexicon()
    lists = ("document", "weak", "listing", "mentioned", "whole")
    summed = (token.norm for phrase in lexicon.operations["sum"] for token in tokenize(phrase))
    return frozenset(summed).union(*(lexicon.words[name] for name in lists))


def place_words(question: Question) -> frozenset[str]:
    """The words of a question that name pages and numbered sections."""
    mentions = [one for one in find_references(question.text) if one.reference[0] not in CAPTIONED]
    return frozenset(
        token.norm
        for token in tokenize(question.text)
        if any(one.start <= token.start < one.end for one in mentions)
        or (question.pages and (token.norm.isdecimal() or "page" in concepts_in(token.norm)))
    )


def _steps() -> frozenset[str]:
    """Words that number items rather than sections: "step 2"."""
    return load_lexicon().words["steps"]
