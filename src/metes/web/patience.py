"""HTTP connections that do not wait for ever: for the head of a request, nor for an answer to be taken."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from metes.web.guards import IS_FULL, SAFE_HEADERS, TRUST_ENCRYPTION
from metes.web.protection import Protection

SEND_BUFFER_BYTES = 256 * 1024


def protocol_of(protection: Protection) -> type[H11Protocol]:
    """The protocol of a server's connections, with its limits."""

    class Limited(_PatientProtocol):
        limits = protection

    return Limited


class _PatientProtocol(H11Protocol):
    """uvicorn's protocol, which by itself ends idle connections alone; bodies are timed where they are read, in the guards."""

    limits: Protection

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        line = transport.get_extra_info("socket")
        if line is not None and line.family in (socket.AF_INET, socket.AF_INET6):
            # The kernel asks for more only when a third of its buffer is free: a large one would look like nobody taking anything.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        if len(self.connections) > self.limits.most_connections:
            self.app_state = {**self.app_state, IS_FULL: True}
        self._watch_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_head()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_taking()
        else:
            self._watch_head()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_taking()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._taking = _cancel(self._taking)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, with the headers that every answer carries, and end the connection."""
        text = msg.encode("ascii")
        headers = {
            **SAFE_HEADERS,
            "content-type": "text/plain; charset=utf-8",
            "content-length": str(len(text)),
            "connection": "close",
        }
        if self.scheme == "https":
            headers["strict-transport-security"] = TRUST_ENCRYPTION
        answer = h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request")
        for event in (answer, h11.Data(data=text), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._watch_taking()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._head, self._taking = _cancel(self._head), _cancel(self._taking)

    def _watch_head(self) -> None:
        """Count the seconds while no request is being answered: what comes then is the head of the next, or the rest of a body."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering or self.transport.is_closing():
            self._head = _cancel(self._head)
        elif self._head is None:
            self._head = self.loop.call_later(self.limits.head_seconds, self.transport.abort)

    def _watch_taking(self) -> None:
        if self._taking is None:
            lying = self.transport.get_write_buffer_size()
            self._taking = self.loop.call_later(self.limits.taking_seconds, self._end_unless_taken, lying)

    def _end_unless_taken(self, lay: int) -> None:
        """End the connection unless so much of what lay ready was taken as a slow line takes."""
        self._taking = None
        taken = lay - self.transport.get_write_buffer_size()
        if taken < self.limits.taking_seconds * self.limits.bytes_a_second:
            self.transport.abort()
        else:
            self._watch_taking()


def _cancel(timer: asyncio.TimerHandle | None) -> asyncio.TimerHandle | None:
    """Stop a timer, if it runs; there is none then."""
    if timer is not None:
        timer.cancel()
    return None
