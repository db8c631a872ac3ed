"""Turns errors into replies: a status, and a JSON object that clients of OpenAI's protocol understand as well."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cogdoc.errors import (
    CogdocError,
    DamagedError,
    ExitCode,
    PlaceLostError,
    TooLargeError,
    UnsupportedError,
    UsageError,
    as_cogdoc_error,
)
from cogdoc.results.printable import printable
from cogdoc.serve.admission import BusyError
from cogdoc.storage import without_secrets

logger = logging.getLogger(__name__)

STATUS_OF_CLASS: dict[type[CogdocError], int] = {
    BusyError: 429,
    UnsupportedError: 415,
    TooLargeError: 413,
    DamagedError: 422,
    PlaceLostError: 507,
}

STATUS_OF_EXIT_CODE = {
    ExitCode.USAGE: 400,
    ExitCode.MISSING: 501,
    ExitCode.NO_INPUT: 422,
    ExitCode.INPUT_OUTPUT: 500,
    ExitCode.OUTPUT_EXISTS: 409,
    ExitCode.RESOURCES: 503,
    ExitCode.ENCRYPTED: 422,
    ExitCode.CONFIGURATION: 500,
    ExitCode.TIME_LIMIT: 504,
    ExitCode.BUG: 500,
}


class RequestError(UsageError):
    """A request that cannot be answered, with a status of its own and what OpenAI's clients look at."""

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        """
        Args:
            code: a stable name of the problem.
            param: the parameter that is wrong.
        """
        super().__init__(message, hint)
        self.status = status
        self.code = code
        self.param = param

    @property
    def kind(self) -> str:
        return "usage"


def status_of(error: CogdocError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, RequestError):
        return error.status
    by_class = (status for kind, status in STATUS_OF_CLASS.items() if isinstance(error, kind))
    return next(by_class, STATUS_OF_EXIT_CODE.get(error.exit_code, 500))


def describe(error: CogdocError) -> dict[str, Any]:
    """The body of the reply."""
    status = status_of(error)
    return {
        "error": {
            "message": printable(without_secrets(error.message)),
            "hint": error.hint,
            "kind": error.kind,
            "exit_code": int(error.exit_code),
            "type": _type_of(status),
            "code": getattr(error, "code", None) or error.kind,
            "param": getattr(error, "param", None),
        }
    }


def reply(error: CogdocError) -> JSONResponse:
    """The reply for an error."""
    status = status_of(error)
    headers = {}
    if isinstance(error, BusyError):
        headers["Retry-After"] = str(error.retry_after)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(describe(error), status, headers)


def add_error_replies(app: FastAPI) -> None:
    """Have the application answer every error in this form."""

    @app.exception_handler(CogdocError)
    async def _cogdoc(_: Request, error: CogdocError) -> JSONResponse:
        return reply(error)

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body")
        return reply(RequestError(f"{where}: {first['msg']}" if where else str(first["msg"]), param=where or None))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        code = "too_large" if error.status_code == 413 else None
        response = reply(RequestError(str(error.detail), status=error.status_code, code=code))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _bug(_: Request, error: Exception) -> JSONResponse:
        logger.error("a bug", exc_info=error)
        return reply(as_cogdoc_error(error))


def _type_of(status: int) -> str:
    names = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    return names.get(status, "invalid_request_error" if status < 500 else "server_error")
