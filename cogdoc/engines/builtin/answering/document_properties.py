"""Proposes properties of the whole document that have no label: its parties, their addresses, its title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cogdoc.engines.builtin.answering.addresses import CONTACT_CONCEPTS, find_town, join_address
from cogdoc.engines.builtin.answering.parties import ROLE_CONCEPTS, Party, Role, find_parties
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.page_text import BlockKind
from cogdoc.query.concepts import concepts_in, longest_spans
from cogdoc.query.fitted_model import Features
from cogdoc.query.label_matching import Matcher
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.proper_names import value_words
from cogdoc.query.segments import PageView, Slice, whole_slice
from cogdoc.query.terms import fold_case, tokenize
from cogdoc.query.typed_values import ValueKind, find_values

MAX_TITLES = 6

ADDRESS_PARTS = ("city", "postal code", "country", "street", "address")
"""The concepts of an address and its parts, the most specific first."""

PARTY_KINDS = (ValueKind.PERSON, ValueKind.ORGANISATION, ValueKind.PLACE, ValueKind.ADDRESS, ValueKind.TEXT)

ISSUING = frozenset(
    ("issue date", "invoice", "receipt", "letter", "document", "bank", "company", "organization", "signature")
)
"""Concepts by which a question about a person or a company asks for the issuer: "who issued this"."""

GENERAL = frozenset(("name", "number", "document", "page", "invoice date", "address", "full name"))
"""Concepts that do not tell one property from another."""


def propose_properties(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Proposals for the properties of the document that the question may ask for."""
    asked = concepts_in(matcher.question.text)
    kind = matcher.question.kinds[0]
    role = _asked_role(matcher.question.text, asked, kind)
    named = (ValueKind.PERSON, ValueKind.ORGANISATION)
    part = None if kind in named else next((part for part in ADDRESS_PARTS if part in asked), None)
    if kind in PARTY_KINDS and not asked & CONTACT_CONCEPTS and (role or part):
        role = role or Role.ISSUER
        allowed = ROLE_CONCEPTS[role] | ISSUING | GENERAL | {*ADDRESS_PARTS}
        others = {"unexplained": unexplained(matcher, allowed)}
        for party in find_parties(page):
            yield from _of_party(page, party, role, part, others, kind)
    if "title" in asked:
        yield from _titles(page)
    if "page number" in asked:
        yield from _page_numbers(page)


def _asked_role(text: str, asked: frozenset[str], kind: ValueKind) -> Role | None:
    named = [role for role in (Role.RECIPIENT, Role.ISSUER) if asked & ROLE_CONCEPTS[role]]
    if len(named) > 1:
        # Only the endings tell "which company is billing" from "which company is billed".
        named = [role for role in named if _is_worded(fold_case(text), asked & ROLE_CONCEPTS[role])] or named
    if named:
        return named[0]
    is_party = kind in (ValueKind.PERSON, ValueKind.ORGANISATION) or asked & {"company", "organization"}
    return Role.ISSUER if is_party and asked & ISSUING else None


def _is_worded(text: str, concepts: frozenset[str]) -> bool:
    """Whether a text in lower case contains a wording of one of the concepts as it is."""
    wordings = (wording for concept in concepts for wording in load_lexicon().concepts[concept])
    return any(re.search(rf"(?<!\w){re.escape(wording)}(?!\w)", text) for wording in wordings if wording in text)


def unexplained(matcher: Matcher, allowed: frozenset[str]) -> float:
    """Share of the question's weight in words that name none of the concepts."""
    words, tokens = load_lexicon().words, tokenize(matcher.question.text)
    spans = [span for span in longest_spans(tokens) if span.concepts & allowed]
    known = {token.norm for span in spans for token in tokens[span.start : span.end]}
    known |= words["weak"] | words["document"] | value_words("organizations")
    terms = matcher.question.terms
    return sum(term.weight for term in terms if term.norm not in known) / (sum(term.weight for term in terms) or 1.0)


def _of_party(
    page: PageView, party: Party, role: Role, part: str | None, features: Features, kind: ValueKind
) -> Iterator[Proposal]:
    described = {**party.features_for(role), **features}
    if part is None:
        if party.name:
            named = kind if kind is ValueKind.PERSON else ValueKind.ORGANISATION
            yield _proposal(page, party.name, named, described)
        return
    if not party.address:
        return
    if part == "address":
        yield _proposal(page, party.address, ValueKind.ADDRESS, described, join_address(party.address))
    elif part == "street":
        yield _proposal(page, party.address[:1], ValueKind.ADDRESS, described)
    towns = [town for line in party.address if (town := find_town(line)) is not None]
    if towns and part in ("city", "postal code"):
        yield _proposal(page, (towns[-1].city if part == "city" else towns[-1].code,), ValueKind.PLACE, described)
    last = party.following[0] if party.following else None
    if part == "country" and last is not None and not any(char.isdigit() for char in last.text):
        yield _proposal(page, (whole_slice(last),), ValueKind.PLACE, described)


def _titles(page: PageView) -> Iterator[Proposal]:
    headings = [block for block in page.layout.blocks if block.kind in (BlockKind.TITLE, BlockKind.HEADING)]
    for index, block in enumerate(headings[:MAX_TITLES]):
        parts = [whole_slice(part) for part in page.segments if block.box.contains_point(*part.box.center)]
        if parts:
            is_title = float(block.kind is BlockKind.TITLE)
            features = {"title-heading": 1.0, "title-block": is_title, "title-order": index / MAX_TITLES}
            yield _proposal(page, parts, ValueKind.TEXT, features)
    for index, segment in enumerate(page.segments[:MAX_TITLES]):
        if any(char.isalpha() for char in segment.text):
            size = min(1.0, segment.box.height / (2 * page.line_height))
            yield _proposal(
                page, (whole_slice(segment),), ValueKind.TEXT, {"title-size": size, "title-order": index / MAX_TITLES}
            )


def _page_numbers(page: PageView) -> Iterator[Proposal]:
    """Numbers in the first or last rows, alone or beside the word for a page."""
    for segment in (segment for row in (*page.rows[:2], *page.rows[-2:]) for segment in row):
        found = find_values(ValueKind.NUMBER, segment.text)
        words = [token.norm for token in tokenize(segment.text) if token.norm.isalpha()]
        if found and len(words) <= 2 and all("page" in concepts_in(word) for word in words[:1]):
            part = Slice(segment, found[0].start, found[0].end)
            yield _proposal(page, (part,), ValueKind.NUMBER, {"page-number": 1.0})


def _proposal(
    page: PageView, slices: Sequence[Slice], kind: ValueKind, features: Features, text: str | None = None
) -> Proposal:
    return Proposal(
        page=page,
        text=text or " ".join(part.text.strip() for part in slices),
        slices=tuple(slices),
        relation=Relation.FIELD,
        kind=kind,
        recall=0.0,
        precision=0.0,
        fit=1.0 if kind is not ValueKind.TEXT else 0.7,
        evidence=page.row_text(slices[0].segment),
        features=features,
    )
