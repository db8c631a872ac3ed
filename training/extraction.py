"""Collects the proposals for every question into one file, so that fitting and judging take seconds.

    python -m training.extraction DATA CACHE

DATA is the folder of the evaluation data, CACHE a folder that keeps what was read from its documents. The proposals
are those that the built-in engine collects for a question, with the features that it ranks them by; they are written
to `CACHE/proposals.pickle`. Extract again whenever code that proposes answers changes.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cogdoc.engines.builtin.answering.answer import Collected, collect, pages_to_search
from cogdoc.engines.builtin.answering.proposal_ranking import text_key
from cogdoc.engines.builtin.engine import LAID_OUT_PAGES, may_show_chart
from cogdoc.evaluation.cases import Case, Task
from cogdoc.parsing.page_text import PageLayout
from cogdoc.query.fitted_model import Features
from cogdoc.query.page_ranking import rank_pages
from training.documents import read_cached_charts, read_cached_layout, read_texts
from training.fitting import parse_folders
from training.form_questions import form_questions
from training.invoice_pages import invoice_pages
from training.outlined_pages import outlined_pages
from training.prose_pages import prose_pages
from training.questions import Question, read_questions, unanswerable_questions
from training.small_pages import small_pages
from training.table_pages import OR, Example, table_pages

PROCESSES = 2
AT_ONCE = 40
"""Questions that a process works on before it asks for more; those about one document are next to each other."""

SEARCHED_PAGES = 5
SMALL_PAGES = "small pages"
TABLE_PAGES = "table pages"
PROSE_PAGES = "prose pages"
FORM_PAGES = "form pages"
OUTLINED_PAGES = "outlined pages"
INVOICE_PAGES = "invoice pages"
MADE_UP_FAMILIES: dict[str, Callable[[], Iterator[Example]]] = {
    SMALL_PAGES: small_pages,
    TABLE_PAGES: table_pages,
    PROSE_PAGES: prose_pages,
    FORM_PAGES: form_questions,
    OUTLINED_PAGES: outlined_pages,
    INVOICE_PAGES: invoice_pages,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One question with its proposals."""

    question: str
    document: str
    """The file's name."""
    family: str
    source: str
    kind: str
    """What the question asks for."""
    answerable: bool
    made_up: bool
    """Whether the question or its page is made up: it counts in no score."""
    names: tuple[str, ...]
    """Of the features that any proposal has."""
    features: NDArray[np.float32]
    """(proposals, names)."""
    texts: tuple[str, ...]
    keys: tuple[str, ...]
    """By proposal; proposals with the same key say the same."""
    gains: NDArray[np.float32]
    """(proposals,): the score that each would earn as the answer."""
    evidence: Features
    """Of the question and its pages together."""


def choices_of(questions: Sequence[Question], cache: Path) -> list[Choice]:
    return [_document_choice(question, cache) for question in questions]


def _document_choice(question: Question, cache: Path) -> Choice:
    texts = read_texts(question.document, cache)
    ranked = [page.number for page in rank_pages(question.text, texts)[:SEARCHED_PAGES]]
    layouts = [
        read_cached_layout(question.document, number, cache) if index < LAID_OUT_PAGES
        else PageLayout(texts[number - 1], ())
        for index, number in enumerate(ranked)
    ]  # fmt: skip
    charts = {
        layout.page_text.number: read_cached_charts(question.document, layout.page_text.number, cache)
        for layout in layouts[:LAID_OUT_PAGES]
        if may_show_chart(layout)
    }
    return choice_of(question, collect(question.text, pages_to_search(question.text, layouts, len(texts)), charts))


def made_up_choices(family: str, examples: Iterable[Example]) -> list[Choice]:
    """Questions about pages that are made up; their answers have to be printed as they are.

    Another number is a wrong answer, however few of its digits differ.
    """
    choices = []
    for number, (text, layout, answer) in enumerate(examples):
        truth: dict[str, object] = {"unanswerable": True} if answer is None else {"answers": answer.split(OR)}
        document = Path(f"{family}-{number}")
        case = Case(str(number), family, document, Task.ASK, "anls", text, truth)
        question = Question(text, document, family, family, case)
        choice = choice_of(question, collect(text, [layout]))
        digits = {_digits(one) for one in (answer or "").split(OR)}
        same = np.array([_digits(found) in digits for found in choice.texts], dtype=np.float32)
        choices.append(replace(choice, gains=choice.gains * same))
    return choices


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def choice_of(question: Question, collected: Collected) -> Choice:
    names = tuple(sorted({name for features in collected.features for name in features}))
    matrix = np.array(
        [[features.get(name, 0.0) for name in names] for features in collected.features], dtype=np.float32
    ).reshape(len(collected.proposals), len(names))
    found = tuple(proposal.text for proposal in collected.proposals)
    asked = collected.matcher.question
    return Choice(
        question=question.text,
        document=question.document.name,
        family=question.family,
        source=question.source,
        kind=f"{type(asked.tree).__name__} {asked.kinds[0]}",
        answerable=question.answerable,
        made_up=question.case is None or question.family in MADE_UP_FAMILIES,
        names=names,
        features=matrix,
        texts=found,
        keys=tuple(text_key(text) for text in found),
        gains=np.array([question.gain(text) for text in found], dtype=np.float32),
        evidence=collected.evidence,
    )


def extract(data: Path, cache: Path) -> list[Choice]:
    """The proposals for all questions, also for those that are put to documents which do not answer them."""
    questions = read_questions(data)
    questions += unanswerable_questions(questions, cache)
    questions.sort(key=lambda question: (question.family, question.document))
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [pool.submit(choices_of, part, cache) for part in _parts(questions)]
        made_up = [choice for family, pages in MADE_UP_FAMILIES.items() for choice in made_up_choices(family, pages())]
        return [*chain.from_iterable(part.result() for part in parts), *made_up]


def _parts(questions: Sequence[Question]) -> list[Sequence[Question]]:
    return [questions[start : start + AT_ONCE] for start in range(0, len(questions), AT_ONCE)]


def proposals_file(cache: Path) -> Path:
    return cache / "proposals.pickle"


def load_choices(cache: Path) -> list[Choice]:
    """What `extract` found, in the file that this script writes."""
    choices: list[Choice] = pickle.loads(proposals_file(cache).read_bytes())
    return choices


def main() -> None:
    arguments = parse_folders("Collect the proposals for every question of the evaluation data.")
    choices = extract(arguments.data, arguments.cache)
    proposals_file(arguments.cache).write_bytes(pickle.dumps(choices))
    print(f"{len(choices)} questions, {sum(len(choice.keys) for choice in choices)} proposals")


if __name__ == "__main__":
    main()
