"""The templates of the page, and its policy: no network, no script and no style but its own."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cogdoc.results.html.block_view import STYLES
from cogdoc.results.printable import printable
from cogdoc.results.printed_value import plain_decimal


def policy(script: str, style: str) -> str:
    """The content security policy of a page with these texts in its `script` and `style` elements."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"script-src {_source(script)}",
            f"style-src {_source(style)}",
            "base-uri 'none'",
            "form-action 'none'",
            # No text becomes markup, whatever a script does.
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


@cache
def parts() -> dict[str, Any]:
    """The templates' modules by name; each has macros."""
    environment = Environment(
        loader=PackageLoader("cogdoc.results.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["points"] = lambda points: plain_decimal(round(points, 1))
    environment.globals["styles"] = STYLES
    script, style = _file("report.js"), _file("report.css")
    environment.globals |= {"script": Markup(script), "style": Markup(style), "policy": Markup(policy(script, style))}
    return {
        name: environment.get_template(f"{name}.jinja").module
        for name in ("frame", "parts", "answers", "text", "charts", "fields")
    }


def _shown(value: Any) -> Any:
    """Text without control characters, also those that turn the direction of writing; escaping comes after."""
    return printable(value, keep_newlines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def _file(name: str) -> str:
    return files("cogdoc.results.html").joinpath("files", name).read_text(encoding="utf-8").strip()


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
    return f"'sha256-{digest}'"
