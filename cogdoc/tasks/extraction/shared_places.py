"""Gives each printed value to one of the fields that cannot share it."""

from __future__ import annotations

from collections.abc import Sequence

from cogdoc.documents.geometry import Box
from cogdoc.fields.field import words_of
from cogdoc.results.field_result import FieldResult, HowFound, Missing

SAME_PLACE = 0.5
"""Share of the smaller of two boxes that overlaps, from which on they are the same place."""

_STATED = (HowFound.FORM_FIELD, HowFound.EMBEDDED_XML)
"""What the file states stays, whatever its pages print."""


def without_shared_places(found: Sequence[FieldResult], apart: Sequence[Sequence[str]]) -> list[FieldResult]:
    """The results; of those in a group that have the same place, all but the most confident are missing."""
    results = {result.name: result for result in found}
    for group in apart:
        members = [results[name] for name in group if name in results and results[name].box is not None]
        kept: list[FieldResult] = []
        for result in sorted(members, key=_rank):
            other = next((one for one in kept if _is_same_place(one, result)), None)
            if other is None or result.how in _STATED:
                kept.append(result)
            else:
                results[result.name] = _given_to(result, other)
    return [results[result.name] for result in found]


def _rank(result: FieldResult) -> tuple[bool, float]:
    return result.how not in _STATED, -(result.confidence or 0.0)


def _is_same_place(one: FieldResult, other: FieldResult) -> bool:
    if one.page != other.page or one.box is None or other.box is None:
        return False
    boxes = Box(*one.box), Box(*other.box)
    return boxes[0].overlap(boxes[1]) > SAME_PLACE * min(box.area for box in boxes)


def _given_to(result: FieldResult, other: FieldResult) -> FieldResult:
    message = f"the place that is most likely prints the {words_of(other.name)}"
    return FieldResult(name=result.name, type=result.type, reason=Missing.NOT_FOUND, message=message)
