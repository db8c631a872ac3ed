"""Forms made up in many languages with all of their labels and values, among titles, sentences and tables of items."""

from __future__ import annotations

import random
from collections.abc import Iterator

from cogdoc.parsing.page_text import PageLayout
from cogdoc.query.lexicon.loading import load_lexicon, load_lexicons
from training.small_pages import COMPANIES, NAMES, text_page

PAGES_PER_LANGUAGE = 8
SYLLABLES = (
    "ba",
    "cer",
    "dol",
    "fen",
    "gra",
    "hil",
    "ket",
    "lor",
    "mun",
    "nos",
    "pir",
    "quo",
    "ran",
    "sul",
    "tev",
    "vor",
)

SENTENCES = (
    "We have received the order of last week and thank you for it.",
    "The goods leave our house on Monday.",
    "Please read the notes on the back before you sign this form.",
    "Bitte füllen Sie alle Felder in Druckbuchstaben aus.",
    "The undersigned confirms that all statements are true",
    "Veuillez joindre une copie de votre pièce d'identité.",
    "and that nothing was left out of this declaration.",
    "Le formulaire est à renvoyer avant la fin du mois.",
)

Pairs = tuple[tuple[str, tuple[str, ...]], ...]


def form_pages() -> Iterator[tuple[PageLayout, Pairs]]:
    """Pages, and the labels with their values."""
    generator = random.Random(1)
    labels = load_lexicon().labels
    for _, lexicon in sorted(load_lexicons().items()):
        wordings = sorted(
            {
                wording
                for name in labels
                for wording in lexicon.concepts.get(name, ())
                if 3 <= len(wording) <= 24 or not wording.isascii()
            }
        )
        others = sorted({word for words in lexicon.concepts.values() for word in words} - set(wordings))
        if len(wordings) < 20:
            continue
        for _ in range(PAGES_PER_LANGUAGE):
            yield _page(generator, wordings, others)


def _page(generator: random.Random, wordings: list[str], others: list[str]) -> tuple[PageLayout, Pairs]:
    known = generator.sample(wordings, generator.randint(5, 8))
    unknown = [*generator.sample(others, generator.randint(2, 4)), invented(generator)]
    labels = [cased(generator, label) for label in generator.sample([*known, *unknown], len(known) + len(unknown))]
    pairs = {label: _value(generator) for label in labels}
    lines = [generator.choice(COMPANIES), "", generator.choice(wordings).title(), ""]
    kinds = {
        "inline": lambda label, value: [f"{label}: {value}"],
        "column": lambda label, value: [f"{label}:|{value}"],
        "plain column": lambda label, value: [f"{label}|{value}"],
        "two lines": lambda label, value: [f"{label}", f"{value}", ""],
    }
    waiting = list(pairs.items())
    styles = generator.sample([*kinds, "boxes", "boxes", "two columns"], generator.randint(1, 2))
    while waiting:
        kind = generator.choice(styles)
        if kind == "boxes" or (kind == "two columns" and len(waiting) > 1):
            group = [waiting.pop() for _ in range(min(len(waiting), generator.randint(1, 3) if kind == "boxes" else 2))]
            if kind == "boxes":
                lines += ["|".join(label for label, _ in group), "|".join(value for _, value in group), ""]
            else:
                (left, one), (right, two) = group
                lines.append(f"{left}:|{one}|{right}:|{two}")
            continue
        for _ in range(min(len(waiting), generator.randint(2, 4))):
            lines += kinds.get(kind, kinds["inline"])(*waiting.pop())
        lines.append("")
    for _ in range(generator.randint(0, 2)):
        lines += [*generator.sample(SENTENCES, generator.randint(2, 3)), ""]
    if generator.random() < 0.5:
        lines.append("|".join(generator.sample(wordings, 4)))
        lines += ["|".join(_value(generator) for _ in range(4)) for _ in range(generator.randint(2, 5))]
    if generator.random() < 0.5:
        signed = {label: generator.choice(NAMES) for label in generator.sample(wordings, 2) if label not in pairs}
        lines += ["", "|".join(signed.values()), "|".join(signed)]
        pairs |= signed
    return text_page(lines), tuple((label, (value,)) for label, value in pairs.items())


def invented(generator: random.Random) -> str:
    """A label that is in no lexicon."""
    words = ("".join(generator.choice(SYLLABLES) for _ in range(generator.randint(2, 4))) for _ in range(2))
    return " ".join(list(words)[: generator.randint(1, 2)])


def cased(generator: random.Random, label: str) -> str:
    return generator.choice((label.title(), label.upper(), label[:1].upper() + label[1:]))


def _value(generator: random.Random) -> str:
    day, month, year = generator.randint(1, 28), generator.randint(1, 12), generator.randint(2005, 2026)
    values = (
        f"{day:02}.{month:02}.{year}",
        f"{year}-{month:02}-{day:02}",
        f"{generator.randint(1, 9999)}.{generator.randint(0, 99):02} EUR",
        f"{generator.choice('ABKXT')}{generator.randint(100, 999)}-{generator.randint(1000, 99999)}",
        f"+{generator.randint(30, 90)} {generator.randint(100, 999)} {generator.randint(10000, 99999)}",
        f"{generator.randint(1, 99)} Hill Road {generator.randint(10000, 99999)} Easton",
        generator.choice(NAMES),
        generator.choice(COMPANIES),
        f"{generator.choice(NAMES)} {generator.randint(1, 9)}",
    )
    return generator.choice(values)
