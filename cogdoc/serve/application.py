"""Puts the server together from its routers, and the gates in front of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from starlette.routing import Mount, Route

from cogdoc.serve import document_routes, health_routes, metrics_routes
from cogdoc.serve.api_page import routes as api_page_routes
from cogdoc.serve.chat import routes as chat_routes
from cogdoc.serve.error_replies import add_error_replies
from cogdoc.serve.gate.body_limits import BodyLimits
from cogdoc.serve.gate.host_check import HostCheck
from cogdoc.serve.gate.key_check import KeyCheck
from cogdoc.serve.gate.request_ids import RequestIds
from cogdoc.serve.gate.request_metrics import RequestMetrics
from cogdoc.serve.gate.turnstile import Turnstile
from cogdoc.serve.jobs import routes as job_routes
from cogdoc.serve.jobs.runner import JobRunner
from cogdoc.serve.jobs.store import JobStore
from cogdoc.serve.page import document_routes as page_document_routes
from cogdoc.serve.page import file_routes as page_file_routes
from cogdoc.serve.service import Service


@dataclass(frozen=True, slots=True)
class Section:
    """The routes of one subject."""

    router: APIRouter
    public: bool = False
    """Whether they need no key."""


SECTIONS = (
    Section(health_routes.router, public=True),
    Section(api_page_routes.router, public=True),
    Section(metrics_routes.router),
    Section(document_routes.router),
    Section(job_routes.router),
    Section(chat_routes.router),
    Section(page_file_routes.router, public=True),
    Section(page_document_routes.router),
)
"""Every part of the server; a new one is a line here."""


def create_application(service: Service, store: JobStore) -> FastAPI:
    """The server as an ASGI application; it closes `service` and `store` when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.jobs = JobRunner(service, store)
        running = asyncio.create_task(app.state.jobs.run())
        yield
        running.cancel()
        await asyncio.wait((running,))
        store.close()
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
    settings = service.settings
    # The last one that is added comes first.
    app.add_middleware(BodyLimits)
    app.add_middleware(Turnstile, admission=service.admission, waiting=settings.waiting)
    app.add_middleware(KeyCheck, keys=settings.keys, default=settings.grant, is_public=_is_public)
    app.add_middleware(HostCheck, hosts=settings.hosts, origins=settings.origins)
    app.add_middleware(RequestMetrics, metrics=service.metrics)
    app.add_middleware(RequestIds)
    service.metrics.watch("jobs_open", "Jobs that wait or run.", store.count_open)
    return app


def _is_public(path: str) -> bool:
    """Whether a path needs no key: those of public sections, and the description of the others."""
    if path == "/openapi.json":
        return True
    routes = (route for section in SECTIONS if section.public for route in section.router.routes)
    return any(isinstance(route, Route | Mount) and route.path_regex.match(path) for route in routes)
