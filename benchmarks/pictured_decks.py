"""What reading closely only where it counts saves: questions about a deck of slides that are mostly pictures.

Half of the questions are about what the text layer says, half about what only a picture shows. Processor time of the
whole command, worker processes included, beside that of a run that reads all pictures first, in one run of the script:

    python -m benchmarks.pictured_decks [--slides N] [--before CHECKOUT]
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from benchmarks.process import as_users_run
from benchmarks.report import markdown_table
from cogdoc.documents.mupdf import pymupdf

TOPICS = (
    "harbour dredging", "night ferries", "ticket machines", "quay lighting", "crane inspection", "winter storage",
    "fuel hedging", "crew training", "mooring fees", "customs backlog", "radio licences", "cold storage",
    "pilot boats", "dock cleaning", "cargo insurance", "seal protection", "tide forecasts", "rope supplies",
    "canteen prices", "bridge repairs", "buoy renewal", "staff parking", "waste sorting", "visitor tours",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Slide:
    title: str
    owner: str
    """In the text layer."""
    budget: str
    """In the picture alone."""


def main(arguments: Sequence[str] | None = None) -> None:
    options = _parse(arguments)
    slides = make_slides(options.slides)
    picked = slides[:: max(1, len(slides) // options.questions)][: options.questions]
    asked = [(f"Who is the owner of {slide.title}?", slide.owner, "text layer") for slide in picked]
    asked += [(f"What is the budget of {slide.title}?", slide.budget, "picture") for slide in picked]
    checkouts = {"after": Path(__file__).parents[1]}
    if options.before is not None:
        checkouts = {"before": options.before, **checkouts}
    seconds: dict[str, dict[str, list[float]]] = {name: {"text layer": [], "picture": []} for name in checkouts}
    right: dict[str, dict[str, int]] = {name: {"text layer": 0, "picture": 0} for name in checkouts}
    with TemporaryDirectory(prefix="cogdoc-deck-") as folder:
        deck = Path(folder) / "deck.pdf"
        write_deck(deck, slides)
        for question, answer, kind in asked:
            for name, checkout in checkouts.items():
                reply, took = ask(checkout, deck, question)
                seconds[name][kind].append(took)
                right[name][kind] += answer.casefold() in (reply or "").casefold()
    rows = [
        [f"{kind}, {name}", f"{mean(seconds[name][kind]):.1f}", f"{right[name][kind]} of {len(picked)}"]
        for kind in ("text layer", "picture")
        for name in checkouts
    ]
    print(markdown_table([f"{len(slides)} slides: answer in", "processor s a question", "right"], rows))


def make_slides(count: int) -> list[Slide]:
    draw = random.Random(0)
    names = ["Ada Moor", "Ben Quill", "Cora Vance", "Dan Ibsen", "Eve Lark", "Finn Osei", "Gita Rao", "Hal Stone"]
    slides = []
    for index in range(count):
        title = f"{TOPICS[index % len(TOPICS)]} {['north', 'south', 'east', 'west'][index // len(TOPICS) % 4]}"
        slides.append(
            Slide(title.capitalize(), draw.choice(names), f"{draw.randrange(100, 999)},{draw.randrange(100, 999)}")
        )
    return slides


def write_deck(path: Path, slides: Sequence[Slide]) -> None:
    """Write slides of 960 x 540 points: a title and two lines of text, and a picture with text on most of the page."""
    draw = random.Random(1)
    with pymupdf.open() as pdf:
        for slide in slides:
            page = pdf.new_page(width=960, height=540)
            page.insert_text((40, 60), slide.title, fontsize=28)
            page.insert_text((40, 92), f"Owner: {slide.owner}", fontsize=14)
            page.insert_image(pymupdf.Rect(40, 110, 920, 520), stream=_picture(slide, draw))
        pdf.save(path)


def _picture(slide: Slide, draw: random.Random) -> bytes:
    picture = Image.new("RGB", (1320, 615), (236, 242, 248))
    pen = ImageDraw.Draw(picture)
    pen.text((40, 30), f"Budget: {slide.budget} EUR", fill="black", font_size=34)
    for row in range(9):
        words = " ".join(draw.choice(TOPICS) for _ in range(3))
        pen.text((40, 110 + 52 * row), f"{words} {draw.randrange(1000)}", fill=(40, 40, 40), font_size=26)
    for column in range(6):
        height = draw.randrange(80, 420)
        pen.rectangle((800 + 80 * column, 560 - height, 850 + 80 * column, 560), fill=(45, 125, 210))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def ask(checkout: Path, deck: Path, question: str) -> tuple[str | None, float]:
    """The answer of a checkout's command without the reading cache, and its processor seconds."""
    command = [sys.executable, "-m", "cogdoc", "ask", str(deck), question, "--out", "json", "--no-cache"]
    command += ["--engine", "builtin"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = as_users_run() | {"PYTHONPATH": str(checkout)}
    output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=checkout).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(output)["records"][0]["answer"]["text"], took


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictured_decks", description=__doc__)
    parser.add_argument("--slides", type=int, default=63)
    parser.add_argument("--questions", type=int, default=3, help="of each kind")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another checkout, to compare with")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
