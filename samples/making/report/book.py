"""Put the annual report together: page order, labels, bookmarks and running headers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from samples.making.facts import Sample
from samples.making.report import pages, prose
from samples.making.report.design import draw_running_header
from samples.making.report.questions import QUESTIONS
from samples.making.sheet import Sheet, new_document, new_sheet, save

FRONT_MATTER = 2
"""Number of pages with roman labels."""

SECTIONS: tuple[tuple[str, Callable[[Sheet], object]], ...] = (
    ("Letter to shareholders", pages.draw_letter),
    ("Key figures", pages.draw_key_figures),
    ("Consolidated income statement", pages.draw_income_statement),
    ("Consolidated balance sheet", pages.draw_balance_sheet),
    ("Segments by region", pages.draw_segments),
    ("Notes to the statements", pages.draw_notes),
)
LABELS = ("i", "ii", *(str(number + 1) for number in range(len(SECTIONS))))


def make(folder: Path) -> Sample:
    document = new_document(f"{prose.COMPANY}: {prose.TITLE}", prose.COMPANY)
    cover = new_sheet(document)
    pages.draw_cover(cover)
    cover.finish()
    contents = new_sheet(document)
    draw_running_header(contents, prose.COMPANY, prose.TITLE, LABELS[1])
    titles = [title for title, _ in SECTIONS]
    pages.draw_contents(contents, tuple(zip(titles, LABELS[FRONT_MATTER:], strict=True)))
    contents.finish()

    column_break = ("", "")
    for (title, draw), label in zip(SECTIONS, LABELS[FRONT_MATTER:], strict=True):
        sheet = new_sheet(document)
        draw_running_header(sheet, f"{prose.COMPANY} · {prose.TITLE}", title, label)
        if draw is pages.draw_letter:
            column_break = pages.draw_letter(sheet)
        else:
            draw(sheet)
        sheet.finish()

    document.set_page_labels(
        [
            {"startpage": 0, "style": "r", "firstpagenum": 1},
            {"startpage": FRONT_MATTER, "style": "D", "firstpagenum": 1},
        ]
    )
    document.set_toc(
        [[1, "Cover", 1], [1, "Contents", 2]]
        + [[1, title, number] for number, title in enumerate(titles, FRONT_MATTER + 1)]
    )
    save(document, folder / "report.pdf")
    return Sample(
        file="report.pdf",
        kind="report",
        pages=len(LABELS),
        labels=LABELS,
        text=(
            prose.COMPANY,
            prose.MOTTO,
            *titles,
            *(value for _, value in (*prose.CALENDAR, *prose.DIRECTORY)),
            *(note.title for note in prose.NOTES),
            *prose.FOOTNOTES,
        ),
        questions=QUESTIONS,
        tables=(pages.INCOME_TABLE, pages.BALANCE_TABLE, pages.SEGMENT_TABLE),
        charts=(pages.HISTORY_CHART,),
        reading_order=(
            column_break,
            (prose.LETTER[0], prose.CHIEF_EXECUTIVE),
            (prose.NOTES[0].title, prose.NOTES[-1].title),
            (prose.NOTES[-1].title, prose.FOOTNOTES[0]),
        ),
    )
