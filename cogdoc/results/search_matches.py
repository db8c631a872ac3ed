"""What a search finds: pages with the words of a query, and the lines that have them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cogdoc.results.record_model import BoxTuple, Confidence, Model


class Snippet(Model):
    """A line of a page that has words of the query, or the row of a table or form."""

    text: str = Field(description="as printed; long lines are cut around the words")
    box: BoxTuple = Field(description="the line or row, in points of the upright page as a viewer shows it")
    found: tuple[tuple[int, int], ...] = Field(
        default=(), description="where the words are in the text: first and last character, as in text[first:last]"
    )


class PageMatch(Model):
    """A page that has words of the query."""

    page: int = Field(ge=1, description="1-based")
    label: str = Field(description="as printed on the page or named by the file")
    score: Confidence = Field(description="0 to 1: how well it matches; compares within one search")
    words: dict[str, int] = Field(description="the words of the query that the page has, and how often")
    closest: Confidence = Field(description="the largest share of the query's words in two lines")
    snippets: tuple[Snippet, ...] = Field(description="the lines with most of the words, the best first")


class RankedMatch(PageMatch):
    """A page with its document, and its rank among all pages of the search."""

    rank: int = Field(ge=1, description="1 for the best")
    source: str = Field(description="the document's path or address")
    sha256: str | None = Field(default=None, description="of the document's bytes")


class MatchLine(RankedMatch):
    """A line of `--out jsonl`."""

    schema_version: Literal["cogdoc/1"] = Field(
        default="cogdoc/1", alias="schema", description="the version of this schema"
    )
    task: Literal["match"] = Field(default="match", description="tells this line from others")
    query: str = Field(description="as it was given")


class FailedSource(Model):
    """A document or a page that could not be searched."""

    source: str = Field(description="the document's path or address")
    page: int | None = Field(default=None, description="1-based; null for a whole document")
    message: str = Field(description="why, in words")


class SearchResult(Model):
    """The pages of all documents that match a query, ranked together."""

    schema_version: Literal["cogdoc/1"] = Field(
        default="cogdoc/1", alias="schema", description="the version of this schema"
    )
    task: Literal["search"] = Field(default="search", description="tells this result from others")
    query: str = Field(description="as it was given")
    documents: int = Field(description="that were searched")
    pages: int = Field(description="that were searched")
    matching: int = Field(description="pages that match, at most 50 of a document; `matches` has the best")
    matches: tuple[RankedMatch, ...] = Field(description="the best first")
    failed: tuple[FailedSource, ...] = Field(default=(), description="what could not be searched")
