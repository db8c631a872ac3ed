"""Generates questions about a form in many wordings, with their answers."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cogdoc.cogvlm2.configuration import Template
from samples.pocket.forms import LABELS, Form

NOT_FOUND = "not found"
READ_ALL = "Read all text on this page."

WORDINGS = (
    "What is the {}?",
    "What is the {} on this page?",
    "What {} is on this form?",
    "How much is the {}?",
    "Which {} is it?",
    "Find the {}.",
    "the {}",
    "{}?",
    "{}",
)
NAMES = {
    "Total": ("total", "total amount"),
    "Tax": ("tax", "tax amount"),
    "Due": ("due", "amount due"),
    "Tip": ("tip", "tip amount"),
    "Date": ("date", "invoice date"),
    "Number": ("number", "invoice number"),
    "Order": ("order", "order number"),
    "Table": ("table", "table number"),
}
# Names that no form has, so that "not found" also answers questions about more than the missing labels.
ABSENT_NAMES = ("name", "phone", "price", "address", "city", "discount", "weight", "customer", "signature", "email")

READ_VERBS = ("Read", "Read out", "Transcribe", "Copy", "Write down", "Extract")
READ_OBJECTS = ("all text", "all the text", "the text", "the whole text", "every line", "all lines")
READ_PLACES = (
    "",
    " on this page",
    " of this page",
    " in this image",
    " on the page",
    " in the picture",
    " of the form",
)
READ_MANNERS = ("", ", line by line", " exactly as it is", " in reading order", " and nothing else")
READ_ENDINGS = (".", ".", "")


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question, the template it is asked in, and its answer."""

    question: str
    template: Template
    answer: str


def random_question(random: random.Random, form: Form) -> QuestionAnswer:
    """A question about a field, mostly one that the form has."""
    present = [field.label for field in form.fields]
    if present and random.random() < 0.8:
        return field_question(random, form, random.choice(present))
    return missing_question(random, form)


def field_question(random: random.Random, form: Form, label: str) -> QuestionAnswer:
    """A question about the field `label`, which the form may lack, in a random wording."""
    names = NAMES[label]
    name = names[0] if random.random() < 0.7 else random.choice(names)
    return QuestionAnswer(_phrased(random, name), random.choice(("chat", "vqa")), form.value(label) or NOT_FOUND)


def missing_question(random: random.Random, form: Form) -> QuestionAnswer:
    """A question about something that is not on the form."""
    absent = [label for label in LABELS if form.value(label) is None]
    if random.random() < 0.75:
        return field_question(random, form, random.choice(absent))
    return QuestionAnswer(_phrased(random, random.choice(ABSENT_NAMES)), random.choice(("chat", "vqa")), NOT_FOUND)


def random_transcription(random: random.Random, form: Form) -> QuestionAnswer:
    """An instruction to read the whole form."""
    template: Template = random.choices(("chat", "vqa"), weights=(3, 1))[0]
    if random.random() < 0.4:
        return QuestionAnswer(READ_ALL, template, form.text)
    verb, target = random.choice(READ_VERBS), random.choice(READ_OBJECTS)
    rest = "".join(random.choice(choices) for choices in (READ_PLACES, READ_MANNERS, READ_ENDINGS))
    return QuestionAnswer(f"{verb} {target}{rest}", template, form.text)


def _phrased(random: random.Random, name: str) -> str:
    wording = WORDINGS[0] if random.random() < 0.5 else random.choice(WORDINGS)
    question = wording.format(name)
    return question.capitalize() if random.random() < 0.5 else question
