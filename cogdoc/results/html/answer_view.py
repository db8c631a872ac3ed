"""An answer as it is shown, with its places on the pages."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from cogdoc.results.failures import UnreadPage
from cogdoc.results.html.marks import Mark, Place, candidates_of, places_of
from cogdoc.results.records import Answer
from cogdoc.results.value_text import in_full
from cogdoc.results.wording import Sureness, flag_sentences, refusal_in_words, sureness_of
from cogdoc.text import language_of


@dataclass(frozen=True, slots=True)
class OtherAnswer:
    """Another possible answer, and where it is printed."""

    text: str
    share: str | None
    """How sure it is, if the engine says so."""
    place: Place | None


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer, and how it is shown."""

    key: str
    answer: Answer
    text: str
    language: str | None
    plain: str | None
    """Its value in plain form, if that says more than the text."""
    other_reading: str | None
    sure: Sureness
    refusal: str
    """What to say if there is no answer."""
    notes: tuple[str, ...]
    found: tuple[Place, ...]
    operands: tuple[Place, ...]
    others: tuple[OtherAnswer, ...]
    pages: Collection[int]
    """The pages that have pictures."""


def view_answer(
    answer: Answer, key: str, pages: Collection[int], flags: Collection[str] = (), unread: Collection[UnreadPage] = ()
) -> AnswerView:
    """
    Args:
        key: the id of the element that shows it.
        pages: those that have pictures, to which its places lead.
        flags: those of its record.
        unread: pages that may contain the answer and could not be read.
    """
    places = places_of(answer, key)
    by_kind = {kind: tuple(place for place in places if place.kind == kind) for kind in ("found", "operand", "other")}
    other_places = iter(by_kind["other"])
    others = tuple(
        OtherAnswer(
            other.text,
            None if other.confidence is None else f"{round(100 * other.confidence)}% sure",
            None if other.evidence is None else next(other_places),
        )
        for other in candidates_of(answer)
    )
    operands = {place.key for place in by_kind["operand"]}
    is_computed = answer.formula is not None or len(operands) > 1
    text = in_full(answer)
    value = answer.value
    plain = value.plain if value is not None and value.plain != text else None
    sentences = flag_sentences(flag for flag in (*answer.flags, *flags) if flag != "unknown-confidence")
    withheld = ["The answer that was found is less sure than was asked for."] if answer.withheld is not None else []
    unread_pages = (f"Page {page.page} was not read: {page.message}" for page in unread)
    return AnswerView(
        key,
        answer,
        text,
        language_of(text),
        plain,
        None if value is None else value.other_reading,
        sureness_of(answer),
        refusal_in_words(answer),
        (*sentences, *withheld, *unread_pages),
        tuple(place for place in by_kind["found"] if not (is_computed and place.key in operands)),
        by_kind["operand"] if is_computed else (),
        others,
        pages,
    )


def answer_marks(view: AnswerView, number: int | None) -> list[tuple[int, Mark]]:
    """The marks of an answer, each with its page.

    Args:
        number: of the question, which the marks bear; None if there is only one.
    """
    marks: dict[str, tuple[int, Mark]] = {}
    label = None if number is None else str(number)
    places = (*view.found, *view.operands, *(other.place for other in view.others if other.place is not None))
    for place in places:
        if place.box is not None and place.page in view.pages:
            name = f"{view.answer.question}: {place.text}"
            shown = label if place.kind != "other" else None
            mark = Mark(place.key, place.box, place.kind, name, view.key, shown)
            marks.setdefault(place.key, (place.page, mark))
    return list(marks.values())
