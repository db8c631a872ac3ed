"""Finds the parties of a document, issuer and recipient, as stacks of lines with a name and an address.

An address is recognized by its structure, a postal code beside a town, in any country, or by words of the lexicons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.concepts import concept_share, concepts_in
from cogdoc.query.fitted_model import Features
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.proper_names import value_words
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.typed_values import ValueKind, address_likeness, find_values, organisation_likeness

HEAD_ROWS = 14
"""A letterhead is within this many rows from the top."""

STACK_GAP = 1.3
"""Largest gap in line heights between the lines of one stack."""

MIN_ADDRESS = 0.5
"""Address likeness from which a line without a town belongs to an address."""

CONTINUED_ADDRESS = 0.15
"""The same for lines next to one."""

MIN_OVERLAP = 0.3
"""Horizontal overlap of lines below one another."""

NAME_GAP = 2.5
"""The same between an address and the name above it."""

MAX_ADDRESS_LINES = 5
MAX_STREET_WORDS = 8
CENTS = 2
"""Decimals of amounts."""

MIN_WORD = 3
"""Letters of the shortest words that an address consists of besides its codes."""

MAX_NAME_LINES = 3
"""Lines above an address that may name the party."""


class Role(StrEnum):
    ISSUER = "issuer"
    """Who made the document out: the seller, the sender, the employer, the bank."""
    RECIPIENT = "recipient"
    """Whom it is for: the buyer, the addressee, the employee."""


ROLE_CONCEPTS = {
    Role.ISSUER: frozenset(
        ("seller", "sender", "supplier", "shipper", "employer", "insurer", "landlord", "prepared by", "author", "shop")
    ),
    Role.RECIPIENT: frozenset(
        ("buyer", "customer", "recipient", "delivery address", "billing address", "employee", "tenant", "insured")
    ),
}
"""The concepts that name the roles, in questions and in labels."""

CONTACT_CONCEPTS = frozenset(
    ("phone", "mobile", "fax", "email", "website", "tax number", "vat number", "registration number", "iban", "bic")
)
"""The concepts of the labels that follow an address."""

NO_ROLE_CONCEPTS = CONTACT_CONCEPTS | {"street", "city", "postal code", "country", "number", "date", "document"}
"""The concepts of labels that are not those of a role, even if they name one: "customer number"."""

PERSON_TITLES = frozenset(title for titles in load_lexicon().values.get("titles", ()) for title in titles)

_CODE = (
    r"(?:〒\s?\d{3}-\d{4}|(?:[A-Z]{1,2}-\s?)?(?<![\d.,/:-])\d{4,6}(?:-\d{3,4})?(?:\s[A-Z]{2}(?=\s))?|"
    r"(?<!\d)\d{2}-\d{3}|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?![\d.,:/%-]*\d)"
)
_PLACE = r"[^\W\d_][^\d,;:|·•()]*[^\W\d_.]"
_TOWNS = (
    re.compile(rf"(?P<code>{_CODE})\s*,?\s*(?P<city>{_PLACE})(?:[,(–-]|\s-|$)"),
    re.compile(
        rf"(?:^|[,;|·•–-]\s*|\d\s)(?P<city>{_PLACE})\s*[,–-]?\s*(?:\b[A-Z]{{2}}\b\.?|,\s{_PLACE})?,?\s*(?P<code>{_CODE})\W*$"
    ),
    re.compile(rf"(?:^|[,;|]\s*)(?P<city>{_PLACE})\s(?:-|/)\s?(?P<code>[A-Z]{{2}})\b"),
)
_REGISTRATION = re.compile(r"\s*\([^()]*\d{4,}[^()]*\)?\s*$|\s+\d{5,}-?\s?[A-Z]?\s*$")
_SEPARATOR = re.compile(r"\s*[·•|]\s*|\s+[-–—]\s+|,\s+")


@dataclass(frozen=True, slots=True)
class Party:
    name: tuple[Slice, ...]
    address: tuple[Slice, ...] = ()
    following: tuple[Segment, ...] = ()
    """The lines below its address in the same stack."""
    label: frozenset[str] = frozenset()
    """The concepts of the label above, left of or before it."""
    features: Features = field(default_factory=dict)

    def features_for(self, role: Role) -> Features:
        """Its features for the question who plays a role."""
        other = Role.ISSUER if role is Role.RECIPIENT else Role.RECIPIENT
        labels = {
            "labelled": float(bool(self.label & ROLE_CONCEPTS[role])),
            "other-label": float(bool(self.label & ROLE_CONCEPTS[other]) and not self.label & ROLE_CONCEPTS[role]),
        }
        return {f"{role}-{name}": value for name, value in {**self.features, **labels}.items() if value}


@dataclass(frozen=True, slots=True)
class Town:
    """A postal code (or state) with its town, as slices of a segment."""

    code: Slice
    city: Slice


def find_town(part: Slice) -> Town | None:
    """The town in a line of an address."""
    for pattern in _TOWNS:
        match = pattern.search(part.text)
        if match is not None and len(match["city"].split()) <= 4 and not concepts_in(match["city"]) & CONTACT_CONCEPTS:
            spans = [match.span(group) for group in ("code", "city")]
            return Town(*(Slice(part.segment, part.start + start, part.start + end) for start, end in spans))
    return None


def find_parties(page: PageView) -> list[Party]:
    """The parties that are labelled or have an address, top to bottom, then lines of the head as names alone."""
    parties: list[Party] = []
    for stack in _stacks(page):
        parties += _parties_of(page, stack)
    addressed = [index for index, party in enumerate(parties) if party.address]
    for order, index in enumerate(addressed):
        place = {"first-address": float(order == 0), "second-address": float(order == 1)}
        parties[index] = replace(parties[index], features={**parties[index].features, **place})
    return [*parties, *_head_names(page)]


def _stacks(page: PageView) -> list[list[Segment]]:
    """Lines right below one another; the label of a role begins a new stack, and waits longer for its address."""
    stacks: list[list[Segment]] = []
    for segment in page.segments:
        above = next((stack for stack in reversed(stacks) if _continues(page, stack, segment)), None)
        if above is None or _role_label(segment):
            stacks.append([segment])
        else:
            above.append(segment)
    return stacks


def _continues(page: PageView, stack: Sequence[Segment], segment: Segment) -> bool:
    last = stack[-1]
    if segment.row <= last.row or segment.box.horizontal_overlap(last.box) <= MIN_OVERLAP:
        return False
    gap = (segment.box.y0 - last.box.y1) / page.line_height
    return gap <= STACK_GAP or (
        gap <= NAME_GAP and bool(_role_label(stack[0])) and not any(_is_town(whole_slice(line)) for line in stack)
    )


def _role_label(segment: Segment) -> frozenset[str]:
    """The concepts of a line that only names a role, or begins with it: "Bill to: Smith Ltd."."""
    label = segment.text.partition(":")[0]
    concepts = concepts_in(label) if concept_share(label) == 1 else frozenset[str]()
    is_role = any(concepts & named for named in ROLE_CONCEPTS.values()) and not concepts & NO_ROLE_CONCEPTS
    return concepts if is_role else frozenset()


def _parties_of(page: PageView, stack: Sequence[Segment]) -> Iterator[Party]:
    """The party in a stack, and another one before it if an address and a name precede its address on one line."""
    lines, label = _labelled_lines(page, stack)
    while lines and (parts := _one_line_party(lines[0])):
        yield Party(
            (parts[0],), tuple(parts[1:]), label=label, features={"one-line": 1.0, **_name_features(page, parts[0])}
        )
        lines, label = lines[1:], frozenset()
    start, end = _address_lines(lines)
    if start == end:
        name = next((line for line in lines if label and _may_be_name(line.text)), None)
        if name is not None:
            yield Party((name,), label=label, features=_name_features(page, name))
        return
    address, following = tuple(lines[start:end]), tuple(line.segment for line in lines[end:])
    titled = float(any(_is_title(line) for line in lines[:start]))
    names = _names_above(page, lines, start)
    if not names:
        yield Party((), address, following, label)
    for distance, name in enumerate(reversed(names)):
        above = {"above-address": 1 / (1 + distance), "first-line": float(name is names[0]), "titled": titled}
        yield Party((name,), address, following, label, {**above, **_name_features(page, name)})


def _names_above(page: PageView, lines: Sequence[Slice], start: int) -> list[Slice]:
    """The lines above an address, which begins at `start`, that may be names; from the stack or the next text above."""
    names = [line for line in lines[max(0, start - MAX_NAME_LINES) : start] if not _is_title(line)]
    if not names:
        above = page.above(lines[0].segment)[:1]
        near = (other for other in above if lines[0].box.y0 - other.box.y1 <= NAME_GAP * page.line_height)
        names = [whole_slice(other) for other in near]
    return [_without_registration(line) for line in names if _may_be_name(line.text)]


def _labelled_lines(page: PageView, stack: Sequence[Segment]) -> tuple[list[Slice], frozenset[str]]:
    """The lines of a stack without the label of a role, and the concepts of that label, which may be left of them."""
    lines, label = [whole_slice(segment) for segment in stack], _role_label(stack[0])
    if label:
        rest = _after_colon(lines[0])
        lines = [rest, *lines[1:]] if rest else lines[1:]
        if not lines:
            lines = [whole_slice(other) for other in (*page.right_of(stack[0])[:1], *page.below(stack[0], 3.0)[:1])][:1]
    elif concept_share(stack[0].text) < 1:
        label = next((concepts for other in page.left_of(stack[0])[:1] if (concepts := _role_label(other))), label)
    return [part for line in lines if (part := _without_name_label(line)) is not None], label


def _without_name_label(line: Slice) -> Slice | None:
    """A line without the label "Name:"; None if it is only that label."""
    label = line.text.partition(":")[0].partition("：")[0]
    is_label = "name" in concepts_in(label) and concept_share(label) == 1
    return _after_colon(line) if is_label else line


def _is_title(line: Slice) -> bool:
    """Whether a line is only the title of a person: "Herrn", "Mrs."."""
    return line.text.strip(" .:").lower() in PERSON_TITLES


def _address_lines(lines: Sequence[Slice]) -> tuple[int, int]:
    """Where the address in a stack begins and ends: at lines with numbers around a town, or with words of addresses."""
    towns = [index for index, line in enumerate(lines) if _is_town(line)]
    likely = [index for index, line in enumerate(lines) if _is_address(line, MIN_ADDRESS)]
    if not towns and not likely:
        return 0, 0
    start = towns[0] if towns else likely[0]
    end = start + 1
    for index in range(start - 1, max(-1, start - MAX_ADDRESS_LINES), -1):
        if _is_other(lines[index].text) or _is_name(lines[index].text):
            break
        if _is_street(lines[index]) or _is_address(lines[index], CONTINUED_ADDRESS):
            start = index
    while end < len(lines) and (_is_address(lines[end], CONTINUED_ADDRESS) or _is_town(lines[end])):
        end += 1
    return start, end


def _after_colon(line: Slice) -> Slice | None:
    start = line.text.replace("：", ":").find(":") + 1
    rest = line.text[start:]
    begin = line.start + start + len(rest) - len(rest.lstrip())
    return Slice(line.segment, begin, line.end) if start and rest.strip() else None


def _one_line_party(line: Slice) -> list[Slice]:
    """Name, street and town of a party on one line, as above the window of a letter; empty for other lines."""
    spans, start = [], 0
    for match in _SEPARATOR.finditer(line.text):
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(line.text)))
    parts = [Slice(line.segment, line.start + first, line.start + last) for first, last in spans if last > first]
    is_party = len(parts) >= 3 and find_town(parts[-1]) is not None and _may_be_name(parts[0].text)
    return parts if is_party and not any(char.isdigit() for char in parts[0].text) else []


def _is_town(line: Slice) -> bool:
    return not _is_other(line.text) and find_town(line) is not None


def _is_street(line: Slice) -> bool:
    """Whether a line above a town may belong to its address: words with a house number, or a comma at the end."""
    words = line.text.split()
    numbers = sum(any(char.isdigit() for char in word) for word in words)
    return 0 < numbers < len(words) <= MAX_STREET_WORDS or line.text.rstrip().endswith((",", "，"))


def _is_name(text: str) -> bool:
    return organisation_likeness(text) > 0.7 and address_likeness(text) < 0.6


def _is_other(text: str) -> bool:
    """Whether a line is a label, a labelled value, a date or an amount rather than a part of an address."""
    if ":" in text or concept_share(text) == 1 or concepts_in(text) & CONTACT_CONCEPTS:
        return True
    is_amount = any(number.currency or number.decimals == CENTS for number in find_numbers(text))
    return is_amount or any(find_values(kind, text) for kind in (ValueKind.DATE, ValueKind.TIME))


def _is_address(line: Slice, threshold: float) -> bool:
    text = line.text
    has_word = any(len(word) >= MIN_WORD for word in re.findall(r"[^\W\d_]+", text))
    return has_word and not _is_name(text) and not _is_other(text) and address_likeness(text) >= threshold


def _may_be_name(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    labelled = ":" in text or bool(concepts_in(text) & CONTACT_CONCEPTS)
    return letters >= 3 and letters > 0.5 * len(text.replace(" ", "")) and not labelled


def _without_registration(name: Slice) -> Slice:
    """A name without the registration number after it."""
    match = _REGISTRATION.search(name.text)
    return Slice(name.segment, name.start, name.start + match.start()) if match and match.start() > 3 else name


def _name_features(page: PageView, name: Slice) -> Features:
    return {
        "organisation": organisation_likeness(name.text),
        "size": min(1.0, name.segment.box.height / (1.6 * page.line_height)),
        "top": 1 / (1 + 0.4 * name.segment.index),
        "high": 1 - name.segment.row / len(page.rows),
        "address": address_likeness(name.text),
        "domain": float(_is_in_domain(page, name.text)),
        "concepts": concept_share(name.text),
    }


def _is_name_end(text: str) -> bool:
    """Whether a line is only the end of a company's name: "SDN BHD", "CO., LTD."."""
    words = [word.strip(".,()") for word in text.lower().split()]
    return 0 < len(words) <= 3 and all(word in value_words("organizations") or len(word) == 1 for word in words)


def _is_in_domain(page: PageView, name: str) -> bool:
    """Whether the domain of an e-mail or web address of the page contains the first word of a name."""
    word = next((word for word in re.findall(r"[^\W\d_]{4,}", name.lower())), "")
    hosts = (segment.text.lower() for segment in page.segments if "@" in segment.text or "www." in segment.text.lower())
    return bool(word) and any(word in host for host in hosts)


def _head_names(page: PageView) -> Iterator[Party]:
    """The lines of the head of the page that may be the name of the issuer."""
    after_address = False
    for row in page.rows[:HEAD_ROWS]:
        for segment in row:
            line = _without_registration(whole_slice(segment))
            after_address = after_address or bool(concepts_in(segment.text) & CONTACT_CONCEPTS)
            if _may_be_name(segment.text):
                features = {"after-address": float(after_address), **_name_features(page, line)}
                yield Party((line,), features=features)
                if following := [other for other in page.below(segment, 1.0)[:1] if _is_name_end(other.text)]:
                    ended = {**features, "organisation": 1.0, "continued": 1.0}
                    yield Party((line, whole_slice(following[0])), features=ended)
            after_address = after_address or _is_town(line) or _is_address(line, MIN_ADDRESS)
