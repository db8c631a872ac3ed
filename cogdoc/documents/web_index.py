"""Finds the links in a web server's index of a folder."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

# Bounded repetitions: a hostile page must not take more time than its length.
_LINK = re.compile(r"""\bhref\s{0,9}=\s{0,9}["']([^"'<>]{1,8192})["']""", re.IGNORECASE)


def web_links(page: bytes, address: str) -> list[dict[str, Any]]:
    """The files and folders that an index links to, as fsspec describes them; only those below `address`."""
    found: dict[str, dict[str, Any]] = {}
    for link in _LINK.findall(page.decode("utf-8", "ignore")):
        try:
            target = urldefrag(urljoin(address, html.unescape(link).strip())).url
            below = urlsplit(target).path not in ("", urlsplit(address).path)
        except ValueError:
            continue
        if below and target.startswith(address):
            found[target] = {"name": target, "size": None, "type": "directory" if target.endswith("/") else "file"}
    return list(found.values())
