"""Where a text stands in a longer one, give or take a few characters."""

from __future__ import annotations

from typing import NamedTuple


class Match(NamedTuple):
    """`text[start:end]` is `distance` edits away from what was sought."""

    start: int
    end: int
    distance: int


def near_matches(sought: str, text: str, max_distance: int) -> list[Match]:
    """The places of `text` within `max_distance` edits of `sought`, in order.

    Of places that overlap only the nearest is given, and of equally near ones the leftmost.

    Sellers, "The theory and computation of evolutionary distances: pattern recognition", J. Algorithms 1(4),
    1980. Time grows with the product of the two lengths.
    """
    candidates = _exact_matches(sought, text) if max_distance == 0 else _sellers(sought, text, max_distance)
    kept: list[Match] = []
    for match in sorted(candidates, key=lambda match: (match.distance, match.start)):
        if all(match.end <= other.start or other.end <= match.start for other in kept):
            kept.append(match)
    return sorted(kept)


def _exact_matches(sought: str, text: str) -> list[Match]:
    starts = (start for start in range(len(text) - len(sought) + 1) if text.startswith(sought, start))
    return [Match(start, start + len(sought), 0) for start in starts]


def _sellers(sought: str, text: str, max_distance: int) -> list[Match]:
    found = []
    distances = list(range(len(sought) + 1))
    starts = [0] * (len(sought) + 1)
    for end, character in enumerate(text, start=1):
        new_distances, new_starts = [0], [end]
        for row, wanted in enumerate(sought, start=1):
            replaced = distances[row - 1] + (wanted != character)
            inserted, skipped = distances[row] + 1, new_distances[row - 1] + 1
            best = min(replaced, inserted, skipped)
            new_distances.append(best)
            if best == replaced:
                new_starts.append(starts[row - 1])
            else:
                new_starts.append(starts[row] if best == inserted else new_starts[row - 1])
        distances, starts = new_distances, new_starts
        if distances[-1] <= max_distance:
            found.append(Match(starts[-1], end, distances[-1]))
    return found
