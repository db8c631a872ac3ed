"""Pages of several documents are ranked together, and their lines show where the words are."""

from __future__ import annotations

from io import StringIO

from cogdoc.documents.geometry import Box
from cogdoc.parsing.page_text import Line, PageText, TextOrigin, Word
from cogdoc.results.records import EngineInfo, SearchRecord, SourceInfo
from cogdoc.results.renderers.search import write_search
from cogdoc.results.search_matches import PageMatch, SearchResult
from cogdoc.tasks.search import query_words
from cogdoc.tasks.search_documents import SearchCollector, match_page

ENGINE = EngineInfo(name="builtin", version="0")


def _word(text: str, x: float, y: float) -> Word:
    return Word(text, Box(x, y, x + 9, y + 10), 1.0)


def page_of(*rows: str, number: int = 1) -> PageText:
    """A page with a row for each text; `|` separates texts that are side by side."""
    lines = [
        Line(tuple(_word(word, 200 * c + 10 * i, 20 * r) for i, word in enumerate(text.split())))
        for r, row in enumerate(rows)
        for c, text in enumerate(row.split("|"))
    ]
    return PageText(number, str(number), 600, 800, 0, TextOrigin.TEXT_LAYER, tuple(lines))


def match(query: str, *rows: str) -> PageMatch:
    found = match_page(page_of(*rows), query_words(query))
    assert found is not None
    return found


def search(query: str, limit: int = 20, **documents: list[PageText]) -> SearchResult:
    results: list[SearchResult] = []
    collector = SearchCollector(query, limit, results.append)
    words = query_words(query)
    for name, pages in documents.items():
        source = SourceInfo(path=f"{name}.pdf")
        matches = tuple(found for page in pages if (found := match_page(page, words)))
        counts = {word: sum(word in one.words for one in matches) for word in words}
        collector.begin("search", source)
        collector.write(
            SearchRecord(
                source=source, engine=ENGINE, query=query, page_count=len(pages), pages_with=counts, matches=matches
            )
        )
        collector.end(None)
    collector.close()
    return results[0]


def test_a_snippet_is_the_row_with_the_words_and_their_places() -> None:
    found = match("total revenue", "Annual report", "Total revenue|412,860|368,415", "Revenues rose.")
    row, line = found.snippets
    assert row.text == "Total revenue  412,860  368,415"
    assert [row.text[first:last] for first, last in row.found] == ["Total", "revenue"]
    assert row.box == (0, 20, 409, 30)
    assert [line.text[first:last] for first, last in line.found] == ["Revenues"]
    assert found.words == {"total": 1, "revenue": 2}


def test_chinese_and_misread_words_are_found() -> None:
    (line,) = match("营业收入", "本年 营业收入 增长").snippets
    assert [line.text[first:last] for first, last in line.found] == ["营业收入"]
    assert match("agreement", "This agrcement ends").snippets[0].found == ((5, 14),)


def test_long_lines_are_cut_around_the_words() -> None:
    (line,) = match("zeppelin", " ".join(["word"] * 200 + ["zeppelin"] + ["word"] * 200)).snippets
    assert len(line.text) <= 300
    assert [line.text[first:last] for first, last in line.found] == ["zeppelin"]


def test_the_page_with_the_rare_word_comes_before_pages_with_the_common_one() -> None:
    common = [page_of("The annual report of the board", number=number) for number in range(1, 9)]
    result = search("board zeppelin", first=common, second=[page_of("A zeppelin lands", number=3)])
    assert [(one.rank, one.source, one.page) for one in result.matches[:1]] == [(1, "second.pdf", 3)]
    assert (result.documents, result.pages, result.matching) == (2, 9, 9)
    assert len(search("board zeppelin", 2, first=common).matches) == 2


def test_words_in_one_line_come_before_words_far_apart() -> None:
    apart = page_of("The notice is here", *["nothing"] * 8, "and a period there")
    together = page_of("The notice period is ninety days", *["nothing"] * 9)
    assert search("notice period", a=[apart], b=[together]).matches[0].source == "b.pdf"


def test_lines_for_people_name_the_page_and_its_label() -> None:
    page = page_of("Total\x1b[31m revenue")
    result = search("revenue", report=[page])
    labelled = result.matches[0].model_copy(update={"label": "iv"})
    stream = StringIO()
    write_search(result.model_copy(update={"matches": (labelled,)}), "text", stream, several_sources=True)
    assert stream.getvalue() == "report.pdf:1 (iv): Total\\x1b[31m revenue\n"
