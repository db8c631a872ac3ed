"""Splits a question into pieces: phrases of the lexicon, numbers, dates, quotations and other words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from cogdoc.parsing.numbers import find_numbers
from cogdoc.query.lexicon.loading import Lexicon, load_lexicons
from cogdoc.query.quantities import quantity_of
from cogdoc.query.terms import fold_case, stem
from cogdoc.query.typed_values import ValueKind, find_values
from cogdoc.text import HAN, KANA, UNSPACED

QUOTED, NAMED, NUMBER, ORDINAL = "quoted", "named", "number", "ordinal"
DATE, PUNCTUATION = "date", "punctuation"
"""Marks of pieces that the lexicon does not give. Marks of questions begin with "?", those of types with "="."""

_MEASURED = frozenset(("difference", "growth", "decrease"))
"""Operations whose phrases may contain the word that asks: "by how much"."""

INFLECTED_PREFIX = 5
MAX_ENDING = 3
"""Letters at the end of a verb of growth that may differ, in languages whose lexicons do not list all forms."""

MIN_DATE_FIT = 0.4

PRINTED_TOTALS = ("gross total", "net total", "subtotal", "amount due", "amount paid")
"""Concepts that documents print, although words for them ("total") ask for sums otherwise."""

MAX_UNSPACED_WORD = 2

_SCRIPTS = ((KANA, "ja"), ("\uac00-\ud7a3", "ko"), ("\u0e00-\u0e7f", "th"), (HAN, "zh"))
_SCRIPT_PATTERNS = tuple((re.compile(f"[{chars}]"), language) for chars, language in _SCRIPTS)
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+(?:['.&/:-][^\W_{UNSPACED}]+)*|[#%&]")
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_DIGITS_WITH_ENDING = re.compile(r"(\d{1,4})(?:st|nd|rd|th|º|ª)")
_NO_UNIT = re.compile(r"[:/-]|(?:st|nd|rd|th|º|ª)\b")
_LATIN_WORD = re.compile(rf"[^\W\d_{UNSPACED}]+")
_QUOTATION = re.compile(
    r"[\"“”„「『《«]\s?([^\"“”„」』》«»]+?)\s?[\"“”」』》»]|(?<!\w)['‘]([^'‘’]+(?:['’][sS]\b[^'‘’]*)?)['’](?!\w)"
)
_ENGLISH_NEGATION = re.compile(r"n['’]t\b")
_SIGN = re.compile(r"(?<=[\s\w])\s*([/–-])\s*(?=\w)")
_CLOCK = re.compile(r"(?<![\w:.-])\d{1,3}:\d\d(?::\d\d)?(?:\.\d+)?(?![\w:-])")
"""A time or a duration, which is compared like a number."""

_WEIGHTS = {"stop": 1.0, "?": 1.0, "=": 0.2}
"""How much a word says about the language of a question, by its mark; other marks count half."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a question that has a meaning of its own."""

    text: str
    start: int
    end: int
    marks: frozenset[str] = frozenset()
    """What the lexicon, or its form, says about it: "highest", "?which", "=amount", "stop", "number"."""
    number: float | None = None

    def has(self, *marks: str) -> bool:
        return not self.marks.isdisjoint(marks)

    @property
    def asks(self) -> bool:
        """Whether it is a question word."""
        return any(mark[0] == "?" and mark not in ("?polar", "?picture", "?list") for mark in self.marks)

    @property
    def is_content(self) -> bool:
        """Whether it names something, rather than joining words or asking."""
        return not self.has("stop", "link", "and", "or", "than", "?polar", PUNCTUATION) and not self.asks


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    marks: frozenset[str]
    number: float | None


def normalize(text: str) -> str:
    """`text` with plain apostrophes and single spaces, and "not" as a word of its own."""
    return " ".join(_ENGLISH_NEGATION.sub(" not", text).replace("’", "'").split())


def quotations(text: str) -> list[str]:
    """What a question quotes."""
    return [match[1] or match[2] for match in _QUOTATION.finditer(text)]


def guess_language(text: str) -> str:
    """The code of the language whose words the question uses most; English if none."""
    words = [word.lower() for word in _LATIN_WORD.findall(text)]
    for pattern, language in _SCRIPT_PATTERNS:
        if len(pattern.findall(text)) > len(words):
            return language
    scores: dict[str, float] = {}
    known = _languages_of_words()
    for word in words:
        for language, weight in known.get(word, ()):
            scores[language] = scores.get(language, 0.0) + weight
    return max(scores, key=lambda language: (scores[language], language == "en"), default="en")


def split_pieces(text: str, language: str, names: Collection[str] = ()) -> tuple[Piece, ...]:
    """The pieces of a question in order; words that no phrase of the lexicon contains are one piece each.

    Each of `names` that the question contains is one piece, whatever its words mean: a status "On time".
    """
    folded, phrases, fixed = fold_case(text), _phrases(language), _fixed_pieces(text, names)
    pieces: list[Piece] = []
    index = 0
    while index < len(text):
        match = _WORD.match(folded, index)
        if index in fixed and not (match and _is_code(folded, fixed[index], match)):
            piece = fixed[index]
        elif pieces and folded.startswith("'s", index) and _is_boundary(folded, index + 2):
            owner = pieces[-1] if pieces[-1].asks else pieces.pop()
            marks = frozenset(("?polar", "stop")) if owner.asks else owner.marks
            piece = Piece("", index if owner.asks else owner.start, index + 2, marks, owner.number)
        elif match is None:
            index += 1
            if not text[index - 1].isspace() and text[index - 1] != "'":
                pieces.append(Piece(text[index - 1], index - 1, index, frozenset((PUNCTUATION,))))
            continue
        else:
            piece = _phrase_at(phrases, folded, text, match, language) or Piece(match[0], *match.span())
        if pieces and _continues(pieces[-1], piece):
            piece = Piece("", pieces.pop().start, piece.end)
        pieces.append(Piece(text[piece.start : piece.end], piece.start, piece.end, piece.marks, piece.number))
        index = piece.end
    return tuple(pieces)


def phrase_of(text: str, pieces: Sequence[Piece]) -> str:
    """The text from the first to the last piece that names something."""
    named = [piece for piece in pieces if piece.is_content]
    return text[named[0].start : named[-1].end].strip('"“”„«»「」 ') if named else ""


def _continues(before: Piece, piece: Piece) -> bool:
    """Whether two pieces without marks are parts of one run of a script without spaces."""
    both = not before.marks and not piece.marks and before.end == piece.start
    return both and all(_IS_UNSPACED.match(part[0]) for part in (before.text, piece.text))


def _fixed_pieces(text: str, names: Collection[str]) -> dict[int, Piece]:
    """Names, quotations, dates and numbers by their start."""
    fixed: dict[int, Piece] = {}
    folded = fold_case(text)
    for name in sorted(names, key=len, reverse=True):
        is_exact = name.isalpha()
        pattern = rf"(?<!\w){_any_spaces(name if is_exact else fold_case(name))}(?!\w)"
        match = re.search(pattern, text if is_exact else folded)
        if match is not None:
            start, end = match.span()
            is_period = bool(find_values(ValueKind.YEAR, name))
            marks = frozenset((NAMED, DATE) if is_period else (NAMED,))
            _add(fixed, Piece(text[start:end], start, end, marks))
    for match in _QUOTATION.finditer(text):
        _add(fixed, Piece(match[1] or match[2], *match.span(), frozenset((QUOTED,))))
    for kind in (ValueKind.DATE, ValueKind.YEAR):
        for value in find_values(kind, text):
            if value.fit >= MIN_DATE_FIT:
                _add(fixed, Piece(text[value.start : value.end], value.start, value.end, frozenset((DATE,))))
    for clock in _CLOCK.finditer(text):
        _add(fixed, Piece(clock[0], *clock.span(), frozenset((NUMBER,)), _seconds(clock[0])))
    for number in find_numbers(text):
        _add(fixed, Piece(number.text, number.start, number.end, frozenset((NUMBER,)), number.value))
    return fixed


def _any_spaces(name: str) -> str:
    """A pattern for a name, with or without spaces around its signs."""
    return r"\s*".join(re.escape(part.strip()) for part in _SIGN.split(name))


def _seconds(clock: str) -> float:
    value = quantity_of(clock)
    return value.number or 0.0 if value is not None else 0.0


def _add(fixed: dict[int, Piece], piece: Piece) -> None:
    if not any(piece.start < other.end and other.start < piece.end for other in fixed.values()):
        fixed[piece.start] = piece


def _phrase_at(
    phrases: Mapping[str, Sequence[_Phrase]], folded: str, text: str, word: re.Match[str], language: str
) -> Piece | None:
    """The longest phrase of the lexicon that begins at a word, or that the stem of the word is."""
    start = word.start()
    first = word[0].partition("'")[0] or word[0]
    for phrase in (*phrases.get(word[0], ()), *(phrases.get(first, ()) if first != word[0] else ())):
        end = start + len(phrase.text)
        if " " in phrase.text and folded.startswith("s", end):
            end += 1
        if folded.startswith(phrase.text, start) and _is_boundary(folded, end):
            return Piece(text[start:end], start, end, phrase.marks, phrase.number)
    if ordinal := _DIGITS_WITH_ENDING.fullmatch(word[0]):
        return Piece(word[0], *word.span(), frozenset((ORDINAL,)), float(ordinal[1]))
    shortened = (word[0][:-1], word[0][:-2]) if len(word[0]) > INFLECTED_PREFIX and language != "en" else ()
    for singular in (stem(word[0]), *shortened):
        for phrase in (one for one in phrases.get(singular, ()) if one.text == singular):
            nouns = frozenset(mark for mark in phrase.marks if mark[0] == "=" or mark in ("weak", "document"))
            return Piece(word[0], *word.span(), nouns)
    for phrase in phrases.get(word[0][:INFLECTED_PREFIX] + "-", ()):
        if word[0].startswith(phrase.text[: max(INFLECTED_PREFIX, len(phrase.text) - MAX_ENDING)]):
            return Piece(word[0], *word.span(), phrase.marks & _MEASURED)
    return None


def _is_code(text: str, piece: Piece, word: re.Match[str]) -> bool:
    """Whether a number is only the beginning of a word, as in "1:48" and "5th"."""
    return piece.has(NUMBER) and word.end() > piece.end and bool(_NO_UNIT.match(text, piece.end))


def _is_boundary(text: str, index: int) -> bool:
    """Whether no word of a script with spaces continues at `index`."""
    if index >= len(text) or not text[index].isalnum() or not text[index - 1].isalnum():
        return True
    return bool(_IS_UNSPACED.match(text[index]) or _IS_UNSPACED.match(text[index - 1]))


@cache
def _phrases(language: str) -> dict[str, tuple[_Phrase, ...]]:
    """The phrases of a language by first word, the longest first."""
    lexicon = load_lexicons().get(language)
    marks: dict[str, set[str]] = {}
    numbers: dict[str, float] = {}
    for phrase, mark, number in _entries(lexicon) if lexicon else ():
        marks.setdefault(fold_case(phrase), set()).add(mark)
        if number is not None:
            numbers[fold_case(phrase)] = number
    for phrase, found in marks.items():
        first, _, rest = phrase.partition(" ")
        if "?list" in found:
            found |= {"list", *marks.get(first, ())}
        if found & _MEASURED:
            found |= {mark for mark in marks.get(rest, ()) if mark[0] == "?"}
    index: dict[str, list[_Phrase]] = {}
    for phrase, found in marks.items():
        if (match := _WORD.match(phrase)) and not _repeats_type(phrase, marks):
            entry = _Phrase(phrase, frozenset(found), numbers.get(phrase))
            index.setdefault(match[0], []).append(entry)
            if found & _MEASURED and match.end() == len(phrase) > INFLECTED_PREFIX and language != "en":
                index.setdefault(phrase[:INFLECTED_PREFIX] + "-", []).append(entry)
    return {first: tuple(sorted(listed, key=lambda one: -len(one.text))) for first, listed in index.items()}


def _repeats_type(phrase: str, marks: Mapping[str, Iterable[str]]) -> bool:
    """Whether a phrase is a question word and a noun of a type ("in which city"), which also apply one by one."""
    words = phrase.split()
    typed = len(words) > 1 and any(mark[0] == "=" for mark in marks.get(words[-1], ()))
    return typed and any("?which" in marks.get(word, ()) or "?what" in marks.get(word, ()) for word in words[:-1])


def _entries(lexicon: Lexicon) -> Iterator[tuple[str, str, float | None]]:
    for prefix, section in (
        ("", lexicon.words),
        ("?", lexicon.questions),
        ("", lexicon.operations),
        ("=", lexicon.types),
    ):
        for name, phrases in section.items():
            for phrase in phrases:
                yield phrase, prefix + name, None
    for mark, name in ((NUMBER, "numbers"), (ORDINAL, "ordinals")):
        for listed in lexicon.values.get(name, ()):
            numbered = listed.items() if isinstance(listed, dict) else zip(listed, range(1, 100), strict=False)
            for phrase, value in numbered:
                yield phrase, mark, float(value)
    for month in (month for months in lexicon.values.get("months", ()) for names in months for month in names):
        yield month, DATE, None
    for listed in lexicon.values.get("colors", ()):
        for phrase in listed:
            yield phrase, "color", None
    for name in PRINTED_TOTALS:
        yield from ((phrase, "=amount", None) for phrase in lexicon.concepts.get(name, ()) if _has_parts(phrase))


def _has_parts(phrase: str) -> bool:
    """Whether a phrase has several words, or several characters of a script without spaces."""
    return " " in phrase or (len(phrase) > MAX_UNSPACED_WORD and _IS_UNSPACED.match(phrase) is not None)


@cache
def _languages_of_words() -> dict[str, list[tuple[str, float]]]:
    """How much each word says for each language."""
    known: dict[str, list[tuple[str, float]]] = {}
    for language, lexicon in load_lexicons().items():
        weights: dict[str, float] = {}
        for phrase, mark, _ in _entries(lexicon):
            weight = _WEIGHTS.get(mark, _WEIGHTS.get(mark[0], 0.5))
            for word in _LATIN_WORD.findall(fold_case(phrase)):
                weights[word] = max(weights.get(word, 0.0), weight)
        for word, weight in weights.items():
            known.setdefault(word, []).append((language, weight))
    return known
