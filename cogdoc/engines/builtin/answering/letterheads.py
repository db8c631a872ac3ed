"""What a whole document is known by, without any label: who issued it and where, its date, total and title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cogdoc.engines.builtin.answering.candidates import Proposal, Relation
from cogdoc.engines.builtin.answering.labels import Matcher
from cogdoc.engines.builtin.answering.segments import PageView, Segment, Slice, whole
from cogdoc.engines.builtin.answering.terms import folded, tokenize
from cogdoc.engines.builtin.answering.values import (
    ValueKind,
    address_likeness,
    find_values,
    organisation_likeness,
)
from cogdoc.words.types import BlockKind

HEAD_ROWS = 14
"""Rows from the top in which a letterhead stands."""

_NOT_A_NAME = re.compile(
    r"\b(?:tel|fax|phone|gst|tax|invoice|receipt|cash|date|time|bill|no|table|www|email|e-mail|reg|website|hotline|"
    r"cashier|doc|thank|welcome|copy|member|order|co\.? reg|company reg|roc|sst|id)\b\s?(?:no\b|id\b|[.:#]|\d|$)|"
    r"^\W*$|@|https?:|发票|收据|小票",
    re.I,
)
_AFTER_ADDRESS = re.compile(
    r"\b(?:tel|fax|phone|gst|tax\s?inv\w*|sst|invoice|receipt|email|e-mail|www|website|hotline|cashier|date|time|reg|"
    r"roc|h/?p|doc\s?no|bill|table|co\.?\s?reg\w*|company\s?(?:no|reg\w*)|business\s?(?:no|reg\w*))\b|@|电话|传真|税号",
    re.I,
)
_TOTAL_WORDS: tuple[tuple[str, float], ...] = (
    (
        r"grand\s?total|total\s?(?:amount\s?)?(?:due|payable)|amount\s?due|balance\s?due|价税合计|应付|应收|实付|实收",
        1.0,
    ),
    (
        r"(?:round\w*|nett?)\s?(?:adj\w*\s)?(?:total|amt|amount)|total\s?(?:\(?after\s)?round\w*|nett?\s?total|total.*\binclu?s?i?v?\w*",
        1.0,
    ),
    (
        r"total\s?(?:sales?)?\s?(?:amount|amt|rm|\(rm\)|usd|eur|\$)?\s?[:：]?\s*(?:rm|\$|usd|eur|myr)?\s*$|合计|总计|总额",
        0.9,
    ),
    (r"\btotal\b", 0.55),
    (r"\bamount\b|\bamt\b|\bnett?\b|\bcharge\b", 0.4),
)
_TOTAL_PATTERNS = tuple((re.compile(pattern, re.I), score) for pattern, score in _TOTAL_WORDS)
_NOT_TOTAL = re.compile(
    r"sub\s?-?\s?total|\bexcl|\bbefore\b|discount|saving|\bqty\b|quantity|items?\b|\btax\b(?!\s*incl)|gst\s?(?:amt|amount|@|\d|summary)|"
    r"total\s?gst|total\s?tax|change|\bcash\b|tender|paid|visa|master|points?|rounding\s?(?:adj\w*)?\s*$|小计|税额|找零|数量",
    re.I,
)
_INCLUSIVE = re.compile(r"\binc\w*\b", re.I)


def propose_letterheads(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Candidates for the whole-document fields that the question may mean."""
    fields = matcher.question.fields
    if page.rank > 0 and page.number > 1:
        return
    if "address" in fields:
        yield from _addresses(page)
    elif "issuer" in fields:
        yield from _issuers(page, matcher)
    if "date" in fields:
        yield from _dates(page)
    if "total" in fields:
        yield from _totals(page)
    if "title" in fields:
        yield from _titles(page)


def _field(
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
        prior=prior,
    )


def _head(page: PageView) -> list[Segment]:
    return [segment for row in page.rows[:HEAD_ROWS] for segment in row]


def _issuers(page: PageView, matcher: Matcher) -> Iterator[Proposal]:
    head = _head(page)
    seen_address = False
    for place, segment in enumerate(head):
        text = segment.text.strip()
        if _NOT_A_NAME.search(text) or len(text) < 3 or not any(sign.isalpha() for sign in text):
            continue
        address = address_likeness(text)
        seen_address |= address > 0.6
        likeness = organisation_likeness(text)
        size = min(1.0, segment.box.height / (1.6 * page.line_height))
        wanted = matcher.recall(matcher.covered(tokenize(text)))
        prior = (
            0.55 * likeness
            + 0.2 * size
            + 0.25 / (1 + 0.5 * place)
            - 0.4 * address
            - 0.25 * seen_address
            + 0.3 * wanted
        )
        slices, joined = [whole(segment)], text
        following = head[place + 1] if place + 1 < len(head) else None
        if following is not None and _completes(text, following.text):
            slices, joined = [whole(segment), whole(following)], f"{text} {following.text.strip()}"
            prior += 0.1
        yield _field(page, slices, joined, ValueKind.ORGANISATION, 1.0, max(0.0, min(1.0, prior)))


def _completes(name: str, following: str) -> bool:
    """Whether the next line is only the end of a firm's name, such as "SDN BHD" or "CO., LTD."."""
    words = [word.strip(".,()") for word in folded(following).split()]
    legal = {"sdn", "bhd", "ltd", "co", "inc", "llc", "gmbh", "plc", "pte", "enterprise", "trading", "m", "s"}
    return bool(words) and all(word in legal for word in words) and not folded(name).endswith(("bhd", "ltd"))


def _addresses(page: PageView) -> Iterator[Proposal]:
    head = [segment for row in page.rows[: HEAD_ROWS + 4] for segment in row]
    for place, segment in enumerate(head):
        if address_likeness(segment.text) < 0.3 or _AFTER_ADDRESS.match(segment.text.strip()):
            continue
        if place and address_likeness(head[place - 1].text) >= 0.3:
            continue
        block = [segment]
        for following in head[place + 1 : place + 5]:
            near = following.box.y0 - block[-1].box.y1 < 1.5 * page.line_height
            if not near or _AFTER_ADDRESS.search(following.text) or not _continues(following.text):
                break
            block.append(following)
        text = joined_address([part.text for part in block])
        likeness = address_likeness(text)
        prior = 0.35 + 0.3 * likeness + 0.2 * (len(block) > 1) + 0.15 / (1 + 0.3 * place)
        if organisation_likeness(segment.text) > 0.7:
            prior -= 0.3
        yield _field(page, [whole(part) for part in block], text, ValueKind.ADDRESS, 1.0, min(1.0, prior))


def _continues(text: str) -> bool:
    return address_likeness(text) >= 0.15 or (text.isupper() and not any(sign.isdigit() for sign in text))


def joined_address(lines: Sequence[str]) -> str:
    """The lines of an address as one text; a line break that carries no comma of its own becomes one."""
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
            before = folded(page.row_text(segment))
            labelled = 0.25 * bool(re.search(r"date|日期|dated|datum", before))
            wrong = 0.35 * bool(re.search(r"\bdue\b|expir|deliver|print|birth|valid|gst|period", before))
            prior = 0.6 + labelled - wrong - 0.25 * segment.row / rows + 0.15 * (value.fit - 0.8)
            yield _field(
                page, [Slice(segment, value.start, value.end)], segment.text[value.start : value.end],
                ValueKind.DATE, value.fit, max(0.0, min(1.0, prior)),
            )  # fmt: skip


def _totals(page: PageView) -> Iterator[Proposal]:
    amounts: list[tuple[Segment, int, int, float, float]] = []
    for segment in page.segments:
        for value in find_values(ValueKind.AMOUNT, segment.text):
            if value.fit >= 0.6:
                score = _total_score(page, segment, value.start)
                amounts.append((segment, value.start, value.end, value.fit, score))
    texts = [re.sub(r"[^\d.,]", "", segment.text[start:end]) for segment, start, end, *_ in amounts]
    rows = max(1, len(page.rows))
    for (segment, start, end, fitting, score), digits in zip(amounts, texts, strict=True):
        if score <= 0:
            continue
        repeated = 0.1 * min(2, texts.count(digits) - 1)
        low = 0.15 * segment.row / rows
        yield _field(
            page, [Slice(segment, start, end)], segment.text[start:end], ValueKind.AMOUNT, fitting,
            max(0.0, min(1.0, 0.65 * score * (0.6 + 0.4 * fitting) + repeated + low)),
        )  # fmt: skip


def _total_score(page: PageView, segment: Segment, start: int) -> float:
    """How much the words before an amount, in its row or just above it, say that it is the total."""
    left = [segment.text[:start], *(other.text for other in page.left_of(segment))]
    label = " ".join(reversed([text for text in left if text.strip()]))
    score = _label_score(label)
    if score or any(sign.isalpha() for sign in label):
        return score
    above = [other.text for other in page.above(segment)[:1]]
    return 0.7 * max((_label_score(text) for text in above), default=0.0)


def _label_score(label: str) -> float:
    score = next((value for pattern, value in _TOTAL_PATTERNS if pattern.search(label)), 0.0)
    if _NOT_TOTAL.search(label):
        return 0.35 * score if _INCLUSIVE.search(label) else 0.15 * score
    return score


def _titles(page: PageView) -> Iterator[Proposal]:
    headings = [block for block in page.layout.blocks if block.kind in (BlockKind.TITLE, BlockKind.HEADING)]
    for place, block in enumerate(headings[:6]):
        parts = [segment for segment in page.segments if block.box.contains_point(*segment.box.center)]
        if not parts:
            continue
        title = block.kind is BlockKind.TITLE
        prior = 0.5 + 0.3 * title - 0.08 * place
        text = " ".join(part.text for part in parts)
        yield _field(page, [whole(part) for part in parts], text, ValueKind.TEXT, 0.7, max(0.1, prior))
    for place, segment in enumerate(_head(page)[:6]):
        size = min(1.0, segment.box.height / (2 * page.line_height))
        if any(sign.isalpha() for sign in segment.text):
            prior = 0.2 + 0.4 * size - 0.05 * place
            yield _field(page, [whole(segment)], segment.text, ValueKind.TEXT, 0.7, max(0.05, prior))
