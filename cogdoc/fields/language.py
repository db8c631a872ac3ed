"""The field language of `--fields`: "invoice no, date:date, total:money, lines:table(description, amount:money)".

    fields  = field, field, ...
    field   = name [= label | label ...] [: type]
    type    = text | number | integer | money | percent | date | time | boolean
            | choice(value, value, ...) | list | list(type) | table | table(fields)

or the name of a ready list: "preset:invoice".

A name or label with a character that the language uses is put in quotation marks. Chinese commas, colons and brackets
are the same as the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, TypeVar

from cogdoc.errors import UsageError
from cogdoc.fields.field import MAX_FIELDS, Field, FieldList, FieldType
from cogdoc.fields.plain_schemas import field_list
from cogdoc.fields.presets import PRESETS, load_preset

T = TypeVar("T")
MAX_LENGTH = 100_000
MAX_NAME = 200

_SYNONYMS: Final[Mapping[str, FieldType]] = {
    **{kind.value: kind for kind in FieldType if kind is not FieldType.GROUP},
    "string": FieldType.TEXT,
    "str": FieldType.TEXT,
    "float": FieldType.NUMBER,
    "decimal": FieldType.NUMBER,
    "int": FieldType.INTEGER,
    "amount": FieldType.MONEY,
    "percentage": FieldType.PERCENT,
    "bool": FieldType.BOOLEAN,
    "enum": FieldType.CHOICE,
}
_TYPES = ", ".join(kind.value for kind in FieldType if kind is not FieldType.GROUP)
_WITH_ARGUMENTS = frozenset({FieldType.CHOICE, FieldType.LIST, FieldType.TABLE})

_MARKS: Final = str.maketrans("，、：（）＝｜；", ",,:()=|,")
_PRESET = re.compile(r"\s*preset\s*[:：]\s*(\w+)\s*", re.I)
_QUOTES: Final[Mapping[str, str]] = {'"': '"', "“": "”", "「": "」"}
_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"[^"]*"|“[^”]*”|「[^」]*」)|(?P<mark>[,:()=|，、：（）＝｜；;\n])|'
    r'(?P<words>[^,:()=|，、：（）＝｜；;\n"“「]+))'
)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    mark: bool
    """Whether it is a comma, a colon, a bracket or the like."""


def parse_fields(text: str, option: str = "--fields") -> FieldList:
    """
    Args:
        option: where the text comes from, for messages.

    Raises:
        UsageError: it is no list of fields; the message says why, in one line.
    """
    if len(text) > MAX_LENGTH:
        raise UsageError(f"{option}: longer than {MAX_LENGTH} characters", "use --schema with a file")
    if (named := _PRESET.fullmatch(text)) is not None:
        return _preset(named[1].lower(), option)
    fields = _Parser(tuple(_tokens(text, option)), option).parse()
    return field_list(fields)


def _preset(name: str, option: str) -> FieldList:
    if name not in PRESETS:
        raise UsageError(f"{option}: there is no preset {_shortened(name)}", f"presets: {', '.join(PRESETS)}")
    return load_preset(name)


def _tokens(text: str, option: str) -> Iterator[_Token]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise UsageError(f"{option}: a quotation mark without its partner in {_shortened(text[position:])}")
        position = match.end()
        if match["mark"] is not None:
            mark = match["mark"].translate(_MARKS)
            yield _Token("," if mark in ";\n" else mark, mark=True)
        else:
            words = match["quoted"][1:-1] if match["quoted"] is not None else match["words"]
            if words.strip() or match["quoted"] is not None:
                yield _Token(" ".join(words.split()), mark=False)


class _Parser:
    """A recursive descent over the tokens."""

    def __init__(self, tokens: Sequence[_Token], option: str) -> None:
        self._tokens = tokens
        self._option = option
        self._position = 0
        self._count = 0

    def parse(self) -> tuple[Field, ...]:
        fields = self._fields("the list", in_table=False)
        if self._position < len(self._tokens):
            raise self._error("a closing bracket without an opening one")
        return fields

    def _fields(self, where: str, *, in_table: bool) -> tuple[Field, ...]:
        fields = self._separated(lambda: self._field(in_table=in_table), where)
        names = [one.name for one in fields]
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise self._error(f"{repeated!r} is named twice in {where}")
        return tuple(fields)

    def _separated(self, parse: Callable[[], T], where: str) -> list[T]:
        found: list[T] = []
        while True:
            while self._take(","):
                pass
            if self._next is None or self._next == _Token(")", mark=True):
                break
            found.append(parse())
            if self._next is not None and self._next.text not in (",", ")"):
                raise self._error(f"a comma is missing before {self._next.text!r}")
            if not self._take(","):
                break
        if not found:
            raise self._error(f"{where} names no field" if where == "the list" else f"{where} is empty")
        return found

    def _field(self, *, in_table: bool) -> Field:
        name = self._words("a field needs a name")
        self._count += 1
        if self._count > MAX_FIELDS:
            raise self._error(f"more than {MAX_FIELDS} fields")
        labels: list[str] = []
        if self._take("="):
            labels.append(self._words(f"{name}: a label is missing after ="))
            while self._take("|"):
                labels.append(self._words(f"{name}: a label is missing after |"))
        if not self._take(":"):
            if self._next == _Token("(", mark=True):
                raise self._error(f"{name}: a bracket needs a type before it, or quotation marks around the name")
            return Field(name, labels=tuple(labels))
        typed = self._type(name)
        if in_table and typed.type in (FieldType.TABLE, FieldType.LIST):
            raise self._error(f"{name}: a column of a table is no {typed.type}")
        return replace(typed, labels=tuple(labels))

    def _type(self, name: str) -> Field:
        word = self._words(f"{name}: a type is missing after the colon")
        kind = _SYNONYMS.get(word.lower())
        if kind is None:
            close = get_close_matches(word.lower(), _SYNONYMS, 1)
            hint = f"did you mean {close[0]}? types: {_TYPES}" if close else f"types: {_TYPES}"
            raise UsageError(f"{self._option}: {name}: there is no type {_shortened(word)}", hint)
        has_arguments = self._take("(")
        if has_arguments and kind not in _WITH_ARGUMENTS:
            raise self._error(f"{name}: {kind} takes nothing in brackets")
        if kind is FieldType.CHOICE and not has_arguments:
            raise self._error(f"{name}: choice needs its values, as in {name}:choice(yes, no)")
        made = Field(name, kind)
        if kind is FieldType.LIST:
            made = replace(made, item=self._type(name) if has_arguments else Field(name))
            if made.item is not None and made.item.type in (FieldType.LIST, FieldType.TABLE):
                raise self._error(f"{name}: a list of {made.item.type}s cannot be read; use a table")
        elif has_arguments and kind is FieldType.TABLE:
            made = replace(made, fields=self._fields(f"{name}:table", in_table=True))
        elif has_arguments:
            made = replace(made, choices=self._choices(name))
        if has_arguments and not self._take(")"):
            raise self._error(f"{name}: the closing bracket of {kind} is missing")
        return made

    def _choices(self, name: str) -> tuple[str, ...]:
        def one() -> str:
            choice = self._words(f"{name}: a value is missing")
            self._take("|")
            return choice

        choices: list[str] = []
        while self._next is not None and self._next != _Token(")", mark=True):
            choices.append(one())
            self._take(",")
        if not choices:
            raise self._error(f"{name}: choice needs its values, as in {name}:choice(yes, no)")
        return tuple(dict.fromkeys(choices))

    @property
    def _next(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, mark: str) -> bool:
        taken = self._next == _Token(mark, mark=True)
        self._position += taken
        return taken

    def _words(self, missing: str) -> str:
        token = self._next
        if token is None or token.mark or not token.text:
            raise self._error(missing)
        if len(token.text) > MAX_NAME:
            raise self._error(f"a name longer than {MAX_NAME} characters: {_shortened(token.text)}")
        self._position += 1
        return token.text

    def _error(self, message: str) -> UsageError:
        return UsageError(f"{self._option}: {message}", 'for example: "invoice no, date:date, total:money"')


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}...")
