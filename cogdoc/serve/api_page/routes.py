"""`/docs`: the routes with their fields and examples, out of the OpenAPI description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, Template

from cogdoc.serve.api_page.examples import EXAMPLES
from cogdoc.serve.service import SharedService

router = APIRouter(include_in_schema=False)

HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field or parameter of a route."""

    name: str
    kind: str
    needed: bool
    description: str


@dataclass(frozen=True, slots=True)
class RouteDescription:
    """A route as the page shows it."""

    method: str
    path: str
    summary: str
    fields: tuple[Field, ...]
    example: str | None


@router.get("/docs")
async def page(request: Request, service: SharedService) -> HTMLResponse:
    schema = request.app.openapi()
    url = str(request.base_url).rstrip("/")
    groups: dict[str, list[RouteDescription]] = {}
    for tag, route in _routes(schema, url, service.model_name):
        groups.setdefault(tag, []).append(route)
    has_keys = bool(service.settings.keys)
    html = _template().render(groups=groups, version=schema["info"]["version"], has_keys=has_keys)
    return HTMLResponse(html, headers=HEADERS)


@cache
def _template() -> Template:
    text = files("cogdoc.serve.api_page").joinpath("page.html").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)


def _routes(schema: dict[str, Any], url: str, model: str) -> Iterator[tuple[str, RouteDescription]]:
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            name = f"{method.upper()} {path}"
            example = EXAMPLES.get(name)
            fields = (*_parameters(described), *_body_fields(described, schema))
            filled = example and example.format(url=url, model=model)
            yield (
                described["tags"][0],
                RouteDescription(method.upper(), path, described["summary"], fields, filled),
            )


def _parameters(described: Mapping[str, Any]) -> Iterator[Field]:
    for parameter in described.get("parameters", ()):
        yield Field(
            parameter["name"],
            f"{_kind(parameter['schema'])}, in the {parameter['in']}",
            bool(parameter.get("required")),
            parameter.get("description", ""),
        )


def _body_fields(described: Mapping[str, Any], schema: dict[str, Any]) -> Iterator[Field]:
    for content in described.get("requestBody", {}).get("content", {}).values():
        body = _resolved(content["schema"], schema)
        needed = body.get("required", ())
        for name, field in body.get("properties", {}).items():
            yield Field(name, _kind(_resolved(field, schema)), name in needed, field.get("description", ""))


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref")
    if reference is None:
        return part
    resolved: dict[str, Any] = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return resolved


def _kind(field: dict[str, Any]) -> str:
    """The type of a field in words."""
    if "enum" in field:
        return " or ".join(map(str, field["enum"]))
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"] if option.get("type") != "null")
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}))}"
    if field.get("contentMediaType") or field.get("format") == "binary":
        return "file"
    return str(field.get("type", "object"))
