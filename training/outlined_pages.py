"""Pages of manuals and reports made up: headings with steps and lists below them, and figures and tables with captions.

They are asked for titles of what is numbered, for the number of what is described, for all items of a list and for one
of them; and for numbers and headings that the page does not have.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Block, BlockKind, Line, PageLayout, Word
from cogdoc.parsing.text_spans import Span, TextStyle
from training.small_pages import LEADING, laid_out, line_of_words
from training.table_pages import Example

PAGES_OF_EACH_LANGUAGE = 6
"""With four times as many, right proposals of a few left-out data sets came first a little less often."""
MIN_STEPS, MAX_STEPS = 2, 5
LEFT, INDENT = 40.0, 60.0
HEADING_SIZE = 1.4
"""Of letters, as a factor."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What pages and questions say in one language."""

    tasks: tuple[tuple[str, str], ...]
    """A heading, and the same as a question names it."""
    steps: tuple[str, ...]
    lists: tuple[tuple[str, str], ...]
    """Headings of lists without numbers, and the same as a question names them."""
    items: tuple[str, ...]
    subjects: tuple[tuple[str, str], ...]
    """A caption, and what a question says of it."""
    parts: tuple[tuple[str, str], ...]
    """Words for what is numbered, and how a question asks which one shows something."""
    titles: tuple[str, ...]
    """Questions for the title of what is numbered."""
    all_steps: tuple[str, ...]
    one_step: tuple[tuple[str, int], ...]
    """Questions for a step, with its index; none in a language whose words for them are not read."""
    all_items: tuple[str, ...]
    filler: str
    """A line of running text."""


WORDINGS = (
    Wording(
        (("Replacing the filter", "replace the filter"), ("Cleaning the nozzle", "clean the nozzle"),
         ("Pairing a second handset", "pair a second handset"), ("Setting the alarm", "set the alarm"),
         ("Draining the tank", "drain the tank"), ("Renewing a library card", "renew a library card")),
        ("Switch off the main valve.", "Open the cover at the back.", "Hold the button for five seconds.",
         "Wait until the lamp is green.", "Pull the lever towards you.", "Enter your code, then confirm it.",
         "Rinse the part in warm water.", "Close the cover again.", "Hand in the signed form."),
        (("Precautions", "precautions"), ("Package contents", "package contents"), ("Learning goals", "learning goals"),
         ("Known limitations", "known limitations"), ("Strategic priorities", "strategic priorities")),
        ("A charger with two cables", "Keep the device away from water", "Healthy rivers and lakes",
         "One carrying case", "Readers compare sources", "No support for older phones", "Fewer accidents at work",
         "A spare seal"),
        (("Rainfall by month and station", "the rainfall by month"), ("Visitors of the museum, 2019 to 2023",
         "the visitors of the museum"), ("Exports of timber by port", "the exports of timber"),
         ("Wages of trained nurses", "the wages of nurses"), ("Depth of the wells", "the depth of the wells")),
        (("Table", "Which table shows {}?"), ("Figure", "Which figure shows {}?"),
         ("Appendix", "Which appendix is about {}?"), ("Unit", "Which unit covers {}?")),
        ("What is the title of {}?", "What is {} about?", "What does {} show?", "What is {} called?"),
        ("What are the steps to {}?", "List the steps to {}."),
        (("What is the first step to {}?", 0), ("What is the second step to {}?", 1), ("What is step 2 to {}?", 1),
         ("What is the last step to {}?", -1)),
        ("What are the {}?", "List the {}.", "Which {} are listed?"),
        "Please read all of this chapter before you begin, and keep it.",
    ),
    Wording(
        (("Filter austauschen", "den Filter auszutauschen"), ("Düse reinigen", "die Düse zu reinigen"),
         ("Alarm einstellen", "den Alarm einzustellen"), ("Tank entleeren", "den Tank zu entleeren")),
        ("Hauptventil schließen.", "Abdeckung auf der Rückseite öffnen.", "Taste fünf Sekunden drücken.",
         "Warten, bis die Lampe grün ist.", "Hebel nach vorn ziehen.", "Teil mit warmem Wasser spülen."),
        (("Sicherheitshinweise", "Sicherheitshinweise"), ("Lernziele", "Lernziele"),
         ("Bekannte Grenzen", "bekannten Grenzen")),
        ("Ein Ladegerät mit zwei Kabeln", "Gerät von Wasser fernhalten", "Saubere Flüsse und Seen", "Eine Tragetasche",
         "Weniger Unfälle bei der Arbeit", "Eine Ersatzdichtung"),
        (("Niederschlag nach Monaten und Stationen", "den Niederschlag nach Monaten"),
         ("Besucher des Museums, 2019 bis 2023", "die Besucher des Museums"),
         ("Ausfuhr von Holz nach Häfen", "die Ausfuhr von Holz"), ("Tiefe der Brunnen", "die Tiefe der Brunnen")),
        (("Tabelle", "Welche Tabelle zeigt {}?"), ("Abbildung", "Welche Abbildung zeigt {}?")),
        ("Wie lautet der Titel von {}?", "Was zeigt {}?", "Wie heißt {}?"),
        ("Was sind die Schritte, um {}?", "Nennen Sie die Schritte, um {}."),
        (("Was ist der erste Schritt, um {}?", 0), ("Was ist der zweite Schritt, um {}?", 1)),
        ("Welche sind die {}?", "Nennen Sie die {}."),
        "Bitte lesen Sie dieses Kapitel ganz, bevor Sie beginnen.",
    ),
    Wording(
        (("更换滤芯", "更换滤芯"), ("清洗喷嘴", "清洗喷嘴"), ("设置闹钟", "设置闹钟"), ("排空水箱", "排空水箱")),
        ("关闭总阀。", "打开后盖。", "长按按钮五秒。", "等待指示灯变绿。", "向外拉动手柄。", "用温水冲洗零件。"),
        (("注意事项", "注意事项"), ("包装清单", "包装清单"), ("学习目标", "学习目标")),
        ("一个充电器和两根电缆", "请勿接触水", "一个便携包", "学会比较资料来源", "减少工伤事故", "一个备用密封圈"),
        (("各站每月降雨量", "每月降雨量"), ("博物馆参观人数", "博物馆参观人数"), ("各港口木材出口", "木材出口")),
        (("表", "哪个表显示{}？"), ("图", "哪个图显示{}？")),
        ("{}的标题是什么？", "{}显示了什么？"),
        ("{}的步骤有哪些？", "列出{}的步骤。"),
        (),
        ("列出{}。",),
        "请在开始之前阅读本章全部内容。",
    ),
)  # fmt: skip


def outlined_pages() -> Iterator[Example]:
    """Questions with their page and answer; None if the page does not contain it."""
    generator = random.Random(5)
    for wording in WORDINGS:
        for _ in range(PAGES_OF_EACH_LANGUAGE):
            yield from _manual(generator, wording)
            yield from _captions(generator, wording)


def _manual(generator: random.Random, wording: Wording) -> Iterator[Example]:
    """A page of two procedures and a list; a third procedure is not on it."""
    *tasks, absent = generator.sample(wording.tasks, 3)
    contents = [generator.sample(wording.steps, generator.randint(MIN_STEPS, MAX_STEPS)) for _ in tasks]
    heading, several = generator.choice(wording.lists)
    items = generator.sample(wording.items, generator.randint(MIN_STEPS, MAX_STEPS))
    mark = generator.choice(("{}.", "{})", "{}"))
    texts: list[tuple[str, str]] = []
    for (task, _), steps in zip(tasks, contents, strict=True):
        texts += [("heading", task), ("text", wording.filler)]
        texts += [("item", f"{mark.format(number)} {step}") for number, step in enumerate(steps, 1)]
    texts += [("heading", heading), *(("item", f"• {item}") for item in items)]
    page = _page(texts)
    for (_, task), steps in zip(tasks, contents, strict=True):
        yield generator.choice(wording.all_steps).format(task), page, _joined(steps)
        if wording.one_step:
            question, index = generator.choice(wording.one_step)
            yield question.format(task), page, steps[index]
    yield generator.choice(wording.all_items).format(several), page, _joined(items)
    yield generator.choice(wording.all_steps).format(absent[1]), page, None


def _captions(generator: random.Random, wording: Wording) -> Iterator[Example]:
    """A page with numbered captions; the number after the last one is not on it."""
    part, which = generator.choice(wording.parts)
    subjects = generator.sample(wording.subjects, min(3, len(wording.subjects)))
    first = generator.randint(1, 6)
    names = [f"{part} {first + index}" for index in range(len(subjects) + 1)]
    separator = generator.choice((": ", ". ", " – "))
    texts: list[tuple[str, str]] = []
    for name, (caption, _) in zip(names, subjects, strict=False):
        texts += [("caption", f"{name}{separator}{caption}"), ("text", wording.filler)]
    page = _page(texts)
    index = generator.randrange(len(subjects))
    caption, described = subjects[index]
    yield generator.choice(wording.titles).format(names[index]), page, caption
    yield which.format(described), page, names[index]
    yield generator.choice(wording.titles).format(names[-1]), page, None


def _joined(texts: Sequence[str]) -> str:
    bare = [text.rstrip(".") for text in texts]
    return ("; " if any("," in text for text in bare) else ", ").join(bare)


def _page(texts: Sequence[tuple[str, str]]) -> PageLayout:
    kinds = {"heading": BlockKind.HEADING, "caption": BlockKind.CAPTION, "item": BlockKind.LIST_ITEM}
    lines = [_line(kind, text, row) for row, (kind, text) in enumerate(texts)]
    return laid_out(lines, [
        Block(kinds.get(kind, BlockKind.TEXT), line.box, (line,)) for (kind, _), line in zip(texts, lines, strict=True)
    ])  # fmt: skip


def _line(kind: str, text: str, row: int) -> Line:
    line = line_of_words(text, INDENT if kind == "item" else LEFT, LEFT + LEADING * row)
    return Line(tuple(map(_as_heading, line.words))) if kind == "heading" else line


def _as_heading(word: Word) -> Word:
    x0, y0, x1, y1 = word.box
    bold = Span(0, len(word.text), (TextStyle.BOLD,), None)
    return replace(word, box=Box(x0, y1 - HEADING_SIZE * (y1 - y0), x1, y1), spans=(bold,))
