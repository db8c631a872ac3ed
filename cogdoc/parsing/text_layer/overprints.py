"""Drop text that is printed a second time at nearly the same place, as bold type or a shadow is imitated."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cogdoc.parsing.text_layer.characters import Char, Entry

MAX_SHIFT = 0.25
"""Em by which the second print is shifted, in both directions."""

SAME_SHIFT = 0.05
"""Em by which the shifts of a word's letters may differ."""


def drop_overprints(entries: Sequence[Entry]) -> list[Entry]:
    """`entries` without words that lie over the same word."""
    by_text: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        by_text.setdefault(entry[4], []).append(index)
    repeated = [indices for indices in by_text.values() if len(indices) > 1]
    sizes: dict[tuple[int, int], float] = {}
    for x0, y0, x1, y1, _, block, line, _ in entries if repeated else ():
        sizes[block, line] = max(min(x1 - x0, y1 - y0), sizes.get((block, line), 0.0))
    dropped: set[int] = set()
    for indices in repeated:
        indices.sort(key=lambda index: entries[index][1])
        for position, index in enumerate(indices):
            box, reach = entries[index][:4], MAX_SHIFT * sizes[entries[index][5:7]]
            for other in itertools.islice(indices, position + 1, None):
                other_box = entries[other][:4]
                if other_box[1] - box[1] > reach:
                    break
                if all(abs(one - two) <= reach for one, two in zip(box, other_box, strict=True)):
                    dropped.add(max(index, other))
    return [entry for index, entry in enumerate(entries) if index not in dropped] if dropped else list(entries)


def may_be_doubled(text: str) -> bool:
    """Whether each letter of a word comes twice, as in "TToottaall"."""
    return text[:1] == text[1:2] and len(text) > 3 and text[::2] == text[1::2]


def undouble(chars: Sequence[Char]) -> list[Char]:
    """The letters of a word, each once if all of them are printed twice."""
    if not may_be_doubled("".join(char.text for char in chars)):
        return list(chars)
    pairs = list(zip(chars[::2], chars[1::2], strict=True))
    shifts = [
        ((two.origin[0] - one.origin[0]) / one.size, (two.origin[1] - one.origin[1]) / one.size) for one, two in pairs
    ]
    for axis in zip(*shifts, strict=True):
        if max(map(abs, axis)) > MAX_SHIFT or max(axis) - min(axis) > SAME_SHIFT:
            return list(chars)
    return [one for one, _ in pairs]
