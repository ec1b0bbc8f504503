"""Sends mail by SMTP, and tells a refused mail from a server that cannot be reached."""

from __future__ import annotations

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from types import TracebackType

from metes.base.errors import MetesError
from metes.connect.mail_server import MailServer

# After the last byte the server decides: whoever hangs up too early has the mail sent twice (RFC 5321, 4.5.3.2.6).
PATIENCE_FACTOR = 6
# Many servers hang up on whoever sends more over one connection.
MOST_MAILS = 50
_LONGEST_ANSWER = 300


class MailRefused(MetesError):
    """The server took the connection and refused this one mail, for ever or for now."""

    code = "mail-refused"

    def __init__(self, message: str, *, is_final: bool) -> None:
        super().__init__(message)
        self.is_final = is_final


class MailUnreachable(MetesError):
    """The server cannot be reached, does not let us in, or hung up: any other mail would fare the same."""

    code = "mail-unreachable"


class PostOffice:
    """A connection to a mail server, opened with the first mail and again after it broke."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: smtplib.SMTP | None = None
        self._sent = 0

    def __enter__(self) -> PostOffice:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._hang_up()

    def send(self, message: EmailMessage, to: str) -> None:
        """Hand one mail over; returns when the server answers for it. MailRefused or MailUnreachable otherwise."""
        content = message.as_bytes(policy=SMTP)
        if self._sent >= MOST_MAILS:
            self._hang_up()
        try:
            self._client = self._client or _connected(self._server)
            _hand_over(self._client, self._server, to, content)
            self._sent += 1
        except MailUnreachable:
            self._drop()
            raise
        except MailRefused:
            self._begin_anew()
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise MailUnreachable(f"the mail server {self._server}: {_said(error)}") from None

    def _begin_anew(self) -> None:
        """Make ready for the next mail after one was refused."""
        try:
            if self._client is not None:
                self._client.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _hang_up(self) -> None:
        """End the connection with a good word, where there is one."""
        if self._client is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._client.quit()
            self._drop()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._sent = 0


def _connected(server: MailServer) -> smtplib.SMTP:
    context, own_name = ssl.create_default_context(), _own_name()
    if server.authority is not None:
        context.load_verify_locations(server.authority)
    if server.security == "tls":
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, own_name, timeout=server.timeout_seconds, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, own_name, timeout=server.timeout_seconds)
    try:
        if server.security == "starttls":
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        client.ehlo_or_helo_if_needed()
    except BaseException:
        client.close()
        raise
    return client


@cache
def _own_name() -> str:
    """How this machine says hello: asked of the network once, which can take seconds, not at each connection."""
    name = socket.getfqdn()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _hand_over(client: smtplib.SMTP, server: MailServer, to: str, content: bytes) -> None:
    code, answer = client.mail(server.sender)
    if code != 250:
        raise MailUnreachable(f"the mail server {server} takes no mail from {server.sender}: {_answer(code, answer)}")
    code, answer = client.rcpt(to)
    if code not in (250, 251):
        _refuse(server, code, answer)
    if client.sock is not None:
        client.sock.settimeout(server.timeout_seconds * PATIENCE_FACTOR)
    try:
        code, answer = client.data(content)
    except smtplib.SMTPDataError as error:
        code, answer = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    if code != 250:
        _refuse(server, code, answer)
    if client.sock is not None:
        client.sock.settimeout(server.timeout_seconds)


def _refuse(server: MailServer, code: int, answer: bytes) -> None:
    said = _answer(code, answer)
    if code == 421:  # the server goes away
        raise MailUnreachable(f"the mail server {server} closed: {said}")
    raise MailRefused(f"the mail server {server} refused it: {said}", is_final=code >= 500)


def _answer(code: int, answer: bytes) -> str:
    text = " ".join(answer.decode("utf-8", "replace").split())
    return f"{code} {''.join(c for c in text if c.isprintable())}"[:_LONGEST_ANSWER]


def _said(error: Exception) -> str:
    """What went wrong, in a line; of a failed sign-in what the server answered, never what was sent."""
    match error:
        case smtplib.SMTPResponseException():
            answer = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            return _answer(error.smtp_code, answer)
        case TimeoutError() | smtplib.SMTPServerDisconnected() if "timed out" in str(error):
            return "it did not answer in time"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted: {error.verify_message}"
        case OSError() if error.strerror:
            return error.strerror
        case _:
            return (" ".join(str(error).split()) or type(error).__name__)[:_LONGEST_ANSWER]
