"""The web app: routes, guards, errors as pages or JSON, static files."""

from __future__ import annotations

import logging
from urllib.parse import quote

from anyio import CapacityLimiter
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from metes.app.workspace import Workspace
from metes.base.errors import Busy, Conflict, InputError, MetesError, NoDatabase, NotFound, Refused, SchemaMismatch, TooMany
from metes.model.access import HIDDEN
from metes.web import api, pages, status
from metes.web.assets import assets
from metes.web.guards import Guards
from metes.web.logs import Metrics, log_config, request_id
from metes.web.protection import Protection
from metes.web.rendering import make_environment, render
from metes.web.revisions import StepCounts
from metes.web.shell import Shell, theme_of
from metes.web.visits import NotSignedIn, signed_in

__all__ = ["create_app", "log_config"]

API = "/api/"
# Checking a password takes 64 MB and a core on purpose: more at once would let anybody fill the memory and keep all threads busy.
SIGN_INS_AT_ONCE = 4
# A provider that is slow keeps so many threads busy and no more.
PROVIDER_SIGN_INS_AT_ONCE = 8
STATUS_OF: tuple[tuple[type[MetesError], int], ...] = (
    (NotFound, 404),
    (TooMany, 429),
    (Refused, 403),
    (Conflict, 409),
    (NoDatabase, 503),
    (InputError, 422),
    (Busy, 503),
    (SchemaMismatch, 503),
    (MetesError, 400),
)
# What these errors say names the database and where it lies: that goes to the log, and to whoever asks goes this.
WITHHELD: tuple[tuple[type[MetesError], str], ...] = (
    (Busy, "Nothing was changed here. Try again in a moment; long imports and assignments stand on the page of jobs."),
    (NoDatabase, "The database does not answer. The server's log says why."),
    (SchemaMismatch, "The database and this server are of different versions. The server's log says what to do."),
)
TITLES = {
    403: "This is not allowed",
    404: "There is nothing here",
    405: "This address takes another kind of request",
    409: "Something has changed meanwhile",
    413: "This is too large",
    422: "Something in this cannot be used",
    429: "This was asked too often",
    503: "This cannot be done right now",
}
log = logging.getLogger("metes.web")


def create_app(workspace: Workspace, protection: Protection = Protection()) -> FastAPI:
    """The app on a workspace, within the limits of its server."""
    app = FastAPI(
        title="Metes",
        version="1",
        summary="Territory management: from market to map to owner to credit.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.workspace = workspace
    app.state.metrics = Metrics()
    app.state.step_counts = StepCounts()
    app.state.sign_ins = CapacityLimiter(SIGN_INS_AT_ONCE)
    app.state.provider_sign_ins = CapacityLimiter(PROVIDER_SIGN_INS_AT_ONCE)
    app.state.has_metrics = protection.has_metrics
    app.add_middleware(Guards, metrics=app.state.metrics, answer_fault=unknown_error, protection=protection)
    app.include_router(status.router)
    app.include_router(api.router, prefix="/api/v1")
    app.include_router(pages.router, include_in_schema=False)
    app.add_api_route("/static/{digest}/{name:path}", static_file, include_in_schema=False)
    for kind, handler in (
        (NotSignedIn, to_sign_in),
        (MetesError, known_error),
        (HTTPException, http_error),
    ):
        app.add_exception_handler(kind, handler)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, malformed)  # type: ignore[arg-type]
    return app


def static_file(digest: str, name: str) -> Response:
    """A static file; under today's digest it may be cached for good."""
    found = assets().path(digest, name)
    if found is None:
        return PlainTextResponse("not found", 404)
    path, is_current = found
    cached = "public, max-age=31536000, immutable" if is_current else "no-cache"
    kind = "text/javascript" if path.suffix in {".js", ".mjs"} else None
    return FileResponse(path, headers={"cache-control": cached}, media_type=kind)


def to_sign_in(request: Request, error: NotSignedIn) -> Response:
    """Send whoever is not signed in to the sign-in page, and back afterwards."""
    query = request.scope["query_string"].decode("latin-1")
    target = request.scope["path"] + (f"?{query}" if query else "")
    sign_in = "/sign-in" if target == "/" or request.method != "GET" else f"/sign-in?next={quote(target)}"
    address = error.address or sign_in
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def known_error(request: Request, error: MetesError) -> Response:
    """An expected error: its text and its findings."""
    code = next(code for kind, code in STATUS_OF if isinstance(error, kind))
    withheld = next((text for kind, text in WITHHELD if isinstance(error, kind)), None)
    if withheld is not None:
        log.warning("request refused: %s", error, extra={"path": request.scope["path"]})
        return _answer(request, code, withheld, error.code, [])
    if isinstance(error, Refused) or (isinstance(error, NotFound) and str(error) == HIDDEN):
        log.warning("refused", extra=about(request) | {"status": code, "why": error.code})
    findings = [f.as_dict() for f in error.findings[:200]] if isinstance(error, InputError) else []
    answer = _answer(request, code, str(error), error.code, findings)
    if isinstance(error, TooMany):
        answer.headers["retry-after"] = str(error.seconds)
    return answer


def about(request: Request) -> dict[str, object]:
    """What the log says of a request: who asks by number, from where, for what."""
    caller = getattr(request.state, "caller", "")
    address = request.client.host if request.client else ""
    return {"method": request.method, "path": request.scope["path"], "address": address, "caller": caller}


def malformed(request: Request, error: RequestValidationError) -> Response:
    """A request whose parameters have the wrong form: each named."""
    findings = [
        {"code": "parameter", "severity": "error", "subject": ".".join(map(str, e["loc"])), "message": e["msg"]}
        for e in error.errors()[:50]
    ]
    text = "; ".join(f"{f['subject']}: {f['message']}" for f in findings)
    return _answer(request, 422, text, "parameter", findings)


def http_error(request: Request, error: HTTPException) -> Response:
    """An error of the protocol, such as an address that does not exist."""
    text = "The address may be mistyped, or the page has moved." if error.status_code == 404 else str(error.detail)
    answer = _answer(request, error.status_code, text, "http", [])
    answer.headers.update(error.headers or {})
    return answer


def unknown_error(request: Request, error: Exception) -> Response:
    """A fault of ours: logged with its request id, and no more said than that id."""
    log.error("unexpected error", exc_info=error, extra={"path": request.scope["path"]})
    return _answer(request, 500, "The fault is ours. It has been logged under the request's id below.", "fault", [])


def _answer(request: Request, code: int, text: str, kind: str, findings: list[dict[str, object]]) -> Response:
    path = request.scope["path"]
    if path.startswith(API) or "application/json" in request.headers.get("accept", ""):
        body = {"error": {"code": kind, "message": text, "findings": findings, "request_id": request_id.get()}}
        return JSONResponse(body, code)
    title = TITLES.get(code, "Something went wrong")
    text = text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
    context = {"title": title, "text": text, "actions": [("Go home", "/")], "request_id": request_id.get()}
    try:
        return signed_in(request).page("error.html", status=code, **context)
    except Exception:  # also where the database is what failed: the page then stands without what surrounds it
        page = render(make_environment(), "error.html", shell=Shell(path=path, theme=theme_of(request.cookies)), **context)
        return HTMLResponse(page, code)
