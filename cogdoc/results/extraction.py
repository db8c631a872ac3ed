"""What `cogdoc.extract` returns: the values as an object of the caller's own type, with the record behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import JsonValue

from cogdoc.results.field_result import FieldResult
from cogdoc.results.records import ExtractRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class Extraction(Generic[T]):
    """The fields of one document."""

    value: T | None
    """An instance of the model that was asked for, or the values by name; None if they make no valid instance."""
    record: ExtractRecord
    problems: tuple[str, ...] = ()
    """Why there is no instance, or why the values do not satisfy the schema."""

    @property
    def values(self) -> Mapping[str, JsonValue]:
        """The values by name; None for those that are missing."""
        return self.record.values

    @property
    def fields(self) -> Mapping[str, FieldResult]:
        """Where and how each value was found, or why it is missing; those of groups by `seller.name`."""
        return {one.name: one for one in self.record.fields}

    def __repr__(self) -> str:
        return repr(self.record).replace("ExtractRecord", "Extraction", 1)
