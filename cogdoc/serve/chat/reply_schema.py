"""`response_format`: asks the model for JSON, and checks that its reply is what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cogdoc.serve.error_replies import RequestError

MAX_SCHEMA = 20_000
"""Characters."""

_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)

_COSTLY = frozenset({"pattern", "patternProperties", "$dynamicRef", "$recursiveRef"})
"""Keywords with which a schema could keep a processor busy for ever."""


class UnfitReplyError(RequestError):
    """The model's reply is not what `response_format` asks for."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"response_format: the model's reply does not fit: {reason}",
            "ask for less, or without response_format",
            code="response_format_not_met",
            param="response_format",
        )


@dataclass(frozen=True, slots=True)
class ReplySchema:
    """What a reply must be: any JSON object, or JSON that fits a schema."""

    schema: dict[str, Any]

    @staticmethod
    def parse(kind: str, given: dict[str, Any] | None) -> ReplySchema:
        """
        Args:
            kind: `json_object` or `json_schema`.

        Raises:
            RequestError: it is not a JSON Schema, or one that is not checked here.
        """
        if kind == "json_object":
            return ReplySchema({"type": "object"})
        schema = (given or {}).get("schema")
        if not isinstance(schema, dict):
            raise _refuse("json_schema has no schema")
        if len(json.dumps(schema)) > MAX_SCHEMA:
            raise _refuse(f"the schema has more than {MAX_SCHEMA:,} characters")
        for key, value in _entries(schema):
            if key in _COSTLY:
                raise _refuse(f"{key} in a schema is not supported")
            if key == "$ref" and not str(value).startswith("#"):
                raise _refuse("a schema may refer only to parts of itself")
        _check_schema(schema)
        return ReplySchema(schema)

    @property
    def instruction(self) -> str:
        """What the model is told, after the question."""
        return f"Reply with JSON only, which fits this JSON Schema: {json.dumps(self.schema, ensure_ascii=False)}"

    def fit(self, reply: str) -> str:
        """The JSON text of a reply.

        Raises:
            UnfitReplyError: it is not JSON, or does not fit the schema.
        """
        from jsonschema import ValidationError, validators
        from referencing import Registry

        fenced = _FENCED.fullmatch(reply)
        text = (fenced[1] if fenced else reply).strip()
        try:
            value = json.loads(text)
            # With a registry of its own, so that no reference is fetched.
            validators.validator_for(self.schema)(self.schema, registry=Registry()).validate(value)
        except ValueError:
            raise UnfitReplyError("it is not JSON") from None
        except ValidationError as error:
            raise UnfitReplyError(error.message[:200]) from None
        except Exception:  # a reference without end, or to nothing
            raise _refuse("the schema cannot be checked") from None
        return text


def _check_schema(schema: dict[str, Any]) -> None:
    from jsonschema import SchemaError, validators

    try:
        validators.validator_for(schema).check_schema(schema)
    except SchemaError as error:
        raise _refuse(f"this is not a JSON Schema: {error.message[:200]}") from None
    except RecursionError:
        raise _refuse("the schema is nested too deeply") from None


def _entries(value: Any) -> Iterator[tuple[str, Any]]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield from item.items()
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _refuse(reason: str) -> RequestError:
    return RequestError(f"response_format: {reason}", code="response_format_not_supported", param="response_format")
