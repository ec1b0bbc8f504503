"""Sending to real servers over sockets: taken, refused for now or for ever, not let in, hung up on, kept waiting."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import trustme

from metes.connect.mail_message import write
from metes.connect.mail_sending import MailRefused, MailUnreachable, PostOffice
from metes.connect.mail_server import MailServer
from tests.connect.servers import Box, free_port, mail_box, server_context, sign_in_of, talking
from tests.connect.test_mail_message import letter

MAIL = write(letter(title="Grüße", text="one\n.\n..two"), MailServer("", 0, "none", "metes@example.com"))
TO = "ann@example.com"


def server_at(port: int, **more: object) -> MailServer:
    """A server on the loopback without encryption, of little patience."""
    given: dict[str, object] = dict(host="127.0.0.1", port=port, security="none", sender="metes@example.com", timeout_seconds=0.3)
    return MailServer(**{**given, **more})  # type: ignore[arg-type]


def send(port: int, to: str = TO, message: EmailMessage = MAIL, **more: object) -> None:
    """Send one mail."""
    with PostOffice(server_at(port, **more)) as post:
        post.send(message, to)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """An authority whose certificates nobody trusts but who has its file."""
    made = trustme.CA()
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(path)
    return made, path


def test_a_mail_arrives_as_it_was_written() -> None:
    with mail_box() as (box, port):
        send(port, timeout_seconds=10.0)
    assert box.recipients == [TO]
    assert box.mails[0]["Subject"] == "Grüße"
    assert box.mails[0]["Message-ID"] == MAIL["Message-ID"]
    body = box.mails[0].get_body(("plain",))
    assert body is not None
    assert body.get_content().startswith("one\r\n.\r\n..two")


@pytest.mark.parametrize(("answer", "is_final"), [("550 5.1.1 no such user", True), ("451 4.7.1 greylisted", False)])
def test_a_refused_recipient_hinders_no_other(answer: str, is_final: bool) -> None:
    box = Box(answers={"gone@example.com": answer}, content_answers={"full@example.com": answer})
    with mail_box(box) as (_, port), PostOffice(server_at(port, timeout_seconds=10.0)) as post:
        for to in ("gone@example.com", "full@example.com"):
            with pytest.raises(MailRefused, match=answer) as raised:
                post.send(MAIL, to)
            assert raised.value.is_final == is_final
        post.send(MAIL, TO)
    assert box.recipients == [TO]


def test_a_password_goes_over_starttls_to_a_server_whose_certificate_is_trusted(authority: tuple[trustme.CA, Path]) -> None:
    context = server_context(authority[0].issue_cert("127.0.0.1"))
    options = dict(tls_context=context, require_starttls=True, authenticator=sign_in_of("ann", "secret"), auth_required=True)
    safe: dict[str, object] = dict(security="starttls", user="ann", password="secret", authority=authority[1], timeout_seconds=10.0)
    with mail_box(**options) as (box, port):
        send(port, **safe)
        assert box.recipients == [TO]
        with pytest.raises(MailUnreachable, match="certificate is not trusted"):
            send(port, **{**safe, "authority": None})
        with pytest.raises(MailUnreachable, match="535") as raised:
            send(port, **{**safe, "password": "hunter2"})
        assert "hunter2" not in str(raised.value)
        with pytest.raises(MailUnreachable, match="530"):
            send(port, timeout_seconds=10.0)
    assert box.recipients == [TO]


def test_tls_from_the_first_byte(authority: tuple[trustme.CA, Path]) -> None:
    context = server_context(authority[0].issue_cert("127.0.0.1"))
    with mail_box(ssl_context=context) as (box, port):
        send(port, security="tls", authority=authority[1], timeout_seconds=10.0)
    assert box.recipients == [TO]


def test_a_server_without_encryption_gets_nothing_where_it_is_required() -> None:
    with mail_box() as (box, port), pytest.raises(MailUnreachable, match="STARTTLS"):
        send(port, security="starttls", timeout_seconds=10.0)
    assert box.raw == []


def test_a_server_that_is_not_there_is_said_to_be() -> None:
    with pytest.raises(MailUnreachable, match="Connection refused"):
        send(free_port())


HELLO: list[str | None] = ["220 hello", "250 hello"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "did not answer in time"),
        (HELLO, "did not answer in time"),
        ([*HELLO, "250 ok", "250 ok", "354 go on"], "did not answer in time"),
        ([None], "closed"),
        (["554 not today", None], "554 not today"),
        ([*HELLO, "250 ok", None], "closed"),
        ([*HELLO, "250 ok", "250 ok", "354 go on", None], "closed"),
        ([*HELLO, "250 ok", "421 too busy", None], "421 too busy"),
        ([*HELLO, "553 not you", None], "takes no mail from metes@example.com: 553"),
        (["220 " + "x" * 10_000], "Line too long"),
    ],
)
def test_a_server_that_hangs_or_drops_the_line_at_any_point_is_unreachable(lines: list[str | None], said: str) -> None:
    with talking(lines) as (port, _), pytest.raises(MailUnreachable, match=said):
        send(port)


def test_the_next_mail_opens_the_line_again_after_it_broke() -> None:
    with mail_box() as (box, port), PostOffice(server_at(port, timeout_seconds=10.0)) as post:
        post.send(MAIL, TO)
        assert post._client is not None
        assert post._client.sock is not None
        post._client.sock.shutdown(2)
        with pytest.raises(MailUnreachable):
            post.send(MAIL, TO)
        post.send(MAIL, TO)
    assert len(box.raw) == 2


def test_a_connection_carries_no_more_mails_than_servers_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metes.connect.mail_sending.MOST_MAILS", 2)
    lines = [*HELLO, *["250 ok", "250 ok", "354 go on", "250 taken"] * 2, "221 bye", None]
    with talking(lines) as (port, read), PostOffice(server_at(port, timeout_seconds=5.0)) as post:
        for _ in range(3):
            post.send(MAIL, TO)
    assert [line[:4] for line in read if line[:4].lower() in (b"ehlo", b"quit")] == [b"ehlo", b"quit"] * 2


def test_the_server_is_given_longer_for_its_last_word() -> None:
    lines = [*HELLO, "250 ok", "250 ok", "354 go on", "250 taken", "221 bye"]
    with talking(lines) as (port, read):
        send(port, message=MAIL)
    assert read[3].startswith(b"data")
    assert b"Subject: =?utf-8?" in read[4]
    assert replace(server_at(port)).timeout_seconds == 0.3
