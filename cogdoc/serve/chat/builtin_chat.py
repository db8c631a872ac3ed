"""Chat completions without a model: the built-in engine answers the last question from the picture's text."""

from __future__ import annotations

from cogdoc.documents.document import Document
from cogdoc.documents.page_selection import PageSelection
from cogdoc.engines.protocol import Engine
from cogdoc.errors import DamagedError
from cogdoc.serve.chat.completion import ChatEvent, FinishedChoice, TextPiece, TokenCounts
from cogdoc.serve.chat.request import ChatCall
from cogdoc.serve.document_routes import MAX_QUESTION
from cogdoc.serve.error_replies import RequestError
from cogdoc.serve.threads import Events
from cogdoc.tasks.ask import answer_questions

NOT_FOUND = "not found"


def check_builtin(call: ChatCall) -> None:
    """
    Raises:
        RequestError: the request needs a model, or the question is too long.
    """
    if not call.is_bare:
        raise RequestError(
            "the built-in engine has no model: it takes no temperature, n, stop, logprobs or response_format",
            "leave them out, or start the server with a model",
            code="unsupported_parameter",
        )
    if len(call.last_message) > MAX_QUESTION:
        raise RequestError(f"messages: the question has more than {MAX_QUESTION:,} characters", param="messages")


def answer_from_text(engine: Engine, call: ChatCall, document: Document, events: Events[ChatEvent]) -> None:
    """Emit the answer.

    Raises:
        CogdocError: the picture cannot be read.
    """
    (record,) = answer_questions(document, engine, [call.last_message], PageSelection())
    if record.answer is None:
        assert record.error is not None
        raise DamagedError(record.error.message, record.error.hint)
    text = record.answer.text or NOT_FOUND
    events.emit(TextPiece(0, text))
    events.emit(FinishedChoice(0, text, "stop", record=record))
    events.emit(TokenCounts())
