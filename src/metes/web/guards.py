"""What stands around every request: an id, a log line, safe headers, a limit on what may be sent, and an answer to every fault."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metes.web.logs import Metrics, request_id
from metes.web.rendering import CONTENT_SECURITY_POLICY

FORM_LIMIT_BYTES = 4 * 1024**2
UPLOAD_LIMIT_BYTES = 4 * 1024**3
LONGEST_PATH = 2000
API_PREFIX = "/api/v1"
UPLOAD_PATHS = frozenset({"/import", "/zones/new", "/api/v1/imports"})

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
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
TOO_LARGE = b"This is more than can be sent at once. Send a smaller file, or use the command line."
log = logging.getLogger("metes.web")


class TooLarge(Exception):
    """A request sent more than its path takes."""


class Guards:
    """ASGI middleware around the whole app; `answer_fault` makes the answer to an error that nobody expected."""

    def __init__(self, app: ASGIApp, metrics: Metrics, answer_fault: Callable[[Request, Exception], Response]) -> None:
        self.app = app
        self.metrics = metrics
        self.answer_fault = answer_fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = _header(scope, b"x-request-id").decode("latin-1")
        token = request_id.set(given if _ID.fullmatch(given) else uuid.uuid4().hex)
        started = time.perf_counter()
        sent = _Sent(scope, send)
        try:
            await self._answer(scope, receive, sent)
        finally:
            seconds = time.perf_counter() - started
            route = _route(scope)
            self.metrics.note(scope["method"], route, sent.status, seconds)
            detail = {
                "method": scope["method"],
                "path": scope["path"],
                "route": route,
                "status": sent.status,
                "ms": round(seconds * 1000, 1),
            }
            log.info("request", extra=detail)
            request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, sent: _Sent) -> None:
        if not _HOST.fullmatch(_header(scope, b"host")) or "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await sent.plain(400, b"This address cannot be read.")
            return
        if len(scope["path"]) > LONGEST_PATH:
            await sent.plain(414, b"This address is longer than any of ours.")
            return
        limit = _limit(scope)
        length = _header(scope, b"content-length")
        if length.isdigit() and (len(length) > 18 or int(length) > limit):
            await sent.plain(413, TOO_LARGE)
            return
        try:
            await self.app(scope, _limited(receive, limit, sent), sent)
        except TooLarge:
            if not sent.has_started:
                await sent.plain(413, TOO_LARGE)
        except Exception as error:
            # Not left to the server: its answer would lack the safe headers and the request's id.
            if sent.has_started:
                raise
            answer = await run_in_threadpool(self.answer_fault, Request(scope), error)
            await answer(scope, receive, sent)


class _Sent:
    """The way back to the client: adds safe headers, notes the status, and answers 413 where the body proved too large."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.status, self.has_started, self.is_too_large, self._is_over = 500, False, False, False

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            if self.is_too_large:
                # Whoever read the body may have taken the error for a form that cannot be read.
                self.is_too_large = False
                await self.plain(413, TOO_LARGE)
                self._is_over = True
                return
            self.status, self.has_started = message["status"], True
            message["headers"] = _with_safe_headers(self._scope, message["headers"])
        await self._send(message)

    async def plain(self, status: int, text: bytes) -> None:
        """A short answer in plain text."""
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self({"type": "http.response.body", "body": text})


def _header(scope: Scope, name: bytes) -> bytes:
    return bytes(next((value for key, value in scope["headers"] if key == name), b""))


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


def _limit(scope: Scope) -> int:
    """How many bytes a request may send: much for files on the two addresses that take them, else a form."""
    is_upload = scope["path"] in UPLOAD_PATHS and _header(scope, b"content-type").startswith(b"multipart/form-data")
    return UPLOAD_LIMIT_BYTES if is_upload else FORM_LIMIT_BYTES


def _limited(receive: Receive, limit: int, sent: _Sent) -> Receive:
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            sent.is_too_large = True
            raise TooLarge
        return message

    return limited
