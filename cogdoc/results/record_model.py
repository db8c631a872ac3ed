"""The base class of what records consist of, and the types of their boxes and confidences."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Points = Annotated[float, AfterValidator(lambda points: round(points, 2))]
BoxTuple = tuple[Points, Points, Points, Points]
Confidence = Annotated[float, Field(ge=0.0, le=1.0), AfterValidator(lambda confidence: round(confidence, 4))]


class Model(BaseModel):
    """Immutable, without unknown fields, serialized by alias."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, defer_build=True)
