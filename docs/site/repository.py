"""A hook of MkDocs: some files of the repository are pages as well, and links to its other files become their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "reporting.md"}
"""Files outside of `docs/` that are pages of the site."""

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)([^)#\s]+)(#[^)\s]+)?\)")
_LINK_FROM_ROOT = re.compile(r"\]\((?!https?://|#|\.\.)(?=[^)]*/|LICENSE|README|pyproject)")


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages; their links start at the root of the repository, those of other pages in `docs/`."""
    for path, name in PAGES.items():
        markdown = (ROOT / path).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, name, content=_LINK_FROM_ROOT.sub("](../", markdown)))
    return files


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
