"""The sentence that asks, in pieces: which one asks, the noun phrase it asks about, conditions, and what is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

from cogdoc.query.dimensions import measures
from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.question_pieces import DATE, NAMED, NUMBER, ORDINAL, PUNCTUATION, QUOTED, Piece, phrase_of
from cogdoc.query.tree import Comparator

EXTREMES = ("highest", "lowest")
ENDS = ("first", "last")
ORDER = ("next", "previous", "after", "before")
COMPARATORS = {
    "at_least": Comparator.AT_LEAST,
    "at_most": Comparator.AT_MOST,
    "more": Comparator.MORE,
    "later": Comparator.MORE,
    "after": Comparator.MORE,
    "less": Comparator.LESS,
    "before": Comparator.LESS,
    "equal": Comparator.EQUAL,
}
NUMBERS = ("=number", "=amount", "=percent")
CALCULATIONS = ("growth", "decrease", "difference", "ratio", "share", "sum", "mean", "median", "mode", "range")
NUMERIC_QUESTIONS = ("?amount", "?count", "?measure", "?percent", "?length")
UNSPACED_LANGUAGES = ("zh", "ja", "th", "ko")
MAX_BOUND_DISTANCE = 4
"""Pieces from a comparator to the number that it compares with: "before the one on May 3"."""

MAX_LISTED = 20
"""Numbers up to which "the three highest" is a count rather than a value."""

COMMAS = ",，、"
MAX_POLITE = 4
"""Pieces before the question word in "can you tell me what ..."."""

MAX_NAME_DIGITS = 3
"""Digits of a number that may belong to a name: "flight 370"."""

MAX_UNIT = 2
"""Characters after a number up to which they may be its unit rather than a property."""

_BEFORE_NOUN = ("stop", "link", "?polar", "count", "all", "sum", *EXTREMES, *ENDS, ORDINAL, NUMBER)
_BOUNDARIES = (*EXTREMES, *ORDER, *COMPARATORS, "between", "other", "not", "than", "sum", "growth", "decrease", "all")


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison that rows have to fulfil: "more than 30 goals"."""

    words: str
    comparator: Comparator
    bound: str
    used: frozenset[int]


@dataclass(frozen=True)
class Clause:
    text: str
    language: str
    pieces: tuple[Piece, ...]

    @property
    def unspaced(self) -> bool:
        return self.language in UNSPACED_LANGUAGES

    @cached_property
    def question(self) -> int | None:
        """The index of the piece that asks; in languages that leave question words in place, of the last one."""
        asking = [index for index, piece in enumerate(self.pieces) if piece.asks]
        return (asking[-1] if self.unspaced else asking[0]) if asking else None

    @cached_property
    def is_polar(self) -> bool:
        """Whether the answer is yes or no: it opens with an auxiliary verb, or has one and no question word."""
        opening = next((piece for piece in self.pieces if not piece.has(PUNCTUATION)), None)
        if opening is not None and opening.has("?polar") and not self.unspaced:
            asks = self.asks("?what", "?which", *NUMERIC_QUESTIONS) and (self.question or 0) <= MAX_POLITE
            return not asks
        if self.question is not None or (not self.unspaced and not self.text.rstrip().endswith("?")):
            return False
        return any(piece.has("?polar") for piece in self.pieces)

    def asks(self, *marks: str) -> bool:
        """Whether the question word is one of these."""
        return self.question is not None and self.pieces[self.question].has(*marks)

    @property
    def after_question(self) -> int:
        """The index after the question word; 0 without one."""
        return 0 if self.question is None else self.question + 1

    @property
    def direct_which(self) -> bool:
        """Whether it asks which of some things: "which team", in contrast to "which is the difference"."""
        noun = self.skip(self.after_question, "stop", "link")
        return self.direct and self.asks("?which", "?what") and not self.has(noun, *CALCULATIONS, *NUMBERS)

    def has(self, index: int, *marks: str) -> bool:
        """Whether the piece at `index`, if there is one, has one of the marks."""
        return 0 <= index < len(self.pieces) and self.pieces[index].has(*marks)

    def find(self, *marks: str, start: int = 0) -> int | None:
        """The first piece with one of the marks."""
        return next((index for index in range(start, len(self.pieces)) if self.pieces[index].has(*marks)), None)

    def is_content(self, index: int) -> bool:
        return index in self.contents

    @cached_property
    def contents(self) -> frozenset[int]:
        """The pieces that name something."""
        return frozenset(index for index, piece in enumerate(self.pieces) if piece.is_content)

    def is_weak(self, indices: Sequence[int]) -> bool:
        """Whether all pieces only state the kind of answer, or name the document."""
        return all(self.pieces[index].has("weak", "document", "count", "list", "mode") for index in indices)

    def phrase(self, indices: Sequence[int]) -> str:
        return phrase_of(self.text, [self.pieces[index] for index in indices])

    def run(self, start: int, step: int = 1) -> tuple[int, ...]:
        """The pieces of one noun phrase from `start` on (backwards with a step of -1), without operations."""
        found: list[int] = []
        index = start
        while self.is_content(index) and not self.pieces[index].has(*_BOUNDARIES):
            if found and (self.pieces[index].has(QUOTED, NAMED) or self.pieces[found[-1]].has(NAMED)):
                break
            found.append(index)
            index += step
        return tuple(sorted(found))

    def run_before(self, index: int) -> tuple[int, ...]:
        """The noun phrase before `index`, without function words and parentheses between them."""
        index -= 1
        while index >= 0 and not self.is_content(index) and not self.pieces[index].asks:
            if self.pieces[index].text in ")）":
                opening = [at for at in range(index) if self.pieces[at].text in "(（"]
                index = opening[-1] if opening else index
            index -= 1
        return self.run(index, -1)

    def skip(self, start: int, *marks: str) -> int:
        """The first index from `start` on whose piece has none of the marks."""
        while start < len(self.pieces) and self.pieces[start].has(*marks):
            start += 1
        return start

    @cached_property
    def asked(self) -> tuple[int, ...]:
        """The noun phrase that the question word asks about: "team" in "which team has the most wins"."""
        if self.question is None:
            start = self.skip(0, "stop", "link", PUNCTUATION, "list", "?polar", *EXTREMES)
        elif self.unspaced and (self.asks("?measure") or not self.is_content(self.question + 1)):
            return self.run_before(self.question)
        else:
            start = self.skip(self.question + 1, *_BEFORE_NOUN)
        run = tuple(takewhile(lambda index: not (self.has(index, NUMBER) and self._is_stated(index)), self.run(start)))
        following = self.skip(run[-1] + 1, "stop", "link", *_BEFORE_NOUN) if run else 0
        is_named = run and not self.direct and self.has(run[-1] + 1, "link") and self.is_weak(run)
        if is_named and not any(mark[0] == "=" for index in run for mark in self.pieces[index].marks):
            return self.run(following) or run
        return run

    @cached_property
    def direct(self) -> bool:
        """Whether the noun follows the question word: "which team", in contrast to "what is the team"."""
        if self.question is None:
            return False
        start = self.skip(self.question + 1, "stop", "link")
        return self.is_content(start) and not any(self.pieces[at].has("?polar") for at in range(self.question, start))

    def groups(self, used: Sequence[int] | frozenset[int]) -> Iterator[tuple[int, ...]]:
        """Runs of pieces that name something and are not used yet."""
        group: list[int] = []
        for index in range(len(self.pieces) + 1):
            if group and (self.has(index, NAMED) or self.has(group[-1], NAMED)):
                yield tuple(group)
                group = []
            if self.is_content(index) and index not in used:
                group.append(index)
            elif group:
                yield tuple(group)
                group = []

    def where(self, used: Sequence[int] | frozenset[int]) -> tuple[str, ...]:
        """The phrases that are not used yet, without those that only name the document or the kind of answer."""
        return tuple(self.phrase(group) for group in self.groups(used) if not self.is_weak(group))

    def property_of(self, signal: int) -> tuple[int, ...]:
        """The phrase that a superlative or comparative is about: after it, or else between it and what is asked."""
        after = self.run(self.skip(signal + 1, "count", *EXTREMES, "than"))
        if self.unspaced:
            return self.run_before(signal) or after
        if after:
            return after
        begin = (
            max(self.after_question, *(index + 1 for index in self.asked), 0) if signal >= self.after_question else 0
        )
        operations = [index for index, piece in enumerate(self.pieces) if piece.has(*EXTREMES, *ENDS, ORDINAL)]
        runs = [group for group in self.groups(operations) if begin <= group[0] and group[-1] < signal]
        if runs:
            return runs[-1]
        following = signal + 1
        while self.has(following, "stop") and not self.has(following, "link", *_BOUNDARIES):
            following += 1
        return self.run(following)

    def listed(self, joint: int, *skipped: str) -> list[tuple[int, ...]]:
        """The things that "or" or "and" at `joint` and commas join, in order."""
        last = self.run(self.skip(joint + 1, "stop", *skipped))
        listed = [last] if last else []
        index = joint - 1
        while True:
            while self.has(index, PUNCTUATION):
                index -= 1
            run = self.run(index, -1)
            if not run:
                return listed
            listed.insert(0, run)
            index = run[0] - 1
            while self.has(index, "stop") and not self.has(index, "link"):
                index -= 1
            if index < 0 or not (self.pieces[index].text in COMMAS or self.has(index, "and", "or")):
                return listed

    def count_near(self, extreme: int) -> int:
        """3 for "the three highest", "the top 3" and "which three have the highest"."""
        for index in (extreme - 1, extreme + 1, self.after_question):
            number = self.pieces[index].number if self.has(index, NUMBER) else None
            if number is not None and number <= MAX_LISTED:
                return int(number)
        return 1

    def rank_near(self, extreme: int) -> int:
        """2 for "the second highest"."""
        ordinal = next((index for index in range(extreme - 2, extreme + 2) if self.has(index, ORDINAL)), None)
        return int(self.pieces[ordinal].number or 1) if ordinal is not None else 1

    @cached_property
    def conditioned(self) -> frozenset[int]:
        """The pieces that conditions use."""
        return frozenset(index for condition in self.conditions for index in condition.used)

    @cached_property
    def periods(self) -> tuple[int, ...]:
        return tuple(index for index, piece in enumerate(self.pieces) if piece.has(DATE))

    @cached_property
    def period_range(self) -> tuple[int, int] | None:
        """The first and the last of a range of periods: "between 2010 and 2019", "from 2010 to 2019"."""
        if len(self.periods) != 2:
            return None
        first, last = self.periods
        inside = self.pieces[first + 1 : last]
        is_joined = any(piece.has("and", "or", "than") or piece.text in COMMAS for piece in inside)
        is_range = self.has(first - 1, "between") or not is_joined
        return (first, last) if is_range and len(inside) == 1 else None

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The comparisons with numbers and dates, and the exclusions."""
        found: list[Condition] = []
        for index in range(len(self.pieces)):
            taken = any(index in condition.used for condition in found)
            if not taken and (condition := self._condition(index)) is not None:
                found.append(condition)
        return tuple(found)

    def _condition(self, index: int) -> Condition | None:
        piece = self.pieces[index]
        if piece.has("other", "not") and (run := self.run(self.skip(index + 1, "stop", "link"))):
            run += self.run(self.skip(run[-1] + 1, "stop")) if piece.has("not") else ()
            return Condition("", Comparator.NOT_EQUAL, self.phrase(run), frozenset((index, *run)))
        if piece.has("equal") and (condition := self._alike(index)) is not None:
            return condition
        if piece.has(NUMBER) and ":" not in piece.text and index + 1 < len(self.pieces):
            following = next((name for name in ("at_least", "at_most") if self.pieces[index + 1].has(name)), None)
            if following:
                return self._bounded((index, index + 1), index, COMPARATORS[following])
            if self._is_stated(index):
                return self._bounded((index,), index, Comparator.EQUAL)
        name = next((name for name in COMPARATORS if piece.has(name)), None)
        if name is not None and (own := self._own_property(index)):
            return Condition("", COMPARATORS[name], self.phrase(own), frozenset((index, *own)))
        adjective = piece.text if not piece.marks and self.has(index + 1, "than") else ""
        name = "more" if adjective else name
        bound = next((at for at in range(index + 1, len(self.pieces)) if self._is_bound(at)), None) if name else None
        if name is None or bound is None or bound > index + MAX_BOUND_DISTANCE:
            return None
        if any(self.is_content(at) and not self.pieces[at].has(NUMBER, "weak") for at in range(index + 1, bound)):
            return None
        condition = self._bounded(tuple(range(index, bound + 1)), bound, COMPARATORS[name])
        if not adjective and len(condition.words) <= MAX_UNIT and measures(piece.text):
            adjective = piece.text
        return replace(condition, words=adjective) if adjective else condition

    def _own_property(self, index: int) -> tuple[int, ...]:
        """The property of the same thing that a comparator compares with: "below their reorder level"."""
        possessive = self.skip(index + 1, "than")
        is_own = possessive < len(self.pieces) and self.pieces[possessive].text in load_lexicon().words["possessive"]
        return self.run(possessive + 1) if is_own else ()

    def _alike(self, index: int) -> Condition | None:
        """ "The same year as Ann Holt": the property, and what has it too."""
        noun = self.run(self.skip(index + 1, "stop"))
        after = self.skip(noun[-1] + 1, "stop", "link") if noun else 0
        other = self.run(after) if noun and after > noun[-1] + 1 else ()
        if not other or self.has(other[0], NUMBER, DATE):
            return None
        return Condition(self.phrase(noun), Comparator.EQUAL, self.phrase(other), frozenset((index, *noun, *other)))

    def _is_name_part(self, index: int) -> bool:
        """Whether a plain small number belongs to the word before it: "season 4"."""
        return (
            self.is_content(index - 1)
            and self.pieces[index].text.isdecimal()
            and len(self.pieces[index].text) <= MAX_NAME_DIGITS
        )

    def _is_bound(self, index: int) -> bool:
        is_one = self.pieces[index].number == 1 and self.pieces[index].text.isalpha()
        is_article = self.pieces[index].has("stop") or (is_one and not self.is_content(index + 1))
        return self.pieces[index].has(NUMBER, DATE) and not is_article

    def _is_stated(self, index: int) -> bool:
        """Whether a number is the value of a property, rather than a part of a name ("season 4") or a count."""
        if (
            index - 1 == self.question
            or self.has(index, "stop")
            or self.pieces[index - 1].has(*EXTREMES, *ENDS, ORDINAL)
        ):
            return False
        if index + 1 < len(self.pieces) and self.pieces[index + 1].text.lower() in load_lexicon().words["marks"]:
            return False  # "all three bars"
        spelled = self.pieces[index].text.isalpha()
        return self.is_content(index + 1) if spelled else not self._is_name_part(index)

    def _bounded(self, used: tuple[int, ...], bound: int, comparator: Comparator) -> Condition:
        """The condition on the property after the bound ("30 goals"), or else before it ("taller than 30")."""
        is_date = self.pieces[bound].has(DATE)
        following = used[-1] + 1
        unit = bound
        if following < len(self.pieces) and self.pieces[following].has("=percent"):
            unit, following, used = following, self.skip(following + 1, "link", "stop"), (*used, following)
        run = self.run(following) if not is_date else ()
        if not is_date and len(self.phrase(run)) <= MAX_UNIT:
            before = self.run_before(used[0])
            run = tuple(at for at in before if at not in self.asked and not self.pieces[at].has(DATE)) or run
        text = self.text[self.pieces[bound].start : self.pieces[unit].end]
        return Condition(self.phrase(run), comparator, text, frozenset((*used, *run)))
