"""Fields of pydantic models, and models made of the values that were found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, JsonValue, ValidationError
from pydantic.errors import PydanticInvalidForJsonSchema

from cogdoc.errors import UsageError
from cogdoc.fields.field import FieldList
from cogdoc.fields.json_schema import read_schema
from cogdoc.fields.validation import without_missing

M = TypeVar("M", bound=BaseModel)


def fields_of_model(model: type[BaseModel]) -> FieldList:
    """
    Raises:
        UsageError: the model has a field that a document cannot fill, such as a dictionary.
    """
    try:
        schema: dict[str, Any] = model.model_json_schema(by_alias=True)
    except PydanticInvalidForJsonSchema as error:
        raise UsageError(f"{model.__name__}: {str(error).splitlines()[0]}") from None
    return read_schema(schema, model.__name__)


def model_of_values(
    model: type[M], wanted: FieldList, values: Mapping[str, JsonValue]
) -> tuple[M | None, tuple[str, ...]]:
    """An instance of a model, or None with the reasons why the values make none."""
    try:
        return model.model_validate(without_missing(wanted.fields, values)), ()
    except ValidationError as error:
        return None, tuple(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
