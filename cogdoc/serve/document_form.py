"""The form fields that requests about documents share, as the OpenAPI page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Form, Request

from cogdoc.documents.page_selection import PageSelection, parse_page_selection
from cogdoc.documents.tesseract import tesseract_for
from cogdoc.engines.generation import GenerationRequest
from cogdoc.serve.document_work import DocumentWork
from cogdoc.serve.grants import Grant, grant_of
from cogdoc.tasks.task import Task


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """How to open a document, which pages to read, and how a model generates."""

    selection: PageSelection
    password: str | None
    ocr: str
    language: str | None
    hidden: bool
    generation: GenerationRequest
    grant: Grant

    def work(self, task: Task) -> DocumentWork:
        """
        Raises:
            UsageError: the options do not fit the task.
            MissingError: Tesseract is not installed.
        """
        self.generation.check_for(task.name, has_questions=bool(task.questions))
        tesseract = tesseract_for(self.ocr, self.language)
        return DocumentWork(
            task,
            self.generation,
            self.password,
            tesseract,
            self.hidden,
            max_pages=self.grant.pages,
            max_seconds=self.grant.seconds,
        )


def _document_options(
    request: Request,
    pages: Annotated[
        str | None, Form(description="Pages to read, counted from 1.", examples=["1,3-5,8-"], max_length=10_000)
    ] = None,
    password: Annotated[str | None, Form(description="Of an encrypted file.", max_length=1000)] = None,
    ocr: Annotated[Literal["rapidocr", "tesseract"], Form(description="What reads scans.")] = "rapidocr",
    language: Annotated[str | None, Form(description="The languages for tesseract, such as deu+rus.")] = None,
    hidden: Annotated[bool, Form(description="Read text too that the pages do not show.")] = False,
    prompt: Annotated[str | None, Form(description="An instruction for the model instead of cogdoc's own.")] = None,
    template: Annotated[Literal["base", "chat", "vqa"] | None, Form(description="The model's prompt template.")] = None,
    temperature: Annotated[float | None, Form(description="0, the default, takes the likeliest token.")] = None,
    top_p: Annotated[float | None, Form(description="With a temperature.")] = None,
    seed: Annotated[int | None, Form(description="The seed of sampling.")] = None,
    max_tokens: Annotated[int | None, Form(description="The most tokens of one answer.")] = None,
    raw: Annotated[bool, Form(description="Return the model's words as they came.")] = False,
) -> DocumentOptions:
    return DocumentOptions(
        parse_page_selection(pages) if pages else PageSelection(),
        password or None,
        ocr,
        language,
        hidden,
        GenerationRequest(prompt, template, temperature, top_p, seed, max_tokens, raw),
        grant_of(request),
    )


Options = Annotated[DocumentOptions, Depends(_document_options)]
"""The parameter of a route that takes these fields."""

Out = Annotated[
    Literal["json", "jsonl", "md", "text", "csv"],
    Form(description="The format of the reply; json is the published schema. csv is for answers, charts and fields."),
]
Stream = Annotated[
    bool,
    Form(
        description="Reply with server-sent events: `source`, the `text` of answers while a model writes it, "
        "a `record` for each result, and `end` or `error`."
    ),
]
MinConfidence = Annotated[
    float,
    Form(ge=0, le=1, description="Give no answer that is right with a lower probability; `withheld` names it."),
]
Questions = Annotated[list[str], Form(alias="question", description="Can be repeated.", max_length=1000)]
