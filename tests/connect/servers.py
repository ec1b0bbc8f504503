"""Real mail servers on the loopback: one that keeps what it gets and refuses what it is told to, and raw ones that misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class Box:
    """Keeps the mails it gets. `answers` are what it says to a recipient, or to the content for one, in place of yes."""

    answers: dict[str, str] = field(default_factory=dict)
    content_answers: dict[str, str] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    read: list[EmailMessage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take a recipient, or not."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take the content, or not."""
        for address in envelope.rcpt_tos:
            if address in self.content_answers:
                return self.content_answers[address]
        with self.lock:
            self.raw.append(envelope.content)
            self.recipients.extend(envelope.rcpt_tos)
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, read as a mail program reads it, each once: the server looks at all of its handler at each connection."""
        self.read += [message_from_bytes(raw, policy=default) for raw in self.raw[len(self.read) :]]  # type: ignore[misc]
        return self.read


@contextmanager
def mail_box(box: Box | None = None, **more: Any) -> Iterator[tuple[Box, int]]:
    """A server that runs on a free port of the loopback."""
    kept = box or Box()
    # A name of its own spares the server a question to the network at each connection.
    controller = Controller(kept, hostname="127.0.0.1", port=free_port(), server_hostname="mail.example.com", **more)
    controller.start()
    try:
        yield kept, controller.port
    finally:
        controller.stop()


def sign_in_of(user: str, password: str) -> Callable[..., AuthResult]:
    """Lets one user in."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)

    return authenticate


@contextmanager
def talking(lines: list[str | None]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers each line it reads with the next of these, where None hangs up, and after the last says nothing more.

    Content counts as one line. Yields the port and what was read.
    """
    read: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    is_over = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                try:
                    _talk(connection, stream, lines, read, is_over)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], read
    finally:
        is_over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def _talk(connection: socket.socket, stream: Any, lines: list[str | None], read: list[bytes], is_over: threading.Event) -> None:
    is_content = False
    for number, line in enumerate(lines):
        if number:
            read.append(_content(stream) if is_content else stream.readline())
        if line is None:
            return
        connection.sendall(line.encode() + b"\r\n")
        is_content = line.startswith("354")
    is_over.wait(30)


def _content(stream: Any) -> bytes:
    lines = []
    while (line := stream.readline()) not in (b".\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def server_context(certificate: Any) -> ssl.SSLContext:
    """What a server needs to speak TLS with a certificate of `trustme`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
