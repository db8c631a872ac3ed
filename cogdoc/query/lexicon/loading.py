"""Reads the lexicons of all languages into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import tomli


@dataclass(frozen=True)
class Lexicon:
    """The words of all languages together."""

    labels: frozenset[str]
    """Ids of the concepts that forms use as labels rather than as values."""

    words: Mapping[str, frozenset[str]]
    """By list: `stop`, `weak`, `document`."""
    questions: Mapping[str, tuple[str, ...]]
    """Phrases by what they ask for; the longest first."""
    instructions: Mapping[str, tuple[str, ...]]
    """Phrases by the form of the reply that they call for."""
    operations: Mapping[str, tuple[str, ...]]
    types: Mapping[str, tuple[str, ...]]
    dimensions: Mapping[str, tuple[str, ...]]
    """Superlatives and comparatives by the concept that they measure; more of it is more."""
    reverse_dimensions: Mapping[str, tuple[str, ...]]
    """Those that less of a concept is more of: the fastest takes the least time."""
    concepts: Mapping[str, tuple[str, ...]]
    """Wordings in all languages by concept id; the id is one of them."""
    values: Mapping[str, tuple[Any, ...]]
    """One entry a language for each kind of value words, in the order of the files."""


@cache
def load_lexicon() -> Lexicon:
    """The words of all languages together."""
    return _lexicon(list(_tables().values()))


@cache
def load_lexicons() -> dict[str, Lexicon]:
    """The lexicon of each language by its code."""
    return {language: _lexicon([table]) for language, table in _tables().items()}


@cache
def _tables() -> dict[str, dict[str, Any]]:
    """The files, read when first needed, by language."""
    folder = files("cogdoc.query.lexicon")
    return {
        file.name.removesuffix(".toml"): tomli.loads(file.read_text(encoding="utf-8"))
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def _lexicon(tables: list[dict[str, Any]]) -> Lexicon:
    return Lexicon(
        labels=frozenset(name for table in tables for name in table.get("labels", ())),
        words={name: frozenset(words) for name, words in _merged(tables, "words").items()},
        questions=_longest_first(_merged(tables, "questions")),
        instructions=_longest_first(_merged(tables, "instructions")),
        operations=_longest_first(_merged(tables, "operations")),
        types=_longest_first(_merged(tables, "types")),
        dimensions=_longest_first(_merged(tables, "dimensions")),
        reverse_dimensions=_longest_first(_merged(tables, "reverse_dimensions")),
        concepts=_longest_first({name: [name, *words] for name, words in _merged(tables, "concepts").items()}),
        values=_by_kind(tables),
    )


def _merged(tables: list[dict[str, Any]], section: str) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for table in tables:
        for name, words in table.get(section, {}).items():
            merged.setdefault(name, []).extend(words)
    return merged


def _longest_first(merged: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(dict.fromkeys(words), key=len, reverse=True)) for name, words in merged.items()}


def _by_kind(tables: list[dict[str, Any]]) -> dict[str, tuple[Any, ...]]:
    kinds: dict[str, list[Any]] = {}
    for table in tables:
        for name, value in table.get("values", {}).items():
            kinds.setdefault(name, []).append(value)
    return {name: tuple(values) for name, values in kinds.items()}
