"""The value of a printed number, amount, percentage, date or duration, as results have it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from cogdoc.results.record_model import Model


def plain_decimal(number: float) -> str:
    """A number in digits, without an exponent, and as many of them as tell it from every other."""
    return f"{Decimal(repr(number)).normalize():f}"


class PrintedValue(Model):
    """What a printed number, amount, percentage, date or duration means, for programs."""

    kind: Literal["number", "money", "percent", "date", "duration"] = Field(
        description="which of the other fields it has"
    )
    number: Annotated[float, Field(allow_inf_nan=False)] | None = Field(
        default=None,
        description="with its sign and scale: -1200000 for (1.2 million); 12.5 for 12.5%; how many units of a duration",
    )
    currency: str | None = Field(default=None, description="ISO 4217 code")
    unit: str | None = Field(default=None, description="as printed; of a duration in English, such as day")
    scale: float = Field(
        default=1.0,
        gt=0.0,
        description="by what the printed figure is multiplied: 1000 in a table that is in thousands",
    )
    date: str | None = Field(
        default=None, description="ISO 8601, as precise as printed: 2024-03-05, 2024-03 or 2024", max_length=10
    )
    duration: str | None = Field(default=None, description="ISO 8601, such as P30D")
    other_reading: str | None = Field(
        default=None,
        description="what it means if its day and month, or its separators of thousands and decimals, are the other "
        "way round; null if the document tells which it is",
    )

    @property
    def plain(self) -> str:
        """The value in one form, whatever its language and style: "412860000 EUR", "12.5%", "2024-03-05", "P30D"."""
        if self.date is not None or self.duration is not None:
            return self.date or self.duration or ""
        number = plain_decimal(self.number or 0.0)
        if self.kind == "percent":
            return f"{number}%"
        return " ".join(filter(None, (number, self.currency or self.unit)))
