"""Tickets: forms with labels that the pocket checkpoint never saw, and questions about them.

`python -m training.pocket.tickets build/tickets` writes pictures, and their questions as `cogdoc eval` reads them.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from samples.pocket.form_questions import NOT_FOUND, QuestionAnswer
from samples.pocket.forms import Form, Kind, draw, random_form, random_style

LABELS: dict[str, Kind] = {"Fare": "amount", "Meal": "amount", "Seat": "number", "Tram": "number", "Stop": "number"}
"""Their letters occur in the forms as well, so that the vision tower can read them."""

WORDINGS = ("What is the {}?", "What is the {}?", "Which {} is it?", "Find the {}.", "{}?")
EXAM_SEED = "unseen tickets"
"""Training draws from other seeds."""


def random_ticket(rng: random.Random) -> Form:
    return random_form(rng, rng.choice((1, 2, 3)), LABELS)


def random_question(rng: random.Random, ticket: Form) -> QuestionAnswer:
    """A question about a field, one in five about one that the ticket does not have."""
    present = [field.label for field in ticket.fields]
    absent = [label for label in LABELS if label not in present]
    label = rng.choice(absent) if rng.random() < 0.2 else rng.choice(present)
    question = rng.choice(WORDINGS).format(label.lower())
    return QuestionAnswer(question, rng.choice(("chat", "vqa")), ticket.value(label) or NOT_FOUND)


def write_exam(folder: Path, tickets: int) -> Path:
    """Write pictures of tickets, and `questions.jsonl` with a question about each field."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(EXAM_SEED)
    lines = []
    for number in range(tickets):
        ticket = random_ticket(rng)
        file = f"ticket-{number:03}.png"
        draw(ticket, random_style(rng)).save(folder / file)
        lines += [
            {"file": file, "question": f"What is the {field.label.lower()}?", "answers": [field.value]}
            for field in ticket.fields
        ]
    questions = folder / "questions.jsonl"
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return questions


def main() -> None:
    parser = argparse.ArgumentParser(description="Write tickets with questions for `cogdoc eval`.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tickets", type=int, default=60)
    options = parser.parse_args()
    print(write_exam(options.folder, options.tickets))


if __name__ == "__main__":
    main()
