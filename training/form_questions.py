"""Forms made up in several languages, with questions for their values before, beside and below the labels."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from cogdoc.query.question_parser import parse_question
from cogdoc.query.typed_values import ValueKind
from training.form_pages import cased, invented
from training.small_pages import COMPANIES, NAMES, text_page
from training.table_pages import Example

PAGES_PER_LANGUAGE = 10
MIN_LABELS, MAX_LABELS = 5, 10
ASKED = 4
"""Questions for values of a page; one more is for a label that the page lacks."""

IN_ENGLISH = 0.25
"""Share of the questions about pages in other languages that are put in English."""

QUESTIONS = {
    "de": ("Was ist als {} angegeben?", "{}?", "Wie lautet die Angabe zu {}?"),
    "en": ("What is the {}?", "What does the form say for {}?", "{}?"),
    "es": ("¿Cuál es el dato de {}?", "¿Qué se indica en {}?", "¿{}?"),
    "fr": ("Qu'est-ce qui est indiqué pour {} ?", "{} ?", "Quelle est la mention sous {} ?"),
    "it": ("Che cosa è indicato per {}?", "{}?", "Qual è il dato di {}?"),
    "ja": ("{}は何ですか？", "{}を教えてください。"),
    "nl": ("Wat staat er bij {}?", "{}?"),
    "pl": ("Co podano w polu {}?", "{}?"),
    "pt": ("O que consta em {}?", "Qual é o dado de {}?", "{}?"),
    "zh": ("{}是什么？", "{}是多少？", "请问{}是？"),
}

QUOTED = {
    "de": "Was steht bei „{}“?",
    "en": 'What is the value for "{}"?',
    "es": "¿Qué pone en «{}»?",
    "fr": "Quelle est la valeur de « {} » ?",
    "it": "Che cosa c'è scritto in «{}»?",
    "ja": "「{}」の値は何ですか？",
    "nl": "Wat staat er bij '{}'?",
    "pl": "Co wpisano w polu „{}”?",
    "pt": "Qual é o valor de «{}»?",
    "zh": "“{}”的值是什么？",
}
"""Questions for all that is beside a label, whatever the label calls it: "500 boxes" for "Quantity"."""

TICKED = {
    "de": "Was ist bei {} angekreuzt?",
    "en": "Which option is ticked for {}?",
    "es": "¿Qué opción está marcada en {}?",
    "fr": "Quelle case est cochée pour {} ?",
    "it": "Quale casella è barrata per {}?",
    "ja": "{}で選択されているのはどれですか？",
    "nl": "Wat is aangekruist bij {}?",
    "pl": "Co zaznaczono w polu {}?",
    "pt": "Que opção está assinalada em {}?",
    "zh": "{}勾选了哪一项？",
}
COUNTS = {
    "de": "Wie viele {} sind es?",
    "en": "How many {} are there?",
    "es": "¿Cuántos {} hay?",
    "fr": "Combien de {} y a-t-il ?",
    "it": "Quanti {} ci sono?",
    "nl": "Hoeveel {} zijn er?",
    "pt": "Quantos {} há?",
    "zh": "{}有多少？",
}
"""Questions for a number that is beside its label, and that nobody has to count."""

MARKS = (("☐", "☒"), ("□", "☑"), ("[ ]", "[x]"), ("☐", "✓"))

TITLES = ("Form 7", "Blatt 2", "No. 3", "2024")
TOWNS = ("Easton", "Kranichfeld", "Port-Varenne", "Lindau", "Sorrel Bay", "Casaleone")


def form_questions() -> Iterator[Example]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(4)
    for language, wordings in sorted(QUESTIONS.items()):
        concepts = load_lexicons()[language].concepts
        labels = {
            name: [wording for wording in concepts[name] if 3 <= len(wording) <= 24 or not wording.isascii()]
            for name in sorted(load_lexicon().labels & concepts.keys())
        }
        for _ in range(PAGES_PER_LANGUAGE):
            known = {name: listed for name, listed in labels.items() if listed}
            yield from _questions(generator, language, wordings, known)


def _questions(
    generator: random.Random, language: str, wordings: Sequence[str], labels: dict[str, list[str]]
) -> Iterator[Example]:
    *names, absent = generator.sample(list(labels), generator.randint(MIN_LABELS, MAX_LABELS))
    printed = {name: generator.choice(labels[name]) for name in names}
    printed = {name: label for name, label in printed.items() if list(printed.values()).count(label) == 1}
    values = {name: _value(generator, QUESTIONS["en"][0].format(name)) for name in printed}
    values |= {(unknown := invented(generator)): f"{unknown[::-1].title()} {generator.randint(1, 99)}"}
    printed |= {name: name for name in values if name not in printed}
    pairs = [(cased(generator, printed[name]), value) for name, value in values.items()]
    generator.shuffle(pairs)
    group, options, ticked = cased(generator, invented(generator)), _options(generator), generator.randrange(3)
    counted, number = generator.choice(sorted(load_lexicons()[language].words["counted"])), generator.randint(2, 300)
    further = [(cased(generator, counted), str(number))]
    lines = [generator.choice(TITLES), "", *_laid_out(generator, [*pairs, *further])]
    page = text_page([*lines, "", _ticked_line(generator, group, options, ticked)])
    yield generator.choice((*wordings, *[TICKED[language]] * len(wordings))).format(group), page, options[ticked]
    if language in COUNTS and not {counted, counted.title()} & printed.keys():
        yield COUNTS[language].format(counted), page, str(number)
    for name in generator.sample(list(values), min(ASKED, len(values))):
        is_english = generator.random() < IN_ENGLISH and name in labels
        templates, label = (QUESTIONS["en"], name) if is_english else (wordings, printed[name])
        yield generator.choice(templates).format(label), page, values[name]
    yield generator.choice(wordings).format(generator.choice(labels[absent])), page, None
    yield from _quoted(generator, language, labels)


def _quoted(generator: random.Random, language: str, labels: dict[str, list[str]]) -> Iterator[Example]:
    """Questions that quote a label whose value has more words than its kind needs."""
    names = generator.sample(list(labels), MIN_LABELS)
    printed = list(dict.fromkeys(cased(generator, generator.choice(labels[name])) for name in names))
    values = [_value(generator, QUESTIONS["en"][0].format(name)) for name in names]
    longer = [generator.choice((one, f"{one} {invented(generator)}", invented(generator))) for one in values]
    pairs = list(zip(printed, longer, strict=False))
    page = text_page([generator.choice(TITLES), "", *_laid_out(generator, pairs)])
    for label, value in generator.sample(pairs, 2):
        yield QUOTED[language].format(label), page, value


def _options(generator: random.Random) -> list[str]:
    return [invented(generator).title() for _ in range(3)]


def _ticked_line(generator: random.Random, group: str, options: Sequence[str], ticked: int) -> str:
    """A label with its options, one of them ticked: "Group: ☐ one ☒ two"; "|" separates columns."""
    blank, tick = generator.choice(MARKS)
    marked = [f"{tick if index == ticked else blank} {option}" for index, option in enumerate(options)]
    return generator.choice((f"{group}: {' '.join(marked)}", f"{group}|{' '.join(marked)}", "|".join((group, *marked))))


def _laid_out(generator: random.Random, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """The lines of a form; "|" separates columns."""
    styles: tuple[Callable[[Sequence[tuple[str, str]]], list[str]], ...] = (
        lambda group: [f"{label}: {value}" for label, value in group],
        lambda group: [f"{label}:|{value}" for label, value in group],
        lambda group: [f"{label}|{value}" for label, value in group],
        lambda group: [line for label, value in group for line in (label, value, "")],
        lambda group: ["|".join(label for label, _ in group), "|".join(value for _, value in group), ""],
        lambda group: ["|".join(f"{label}:|{value}" for label, value in group)],
    )
    chosen = generator.sample(styles, generator.randint(1, 2))
    while pairs:
        count = generator.randint(2, 3)
        group, pairs = pairs[:count], pairs[count:]
        style = generator.choice(chosen)
        if style is styles[-1]:
            yield from (line for start in range(0, count, 2) for line in style(group[start : start + 2]) if line)
        else:
            yield from style(group)


def _value(generator: random.Random, question: str) -> str:
    """A value of the kind that a question for it asks for."""
    day, month, year = generator.randint(1, 28), generator.randint(1, 12), generator.randint(2005, 2026)
    number = generator.randint(1, 9999)
    made: dict[ValueKind, Callable[[], str]] = {
        ValueKind.DATE: lambda: generator.choice((f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}")),
        ValueKind.TIME: lambda: f"{generator.randint(0, 23):02}:{generator.randint(0, 59):02}",
        ValueKind.AMOUNT: lambda: f"{number}.{day:02} EUR",
        ValueKind.NUMBER: lambda: str(number),
        ValueKind.PERCENT: lambda: f"{day} %",
        ValueKind.IDENTIFIER: lambda: f"{generator.choice('ABKXT')}{generator.randint(100, 999)}-{number:05}",
        ValueKind.PHONE: lambda: f"+{generator.randint(30, 90)} {generator.randint(100, 999)} {number:05}",
        ValueKind.EMAIL: lambda: f"{generator.choice(NAMES).replace(' ', '.').lower()}@example.org",
        ValueKind.URL: lambda: f"www.{invented(generator).replace(' ', '')}.example",
        ValueKind.PERSON: lambda: generator.choice(NAMES),
        ValueKind.ORGANISATION: lambda: generator.choice((*COMPANIES, *NAMES)),
        ValueKind.PLACE: lambda: generator.choice(TOWNS),
        ValueKind.ADDRESS: lambda: f"{day} Hill Road, {generator.randint(10000, 99999)} {generator.choice(TOWNS)}",
    }
    kind = parse_question(question).kinds[0]
    return made[kind]() if kind in made else f"{invented(generator).title()} {invented(generator)}"
