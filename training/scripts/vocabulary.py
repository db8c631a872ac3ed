"""Words of many languages by script, from the locale data that the package `babel` contains (Unicode CLDR)."""

from __future__ import annotations

from collections.abc import Iterator

from babel import Locale  # type: ignore[import-not-found, unused-ignore]

_LATIN = "en de fr es pt it nl pl cs sk hu ro hr sl tr vi fi sv da nb is lt lv et ga mt sq az id ms sw eu ca gl cy"

LOCALES = {
    "latin": _LATIN.split(),
    "han": ["zh", "zh_Hant", "ja"],
    "cyrillic": ["ru", "uk", "bg", "sr", "mk", "be", "kk"],
    "greek": ["el"],
    "arabic": ["ar", "fa", "ur"],
    "hebrew": ["he"],
    "devanagari": ["hi", "mr", "ne"],
    "bengali": ["bn"],
    "tamil": ["ta"],
    "telugu": ["te"],
    "thai": ["th"],
    "hangul": ["ko"],
    "georgian": ["ka"],
    "armenian": ["hy"],
}
"""Languages of each script."""

READ = ("latin", "han")
"""Scripts that RapidOCR's bundled model reads."""

CLASSES = ("read", *(script for script in LOCALES if script not in READ))


def words(script: str) -> list[str]:
    """Names of countries, languages, currencies, units, months and days, and the words that they consist of."""
    found: dict[str, None] = {}
    for name in LOCALES[script]:
        for phrase in _phrases(Locale.parse(name)):
            found[phrase] = None
            if script != "han":
                for word in phrase.split():
                    found[word] = None
    own = SAMPLES[script]
    return [word for word in found if any(own[0] <= char <= own[1] for char in word)]


SAMPLES = {
    "latin": ("A", "\u024f"),
    "han": ("\u3040", "\u9fff"),
    "cyrillic": ("\u0400", "\u052f"),
    "greek": ("\u0370", "\u03ff"),
    "arabic": ("\u0600", "\u06ff"),
    "hebrew": ("\u0590", "\u05ff"),
    "devanagari": ("\u0900", "\u097f"),
    "bengali": ("\u0980", "\u09ff"),
    "tamil": ("\u0b80", "\u0bff"),
    "telugu": ("\u0c00", "\u0c7f"),
    "thai": ("\u0e00", "\u0e7f"),
    "hangul": ("\uac00", "\ud7a3"),
    "georgian": ("\u10a0", "\u10ff"),
    "armenian": ("\u0530", "\u058f"),
}
"""The range of characters; a word must have at least one of them."""


def _phrases(locale: Locale) -> Iterator[str]:
    for names in (locale.territories, locale.languages, locale.scripts, locale.currencies, locale.months, locale.days):
        yield from _texts(names)


def _texts(names: object) -> Iterator[str]:
    if isinstance(names, str):
        yield names
    elif hasattr(names, "values"):
        for value in names.values():
            yield from _texts(value)
