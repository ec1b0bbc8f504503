"""The one way by which requests leave: to addresses that were checked, within a time, for an answer of a size.

The name of a host is resolved once and the connection made to the address that was checked, so that a name that means another machine a
moment later leads nowhere. Redirects are not followed: whoever wants to follows them by another request, which is checked like the first.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpcore2
import httpx2

from metes.base.errors import MetesError
from metes.connect.gate import Gate, OutgoingRefused, Resolver, resolved

SECONDS = 15.0
LARGEST_ANSWER = 1024 * 1024
AGENT = "Metes"


class OutgoingFailed(MetesError):
    """A request that left, or tried to, and got no answer that can be used."""

    code = "outgoing-failed"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """How requests leave. `seconds` is for a whole request with its answer; names are resolved by the system, within its own limits.

    `authority` is a file of certificates to trust beside the system's.
    """

    gate: Gate = field(default_factory=Gate)
    seconds: float = SECONDS
    largest_answer: int = LARGEST_ANSWER
    authority: Path | None = None
    resolve: Resolver = resolved

    def transport(self) -> httpx2.BaseTransport:
        """What a client of httpx2 sends its requests by."""
        return _Transport(self)

    def client(self) -> httpx2.Client:
        """A client that asks through here, follows no redirect, and believes no proxy that the environment names."""
        return httpx2.Client(**self.client_arguments())

    def client_arguments(self) -> dict[str, Any]:
        """What such a client is made with, for libraries that make their own."""
        return {
            "transport": self.transport(),
            "trust_env": False,
            "follow_redirects": False,
            "timeout": self.seconds,
            "headers": {"user-agent": AGENT, "accept-encoding": "identity"},
        }


@contextmanager
def understood() -> Iterator[None]:
    """Turns what httpx2 itself says of an address or an answer into an error of ours."""
    try:
        yield
    except httpx2.InvalidURL:
        raise OutgoingRefused("requests do not leave for an address that cannot be read") from None
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        raise OutgoingFailed(f"the answer cannot be used: {type(error).__name__}") from None


class _Transport(httpx2.BaseTransport):
    """Sends each request over a connection of its own; the answer is read whole."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; OutgoingRefused or OutgoingFailed where there is no answer."""
        out = self._outgoing
        scheme, host, port = out.gate.require_url(str(request.url))
        line = _Line(out, scheme, time.monotonic() + out.seconds)
        asked = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=scheme, host=host, port=port, target=request.url.raw_path),
            headers=request.headers.raw,
            content=request.read(),
        )
        try:
            with (
                httpcore2.ConnectionPool(_context(out.authority), network_backend=line) as pool,
                pool.stream(asked.method, asked.url, headers=asked.headers, content=request.content) as answer,
            ):
                headers = httpx2.Headers(answer.headers)
                body = _read(answer.iter_stream(), headers, host, out.largest_answer)
        except _BROKEN as error:
            raise OutgoingFailed(f"{host}:{port} {_said(error)}") from None
        kept = [(name, value) for name, value in answer.headers if name.lower() not in _OF_THE_BODY]
        return httpx2.Response(answer.status, headers=kept, content=body)


_OF_THE_BODY = (b"content-length", b"transfer-encoding", b"content-encoding")
_BROKEN = (
    httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, OSError, UnicodeError,
)  # fmt: skip


class _Line(httpcore2.NetworkBackend):
    """The connection of one request: made to a checked address, cut at the instant at which the request's time is over."""

    def __init__(self, outgoing: Outgoing, scheme: str, ends_at: float) -> None:
        self._outgoing, self._scheme, self._ends_at = outgoing, scheme, ends_at
        self._system = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a host that takes the connection."""
        failure: Exception = httpcore2.ConnectError("it has no address")
        for address in self._outgoing.gate.addresses(self._scheme, host, port, self._outgoing.resolve):
            try:
                made = self._system.connect_tcp(str(address), port, _left(self._ends_at, timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(made, self._ends_at)
        raise failure


class _Timed(httpcore2.NetworkStream):
    """A stream whose every step ends when the time of the whole request does: a server that sends a byte a second is cut off as well."""

    def __init__(self, stream: httpcore2.NetworkStream, ends_at: float) -> None:
        self._stream, self._ends_at = stream, ends_at

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came, at most `max_bytes`."""
        return self._stream.read(max_bytes, _left(self._ends_at, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        self._stream.write(buffer, _left(self._ends_at, timeout))

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """The same stream, enciphered: the certificate must be that of the name that was asked for."""
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._ends_at, timeout)), self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        """What is known of the connection below."""
        return self._stream.get_extra_info(info)


def _left(ends_at: float, timeout: float | None) -> float:
    """For how long a step may take: until the request's time is over, and no longer than was asked for."""
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time is over")
    return left if timeout is None else min(left, timeout)


def _read(parts: Iterable[bytes], headers: Mapping[str, str], host: str, largest: int) -> bytes:
    """An answer's body; OutgoingFailed where it is too large, or packed, which can be small and become large."""
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise OutgoingFailed(f"{host} packed its answer, though it was asked not to")
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > largest:
            raise OutgoingFailed(f"{host} answers with more than {largest:,} bytes")
    return bytes(body)


def _said(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(error, httpcore2.TimeoutException):
        return "did not answer in time"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"shows a certificate that is not trusted: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return f"cannot be reached: {cause.strerror}"
    return f"does not answer as a web server does: {str(error)[:200] or type(error).__name__}"


@cache
def _context(authority: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority is not None:
        context.load_verify_locations(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
