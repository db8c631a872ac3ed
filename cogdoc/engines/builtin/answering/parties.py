"""Finds the parties of a document, issuer and recipient, as stacks of lines with a label, a name and an address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cogdoc.engines.builtin.answering.addresses import (
    CONTACT_CONCEPTS,
    REGISTRATION,
    address_span,
    find_town,
    parts_of_line,
)
from cogdoc.query.concepts import concept_share, concepts_in
from cogdoc.query.fitted_model import Features
from cogdoc.query.proper_names import address_likeness, organisation_likeness, value_words
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice

HEAD_ROWS = 14
"""A letterhead is within this many rows from the top."""

STACK_GAP = 1.3
"""Largest gap in line heights between the lines of one stack."""

NAME_GAP = 2.5
"""The same between an address and the name or the label of its party."""

SIGNATURE_GAP = 8.0
"""The same between the closing of a letter and the name below the signature."""

WINDOW_GAP = 4.0
"""The same between the lines of an address that is set apart from all other text."""

LARGER = 1.5
"""A line that is taller than the one above by this factor begins another stack."""

SALUTATION_ENDS = ",!:，："
MAX_SALUTATION_WORDS = 6

MIN_OVERLAP = 0.3
"""Horizontal overlap of lines below one another."""

MAX_NAME_LINES = 3
"""Lines above an address that may name the party."""


class Role(StrEnum):
    ISSUER = "issuer"
    """Who made the document out: the seller, the sender, the employer, the bank."""
    RECIPIENT = "recipient"
    """Whom it is for: the buyer, the addressee, the employee."""


ROLE_CONCEPTS = {
    Role.ISSUER: frozenset((
        "seller", "sender", "supplier", "shipper", "employer", "insurer", "landlord", "prepared by", "author", "shop",
        "letter closing",
    )),
    Role.RECIPIENT: frozenset((
        "buyer", "customer", "recipient", "delivery address", "billing address", "employee", "tenant", "insured",
    )),
}  # fmt: skip
"""The concepts that name the roles, in questions and in labels."""

NO_ROLE_CONCEPTS = CONTACT_CONCEPTS | {"street", "city", "postal code", "country", "number", "date", "document"}
"""The concepts of labels that are not those of a role, even if they name one: "customer number"."""


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
        own, other = (bool(self.label & ROLE_CONCEPTS[each]) for each in (role, *(set(Role) - {role})))
        features = {**self.features, "labelled": float(own), "other-label": float(other and not own)}
        features["closing"] = float("letter closing" in self.label)
        return {f"{role}-{name}": value for name, value in features.items() if value}


def find_parties(page: PageView) -> list[Party]:
    """The parties that are labelled or have an address, top to bottom, then lines of the head as names alone."""
    parties = [party for stack in _stacks(page) for party in _parties_of(page, stack)]
    addresses = list(dict.fromkeys(party.address for party in parties if party.address))
    places = dict(zip(addresses, ("first-address", "second-address"), strict=False))
    # A company and its contact person may share an address.
    placed = [
        replace(party, features={**party.features, places[party.address]: 1.0}) if party.address in places else party
        for party in parties
    ]
    return [*placed, *_head_names(page)]


def _stacks(page: PageView) -> list[list[Segment]]:
    """Lines below one another; the label of a role begins a new stack, and waits longer for its address.

    The lines of an address in the window of a letter may be farther apart than others.
    """
    stacks: list[list[Segment]] = []
    for segment in page.segments:
        above = next((stack for stack in reversed(stacks) if _continues(page, stack, segment)), None)
        if above is None or _role_label(segment):
            stacks.append([segment])
        else:
            above.append(segment)
    joined: list[list[Segment]] = []
    for stack in stacks:
        above = next((other for other in joined if _is_continued(page, other, stack)), None)
        if above is None:
            joined.append(stack)
        else:
            above += stack
    return joined


def _is_continued(page: PageView, above: Sequence[Segment], below: Sequence[Segment]) -> bool:
    """Whether a stack that begins with an address goes on from a few lines far above it with the same left edge."""
    first, last = below[0], above[-1]
    gap = (first.box.y0 - last.box.y1) / page.line_height
    is_near = 0 < gap <= WINDOW_GAP and abs(first.box.x0 - last.box.x0) < 0.5 * page.line_height
    if not is_near or len(above) > MAX_NAME_LINES or address_span([whole_slice(first)]) == (0, 0):
        return False
    return not any(find_town(whole_slice(line)) or ":" in line.text for line in above)


def _continues(page: PageView, stack: Sequence[Segment], segment: Segment) -> bool:
    last = stack[-1]
    gap = (segment.box.y0 - last.box.y1) / page.line_height
    if segment.row <= last.row or gap > NAME_GAP or segment.box.horizontal_overlap(last.box) <= MIN_OVERLAP:
        return False
    if segment.box.height > LARGER * last.box.height:
        return False
    return gap <= STACK_GAP or (bool(_role_label(stack[0])) and not any(find_town(whole_slice(line)) for line in stack))


def _role_label(segment: Segment) -> frozenset[str]:
    """The concepts of a line that only names a role, or begins with it: "Bill to: Smith Ltd."."""
    label = segment.text.partition(":")[0]
    concepts = concepts_in(label) if concept_share(label) == 1 else frozenset[str]()
    is_role = any(concepts & named for named in ROLE_CONCEPTS.values()) and not concepts & NO_ROLE_CONCEPTS
    return concepts if is_role else frozenset()


def _parties_of(page: PageView, stack: Sequence[Segment]) -> Iterator[Party]:
    """The party in a stack, and another one before it if an address and a name precede its address on one line."""
    lines, label = _labelled_lines(page, stack)
    while lines and (parts := parts_of_line(lines[0])):
        features = {"one-line": 1.0, **_name_features(page, parts[0])}
        yield Party((parts[0],), tuple(parts[1:]), label=label, features=features)
        lines, label = lines[1:], frozenset()
    start, end = address_span(lines)
    if start == end:
        for name in [line for line in lines[:MAX_NAME_LINES] if label and _may_be_name(line.text)][:1]:
            yield Party((name,), label=label, features=_name_features(page, name))
        return
    address, following = tuple(lines[start:end]), tuple(line.segment for line in lines[end:])
    names = _names_above(page, lines, start)
    titled = float(any(_is_title(line.text) for line in lines[:start]))
    if not names:
        yield Party((), address, following, label)
    for distance, name in enumerate(reversed(names)):
        above = {"above-address": 1 / (1 + distance), "first-line": float(name is names[0]), "titled": titled}
        yield Party((name,), address, following, label, {**above, **_name_features(page, name)})


def _labelled_lines(page: PageView, stack: Sequence[Segment]) -> tuple[list[Slice], frozenset[str]]:
    """The lines of a stack without the label of a role, and the concepts of that label, which may be left of them."""
    lines, label = [whole_slice(segment) for segment in stack], _role_label(stack[0])
    if label:
        lines = [*_after_colon(lines[0]), *lines[1:]]
        if not lines:
            reach = SIGNATURE_GAP if "letter closing" in label else NAME_GAP
            beside = (*page.right_of(stack[0])[:1], *page.below(stack[0], reach)[:1])
            lines = [whole_slice(other) for other in beside[:1]]
    elif concept_share(stack[0].text) < 1:
        label = next((concepts for other in page.left_of(stack[0])[:1] if (concepts := _role_label(other))), label)
    return [part for line in lines for part in _without_name_label(line)], label


def _without_name_label(line: Slice) -> list[Slice]:
    """A line without the label "Name:"; none if it is only that label."""
    label = re.split("[:：]", line.text)[0]
    return _after_colon(line) if "name" in concepts_in(label) and concept_share(label) == 1 else [line]


def _after_colon(line: Slice) -> list[Slice]:
    match = re.search(r"[:：]\s*(?=\S)", line.text)
    return [Slice(line.segment, line.start + match.end(), line.end)] if match else []


def _names_above(page: PageView, lines: Sequence[Slice], start: int) -> list[Slice]:
    """The lines above an address, which begins at `start`, that may be names; from the stack or the next text above."""
    names = [line for line in lines[max(0, start - MAX_NAME_LINES) : start] if not _is_title(line.text)]
    if not names:
        above = page.above(lines[0].segment)[:1]
        near = (other for other in above if lines[0].box.y0 - other.box.y1 <= NAME_GAP * page.line_height)
        names = [whole_slice(other) for other in near]
    return [_without_registration(line) for line in names if _may_be_name(line.text)]


def _is_title(text: str) -> bool:
    """Whether a line is only the title of a person: "Herrn", "Mrs."."""
    return text.strip(" .:").lower() in value_words("titles")


def _may_be_name(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    concepts = concepts_in(text)
    labelled = ":" in text or bool(concepts & CONTACT_CONCEPTS)
    if "department name" in concepts and concept_share(text) == 1:
        return False  # the department of a party: "Accounts payable"
    return letters >= 3 and letters > 0.5 * len(text.replace(" ", "")) and not labelled


def _without_registration(name: Slice) -> Slice:
    """A name without the registration number after it."""
    match = REGISTRATION.search(name.text)
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
        "repeated": min(1.0, (_printed(page, name.text) - 1) / 2),
        "greeted": float(_is_greeted(page, name.text)),
    }


def _printed(page: PageView, name: str) -> int:
    """How many texts of the page contain a name: that of the issuer is often printed several times."""
    low = name.strip(" .,:").lower()
    return sum(low in segment.text.lower() for segment in page.segments) if len(low) > 3 else 1


def _is_greeted(page: PageView, name: str) -> bool:
    """Whether a short line that ends as the salutation of a letter does contains the last word of a name."""
    words = re.findall(r"[^\W\d_]{3,}", name)
    lines = (segment.text.strip() for segment in page.segments)
    greetings = (line for line in lines if line[-1] in SALUTATION_ENDS and len(line.split()) <= MAX_SALUTATION_WORDS)
    return bool(words) and any(re.search(rf"\w\s.*\b{words[-1]}\b", line) for line in greetings)


def _is_in_domain(page: PageView, name: str) -> bool:
    """Whether the domain of an e-mail or web address of the page contains the first word of a name."""
    word = next((word for word in re.findall(r"[^\W\d_]{4,}", name.lower())), "")
    hosts = (text for segment in page.segments if "@" in (text := segment.text.lower()) or "www." in text)
    return bool(word) and any(word in host for host in hosts)


def _head_names(page: PageView) -> Iterator[Party]:
    """The lines of the head of the page that may be the name of the issuer, also with the line that ends the name."""
    after_address = False
    for segment in (segment for row in page.rows[:HEAD_ROWS] for segment in row):
        line = _without_registration(whole_slice(segment))
        after_address = after_address or bool(concepts_in(segment.text) & CONTACT_CONCEPTS)
        if _may_be_name(segment.text):
            features = {"after-address": float(after_address), **_name_features(page, line)}
            yield Party((line,), features=features)
            for following in page.below(segment, 1.0)[:1]:
                if _is_name_end(following.text):
                    ended = {**features, "organisation": 1.0, "continued": 1.0}
                    yield Party((line, whole_slice(following)), features=ended)
                elif _is_alike(page, segment, following) and _may_be_name(following.text):
                    both = organisation_likeness(f"{line.text} {following.text}")
                    yield Party((line, whole_slice(following)), features={**features, "organisation": both, "two": 1.0})
        after_address = after_address or address_span([line]) != (0, 0)


def _is_alike(page: PageView, line: Segment, following: Segment) -> bool:
    """Whether a line looks like the continuation of the one above: near, as tall, and with the same left edge."""
    near = following.box.y0 - line.box.y1 < 0.6 * page.line_height
    level = abs(following.box.x0 - line.box.x0) < 0.3 * page.line_height
    return near and level and abs(following.box.height / max(1.0, line.box.height) - 1) < 0.3


def _is_name_end(text: str) -> bool:
    """Whether a line is only the end of a company's name: "SDN BHD", "CO., LTD."."""
    words = [word.strip(".,()") for word in text.lower().split()]
    return 0 < len(words) <= 3 and all(word in value_words("organizations") or len(word) == 1 for word in words)
