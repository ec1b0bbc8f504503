"""Whether the server is alive and ready, and its figures."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from metes.app.workspace import Workspace

log = logging.getLogger("metes.web")
router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> Response:
    """Alive: the process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Ready: the database answers and has the right schema."""
    workspace: Workspace = request.app.state.workspace
    try:
        workspace.check_ready()
    except Exception as error:
        # Everybody may ask this, so why it is not ready, which names the database, goes to the log alone.
        log.warning("not ready: %s", error)
        return JSONResponse({"ready": False, "reason": "the database does not answer as it should; the server's log says why"}, 503)
    return JSONResponse({"ready": True})


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Counts and durations of requests in Prometheus's text format, where the server was told to show them."""
    if not request.app.state.has_metrics:
        return PlainTextResponse("not found", 404)
    return PlainTextResponse(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")
