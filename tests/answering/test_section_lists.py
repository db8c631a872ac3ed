"""The items below a heading answer questions for all of them and for one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from placed_pages import page

from cogdoc.documents.geometry import Box
from cogdoc.engines.builtin.answering.answer import collect
from cogdoc.parsing.page_text import Line, PageLayout

HEADING_HEIGHT = 18.0


def manual(*texts: str, number: int = 1) -> PageLayout:
    """A page whose lines with "#" in front are headings."""
    layout = page(*(text.removeprefix("# ") for text in texts), number=number)
    lines = tuple(
        Line(tuple(replace(word, box=_taller(word.box)) for word in line.words)) if text.startswith("# ") else line
        for text, line in zip(texts, layout.page_text.lines, strict=True)
    )
    return PageLayout(replace(layout.page_text, lines=lines), ())


def _taller(box: Box) -> Box:
    return Box(box.x0, box.y1 - HEADING_HEIGHT, box.x1, box.y1)


FIRST = manual(
    "# Replacing the filter",
    "You need a screwdriver.",
    "1 Close the valve.",
    "2 Open the cover, then lift it.",
    "# Storing the device",
    "• Empty the tank",
    "• Keep it dry",
    "# Charging the battery",
    "1. Connect the cable.",
    number=1,
)
SECOND = manual("2. Wait for the green lamp.", "3. Remove the cable.", "# Warranty", "1. Two years on parts.", number=2)


def lists_for(question: str) -> list[str]:
    proposals = collect(question, [FIRST, SECOND]).proposals
    return [one.text for one in proposals if one.features.get("section-list")]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What are the steps to replace the filter?", "Close the valve; Open the cover, then lift it"),
        ("What is the first step to replace the filter?", "Close the valve."),
        ("What is the last step when charging the battery?", "Remove the cable."),
        ("What is step 2 for charging the battery?", "Wait for the green lamp."),
        ("List the steps to charge the battery.", "Connect the cable, Wait for the green lamp, Remove the cable"),
    ],
)
def test_steps_are_those_below_the_heading(question: str, answer: str) -> None:
    assert lists_for(question) == [answer]


def test_a_list_of_other_things_is_not_proposed() -> None:
    assert lists_for("What are the steps to update the firmware?") == []
    assert lists_for("How many steps are there to replace the filter?") == []
