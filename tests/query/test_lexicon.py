"""The lexicons of all languages are well formed and share their concepts."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import pytest

FILES = sorted(
    (file for file in files("cogdoc.query.lexicon").iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
)
LANGUAGES = [file.name.removesuffix(".toml") for file in FILES]
LEXICONS: dict[str, dict[str, Any]] = {
    language: tomllib.loads(file.read_text(encoding="utf-8")) for language, file in zip(LANGUAGES, FILES, strict=True)
}
WORDED = ("words", "questions", "operations", "types", "concepts")


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_are_lists_of_lower_case_words_without_repetition(language: str) -> None:
    for section in WORDED:
        for name, wordings in LEXICONS[language].get(section, {}).items():
            assert wordings == [wording.lower().strip() for wording in wordings], (section, name)
            assert len(set(wordings)) == len(wordings), (section, name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_concepts_and_lists_of_words_are_those_of_english(language: str) -> None:
    for section in ("words", "concepts", "values"):
        assert set(LEXICONS[language].get(section, {})) <= set(LEXICONS["en"][section]), section


@pytest.mark.parametrize("language", LANGUAGES)
def test_months_and_weekdays_are_complete(language: str) -> None:
    values = LEXICONS[language].get("values", {})
    assert len(values.get("months", range(12))) == 12
    assert len(values.get("weekdays", range(7))) == 7
