"""HTML fragments as trees, for metrics that compare or query tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID_TAGS = frozenset({"br", "hr", "img", "input", "col", "wbr", "meta", "link"})
_CLOSED_BY = {
    "td": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "thead", "tbody", "tfoot"}),
    "tr": frozenset({"tr", "thead", "tbody", "tfoot"}),
    "thead": frozenset({"tbody", "tfoot"}),
    "tbody": frozenset({"tbody", "tfoot"}),
}


@dataclass
class Node:
    """An element: its children are elements and pieces of text, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def elements(self) -> list[Node]:
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """All text inside, line breaks as "\\n"."""
        if self.tag == "br":
            return "\n"
        return "".join(child.text if isinstance(child, Node) else child for child in self.children)

    def descendants(self) -> Iterator[Node]:
        """Every element inside, each before those inside it."""
        for element in self.elements:
            yield element
            yield from element.descendants()

    def find_all(self, *tags: str) -> list[Node]:
        return [node for node in self.descendants() if node.tag in tags]

    def span(self, name: str) -> int:
        """The attribute `colspan` or `rowspan`; 1 where it is missing or no positive number."""
        value = self.attributes.get(name, "1").strip()
        return max(1, int(value)) if value.isdecimal() else 1


class _TreeBuilder(HTMLParser):
    def __init__(self, ignored: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._ignored = ignored

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._ignored:
            return
        while tag in _CLOSED_BY.get(self._open[-1].tag, ()):
            self._open.pop()
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID_TAGS:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def parse_html(source: str, ignored: frozenset[str] = frozenset()) -> Node:
    """The tree of `source` under a nameless root; tags in `ignored` vanish, what they hold stays.

    End tags of cells, rows and row groups may be missing, as HTML allows.
    """
    builder = _TreeBuilder(ignored)
    builder.feed(source)
    builder.close()
    return builder.root
