"""The questions that answering is fitted to and judged by: those of the open data sets, and some without an answer.

A data set's family is what is left out together: the same documents or documents of the same source. Questions
without an answer are those that a data set declares unanswerable, and questions put to another document that does
not print the rare words which the question shares with its own document, and questions with one such word in place of
another.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cogdoc.evaluation.answer_scoring import prediction_score
from cogdoc.evaluation.cases import Case
from cogdoc.evaluation.datasets import find_dataset
from cogdoc.query.terms import tokenize
from training.documents import SAMPLES, read_texts
from training.fitting import SEED

FILES = (
    ("qa", "core/qa.jsonl"),
    ("multipage", "core/qa_multipage.jsonl"),
    ("qa", "more/sroie/annotations.jsonl"),
    ("qa", "more/funsd/annotations.jsonl"),
    ("qa", "more/chartqa/annotations.jsonl"),
    ("multipage", "more/ntsb_reports/annotations.jsonl"),
    ("qa", "dev2/qa.jsonl"),
    ("multipage", "dev2/qa_multipage.jsonl"),
)
"""Form and path of every file of questions."""

FAMILIES = {"mmlongbench_doc_more": "mmlongbench_doc", "financebench": "filings", "sec_10q": "filings"}
"""The family of a data set where it is not the data set's own name."""

SAMPLE_FAMILY = "samples"

SAME_QUESTIONS = frozenset(
    {
        "brazil_fiscal",
        "forms_multilingual_synthetic",
        "ntsb_reports",
        "receipts_german_softmatic",
        "sroie",
        "vrdu_adbuy",
        "zugferd_facturx",
    }
)
"""Families that ask for the same properties of every document, so that a question has an answer in all of them."""

FROM_SIBLINGS = 2
"""Unanswerable questions put to every document that come from its own data set."""

FROM_STRANGERS = 1
"""The same, from other data sets."""

RARE = 0.01
"""A word in at most this share of the documents says what a question is about."""

SAME_LANGUAGE = 0.25
"""A document that prints this share of a question's words is taken to be in its language."""


@dataclass(frozen=True, eq=False)
class Question:
    text: str
    document: Path
    family: str
    """Of the document."""
    source: str
    """The family that the question comes from; not that of the document if it was put to another one."""
    case: Case | None
    """Its truth; None if the question was put to another document."""

    @property
    def answerable(self) -> bool:
        return self.case is not None and not self.case.truth.get("unanswerable")

    def gain(self, text: str) -> float:
        """The score of a text as the answer."""
        if self.case is None or not self.answerable:
            return 0.0
        return prediction_score(self.case, text) or 0.0


def read_questions(data: Path) -> list[Question]:
    """Every question of the open data sets and of the project's samples, each once."""
    questions: dict[tuple[str, str, str], Question] = {}
    for form, path in (*((form, data / name) for form, name in FILES), ("multipage", SAMPLES / "questions.jsonl")):
        for case in find_dataset(form).reads(path):
            assert isinstance(case.document, Path)
            family = SAMPLE_FAMILY if path.parent == SAMPLES else FAMILIES.get(case.group, case.group)
            question = Question(case.question, case.document, family, family, case)
            questions.setdefault((family, case.document.name, case.question), question)
    return list(questions.values())


def unanswerable_questions(questions: Sequence[Question], cache: Path) -> Iterator[Question]:
    """Questions put to other documents, of the same and of other families, that do not answer them."""
    generator = random.Random(SEED)
    asked = [question for question in questions if question.answerable]
    printed = {document: _printed_words(document, cache) for document in {question.document for question in asked}}
    frequency = Counter(word for words in printed.values() for word in words)
    rare = max(2, RARE * len(printed))
    topics = {
        question: {word for word in words(question.text) & printed[question.document] if frequency[word] <= rare}
        for question in asked
    }
    documents = {question.document: question.family for question in asked}
    for document, family in documents.items():
        own = [one for one in asked if one.family == family and _shares_language(one, printed[document])]
        if family in SAME_QUESTIONS:
            own = []
        strangers = [one for one in asked if one.family != family]
        for candidates, count in ((own, FROM_SIBLINGS), (strangers, FROM_STRANGERS)):
            fitting = [one for one in candidates if topics[one] and not topics[one] & printed[document]]
            for question in generator.sample(fitting, min(count, len(fitting))):
                yield Question(question.text, document, family, question.source, None)
        swapped = [one for one in asked if one.document == document and topics[one]]
        foreign = sorted({word for one in own or asked for word in topics[one] if word not in printed[document]})
        if swapped and foreign:
            question = generator.choice(swapped)
            text = _swapped(question.text, generator.choice(sorted(topics[question])), generator.choice(foreign))
            if text != question.text:
                yield Question(text, document, family, family, None)


def _swapped(text: str, word: str, other: str) -> str:
    """A question about another thing: one of its words in place of another, in the same case."""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE)
    if match is None:
        return text
    return text[: match.start()] + (other.capitalize() if match[0][0].isupper() else other) + text[match.end() :]


def words(text: str) -> frozenset[str]:
    """The words of a text in lower case; pairs of characters where a language needs no spaces."""
    return frozenset(token.norm for token in tokenize(text))


def _printed_words(document: Path, cache: Path) -> frozenset[str]:
    return frozenset().union(*(words(page.text) for page in read_texts(document, cache)))


def _shares_language(question: Question, printed: frozenset[str]) -> bool:
    """Whether a text contains some of all the words of a question, function words among them."""
    asked = words(question.text)
    return len(asked & printed) >= SAME_LANGUAGE * len(asked)
