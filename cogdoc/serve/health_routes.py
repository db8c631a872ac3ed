"""`/healthz` and `/readyz`: whether the server lives, and whether it takes requests."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from cogdoc.serve.service import SharedService

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Whether the server lives")
async def health() -> dict[str, str]:
    return {"status": "ok", "version": version("cogdoc")}


@router.get(
    "/readyz",
    summary="Whether the server takes requests",
    responses={503: {"description": "It finishes what runs, and takes nothing new."}},
)
async def readiness(service: SharedService) -> JSONResponse:
    admission = service.admission
    status = "draining" if service.draining else "ready"
    content: dict[str, Any] = {
        "status": status,
        "model": service.model_name,
        "engine": service.engine.info.model_dump(mode="json", exclude_none=True),
        "running": admission.running,
        "waiting": admission.waiting,
    }
    return JSONResponse(content, 200 if status == "ready" else 503)
