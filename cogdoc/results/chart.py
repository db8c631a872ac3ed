"""The values of a chart."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from cogdoc.results.record_model import BoxTuple, Confidence, Model

Color = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]


class ChartKind(StrEnum):
    """The kind of a chart."""

    BAR = "bar"
    HORIZONTAL_BAR = "horizontal-bar"
    STACKED_BAR = "stacked-bar"
    STACKED_HORIZONTAL_BAR = "stacked-horizontal-bar"
    LINE = "line"
    PIE = "pie"
    UNKNOWN = "unknown"


class ChartValue(Model):
    """One value of a series; None if the chart shows none for its category."""

    value: Annotated[float, Field(allow_inf_nan=False)] | None = Field(description="null if the chart shows none")
    text: str | None = Field(default=None, description="the printed label, if there is one")
    confidence: Confidence = Field(description="estimated probability that it is read right")
    box: BoxTuple | None = Field(default=None, description="the mark (bar, point, slice) or its label")
    color: Color | None = Field(default=None, description="#rrggbb, if it differs from the colour of the series")


class ChartSeries(Model):
    """The values of one entry of the legend."""

    name: str = Field(description="as the legend or the axis names it")
    color: Color | None = Field(default=None, description="#rrggbb")
    values: tuple[ChartValue, ...] = Field(description="one for each category, in their order")


class Chart(Model):
    """The table behind a chart: categories by series."""

    kind: ChartKind = Field(description="what kind of chart it is")
    title: str | None = Field(default=None, description="as printed")
    x_title: str | None = Field(default=None, description="of the horizontal axis, as printed")
    y_title: str | None = Field(default=None, description="of the vertical axis, as printed")
    unit: str | None = Field(default=None, description="unit of the values, as printed")
    box: BoxTuple | None = Field(default=None, description="the part of the page that shows it; null for all of it")
    categories: tuple[str, ...] = Field(description="the labels of the axis or the slices, in order")
    series: tuple[ChartSeries, ...] = Field(description="one for each entry of the legend")
    measured: bool = Field(description="true if values were measured against an axis, not read from labels")
    confidence: Confidence = Field(description="mean confidence of the values")

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        if any(len(series.values) != len(self.categories) for series in self.series):
            raise ValueError("a series has more or fewer values than there are categories")
        return self
