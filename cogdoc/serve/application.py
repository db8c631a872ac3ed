"""Puts the server together from its routers and middleware."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI

from cogdoc.serve import document_routes, health_routes
from cogdoc.serve.chat import routes as chat_routes
from cogdoc.serve.error_replies import add_error_replies
from cogdoc.serve.service import Service


@dataclass(frozen=True, slots=True)
class Section:
    """The routes of one subject."""

    router: APIRouter
    public: bool = False
    """Whether they need no key."""


SECTIONS = (
    Section(health_routes.router, public=True),
    Section(document_routes.router),
    Section(chat_routes.router),
)
"""Every part of the server; a new one is a line here."""


def create_application(service: Service) -> FastAPI:
    """The server as an ASGI application; it closes `service` when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        service.close()

    app = FastAPI(
        title="cogdoc",
        summary="Answers, text and numbers out of documents, on your own machine.",
        version=version("cogdoc"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    for section in SECTIONS:
        app.include_router(section.router)
    add_error_replies(app)
    return app
