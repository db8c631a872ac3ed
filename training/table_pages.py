"""Tables made up with questions that are answered by an operation on their rows, and some that they do not answer."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cogdoc.parsing.page_text import PageLayout
from training.small_pages import table_page

PAGES = 40

FIRST = ("Al", "Bren", "Cor", "Dun", "Es", "Fal", "Gor", "Hal", "Ir", "Jor", "Kel", "Lan", "Mor", "Nor", "Os", "Pel")
LAST = (
    "ark",
    "bury",
    "dale",
    "eth",
    "ford",
    "gate",
    "ham",
    "ina",
    "kirk",
    "land",
    "mere",
    "nor",
    "ock",
    "ridge",
    "ton",
)


@dataclass(frozen=True)
class Kind:
    """What the rows of a table are, and what they have."""

    name: str
    plural: str
    category: str
    categories: tuple[str, ...]
    count: str
    """A property that is counted: "passengers"."""
    year: str
    """The header of a column of years, and a word for it: "Opened"."""
    unit: str
    measure: str
    adjectives: tuple[str, str]


KINDS = (
    Kind("station", "stations", "Line", ("Red Line", "Blue Line", "Green Line"), "Passengers", "Opened", " m", "Depth",
         ("deepest", "deeper")),
    Kind("lake", "lakes", "Region", ("Northfell", "Southmark", "Westcombe"), "Visitors", "Protected", " km", "Length",
         ("longest", "longer")),
    Kind("tower", "towers", "City", ("Aldersea", "Portvale", "Kingsmoor"), "Floors", "Completed", " m", "Height",
         ("tallest", "taller")),
    Kind("film", "films", "Studio", ("Ardent", "Bluebird", "Corvid"), "Screens", "Released", " min", "Duration",
         ("longest", "longer")),
    Kind("parcel", "parcels", "Carrier", ("Swift Post", "Harbor Freight", "Trans Union"), "Items", "Sent", " kg",
         "Weight", ("heaviest", "heavier")),
)  # fmt: skip

UNPRINTED = ("in this ranking", "so far", "on record", "at that time", "according to the survey", "in the whole period")
UNPRINTED_SHARE = 0.4
"""Of the questions that say what no table prints, as those of readers often do."""

Example = tuple[str, PageLayout, str | None]
OR = " | "
"""Between the wordings of the answer to a question about a page that is made up."""


def table_pages() -> Iterator[Example]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(2)
    for _ in range(PAGES):
        for question, page, answer in _records(generator, generator.choice(KINDS)):
            phrase = f" {generator.choice(UNPRINTED)}?" if generator.random() < UNPRINTED_SHARE else "?"
            yield question.removesuffix("?") + phrase, page, answer


def _records(generator: random.Random, kind: Kind) -> Iterator[Example]:
    names = _names(generator, generator.randint(4, 8))
    absent = names.pop()
    categories = [generator.choice(kind.categories) for _ in names]
    counts = generator.sample(range(20, 99_000), len(names))
    years = [generator.randint(1890, 2023) for _ in names]
    measures = generator.sample(range(11, 990), len(names))
    middle, values = generator.choice(
        (
            (kind.category, categories),
            (kind.year, [str(year) for year in years]),
            (kind.measure, [f"{measure}{kind.unit}" for measure in measures]),
        )
    )
    header = f"{kind.name.capitalize()}|{middle}|{kind.count}"
    page = table_page([header, *map("|".join, zip(names, values, map("{:,}".format, counts), strict=True))])
    yield from _about_counts(generator, kind, names, counts, page)
    if middle == kind.category:
        yield from _about_categories(generator, kind, names, categories, page)
    elif middle == kind.year:
        yield from _about_years(generator, kind, names, years, page)
    else:
        yield from _about_measures(generator, kind, names, measures, page)
    yield f"How many {kind.count.lower()} does {absent} have?", page, None
    yield f"Which {kind.name} has the most employees?", page, None


def _about_counts(
    generator: random.Random, kind: Kind, names: Sequence[str], counts: Sequence[int], page: PageLayout
) -> Iterator[Example]:
    things = kind.count.lower()
    order = sorted(range(len(names)), key=lambda index: counts[index])
    one, two = generator.sample(range(len(names)), 2)
    more, less = (one, two) if counts[one] > counts[two] else (two, one)
    bound = round((counts[order[0]] + counts[order[-1]]) / 2)
    above = sum(count > bound for count in counts)
    yield f"Which {kind.name} has the most {things}?", page, names[order[-1]]
    yield f"Which {kind.name} has the fewest {things}?", page, names[order[0]]
    yield f"How many {things} does {names[one]} have?", page, f"{counts[one]:,}"
    yield (
        f"How many more {things} does {names[more]} have than {names[less]}?",
        page,
        f"{counts[more] - counts[less]:,}",
    )
    yield f"How many {kind.plural} have more than {bound:,} {things}?", page, str(above)
    yield (
        f"What is the total number of {things} of {names[one]} and {names[two]}?",
        page,
        f"{counts[one] + counts[two]:,}",
    )
    yield f"Which {kind.name} has more {things}, {names[one]} or {names[two]}?", page, names[more]
    place = generator.randrange(len(names) - 1)
    yield f"Which {kind.name} is listed directly after {names[place]}?", page, names[place + 1]
    yield f"How many {kind.plural} are listed?", page, str(len(names))


def _about_categories(
    generator: random.Random, kind: Kind, names: Sequence[str], categories: Sequence[str], page: PageLayout
) -> Iterator[Example]:
    asked = generator.choice(categories)
    matching = [name for name, category in zip(names, categories, strict=True) if category == asked]
    column = kind.category.lower()
    yield f"How many {kind.plural} have {asked} as their {column}?", page, str(len(matching))
    yield f"Which {kind.plural} have the {column} {asked}?", page, ", ".join(matching)
    yield f"What is the {column} of {names[-1]}?", page, categories[-1]


def _about_years(
    generator: random.Random, kind: Kind, names: Sequence[str], years: Sequence[int], page: PageLayout
) -> Iterator[Example]:
    verb, bound = kind.year.lower(), generator.randint(1920, 2000)
    if years.count(max(years)) == 1:
        yield f"Which {kind.name} was {verb} most recently?", page, names[years.index(max(years))]
    if years.count(min(years)) == 1:
        yield f"Which {kind.name} was {verb} first?", page, names[years.index(min(years))]
    yield f"How many {kind.plural} were {verb} before {bound}?", page, str(sum(year < bound for year in years))
    yield f"In what year was {names[-1]} {verb}?", page, str(years[-1])


def _about_measures(
    generator: random.Random, kind: Kind, names: Sequence[str], measures: Sequence[int], page: PageLayout
) -> Iterator[Example]:
    superlative, comparative = kind.adjectives
    bound = generator.choice(measures)
    yield f"Which {kind.name} is the {superlative}?", page, names[measures.index(max(measures))]
    above = sum(measure > bound for measure in measures)
    yield f"How many {kind.plural} are {comparative} than {bound}{kind.unit}?", page, str(above)
    one, two = generator.sample(range(len(names)), 2)
    larger = one if measures[one] > measures[two] else two
    yield f"Which is {comparative}, {names[one]} or {names[two]}?", page, names[larger]
    spread = f"{abs(measures[one] - measures[two])}{kind.unit}"
    yield f"What is the difference in {kind.measure.lower()} between {names[one]} and {names[two]}?", page, spread


def _names(generator: random.Random, count: int) -> list[str]:
    names: set[str] = set()
    while len(names) < count:
        names.add(generator.choice(FIRST) + generator.choice(LAST))
    listed = sorted(names)
    generator.shuffle(listed)
    return listed
