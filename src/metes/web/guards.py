"""What stands around every request: an id, a log line, safe headers, and a limit on what may be sent."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metes.web.logs import Metrics, request_id
from metes.web.rendering import CONTENT_SECURITY_POLICY

FORM_LIMIT_BYTES = 4 * 1024**2
UPLOAD_LIMIT_BYTES = 4 * 1024**3
API_PREFIX = "/api/v1"
UPLOAD_PATHS = ("/import", "/api/v1/imports")

SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
log = logging.getLogger("metes.web")


class TooLarge(Exception):
    """A request sent more than its path takes."""


class Guards:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        token = request_id.set(given if _ID.fullmatch(given) else uuid.uuid4().hex)
        started = time.perf_counter()
        seen = {"status": 500, "started": False}

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.update(status=message["status"], started=True)
                message["headers"] = _with_safe_headers(scope, message["headers"])
            await send(message)

        try:
            await self.app(scope, _limited(scope, receive), guarded_send)
        except TooLarge:
            if not seen["started"]:
                await _refuse_too_large(guarded_send)
        finally:
            seconds = time.perf_counter() - started
            route = _route(scope)
            self.metrics.note(scope["method"], route, int(seen["status"]), seconds)
            detail = {
                "method": scope["method"],
                "path": scope["path"],
                "route": route,
                "status": seen["status"],
                "ms": round(seconds * 1000, 1),
            }
            log.info("request", extra=detail)
            request_id.reset(token)


def _route(scope: Scope) -> str:
    """The route's pattern, so that figures of one page fall together whatever it shows; of the API with its prefix."""
    pattern = str(getattr(scope.get("route"), "path", "unmatched"))
    is_short = scope["path"].startswith(API_PREFIX + "/") and not pattern.startswith(API_PREFIX)
    return API_PREFIX + pattern if is_short and pattern.startswith("/") else pattern


def _with_safe_headers(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    more = dict(SAFE_HEADERS)
    more["x-request-id"] = request_id.get()
    if not scope["path"].startswith("/static/"):
        more["cache-control"] = "no-store"
    if scope["scheme"] == "https":
        more["strict-transport-security"] = "max-age=31536000"
    return [*headers, *((k.encode(), v.encode("latin-1")) for k, v in more.items() if k.encode() not in present)]


def _limited(scope: Scope, receive: Receive) -> Receive:
    limit = UPLOAD_LIMIT_BYTES if scope["path"].startswith(UPLOAD_PATHS) else FORM_LIMIT_BYTES
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise TooLarge
        return message

    return limited


async def _refuse_too_large(send: Send) -> None:
    await send({"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
    await send(
        {
            "type": "http.response.body",
            "body": b"This is more than can be sent at once. Send a smaller file, or use the command line.",
        }
    )
