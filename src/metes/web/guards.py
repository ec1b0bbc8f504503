"""What stands around every request: an id, a log line, safe headers, a limit on what may be sent, and an answer to every fault."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from metes.web import cookies
from metes.web.logs import Metrics, request_id
from metes.web.protection import Protection, is_loopback
from metes.web.rendering import CONTENT_SECURITY_POLICY

LONGEST_PATH = 2000
IS_FULL = "metes_is_full"  # in the state of a connection that is one too many
TRUST_ENCRYPTION = "max-age=31536000; includeSubDomains"
API_PREFIX = "/api/v1"
UPLOAD_PATHS = frozenset({"/import", "/zones/new", "/api/v1/imports"})

SAFE_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-permitted-cross-domain-policies": "none",
}
# What machines ask that watch: by whatever name or address they reach the server, and without https.
WATCHED_PATHS = frozenset({"/healthz", "/readyz"})
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
TOO_LARGE = b"This is more than can be sent at once. Send a smaller file, or use the command line."
TOO_SLOW = b"This came too slowly to be waited for. Nothing was changed; try again."
TOO_LONG_A_HEAD = b"This request says more about itself than any of ours."
FULL = b"More connections are open than this server keeps. Try again in a moment."
UNKNOWN_HOST = (
    b"This server was not told that it has this name. Whoever runs it names it in METES_HOSTS or in the setting base_url."
)
NOT_ENCRYPTED = (
    b"This server is reached by https alone. Whoever runs it names the proxy that encrypts with 'metes serve --proxy', "
    b"and lets that proxy send X-Forwarded-Proto."
)
log = logging.getLogger("metes.web")


class BodyRefused(Exception):
    """A request sent more than its path takes, or sent it too slowly."""


class Guards:
    """ASGI middleware around the whole app; `answer_fault` makes the answer to an error that nobody expected."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        answer_fault: Callable[[Request, Exception], Response],
        protection: Protection = Protection(),
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.answer_fault = answer_fault
        self.protection = protection

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope["scheme"] == "https":
            scope["headers"] = cookies.taken_in(scope["headers"])
        scope.setdefault("state", {})
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
                "address": (scope.get("client") or ("",))[0],
                "caller": scope["state"].get("caller", ""),
            }
            log.info("request", extra=detail)
            request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, sent: _Sent) -> None:
        limit = self._limit(scope)
        refusal = self._refusal(scope, limit)
        if refusal is not None:
            await sent.plain(*refusal)
            return
        try:
            await self.app(scope, self._limited(receive, limit, sent), sent)
        except BodyRefused:
            if not sent.has_started:
                await sent.refuse()
        except Exception as error:
            # Not left to the server: its answer would lack the safe headers and the request's id.
            if sent.has_started:
                raise
            answer = await run_in_threadpool(self.answer_fault, Request(scope), error)
            await answer(scope, receive, sent)

    def _refusal(self, scope: Scope, limit: int) -> tuple[int, bytes] | None:
        """Status and words where the head of a request alone is reason enough to refuse it."""
        if scope.get("state", {}).get(IS_FULL):
            return 503, FULL
        host, is_watching = _header(scope, b"host"), scope["path"] in WATCHED_PATHS
        if not _HOST.fullmatch(host) or "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            return 400, b"This address cannot be read."
        server = str((scope.get("server") or ("",))[0])
        if not is_watching and not self.protection.answers_to(host.decode("latin-1"), server):
            return 421, UNKNOWN_HOST
        is_plain = scope["scheme"] == "http" and not is_loopback(host.decode("latin-1"))
        if is_plain and not is_watching and not self.protection.is_plain_allowed:
            return 403, NOT_ENCRYPTED
        if len(scope["path"]) > LONGEST_PATH:
            return 414, b"This address is longer than any of ours."
        if (
            len(scope["query_string"]) + sum(len(name) + len(value) for name, value in scope["headers"])
            > self.protection.head_bytes
        ):
            return 431, TOO_LONG_A_HEAD
        length = _header(scope, b"content-length")
        if length.isdigit() and (len(length) > 18 or int(length) > limit):
            return 413, TOO_LARGE
        return None

    def _limit(self, scope: Scope) -> int:
        """How many bytes a request may send: much for files on the addresses that take them, else a form."""
        is_upload = scope["path"] in UPLOAD_PATHS and _header(scope, b"content-type").startswith(b"multipart/form-data")
        return self.protection.upload_bytes if is_upload else self.protection.form_bytes

    def _limited(self, receive: Receive, limit: int, sent: _Sent) -> Receive:
        """What the app reads the body by: refused once it is too large, or has kept us waiting for too long."""
        taken, waited, is_whole = 0, 0.0, False

        async def limited() -> Message:
            nonlocal taken, waited, is_whole
            if is_whole:  # now it waits for the client to go, which may take as long as the answer does
                return await receive()
            began = time.monotonic()
            try:
                with anyio.fail_after(max(self.protection.patience(taken) - waited, 0)):
                    message = await receive()
            except TimeoutError:
                raise sent.refusal_of(408, TOO_SLOW) from None
            waited += time.monotonic() - began
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > limit:
                raise sent.refusal_of(413, TOO_LARGE)
            return message

        return limited


class _Sent:
    """The way back to the client: adds safe headers, notes the status, and says what was wrong with a body that was refused."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self.status, self.has_started, self._is_over = 500, False, False
        self._refusal: tuple[int, bytes] | None = None

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            if self._refusal is not None:
                # Whoever read the body may have taken the error for a form that cannot be read.
                await self.refuse()
                self._is_over = True
                return
            self.status, self.has_started = message["status"], True
            message["headers"] = _with_safe_headers(self._scope, message["headers"])
        await self._send(message)

    def refusal_of(self, status: int, text: bytes) -> BodyRefused:
        """Note why the body is refused; the error to raise."""
        self._refusal = status, text
        return BodyRefused()

    async def refuse(self) -> None:
        """Say why the body is refused, whatever else was to be said."""
        status, text = self._refusal or (400, b"")
        self._refusal = None
        await self.plain(status, text, (b"connection", b"close"))

    async def plain(self, status: int, text: bytes, *more: tuple[bytes, bytes]) -> None:
        """A short answer in plain text."""
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode()), *more]
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
    if scope["path"] == "/sign-out":
        more["clear-site-data"] = '"cache", "storage"'
    if scope["scheme"] == "https":
        more["strict-transport-security"] = TRUST_ENCRYPTION
        headers = cookies.sent_out(headers)
    return [*headers, *((k.encode(), v.encode("latin-1")) for k, v in more.items() if k.encode() not in present)]
