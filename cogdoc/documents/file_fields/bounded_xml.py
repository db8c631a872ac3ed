"""Parses XML that hostile files may contain: no document types and no entities, and a bounded tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

MAX_BYTES = 20_000_000
MAX_ELEMENTS = 200_000
MAX_DEPTH = 200

_SEPARATOR = "\n"
"""Between a namespace and a name; neither can contain it."""


@dataclass(frozen=True, slots=True)
class XmlDocument:
    """A parsed document, whose elements and attributes have no namespaces in their names."""

    root: Element
    namespace: str
    """That of the root."""


class _RefusedError(Exception):
    """The document has what this module does not read."""


class _Builder:
    """Builds the tree while the parser reads."""

    def __init__(self) -> None:
        self.tree = TreeBuilder()
        self.namespace = ""
        self._depth = self._count = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._count += 1
        if self._depth > MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise _RefusedError
        if self._count == 1:
            self.namespace = name.rpartition(_SEPARATOR)[0]
        self.tree.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(_local(name))

    def refuse(self, *_: object) -> None:
        raise _RefusedError


def parse_xml(data: bytes) -> XmlDocument | None:
    """The document; None if it is broken, larger or deeper than it may be, or declares a document type."""
    if len(data) > MAX_BYTES:
        return None
    builder = _Builder()
    parser = expat.ParserCreate(namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    # Only a document type can declare entities, and it could make the parser look for other files.
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)
        return XmlDocument(builder.tree.close(), builder.namespace)
    except (_RefusedError, expat.ExpatError, ValueError, LookupError, AssertionError):
        return None


def text_of(element: Element) -> str:
    """The text in an element and those below it, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]
