"""The words for yes and no: those of a question's language, and what a printed one says."""

from __future__ import annotations

from functools import cache

from cogdoc.query.lexicon.loading import load_lexicons
from cogdoc.query.terms import fold_case


@cache
def yes_no_word(language: str, truth: bool) -> str:
    """Yes or no in a language, as a sentence begins."""
    words: list[str] = load_lexicons()[language].values["yes" if truth else "no"][0]
    return words[0].capitalize()


def truth_of(text: str, *languages: str) -> bool | None:
    """Whether a word of one of the languages says yes or no; None for another text."""
    word = fold_case(text.strip(" .,:;"))
    return next((truths[word] for language in languages if word in (truths := _truths(language))), None)


@cache
def _truths(language: str) -> dict[str, bool]:
    values = load_lexicons()[language].values
    return {word: name == "yes" for name in ("no", "yes") for listed in values.get(name, ()) for word in listed}
