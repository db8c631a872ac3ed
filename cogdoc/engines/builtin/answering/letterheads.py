"""Proposes properties of the whole document that have no label: issuer, address, date, total, title."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence, Set

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.receipts import total_amounts
from cogdoc.parsing.page_text import BlockKind
from cogdoc.query.document_fields import DocumentField
from cogdoc.query.label_matching import Matcher
from cogdoc.query.segments import PageView, Segment, Slice, whole_slice
from cogdoc.query.terms import fold_case
from cogdoc.query.typed_values import (
    ValueKind,
    address_likeness,
    find_values,
    organisation_likeness,
)
from cogdoc.query.vocabulary import ORGANISATION_WORDS

HEAD_ROWS = 14
"""A letterhead is within this many rows from the top."""

_NOT_A_NAME = re.compile(
    r"\b(?:tel|fax|phone|gst|tax|invoice|receipt|cash|date|time|bill|no|table|www|email|e-mail|reg|website|hotline|"
    r"cashier|doc|thank|welcome|copy|member|order|co\.? reg|company reg|roc|sst|id)\b\s?(?:no\b|id\b|[.:#]|\d|$)|"
    r"^\W*$|@|https?:|发票|收据|小票",
    re.I,
)
_AFTER_ADDRESS = re.compile(
    r"\b(?:te[l1i]|fax|phone|gst|tax\s?inv\w*|sst|invoice|receipt|email|e-mail|www|website|hotline|cashier|date|time|reg|"
    r"roc|h/?p|doc\s?no|bill|table|co\.?\s?reg\w*|company\s?(?:no|reg\w*)|business\s?(?:no|reg\w*))\b|@|电话|传真|税号",
    re.I,
)
_ADDRESS_HEADING = re.compile(r"\s*(?:hq\s)?(?:add?r?(?:ess)?|地址)\s?[:：.]\s*", re.I)
_REGISTRATION = re.compile(r"\s*\([^()]*\d{4,}[^()]*\)?\s*$|\s+\d{5,}-?\s?[A-Z]?\s*$")
_ADDRESSEE = re.compile(
    r"\s*(?:to|attn|attention|deliver(?:ed)? to|addressee|recipient|bill to|收件人|致)\b\s*[:：.,]?\s*", re.I
)
_SIGNER = re.compile(
    r"\s*(?:from|sender|sent by|prepared by|signed|written by|author|by|发件人|作者)\b\s*[:：.]?\s*", re.I
)
_CLOSING = re.compile(
    r"\s*(?:(?:yours|very)?\s?(?:sincerely|truly|faithfully)|regards|best regards|respectfully)\b", re.I
)
_SALUTATION = re.compile(r"\s*dear\s+((?:[A-Z][\w.'’-]*\s?)+)[,:]?\s*$", re.I)
_PAGE_NUMBER = re.compile(
    r"\s*(?:page|p\.?|第)?\s*[-–—]?\s?(\d{1,4})\s?[-–—]?(?:\s*(?:of|/)\s*\d{1,4}|\s?页)?\s*", re.I
)


_ANY_BUSINESS = frozenset({"company", "shop", "store", "restaurant", "co", "shops"})


def propose_letterheads(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Proposals for the properties of the document that the question may ask for."""
    for field in sorted(matcher.question.fields):
        if field is DocumentField.ISSUER:
            yield from _issuers(page, matcher)
        else:
            yield from _PROPOSERS[field](page)


def _field_proposal(
    page: PageView, slices: Sequence[Slice], text: str, kind: ValueKind, fit: float, prior: float
) -> Proposal:
    return Proposal(
        page=page,
        text=text,
        slices=tuple(slices),
        relation=Relation.FIELD,
        kind=kind,
        recall=0.0,
        precision=0.0,
        fit=fit,
        evidence=page.row_text(slices[0].segment),
        features={"prior": prior},
    )


def _head(page: PageView) -> list[Segment]:
    return [segment for row in page.rows[:HEAD_ROWS] for segment in row]


def _issuers(page: PageView, matcher: Matcher) -> Iterator[Proposal]:
    asked = {term.norm for term in matcher.question.terms} & ORGANISATION_WORDS - _ANY_BUSINESS
    if asked:
        yield from _named_organisations(page, asked)
        return
    head = _head(page)
    after_address = False
    for index, segment in enumerate(head):
        text = segment.text[: len(segment.text) - len(_registration(segment.text))].strip()
        after_address = after_address or _AFTER_ADDRESS.search(text) is not None
        if (
            _NOT_A_NAME.search(text)
            or len(text) < 3
            or _is_legal_form("", text)
            or not any(char.isalpha() for char in text)
        ):
            continue
        address = address_likeness(text)
        prior = (
            0.55 * organisation_likeness(text)
            + 0.2 * min(1.0, segment.box.height / (1.6 * page.line_height))
            + 0.3 / (1 + 0.4 * index)
            - 0.4 * address
            - 0.3 * after_address
        )
        after_address = after_address or address > 0.6
        slices = [Slice(segment, 0, len(segment.text) - len(_registration(segment.text)))]
        following = head[index + 1] if index + 1 < len(head) else None
        if following is not None and _is_legal_form(text, following.text):
            slices.append(Slice(following, 0, len(following.text) - len(_registration(following.text))))
            prior += 0.1
        joined = " ".join(part.text.strip() for part in slices)
        yield _field_proposal(page, slices, joined, ValueKind.ORGANISATION, 1.0, max(0.0, prior))


def _registration(text: str) -> str:
    """The registration number at the end of a company's name, or an empty text."""
    match = _REGISTRATION.search(text)
    return match[0] if match and match.start() > 3 else ""


def _named_organisations(page: PageView, asked: Set[str]) -> Iterator[Proposal]:
    """Names that contain the word asked for: "Vanderbilt University" for "the University"."""
    for segment in page.segments:
        for value in find_values(ValueKind.ORGANISATION, segment.text):
            text = segment.text[value.start : value.end]
            words = fold_case(text).split()
            if len(words) >= 2 and any(word.strip(".,").endswith(tuple(asked)) for word in words):
                prior = 0.7 + 0.2 / (1 + 0.2 * segment.row) - 0.08 * max(0, len(words) - 4)
                part = Slice(segment, value.start, value.end)
                yield _field_proposal(page, [part], text, ValueKind.ORGANISATION, 1.0, max(0.0, prior))


def _is_legal_form(name: str, following: str) -> bool:
    """Whether the next line is only the end of a company's name, such as "SDN BHD" or "CO., LTD."."""
    words = [word.strip(".,()") for word in fold_case(following).split()]
    legal = {"sdn", "bhd", "ltd", "co", "inc", "llc", "gmbh", "plc", "pte", "enterprise", "trading", "m", "s"}
    return bool(words) and all(word in legal for word in words) and not fold_case(name).endswith(("bhd", "ltd"))


def _addresses(page: PageView) -> Iterator[Proposal]:
    head = [part for row in page.rows[: HEAD_ROWS + 4] for segment in row if (part := _address_line(segment))]
    used: set[int] = set()
    for index, first in enumerate(head):
        if index in used or address_likeness(first.text) < 0.3:
            continue
        block = [first]
        for following in head[index + 1 : index + 6]:
            gap = following.box.y0 - block[-1].box.y1
            if gap > 1.5 * page.line_height or following.segment.row > block[-1].segment.row + 1:
                break
            if not _continues(following.text):
                break
            block.append(following)
        used |= set(range(index, index + len(block)))
        text = join_address([part.text for part in block])
        likeness = address_likeness(text)
        prior = 0.3 + 0.35 * likeness + 0.2 * (len(block) > 1) + 0.2 / (1 + 0.1 * first.segment.row)
        yield _field_proposal(page, block, text, ValueKind.ADDRESS, 1.0, min(1.0, prior))


def _address_line(segment: Segment) -> Slice | None:
    """The part of a line that may belong to an address: the text before a telephone number and the like."""
    text = segment.text
    heading = _ADDRESS_HEADING.match(text)
    start = heading.end() if heading else 0
    after = _AFTER_ADDRESS.search(text, start)
    end = after.start() if after else len(text)
    end -= len(text[start:end]) - len(text[start:end].rstrip(" ,.(-"))
    part = text[start:end]
    if not any(char.isalpha() for char in part) or _registration(part) or find_values(ValueKind.DATE, part):
        return None
    if organisation_likeness(part) > 0.7 and address_likeness(part) < 0.6:
        return None
    return Slice(segment, start, end)


def _continues(text: str) -> bool:
    return address_likeness(text) >= 0.15 or (text.isupper() and not any(char.isdigit() for char in text))


def join_address(lines: Sequence[str]) -> str:
    """The lines of an address as one text; a line that does not end with a comma gets one."""
    joined = ""
    for line in (line.strip() for line in lines):
        if not joined:
            joined = line
        elif joined.endswith((",", "-", "，")):
            joined += f" {line}"
        elif joined.endswith("."):
            joined = f"{joined[:-1]}, {line}"
        else:
            joined += f", {line}"
    return joined.rstrip(" ,")


def _dates(page: PageView) -> Iterator[Proposal]:
    rows = max(1, len(page.rows))
    for segment in page.segments:
        for value in find_values(ValueKind.DATE, segment.text):
            if value.fit < 0.6:
                continue
            row_text = fold_case(page.row_text(segment))
            date_label = 0.25 * bool(re.search(r"date|日期|dated|datum", row_text))
            other_date = 0.35 * bool(re.search(r"\bdue\b|expir|deliver|print|birth|valid|gst|period", row_text))
            prior = 0.6 + date_label - other_date - 0.25 * segment.row / rows + 0.15 * (value.fit - 0.8)
            yield _field_proposal(
                page, [Slice(segment, value.start, value.end)], segment.text[value.start : value.end],
                ValueKind.DATE, value.fit, max(0.0, min(1.0, prior)),
            )  # fmt: skip


def _totals(page: PageView) -> Iterator[Proposal]:
    for amount in total_amounts(page):
        yield _field_proposal(page, [amount.slice], amount.slice.text, ValueKind.AMOUNT, amount.fit, amount.prior)


def _titles(page: PageView) -> Iterator[Proposal]:
    headings = [block for block in page.layout.blocks if block.kind in (BlockKind.TITLE, BlockKind.HEADING)]
    for index, block in enumerate(headings[:6]):
        parts = [segment for segment in page.segments if block.box.contains_point(*segment.box.center)]
        if not parts:
            continue
        is_title = block.kind is BlockKind.TITLE
        prior = 0.5 + 0.3 * is_title - 0.08 * index
        text = " ".join(part.text for part in parts)
        yield _field_proposal(page, [whole_slice(part) for part in parts], text, ValueKind.TEXT, 0.7, max(0.1, prior))
    for index, segment in enumerate(_head(page)[:6]):
        size = min(1.0, segment.box.height / (2 * page.line_height))
        if any(char.isalpha() for char in segment.text):
            prior = 0.2 + 0.4 * size - 0.05 * index
            yield _field_proposal(page, [whole_slice(segment)], segment.text, ValueKind.TEXT, 0.7, max(0.05, prior))


def _name_proposer(marker: re.Pattern[str]) -> Callable[[PageView], Iterator[Proposal]]:
    """A function that proposes names after, right of or below words such as "To:" or "From:"."""

    def propose(page: PageView) -> Iterator[Proposal]:
        for segment in page.segments:
            match = marker.match(segment.text)
            if match is None or not (match[0].strip()[-1:] in ":：" or match.end() == len(segment.text)):
                continue
            rest = Slice(segment, match.end(), len(segment.text))
            names = [rest] if rest.text.strip() else [whole_slice(other) for other in page.right_of(segment)[:1]]
            for part in names or [whole_slice(other) for other in page.below(segment, 2.0)[:1]]:
                prior = 0.75 - 0.2 * segment.row / len(page.rows)
                yield _field_proposal(page, [part], part.text.strip(), ValueKind.PERSON, 0.9, prior)

    return propose


def _senders(page: PageView) -> Iterator[Proposal]:
    """The name after "From:", or below the closing of a letter."""
    yield from _name_proposer(_SIGNER)(page)
    for segment in page.segments:
        if _CLOSING.match(segment.text):
            for index, other in enumerate(page.below(segment, 8.0)[:3]):
                prior = 0.55 - 0.1 * index
                yield _field_proposal(page, [whole_slice(other)], other.text.strip(), ValueKind.PERSON, 0.8, prior)


def _recipients(page: PageView) -> Iterator[Proposal]:
    """The name after "To:", or the one in the salutation, and its full form in the address above."""
    yield from _name_proposer(_ADDRESSEE)(page)
    for segment in page.segments:
        match = _SALUTATION.match(segment.text)
        if match is None:
            continue
        yield _field_proposal(page, [Slice(segment, *match.span(1))], match[1], ValueKind.PERSON, 0.8, 0.5)
        surname = fold_case(match[1]).split()[-1]
        for other in page.segments:
            if other.row < segment.row and surname in fold_case(other.text).split() and len(other.text.split()) <= 5:
                yield _field_proposal(page, [whole_slice(other)], other.text.strip(), ValueKind.PERSON, 0.9, 0.8)
                break


def _page_numbers(page: PageView) -> Iterator[Proposal]:
    """A number alone in the first or last rows."""
    for row in (*page.rows[:2], *page.rows[-2:]):
        for segment in row:
            match = _PAGE_NUMBER.fullmatch(segment.text)
            if match:
                part = Slice(segment, match.start(1), match.end(1))
                yield _field_proposal(page, [part], part.text.strip(), ValueKind.NUMBER, 1.0, 0.75)


_PROPOSERS: dict[DocumentField, Callable[[PageView], Iterator[Proposal]]] = {
    DocumentField.ADDRESS: _addresses,
    DocumentField.DATE: _dates,
    DocumentField.TOTAL: _totals,
    DocumentField.TITLE: _titles,
    DocumentField.SENDER: _senders,
    DocumentField.RECIPIENT: _recipients,
    DocumentField.PAGE_NUMBER: _page_numbers,
}
