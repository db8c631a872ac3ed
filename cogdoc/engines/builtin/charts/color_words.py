"""Names colors as people do, and finds the words for colors in a question, in any language."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cogdoc.query.lexicon.loading import load_lexicon
from cogdoc.query.terms import fold_case
from cogdoc.results.records import Chart
from cogdoc.text import has_han

Color = tuple[int, int, int]

LIGHT = ("light", "pale", "sky")
DARK = ("dark", "deep", "navy")

_ENDINGS = "e|en|er|es|em|s"
_SHADE = re.compile(rf"({'|'.join((*LIGHT, *DARK))}) ")


@dataclass(frozen=True, slots=True)
class ColorWords:
    """The words for colors in a question, each with the English name of its color."""

    names: Mapping[str, str]

    def by_mark(self, chart: Chart) -> dict[str, tuple[str, ...]]:
        """The words for each color of the chart's marks, by its hexadecimal code."""
        colors = {series.color for series in chart.series}
        if len(chart.series) == 1:
            colors |= {value.color for value in chart.series[0].values if value.value is not None}
        known = [color for color in colors if color]
        words: dict[str, list[str]] = {}
        for word, name in self.names.items():
            for color in _called(name, known):
                words.setdefault(color, []).append(word)
        return {color: tuple(found) for color, found in words.items()}


def color_words(question: str) -> ColorWords:
    """The longest words for colors: "light blue" rather than "blue"."""
    text = fold_case(question)
    names = {fold_case(word): name for words in load_lexicon().values.get("colors", ()) for word, name in words.items()}
    names |= {full: full for name in set(names.values()) for full in _shades(name)}
    found = {printed: name for word, name in names.items() if (printed := _find(text, word))}
    return ColorWords(
        {word: name for word, name in found.items() if not any(word != other and word in other for other in found)}
    )


def _shades(name: str) -> Iterable[str]:
    return (f"{shade} {name}" for shade in ("light", "pale", "dark", "deep", "sky", "navy", "olive"))


def _find(text: str, word: str) -> str:
    """A word as a text contains it: in some languages with the ending of its gender, number or case."""
    if has_han(word) or word not in text:
        return word if word in text else ""
    return next((match[0] for match in re.finditer(rf"(?<!\w){re.escape(word)}(?:{_ENDINGS})?(?!\w)", text)), "")


def _called(name: str, colors: Iterable[str]) -> list[str]:
    """Those colors that people would call `name` rather than the others."""
    scores = {code: _fitness(name, from_hexadecimal(code)) for code in colors}
    best = max(scores.values(), default=0.0)
    if best == 0.0 and (shade := _SHADE.match(name)):
        return _shade_of(name[shade.end() :], colors, lightest=shade[1] in LIGHT)
    return [code for code, score in scores.items() if score > max(0.0, best - 0.05)]


def _shade_of(name: str, colors: Iterable[str], *, lightest: bool) -> list[str]:
    """The lightest or the darkest of the colors of a name, which need not be light or dark by itself."""
    called = [code for code in colors if _fitness(name, from_hexadecimal(code)) > 0.0]
    pick = max if lightest else min
    return [pick(called, key=lambda code: sum(from_hexadecimal(code)))] if called else []


def _fitness(name: str, color: Color) -> float:
    """How likely people call a color `name`; 0 if they do not. A plain name is rather that of a plain shade."""
    names = color_names(color)
    if name not in names:
        return 0.0
    return 1.0 - 0.1 * names.index(name) - (0.3 * is_shaded(color) if " " not in name else 0.0)


def from_hexadecimal(text: str) -> Color:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def color_names(color: Color) -> tuple[str, ...]:
    """What people call `color`, the most common name first, then the names with a shade: "light blue"."""
    red, green, blue = (channel / 255 for channel in color)
    hue, lightness, _ = colorsys.rgb_to_hls(red, green, blue)
    chroma = max(red, green, blue) - min(red, green, blue)
    degrees = hue * 360
    if chroma < 0.09 or (chroma < 0.14 and lightness > 0.8):
        base: tuple[str, ...] = ("black",) if lightness < 0.2 else ("white",) if lightness > 0.95 else ("gray", "grey")
    else:
        base = _hue_names(degrees, lightness, chroma)
    shades = ("light", "pale") if lightness > 0.62 else ("dark", "deep") if lightness < 0.35 else ()
    names = [*base, *(f"{shade} {name}" for shade in shades for name in base)]
    if base[0] == "blue" and lightness < 0.36:
        names += ["navy", "navy blue"]
        if lightness < 0.2:
            names.append("black")
    return tuple(names)


def is_shaded(color: Color) -> bool:
    """Whether people would call a color light or dark."""
    lightness = colorsys.rgb_to_hls(*(channel / 255 for channel in color))[1]
    return not 0.35 <= lightness <= 0.62


def _hue_names(degrees: float, lightness: float, chroma: float) -> tuple[str, ...]:
    if degrees < 12 or degrees >= 345:
        return ("red", "maroon", "dark red") if lightness < 0.3 else ("red", "pink") if lightness > 0.65 else ("red",)
    if degrees < 24:
        return ("brown", "orange", "red") if lightness < 0.5 and chroma < 0.65 else ("orange", "red")
    if degrees < 40:
        return ("brown", "orange") if lightness < 0.4 else ("orange", "yellow", "beige")
    if degrees < 54:
        return (
            ("brown", "gold", "yellow", "golden", "mustard")
            if lightness < 0.5
            else ("yellow", "gold", "beige", "orange")
        )
    if degrees < 68:
        return ("yellow", "olive", "green", "olive green") if chroma > 0.3 else ("green", "beige", "yellow")
    if degrees < 160:
        return ("green", "lime") if lightness > 0.4 else ("green", "olive")
    if degrees < 195:
        return ("teal", "green", "cyan", "turquoise", "blue")
    if degrees < 250:
        return ("blue", "sky blue") if lightness > 0.5 else ("blue",)
    if degrees < 300:
        return ("purple", "violet")
    return ("pink", "magenta", "purple") if lightness > 0.45 else ("purple", "maroon", "pink")
