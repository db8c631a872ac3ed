"""Says flags and confidence in words, for people who look at results."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cogdoc.results.certainty import Certainty, certainty_of
from cogdoc.results.flags import Flag
from cogdoc.results.records import Answer

UNKNOWN = "The model does not say how sure it is"

FLAG_TEXTS = {
    Flag.BLANK_PAGE: "The page is blank.",
    Flag.TURNED: "The scan was turned upright to read it.",
    Flag.TILED: "The page was read in parts.",
    Flag.LOW_RESOLUTION: "The scan has a low resolution: expect wrong characters.",
    Flag.NO_WORDS: "The page has a picture, but no words were found in it.",
    Flag.HARD_TO_READ: "The scan is hard to read: expect wrong characters.",
    Flag.UNSUPPORTED_SCRIPT: "The page is in a script that cannot be read here; do not trust its text.",
    Flag.LOW_CONFIDENCE: "This answer is more often wrong than right: check it.",
    Flag.UNKNOWN_CONFIDENCE: "The model gives no probabilities.",
    Flag.BAD_TEXT_LAYER: "The text inside the file is broken, so the page was recognized from its picture.",
    Flag.REPAIRED_FILE: "The file is damaged and was repaired; something may be missing.",
    Flag.PAGES_FAILED: "Some pages could not be read; they may contain the answer.",
    Flag.LAYOUT_FAILED: "The arrangement of a page could not be read; the answer comes from the rest.",
    Flag.NOT_A_CHART: "There is no chart on this page.",
    Flag.HIDDEN_TEXT: "The page has hidden text, which was left out.",
    Flag.HIDDEN_TEXT_INCLUDED: "Text that the page does not show was read too.",
    Flag.COVERED_TEXT: "Some text is only covered, as by a black box: whoever has the file can read it.",
    Flag.LINES_OMITTED: "Markdown leaves out running heads, feet or page numbers.",
    Flag.LINES_LOST: "Markdown lacks some of the page's text.",
    Flag.TABLE_CONTINUES: "The table continues that of the page before.",
    Flag.NO_TABLE: "No table begins on this page.",
    Flag.XFA_FORM: "This is an XFA form without pages of its own.",
    Flag.HIDDEN_FIELDS: "The form has fields that no page shows; they were left out.",
    Flag.FIELDS_OMITTED: "There are more fields than were read.",
    Flag.COMMENTS: "Readers have commented on this page.",
    Flag.NOT_LITERAL: (
        "These words are not on the page: the model read them from a picture, inferred them, or made them up."
    ),
    Flag.CUT_OFF: "The model reached a limit before it finished.",
    Flag.REPETITION: "The model repeated itself; that was cut.",
    Flag.LITERAL_TEXT: "The page's own text stands in for what the model could not read.",
    Flag.LOW_AGREEMENT: "The model's text differs much from the page's own text.",
    Flag.SOURCES_DISAGREE: "A form field or embedded data says another value than the page prints.",
    Flag.MEASURED: "Values were measured against the axis, not read from labels: take them as approximate.",
}
"""Each flag as a sentence. The server's page says the same."""


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure something is: the word for it, which decides its look, and a phrase that says so."""

    level: Certainty | None
    """None if the engine does not state it."""
    text: str


_PHRASES = {
    Certainty.SURE: "Sure, {}%",
    Certainty.LIKELY: "Likely, {}%",
    Certainty.UNSURE: "Unsure, {}%: check it on the page",
}


def flag_sentences(flags: Iterable[str]) -> list[str]:
    """What the flags mean, each once; a flag without a sentence is named."""
    return [FLAG_TEXTS.get(Flag(flag), flag) if flag in set(Flag) else flag for flag in dict.fromkeys(flags)]


def sureness_of(answer: Answer) -> Sureness:
    """How sure an answer is."""
    if answer.confidence is None or answer.certainty is None:
        return Sureness(None, UNKNOWN)
    return sureness_in_words(answer.confidence, answer.certainty)


def sureness_in_words(confidence: float, certainty: Certainty) -> Sureness:
    """The probability that something is right, with its word."""
    return Sureness(certainty, _PHRASES[certainty].format(round(100 * confidence)))


def confidence_in_words(confidence: float | None, flags: Collection[str] = ()) -> Sureness:
    """A confidence that is not that of an answer, such as of recognized text."""
    if confidence is None or Flag.UNKNOWN_CONFIDENCE in flags:
        return Sureness(None, UNKNOWN)
    return Sureness(certainty_of(confidence), f"Confidence {round(100 * confidence)}%")


def refusal_in_words(answer: Answer) -> str:
    """What is known about a question without an answer."""
    if answer.p_answerable is None:
        return "No page that was read contains an answer to this question."
    percent = round(100 * answer.p_answerable)
    return f"Nothing that was read answers this question; that the document does is {percent}% likely."
