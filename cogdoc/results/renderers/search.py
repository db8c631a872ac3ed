"""The pages that a search found: lines for people, and rows or JSON for programs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TextIO

from cogdoc.results.printable import printable, printable_json
from cogdoc.results.renderers.csv_rows import CsvRows
from cogdoc.results.search_matches import MatchLine, RankedMatch, SearchResult, Snippet

_FOUND, _PLACE = "\x1b[1;31m{}\x1b[0m", "\x1b[35m{}\x1b[0m"
"""The colours of grep for what matches and for file names."""


def write_search(result: SearchResult, name: str, stream: TextIO, *, several_sources: bool) -> None:
    """Write a result in the format that `SEARCH_FORMATS` has by this name.

    Args:
        several_sources: whether lines for people name the document.
    """
    if name == "text":
        _write_text(result, stream, several_sources=several_sources)
    else:
        SEARCH_FORMATS[name](result, stream)
    stream.flush()


def _write_text(result: SearchResult, stream: TextIO, *, several_sources: bool) -> None:
    in_color = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    for match in result.matches:
        label = f" ({match.label})" if match.label != str(match.page) else ""
        place = printable(f"{match.source}:{match.page}{label}:" if several_sources else f"{match.page}{label}:")
        for snippet in match.snippets:
            shown = _highlighted(snippet) if in_color else printable(snippet.text)
            stream.write(f"{_PLACE.format(place) if in_color else place} {shown}\n")


def _highlighted(snippet: Snippet) -> str:
    parts, end = [], 0
    for start, stop in snippet.found:
        parts += [printable(snippet.text[end:start]), _FOUND.format(printable(snippet.text[start:stop]))]
        end = stop
    return "".join((*parts, printable(snippet.text[end:])))


def _write_json(result: SearchResult, stream: TextIO) -> None:
    head, tail = result.model_copy(update={"matches": ()}).model_dump_json().split('"matches":[]')
    matches = ",\n".join(match.model_dump_json() for match in result.matches)
    stream.write(printable_json(f'{head}"matches":[\n{matches}\n]{tail}') + "\n")


def _write_json_lines(result: SearchResult, stream: TextIO) -> None:
    for match in result.matches:
        line = MatchLine(query=result.query, **match.model_dump())
        stream.write(printable_json(line.model_dump_json()) + "\n")


def _write_csv(result: SearchResult, stream: TextIO) -> None:
    rows = CsvRows(stream)
    rows.write(["rank", "source", "page", "label", "score", "snippet", "box"])
    for match in result.matches:
        rows.write([str(match.rank), match.source, str(match.page), match.label, f"{match.score:.3f}", *_first(match)])


def _first(match: RankedMatch) -> tuple[str, str]:
    if not match.snippets:
        return "", ""
    best = match.snippets[0]
    return best.text, " ".join(f"{edge:g}" for edge in best.box)


SEARCH_FORMATS: Mapping[str, Callable[[SearchResult, TextIO], None]] = {
    "json": _write_json,
    "jsonl": _write_json_lines,
    "csv": _write_csv,
}
"""The formats for programs, besides text."""
