"""Proposes values in running text: from sentences with the question's words, the values nearest to those."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.parsing.page_text import Block, BlockKind, Word
from cogdoc.query.label_matching import Matcher
from cogdoc.query.segments import PageView, Segment, Slice
from cogdoc.query.terms import Token
from cogdoc.query.typed_values import ValueKind, find_values
from cogdoc.query.vocabulary import STOP_WORDS
from cogdoc.text import has_han

MIN_RECALL = 0.3
MIN_WORDS = 4

_END = re.compile(r"(?<=[a-z\d)\]”\"]{2})[.?!](?=\s+[A-Z“\"(\d])|[。！？；;]")
_CLAUSE_END = re.compile(r"[;，；。]|,(?!\d)|\.(?:\s|$)|\s(?:and|but|which|who|while|whereas)\s")
_COPULA = re.compile(r"\s*(?:is|are|was|were|will be|called|named|means|:|：|为|是|达到?|，?累计|回升至|至)\s*", re.I)


def propose_sentences(matcher: Matcher, page: PageView) -> Iterator[Proposal]:
    """Values in those sentences of the page's paragraphs that contain the question's words."""
    for passage in passages(page):
        start = 0
        ends = [match.end() for match in _END.finditer(passage.text)] + [len(passage.text)]
        for end in ends:
            tokens = [token for token in passage.tokens if start <= token.start and token.end <= end]
            yield from _sentence(matcher, page, Slice(passage, start, end), tokens)
            start = end


def passages(page: PageView) -> Iterator[Segment]:
    """Each paragraph as one long segment."""
    for block in page.layout.blocks:
        if block.kind is not BlockKind.TABLE and block.lines:
            yield _passage(block)


def _passage(block: Block) -> Segment:
    words: list[Word] = []
    for line in block.lines:
        words += line.words
    text = " ".join(word.text for word in words)
    return Segment(-1, -1, tuple(words), text, block.box)


def _sentence(matcher: Matcher, page: PageView, sentence: Slice, tokens: list[Token]) -> Iterator[Proposal]:
    if len(tokens) < MIN_WORDS:
        return
    covering = matcher.covering(tokens)
    recall = matcher.recall(covering)
    if recall < MIN_RECALL:
        return
    hits = [token for token, found in zip(tokens, matcher.token_hits(tokens), strict=True) if found]
    precision = min(1.0, 3 * len(hits) / len(tokens))
    for kind in matcher.question.kinds:
        if kind is ValueKind.TEXT:
            yield from _clause(matcher, page, sentence, hits, recall, precision)
            continue
        for value in find_values(kind, sentence.text):
            start, end = sentence.start + value.start, sentence.start + value.end
            inside = [token for token in hits if start <= token.start and token.end <= end and token.norm != "%"]
            own_recall = matcher.recall(matcher.covering(inside))
            outside = [token for token in hits if token not in inside]
            if not outside:
                continue
            distance = _distance(matcher, outside, start, end)
            yield Proposal(
                page=page, text=sentence.segment.text[start:end].strip(),
                slices=(Slice(sentence.segment, start, end),), relation=Relation.SENTENCE, kind=kind,
                recall=matcher.recall(matcher.covering(outside)), precision=precision,
                fit=value.fit * (1 - min(0.9, 3 * own_recall)), distance=distance, evidence=sentence.text.strip(),
            )  # fmt: skip


def _distance(matcher: Matcher, hits: list[Token], start: int, end: int) -> float:
    """Weighted mean distance from the value to the question's words, in units of 15 characters."""
    total = weight = 0.0
    for token in hits:
        strongest = max((matcher.weights[index] * value for index, value in matcher.hits(token.norm)), default=0.0)
        gap = start - token.end if token.end <= start else 1.5 * (token.start - end)
        scale = 4 if has_han(token.norm) else 1
        total += strongest * min(120.0, max(0, gap) * scale)
        weight += strongest
    return total / weight / 15 if weight else 8.0


def _clause(
    matcher: Matcher, page: PageView, sentence: Slice, hits: list[Token], recall: float, precision: float
) -> Iterator[Proposal]:
    """The text from the last of the question's words to the end of the clause."""
    text = sentence.segment.text
    last = hits[-1].end
    copula = _COPULA.match(text, last)
    start = copula.end() if copula else last
    stop = _CLAUSE_END.search(text, start, sentence.end)
    end = stop.start() if stop else sentence.end
    piece = text[start:end].strip(" ,.;:")
    words = [word for word in piece.lower().split() if word not in STOP_WORDS]
    if words:
        offset = text.index(piece, start)
        fitting = 0.6 if copula else 0.35
        yield Proposal(
            page=page, text=piece, slices=(Slice(sentence.segment, offset, offset + len(piece)),),
            relation=Relation.SENTENCE, kind=ValueKind.TEXT, recall=recall, precision=precision,
            fit=fitting if matcher.question.kinds[0] is ValueKind.TEXT else 0.5 * fitting,
            distance=1.0 if copula else 3.0, evidence=sentence.text.strip(),
        )  # fmt: skip
