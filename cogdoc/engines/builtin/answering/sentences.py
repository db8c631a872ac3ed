"""Proposes spans of running text: from the sentences that share most with the question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cogdoc.documents.geometry import bounding_box
from cogdoc.engines.builtin.answering.enumerations import MIN_LISTED, MIN_NAMES, without_parts
from cogdoc.engines.builtin.answering.proposals import Proposal, Relation
from cogdoc.engines.builtin.answering.running_text import QuestionTerms, Sentence, split_sentences, term_weights
from cogdoc.engines.builtin.answering.spans import Span, propose_spans
from cogdoc.parsing.page_text import BlockKind, Word
from cogdoc.query.label_matching import Matcher
from cogdoc.query.segments import PageView, Segment, Slice, has_columns
from cogdoc.query.tree import ListOf
from cogdoc.query.typed_values import NAMES
from cogdoc.text import HAN, KANA

MIN_OVERLAP = 0.2
MIN_PRINTED = 0.35
"""Share of the weight of those words of the question that the pages print, which is enough too."""

MIN_WORDS, MAX_WORDS = 4, 80
"""Longer ones are lists and tables of pages without layout."""

TOP_SENTENCES = 4
PROSE = 4.0
"""One in this many words of a sentence is a function word, or more."""

NEIGHBOR_SHARE = 0.25
"""Weight of the terms that only the sentences before and after contain."""

_UNSPACED = re.compile(f"[{HAN}{KANA}\u3000-\u303f\uff01-\uff65]")
"""Characters and signs of Chinese and Japanese."""


@dataclass(frozen=True, slots=True)
class ScoredSentence:
    """A sentence with what it shares with the question, each 0 to 1."""

    page: PageView
    passage: Segment
    sentence: Sentence
    overlap: float
    """Share of the question's weight that it contains."""
    context: float
    """Share that only its neighbors contain."""
    rare: float
    """The weight of the rarest term that it contains, relative to the rarest one of the question."""

    @property
    def score(self) -> float:
        return self.overlap + NEIGHBOR_SHARE * self.context


def propose_sentences(matcher: Matcher, pages: Sequence[PageView]) -> Iterator[Proposal]:
    """Spans of those sentences of the pages' paragraphs that share most with the question."""
    terms = QuestionTerms(matcher.question.text, matcher.question.language)
    weights, scored = score_sentences(terms, pages)
    counts = Counter(token.norm for page in pages for segment in page.segments for token in segment.tokens)
    kinds, asks_list = matcher.question.kinds, isinstance(matcher.question.tree, ListOf)
    for found in scored[:TOP_SENTENCES]:
        share = found.score / scored[0].score
        spans = [*propose_spans(found.passage.text, found.sentence, terms, weights, kinds, counts)]
        if asks_list or kinds[0] in NAMES:
            spans = without_parts(found.passage.text, spans, MIN_LISTED if asks_list else MIN_NAMES)
        for span in spans:
            yield _proposal(found, span, share)


def score_sentences(terms: QuestionTerms, pages: Sequence[PageView]) -> tuple[list[float], list[ScoredSentence]]:
    """The weights of the terms, and the sentences that share enough with the question, the best first."""
    texts = [(page, passage, split_sentences(passage.text, terms)) for page in pages for passage in passages(page)]
    weights = term_weights(terms, [sentence for _, _, sentences in texts for sentence in sentences])
    total, heaviest = sum(weights) or 1.0, max(weights, default=1.0)
    scored = []
    coverings = [[_covered(sentence, weights) for sentence in sentences] for _, _, sentences in texts]
    printed = sum(weights[index] for index in {index for listed in coverings for own in listed for index in own})
    for (page, passage, sentences), covered in zip(texts, coverings, strict=True):
        for index, sentence in enumerate(sentences):
            own = covered[index]
            overlap = sum(own.values()) / total
            if (
                overlap < min(MIN_OVERLAP, MIN_PRINTED * printed / total)
                or not own
                or not MIN_WORDS <= len(sentence.words) <= MAX_WORDS
                or not _prose(sentence)
            ):
                continue
            around = {
                **(covered[index - 1] if index else {}),
                **(covered[index + 1] if index + 1 < len(covered) else {}),
            }
            context = sum(value for term, value in around.items() if term not in own) / total
            rare = max(own.values()) / heaviest
            scored.append(ScoredSentence(page, passage, sentence, overlap, context, rare))
    return weights, sorted(scored, key=lambda found: -found.score)


def passages(page: PageView) -> Iterator[Segment]:
    """Each paragraph as one long segment; the whole text of a page without layout."""
    paragraphs = (block.lines for block in page.layout.blocks if block.kind is not BlockKind.TABLE)
    blocks = [lines for lines in paragraphs if lines and not has_columns(lines)]
    for lines in blocks if page.layout.blocks else [page.layout.page_text.lines]:
        words = tuple(word for line in lines for word in line.words)
        if words:
            yield Segment(-1, -1, words, _running(words), bounding_box(word.box for word in words))


def _running(words: Sequence[Word]) -> str:
    """The text of words; where lines of Chinese or Japanese meet there is no space."""
    pieces = [words[0].text]
    for before, after in pairwise(words):
        is_unspaced = _UNSPACED.match(before.text[-1:]) and _UNSPACED.match(after.text)
        pieces.append(after.text if is_unspaced else f" {after.text}")
    return "".join(pieces)


def _covered(sentence: Sentence, weights: Sequence[float]) -> dict[int, float]:
    """The terms that a sentence contains, each with its weight times the strength of the agreement."""
    best: dict[int, float] = {}
    for word in sentence.words:
        for index, strength in word.hits:
            best[index] = max(best.get(index, 0.0), weights[index] * strength)
    return best


def _prose(sentence: Sentence) -> float:
    """How much a sentence is one, 0 to 1, by its share of function words: labels and values have hardly any."""
    return min(1.0, PROSE * sum(word.is_function for word in sentence.words) / len(sentence.words))


def _proposal(found: ScoredSentence, span: Span, share: float) -> Proposal:
    passage = found.passage
    return Proposal(
        page=found.page, text=passage.text[span.start : span.end], slices=(Slice(passage, span.start, span.end),),
        relation=Relation.SENTENCE, kind=span.kind, recall=found.overlap, precision=found.rare, fit=span.fit,
        distance=span.distance, evidence=passage.text[found.sentence.start : found.sentence.end].strip(),
        features={
            **span.features,
            "text-overlap": found.overlap,
            "text-context": found.context,
            "text-best": share,
            "text-prose": _prose(found.sentence),
        },
    )  # fmt: skip
