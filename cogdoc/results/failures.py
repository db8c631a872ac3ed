"""Why there is no result, or only a part of it."""

from __future__ import annotations

from pydantic import Field

from cogdoc.results.record_model import Model


class ErrorInfo(Model):
    """Why there is no result."""

    kind: str = Field(description="the kind of failure, such as damaged, encrypted or time-limit")
    message: str = Field(description="what failed, in one line")
    hint: str | None = Field(default=None, description="what to do about it")
    exit_code: int = Field(description="the command's exit code for such a failure")


class UnreadPage(Model):
    """A page that could not be read, and why."""

    page: int = Field(description="1-based")
    message: str = Field(description="why it could not be read")
