"""Draw `docs/rooms.svg`, the packages of cogdoc in the order of their imports, out of the rules in `pyproject.toml`.

Run as `python docs/make_rooms.py` from the project's root. It fails where a package has no words yet.
"""

from __future__ import annotations

import tomllib
from html import escape
from pathlib import Path

WORDS = {
    "cli": "the command line",
    "api": "the Python API",
    "serve": "a warm engine, over HTTP",
    "mcp_server": "documents for agents",
    "evaluation": "datasets and scores",
    "measuring": "speeds of this machine",
    "batch": "many documents: plan, journal, threads, cluster",
    "tasks": "ask, ocr, extract, chart, tables, search: documents in, records out",
    "engines": "what reads pages: builtin, cogvlm2, servers",
    "query": "what a question asks for",
    "models": "checkpoints on this machine",
    "cogvlm2": "the model: tensors only",
    "parsing": "text, layout, tables of a page",
    "documents": "sources, pages, rendering, the sandbox",
    "results": "records and output",
    "fields": "what to extract",
    "errors": "with exit codes",
    "storage": "s3, gs, https",
    "transfers": "calls with limits",
    "web_client": "names, redirects",
    "text": "characters",
}
WIDTH, LEAF_WIDTH, HEIGHT, GAP, MARGIN = 620, 200, 52, 26, 20
COLOURS = {"background": "#ffffff", "room": "#e6f2f1", "edge": "#00897b", "leaf": "#f3f3f3", "text": "#1f2a30"}


def main() -> None:
    """Write the picture."""
    Path("docs/rooms.svg").write_text(picture(), encoding="utf-8")


def picture() -> str:
    """The picture as SVG, without fonts or scripts of its own."""
    layers, leaves = rules()
    height = 2 * MARGIN + len(layers) * HEIGHT + (len(layers) - 1) * GAP
    width = 3 * MARGIN + WIDTH + LEAF_WIDTH
    parts = [box(0, 0, width, height, COLOURS["background"], "none")]
    for index, layer in enumerate(layers):
        top = MARGIN + index * (HEIGHT + GAP)
        share = (WIDTH - (len(layer) - 1) * MARGIN) / len(layer)
        for column, name in enumerate(layer):
            parts.append(room(name, MARGIN + column * (share + MARGIN), top, share, HEIGHT, "room"))
        if index + 1 < len(layers):
            parts.append(arrow(MARGIN + WIDTH / 2, top + HEIGHT, top + HEIGHT + GAP))
    left, each = 2 * MARGIN + WIDTH, (height - 2 * MARGIN - 30 - 8 * (len(leaves) - 1)) / len(leaves)
    parts.append(label(left + LEAF_WIDTH / 2, MARGIN + 12, "leaves: anyone may import", 13, "normal"))
    for index, name in enumerate(leaves):
        parts.append(room(name, left, MARGIN + 30 + index * (each + 8), LEAF_WIDTH, each, "leaf"))
    title = "The packages of cogdoc: each imports only from those below it, and from the leaves"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="Roboto, Helvetica, Arial, sans-serif">\n<title>{title}</title>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def rules() -> tuple[list[list[str]], list[str]]:
    """The layers from above, and the leaves, as `lint-imports` holds them."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each["name"].startswith("Rooms"))
    (leaves,) = (each["source_modules"] for each in contracts if "are leaves" in each["name"])
    named = [[name.removeprefix("cogdoc.") for name in layer.split(" | ")] for layer in layers]
    return named, [name.removeprefix("cogdoc.") for name in leaves]


def room(name: str, x: float, y: float, width: float, height: float, kind: str) -> str:
    middle = x + width / 2
    return "\n".join(
        (
            box(x, y, width, height, COLOURS[kind], COLOURS["edge"] if kind == "room" else "#b0b0b0"),
            label(middle, y + height / 2 - 5, name, 15, "bold"),
            label(middle, y + height / 2 + 14, WORDS[name], 12, "normal"),
        )
    )


def box(x: float, y: float, width: float, height: float, fill: str, edge: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" stroke="{edge}"/>'


def label(x: float, y: float, text: str, size: int, weight: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" text-anchor="middle" '
        f'fill="{COLOURS["text"]}">{escape(text)}</text>'
    )


def arrow(x: float, top: float, bottom: float) -> str:
    return (
        f'<path d="M{x:g} {top + 4:g}V{bottom - 4:g}m-5 -6l5 6l5 -6" fill="none" stroke="{COLOURS["edge"]}" '
        'stroke-width="1.5"/>'
    )


if __name__ == "__main__":
    main()
