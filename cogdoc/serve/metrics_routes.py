"""`/metrics`, for Prometheus."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from cogdoc.serve.service import SharedService

router = APIRouter(tags=["health"])


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
async def metrics(service: SharedService) -> Response:
    return Response(service.metrics.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
