"""The bend of a page's lines: where a page that was photographed on a curved surface shows what a flat one has."""

from __future__ import annotations

from typing import Annotated, Any

from annotated_types import Interval

_Factor = Annotated[float, Interval(ge=-1.0, le=1.0)]

Bend = tuple[_Factor, _Factor, _Factor, _Factor]
"""Factors of u², u³, vu² and vu³, in shares of the page's height, for a place at u and v of its width and height, both
from -1 to 1."""


def bend_offset(bend: Bend, u: Any, v: Any) -> Any:
    """How much lower the page shows what is at a place of the straightened page, as a share of its height.

    `u` and `v` are numbers, or arrays of one shape, which the result has too.
    """
    square, cube, square_by_height, cube_by_height = bend
    return (square + square_by_height * v) * u**2 + (cube + cube_by_height * v) * u**3
