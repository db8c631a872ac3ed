"""The outcome of a part of the acceptance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Status = Literal["passed", "failed", "skipped", "measured"]
Figures = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class PartOutcome:
    """What a part found.

    Args:
        status: `measured` if nothing in it can fail.
        reason: why it failed or was skipped.
        figures: by name, with the unit in the name.
    """

    status: Status
    reason: str = ""
    figures: Figures = field(default_factory=dict)


def checked(figures: Figures, problems: list[str]) -> PartOutcome:
    """Passed if there are no problems."""
    return PartOutcome("failed" if problems else "passed", "; ".join(problems), figures)
