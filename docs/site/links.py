"""A hook of MkDocs: links from the pages to files of the repository that are not pages become the files' names."""

from __future__ import annotations

import re
from typing import Any

PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""Files outside of `docs/` that are pages of the site as well."""

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([^)#\s]+)(#[^)\s]+)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Rewrite the links of a page that leave `docs/`; they work in the repository, where the files are."""
    depth = page.file.src_uri.count("/")

    def rewrite(link: re.Match[str]) -> str:
        text, path, anchor = link[1], link[3], link[4] or ""
        if link[2].count("/") <= depth:
            return link[0]
        if path in PAGES:
            return f"[{text}]({'../' * depth}{PAGES[path]}{anchor})"
        return text if "`" in text or text == path else f"{text} (`{path.rstrip('/')}`)"

    return _LINK.sub(rewrite, markdown)
